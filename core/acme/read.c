/* SPDX-License-Identifier: Apache-2.0 */
/* read.c - what a server says, taken out of its JSON with care. */
#include "acme/read.h"
#include "acme/directory.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"

#include <ctype.h>
#include <string.h>

const char *const acme_status_names[] = { "pending",     "ready",   "processing", "valid",   "invalid",
                                          "deactivated", "expired", "revoked",    "unknown", NULL };

int read_garbage(const struct http_answer *answer, const char *expected, struct outcome *o)
{
    int status = answer->status;
    const char *body = answer->body ? answer->body : "";

    /* Whosever it is. */
    if (strstr(body, "PRIVATE KEY"))
        body = "a private key, which is not shown";
    outcome_fail(o, FL_EPROTO, "HTTP %d, but not %s: \"%.80s\"", status, expected, body);
    o->http = status;
    return FL_EPROTO;
}
int read_object(const struct http_answer *answer, json_t **out, struct outcome *o)
{
    char type[128] = "", why[128] = "";
    cleanup_(json_freep) json_t *doc = NULL;
    int status = answer->status;

    if (http_header(answer, "content-type", type, sizeof type) && !strcasestr(type, "json"))
        return read_garbage(answer, "JSON by its Content-Type", o);
    doc = json_parse(answer->body, answer->len, why);
    if (!doc && !why[0])
        return outcome_nomem(o);
    if (!doc) {
        outcome_fail(o, FL_EPROTO, "HTTP %d with broken JSON (%s): \"%.80s\"", status, why,
                     answer->body ? answer->body : "");
        o->http = status;
        return FL_EPROTO;
    }
    if (!json_is_object(doc))
        return read_garbage(answer, "a JSON object", o);
    *out = take_ptr(doc);
    return FL_OK;
}
enum acme_status read_status(const json_t *obj)
{
    const char *word = json_str(obj, "status", "");
    int s = ACME_PENDING;

    while (s < ACME_UNKNOWN && strcmp(acme_status_names[s], word))
        s++;
    return (enum acme_status)s;
}
bool read_text(const json_t *obj, const char *key, char **out)
{
    const char *text = json_str(obj, key, NULL);
    char *copy;

    if (!text) {
        *out = NULL;
        return true;
    }
    copy = strndup(text, URL_MAX - 1);
    if (!copy)
        return false;
    for (char *c = copy; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = '?';
    *out = copy;
    return true;
}
int64_t read_time(const json_t *obj, const char *key)
{
    int64_t at;

    return clock_parse(json_str(obj, key, ""), &at) ? at : 0;
}
int read_url(const struct directory *d, const json_t *obj, const char *key, char **out, struct outcome *o)
{
    const char *url = json_str(obj, key, NULL);
    char *copy = NULL;

    if (url && !directory_owns(d, url))
        return outcome_fail(o, FL_EPROTO, "its %s is not a URL of this authority: %.100s", key, url);
    if (url && !(copy = strdup(url)))
        return outcome_nomem(o);
    *out = copy;
    return FL_OK;
}
/* Letters, digits, hyphens and underscores in labels of 1 to 63; one "*." in front. */
static bool name_ok(const char *s)
{
    size_t label = 0, len = strlen(s);

    if (text_starts(s, "*."))
        s += 2;
    if (len > 253 || !*s)
        return false;
    for (; *s; s++) {
        bool dot = *s == '.';
        if (!dot && !isalnum((unsigned char)*s) && *s != '-' && *s != '_')
            return false;
        if (dot && label == 0)
            return false;
        label = dot ? 0 : label + 1;
        if (label > 63)
            return false;
    }
    return label > 0;
}
int read_identifier(const json_t *obj, char **out, bool *ip_out, struct outcome *o)
{
    const char *type = json_str(obj, "type", ""), *value = json_str(obj, "value", "");
    char ip[46];
    bool v6, is_ip = !strcmp(type, "ip");
    char *copy;

    if (is_ip ? !text_ip(value, ip, &v6) : strcmp(type, "dns") || !name_ok(value))
        return outcome_fail(o, FL_EPROTO, "an identifier that is neither name nor address: %.32s \"%.100s\"",
                            type, value);
    copy = strdup(is_ip ? ip : value);
    if (!copy)
        return outcome_nomem(o);
    for (char *c = copy; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    *out = copy;
    *ip_out = is_ip;
    return FL_OK;
}
