/* SPDX-License-Identifier: Apache-2.0 */
/* certificate.c - fetching what was issued (RFC 8555 7.4.2). */
#include "acme/directory.h"
#include "acme/link.h"
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
static int read_alternates(struct acme *a, const char *base, const struct http_answer *answer, char ***out,
                           struct outcome *o)
{
    cleanup_(strings_freep) char **list = mem_array(CERTIFICATE_ALTERNATES + 1, sizeof *list);
    const struct directory *d = NULL;
    size_t n = 0;
    int rc = list ? directory_get(a, false, &d, o) : outcome_nomem(o);

    if (rc == FL_OK && !link_urls(d, base, answer, "alternate", list, CERTIFICATE_ALTERNATES, &n))
        rc = outcome_nomem(o);
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
