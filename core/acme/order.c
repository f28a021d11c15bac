/* SPDX-License-Identifier: Apache-2.0 */
/* order.c - orders (RFC 8555 7.4). */
#include "acme/directory.h"
#include "acme/post.h"
#include "acme/problem.h"
#include "acme/read.h"
#include "base/mem.h"
#include "base/text.h"

#include <string.h>

enum { ORDER_PARTS = 100 };

static void strings_free(char **list)
{
    for (size_t i = 0; list && list[i]; i++)
        free(list[i]);
    free(list);
}
void acme_order_done(struct acme_order *order)
{
    if (!order)
        return;
    free(order->url);
    free(order->finalize);
    free(order->certificate);
    strings_free(order->authorizations);
    strings_free(order->identifiers);
    strings_free(order->refused);
    free(order->profile);
    free(order->replaces);
    *order = (struct acme_order){ 0 };
}

/* ---- reading ---- */

static int read_authorizations(const struct directory *d, const json_t *list, char ***out, struct outcome *o)
{
    size_t n = json_array_size(list);
    char **urls;

    if (n > ORDER_PARTS)
        return outcome_fail(o, FL_EPROTO, "an order with %zu authorizations", n);
    urls = *out = mem_array(n + 1, sizeof *urls);
    if (!urls)
        return outcome_nomem(o);
    for (size_t i = 0; i < n; i++) {
        const char *url = json_string_value(json_array_get(list, i));
        if (!url || !directory_owns(d, url))
            return outcome_fail(o, FL_EPROTO, "an authorization that is not a URL of this authority: %.100s",
                                url ? url : "no text");
        if (!(urls[i] = strdup(url)))
            return outcome_nomem(o);
    }
    return FL_OK;
}
static int read_identifiers(const json_t *list, char ***out, struct outcome *o)
{
    size_t n = json_array_size(list);
    char **names;
    bool ip;
    int rc = FL_OK;

    if (n == 0 || n > ORDER_PARTS)
        return outcome_fail(o, FL_EPROTO, "an order for %zu identifiers", n);
    names = *out = mem_array(n + 1, sizeof *names);
    if (!names)
        return outcome_nomem(o);
    for (size_t i = 0; rc == FL_OK && i < n; i++)
        rc = read_identifier(json_array_get(list, i), &names[i], &ip, o);
    return rc;
}
/* What must be there in which state, or the caller would have nothing to go on with. */
static int check_complete(const struct acme_order *order, struct outcome *o)
{
    const char *status = acme_status_names[order->status];

    if ((order->status == ACME_PENDING || order->status == ACME_READY) && !order->finalize)
        return outcome_fail(o, FL_EPROTO, "an order that is %s has no finalize URL", status);
    if (order->status == ACME_PENDING && !order->authorizations[0])
        return outcome_fail(o, FL_EPROTO, "an order that is %s has no authorizations", status);
    if (order->status == ACME_VALID && !order->certificate)
        return outcome_fail(o, FL_EPROTO, "an order that is %s has no certificate URL", status);
    return FL_OK;
}
static int read_order(struct acme *a, const json_t *doc, struct acme_order *order, struct outcome *o)
{
    const struct directory *d = NULL;
    int rc = directory_get(a, false, &d, o);

    order->status = read_status(doc);
    order->expires_at = read_time(doc, "expires");
    problem_embedded(json_obj(doc, "error"), &order->error);
    order->refused = problem_refused(json_obj(doc, "error"));
    if (rc == FL_OK)
        rc = read_url(d, doc, "finalize", &order->finalize, o);
    if (rc == FL_OK)
        rc = read_url(d, doc, "certificate", &order->certificate, o);
    if (rc == FL_OK)
        rc = read_authorizations(d, json_list(doc, "authorizations"), &order->authorizations, o);
    if (rc == FL_OK)
        rc = read_identifiers(json_list(doc, "identifiers"), &order->identifiers, o);
    if (rc == FL_OK &&
        (!read_text(doc, "profile", &order->profile) || !read_text(doc, "replaces", &order->replaces)))
        rc = outcome_nomem(o);
    return rc == FL_OK ? check_complete(order, o) : rc;
}

/* ---- asking ---- */

