/* SPDX-License-Identifier: Apache-2.0 */
/* certificate.c - fetching what was issued (RFC 8555 7.4.2). */
#include "acme/directory.h"
#include "acme/post.h"
#include "acme/read.h"
#include "base/mem.h"
#include "base/text.h"

#include <string.h>

enum { CERTIFICATE_BYTES = 100 * 1024, CERTIFICATE_ALTERNATES = 10 };
#define PEM_TYPE "application/pem-certificate-chain"

static void strings_freep(char ***list)
{
    for (size_t i = 0; *list && (*list)[i]; i++)
        free((*list)[i]);
    free(*list);
}
/* Does this link's list of parameters, up to the next link, say rel="alternate"? */
static bool is_alternate(const char *s, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (strncasecmp(s + i, "rel=", 4) && strncasecmp(s + i, "rel =", 5))
            continue;
        i += strcspn(s + i, "=") + 1;
        i += strspn(s + i, " \"");
        return i + 9 <= len && !strncasecmp(s + i, "alternate", 9);
    }
    return false;
}
/* One value of Link (RFC 8288): `<url>;rel="alternate", <url>;...`. Those that are not this authority's
 * are left out. */
static bool add_links(const struct directory *d, const char *base, const char *s, const char *end,
                      char **list, size_t *n)
{
    char ref[URL_MAX], url[URL_MAX];

    while ((s = memchr(s, '<', (size_t)(end - s)))) {
        const char *close = memchr(s, '>', (size_t)(end - s));
        const char *next;
        if (!close)
            return true;
        next = memchr(close, '<', (size_t)(end - close));
        next = next ? next : end;
        if ((size_t)(close - s) < sizeof ref && is_alternate(close, (size_t)(next - close))) {
            memcpy(ref, s + 1, (size_t)(close - s) - 1);
            ref[close - s - 1] = '\0';
            if (*n < CERTIFICATE_ALTERNATES && url_join(base, ref, url) && directory_owns(d, url) &&
                !(list[(*n)++] = strdup(url)))
                return false;
        }
        s = next;
    }
    return true;
}
static int read_alternates(struct acme *a, const char *base, const struct http_answer *answer, char ***out,
                           struct outcome *o)
{
    cleanup_(strings_freep) char **list = mem_array(CERTIFICATE_ALTERNATES + 1, sizeof *list);
    const struct directory *d = NULL;
    const char *line = answer->headers ? answer->headers : "";
    size_t n = 0;
    int rc = list ? directory_get(a, false, &d, o) : outcome_nomem(o);

    while (rc == FL_OK && *line) {
        size_t len = strcspn(line, "\n");
        if (text_starts(line, "link:") && !add_links(d, base, line + 5, line + len, list, &n))
            rc = outcome_nomem(o);
        line += len + (line[len] == '\n');
    }
    if (rc == FL_OK)
        *out = n ? take_ptr(list) : NULL;
    return rc;
}
/* Is this a PEM chain by its type and by its first line? What it says is looked at by crypto/chain.h. */
static int check_pem(const struct http_answer *answer, struct outcome *o)
{
    char type[128] = "";
    const char *body = answer->body ? answer->body : "";

    if (http_header(answer, "content-type", type, sizeof type) &&
        strncasecmp(type, PEM_TYPE, strlen(PEM_TYPE)))
        return read_garbage(answer, PEM_TYPE " by its Content-Type", o);
    if (strlen(body) != answer->len ||
        !text_starts(body + strspn(body, " \t\r\n"), "-----BEGIN CERTIFICATE-----"))
        return read_garbage(answer, "certificates in PEM", o);
    return FL_OK;
}
int acme_certificate(struct acme *a, const char *url, char **pem_out, char ***alternates_out,
                     struct outcome *o)
{
    struct post p = { .doing = "certificate", .url = url, .accept = PEM_TYPE, .limit = CERTIFICATE_BYTES };
    cleanup_(http_answer_done) struct http_answer answer = { 0 };
    char **alternates = NULL;
    int rc = post_send(a, &p, &answer, o);

    if (rc != FL_OK)
        return rc;
    rc = check_pem(&answer, o);
    if (rc != FL_OK)
        return outcome_context(o, "%s: certificate", a->name);
    rc = read_alternates(a, url, &answer, &alternates, o);
    if (rc != FL_OK)
        return rc;
    *pem_out = take_ptr(answer.body);
    *alternates_out = alternates;
    return outcome_ok(o);
}
