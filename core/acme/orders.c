/* SPDX-License-Identifier: Apache-2.0 */
/* orders.c - which orders an account has (RFC 8555 7.1.2.1). */
#include "acme/directory.h"
#include "acme/link.h"
#include "acme/post.h"
#include "acme/read.h"
#include "base/mem.h"
#include "base/text.h"

#include <string.h>

enum { ORDERS_MAX = 1000, ORDERS_PAGES = 20 };
struct orders {
    char **list; /* of ORDERS_MAX + 1, zeroed */
    size_t n;
};

static void orders_done(struct orders *all)
{
    for (size_t i = 0; i < all->n; i++)
        free(all->list[i]);
    free(all->list);
}
/* Where the list is; NULL: nowhere. Many authorities keep none, and some name a URL behind which nothing is. */
static int find_list(struct acme *a, char **out, struct outcome *o)
{
    struct account account;
    const struct directory *d = NULL;
    struct post p = { .doing = "account", .url = account.kid };
    cleanup_(http_answer_done) struct http_answer answer = { 0 };
    cleanup_(json_freep) json_t *doc = NULL;
    int rc = acme_in_use(a, &account, o);

    if (rc == FL_OK)
        rc = directory_get(a, false, &d, o);
    if (rc != FL_OK)
        return outcome_context(o, "%s: orders", a->name);
    rc = post_json(a, &p, &answer, &doc, o);
    if (rc != FL_OK)
        return rc;
    rc = read_url(d, doc, "orders", out, o);
    return rc == FL_OK ? FL_OK : outcome_context(o, "%s: account", a->name);
}
static int add_page(const struct directory *d, const json_t *list, struct orders *all, struct outcome *o)
{
    for (size_t i = 0; i < json_array_size(list) && all->n < ORDERS_MAX; i++) {
        const char *url = json_string_value(json_array_get(list, i));
        if (!url || !directory_owns(d, url))
            return outcome_fail(o, FL_EPROTO, "an order that is not a URL of this authority: %.100s",
                                url ? url : "no text");
        if (!(all->list[all->n] = strdup(url)))
            return outcome_nomem(o);
        all->n++;
    }
    return FL_OK;
}
/* The page at *url, which becomes the next one, NULL after the last. */
static int read_page(struct acme *a, char **url, struct orders *all, struct outcome *o)
{
    const struct directory *d = NULL;
    struct post p = { .doing = "orders", .url = *url };
    cleanup_(http_answer_done) struct http_answer answer = { 0 };
    cleanup_(json_freep) json_t *doc = NULL;
    char *next[1] = { NULL };
    size_t n = 0;
    int rc = post_json(a, &p, &answer, &doc, o);

    if (rc == FL_OK)
        rc = directory_get(a, false, &d, o);
    if (rc != FL_OK)
        return rc;
    rc = add_page(d, json_list(doc, "orders"), all, o);
    if (rc != FL_OK)
        return outcome_context(o, "%s: orders", a->name);
    if (!link_urls(d, *url, &answer, "next", next, 1, &n))
        return outcome_nomem(o);
    free(*url);
    *url = next[0];
    return FL_OK;
}
/* Refused as something that it does not have. */
static bool no_list(int rc, const struct outcome *o)
{
    return (rc == FL_EREJECT || rc == FL_EPROTO || rc == FL_ETEMP) &&
           (o->http == 404 || o->http == 405 || o->http == 501);
}
int acme_orders(struct acme *a, char ***out, struct outcome *o)
{
    cleanup_(orders_done) struct orders all = { .list = mem_array(ORDERS_MAX + 1, sizeof *all.list) };
    auto_free char *url = NULL;
    int rc = all.list ? find_list(a, &url, o) : outcome_nomem(o);

    if (rc == FL_OK && !url) {
        *out = NULL;
        return outcome_ok(o);
    }
    for (int page = 0; rc == FL_OK && url && page < ORDERS_PAGES && all.n < ORDERS_MAX; page++) {
        rc = read_page(a, &url, &all, o);
        if (page == 0 && no_list(rc, o)) {
            *out = NULL;
            return outcome_ok(o);
        }
    }
    if (rc != FL_OK)
        return rc;
    *out = take_ptr(all.list);
    all.n = 0;
    return outcome_ok(o);
}