/* Which names a refusal is about. */
static char **read_refused(const struct http_answer *answer)
{
    cleanup_(json_freep) json_t *doc = NULL;
    struct outcome o;

    return answer->status >= 400 && read_object(answer, &doc, &o) == FL_OK ? problem_refused(doc) : NULL;
}
/* Sends it and reads an order out of the answer; `url` NULL: its Location says. A refusal fills out->refused. */
static int order_post(struct acme *a, const struct post *p, const char *url, struct acme_order *out,
                      struct outcome *o)
{
    cleanup_(http_answer_done) struct http_answer answer = { 0 };
    cleanup_(json_freep) json_t *doc = NULL;
    cleanup_(acme_order_done) struct acme_order order = { 0 };
    int rc = post_json(a, p, &answer, &doc, o);

    if (rc != FL_OK) {
        out->refused = read_refused(&answer);
        return rc;
    }
    rc = read_order(a, doc, &order, o);
    if (rc != FL_OK)
        return outcome_context(o, "%s: %s", a->name, p->doing);
    order.retry_after_ms = answer.retry_after_ms;
    if (url)
        order.url = strdup(url);
    else if ((rc = post_location(a, p, &answer, &order.url, o)) != FL_OK)
        return rc;
    if (!order.url)
        return outcome_nomem(o);
    *out = order;
    order = (struct acme_order){ 0 };
    return outcome_ok(o);
}
int acme_order(struct acme *a, const char *url, struct acme_order *out, struct outcome *o)
{
    struct post p = { .doing = "order", .url = url };
    cleanup_(acme_order_done) struct acme_order order = { 0 };
    int rc = order_post(a, &p, url, &order, o);

    if (rc == FL_OK) {
        *out = order;
        order = (struct acme_order){ 0 };
    }
    return rc;
}
int acme_finalize(struct acme *a, const char *url, const char *finalize, const char *csr,
                  struct acme_order *out, struct outcome *o)
{
    cleanup_(json_freep) json_t *doc = json_object();
    auto_free char *body = NULL;
    struct post p = { .doing = "finalize", .url = finalize };

    if (doc && json_put_str(doc, "csr", csr))
        body = json_text(doc);
    if (!body)
        return outcome_nomem(o);
    p.payload = body;
    return order_post(a, &p, url, out, o);
}

/* ---- a new one ---- */

static json_t *identifier(const char *name)
{
    char ip[46];
    bool v6, is_ip = text_ip(name, ip, &v6);
    json_t *id = json_object();

    if (id && json_put_str(id, "type", is_ip ? "ip" : "dns") && json_put_str(id, "value", is_ip ? ip : name))
        return id;
    json_decref(id);
    return NULL;
}
static char *new_order_body(const char *const *names, const char *profile, const char *replaces)
{
    cleanup_(json_freep) json_t *doc = json_object();
    json_t *list = json_array();
    bool good = json_put(doc, "identifiers", list);

    for (size_t i = 0; good && names[i]; i++)
        good = json_array_append_new(list, identifier(names[i])) == 0;
    good = good && (!profile || json_put_str(doc, "profile", profile)) &&
           (!replaces || json_put_str(doc, "replaces", replaces));
    return good ? json_text(doc) : NULL;
}
static bool same_name(const char *a, const char *b)
{
    char ip_a[46], ip_b[46];
    bool v6;

    if (text_ip(a, ip_a, &v6))
        return text_ip(b, ip_b, &v6) && !strcmp(ip_a, ip_b);
    return !strcasecmp(a, b);
}
/* Is each of `some` in `others`? */
static bool all_in(const char *const *some, const char *const *others)
{
    for (; *some; some++) {
        size_t i = 0;
        while (others[i] && !same_name(*some, others[i]))
            i++;
        if (!others[i])
            return false;
    }
    return true;
}
int acme_new_order(struct acme *a, const char *const *names, const char *profile, const char *replaces,
                   struct acme_order *out, struct outcome *o)
{
    const struct directory *d = NULL;
    auto_free char *body = new_order_body(names, profile, replaces);
    struct post p = { .doing = "new order", .payload = body, .once = true };
    cleanup_(acme_order_done) struct acme_order order = { 0 };
    int rc = body ? directory_get(a, false, &d, o) : outcome_nomem(o);

    if (rc != FL_OK)
        return rc;
    p.url = d->new_order;
    rc = order_post(a, &p, NULL, &order, o);
    if (rc != FL_OK) {
        out->refused = take_ptr(order.refused);
        return rc;
    }
    if (!all_in(names, (const char *const *)order.identifiers) ||
        !all_in((const char *const *)order.identifiers, names))
        return outcome_fail(o, FL_EPROTO,
                            "%s: new order: it is for other identifiers than asked for: %.200s ...", a->name,
                            order.identifiers[0]);
    *out = order;
    order = (struct acme_order){ 0 };
    return FL_OK;
}
