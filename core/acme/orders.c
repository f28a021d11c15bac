/* SPDX-License-Identifier: Apache-2.0 */
/* orders.c - which orders an account has (RFC 8555 7.1.2.1). */
#include "acme/directory.h"
#include "acme/link.h"
#include "acme/post.h"
#include "acme/read.h"
#include "base/mem.h"
#include "base/text.h"

#include <string.h>

/* What is kept of a list: RFC 8555 does not say at which end the newest are. */
enum { HEAD = 100, TAIL = 100, PAGES = 200 };
struct orders {
    char **list; /* of HEAD + TAIL + 1, zeroed; the last ones go round */
    size_t n;    /* that there were */
    unsigned pages;
    bool more;
};

static size_t kept(const struct orders *all) { return all->n < HEAD + TAIL ? all->n : HEAD + TAIL; }

static void orders_done(struct orders *all)
{
    for (size_t i = 0; all->list && i < kept(all); i++)
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
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *url = json_string_value(json_array_get(list, i));
        if (!url || !directory_owns(d, url))
            return outcome_fail(o, FL_EPROTO, "an order that is not a URL of this authority: %.100s",
                                url ? url : "no text");
        char **at = &all->list[all->n < HEAD ? all->n : HEAD + (all->n - HEAD) % TAIL];
        char *copy = strdup(url);
        if (!copy)
            return outcome_nomem(o);
        free(*at);
        *at = copy;
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
/* In the server's order again. False: no memory. */
static bool straighten(struct orders *all)
{
    size_t n = kept(all), first = all->n > HEAD + TAIL ? (all->n - HEAD) % TAIL : 0;
    char **list = mem_array(n + 1, sizeof *list);

    if (!list)
        return false;
    for (size_t i = 0; i < n; i++)
        list[i] = all->list[i < HEAD ? i : HEAD + (i - HEAD + first) % TAIL];
    free(all->list);
    all->list = list;
    return true;
}
static int read_all(struct acme *a, char **url, struct orders *all, struct outcome *o)
{
    for (; *url && all->pages < PAGES; all->pages++) {
        auto_free char *here = strdup(*url);
        int rc = here ? read_page(a, url, all, o) : outcome_nomem(o);
        if (rc != FL_OK)
            return rc;
        if (*url && strcmp(*url, here) == 0) { /* the same page for ever */
            all->pages++;
            break;
        }
    }
    all->more = *url != NULL;
    return FL_OK;
}
/* FL_OK, with words where that is not all. */
static int say_rest(struct acme *a, const struct orders *all, struct outcome *o)
{
    if (all->more)
        return outcome_fail(o, FL_OK,
                            "%s: the list of orders goes on after %u pages with %zu: the rest was not read",
                            a->name, all->pages, all->n);
    if (all->n > HEAD + TAIL)
        return outcome_fail(o, FL_OK, "%s: of %zu orders only the first %d and the last %d were taken",
                            a->name, all->n, HEAD, TAIL);
    return outcome_ok(o);
}
int acme_orders(struct acme *a, char ***out, struct outcome *o)
{
    cleanup_(orders_done) struct orders all = { .list = mem_array(HEAD + TAIL + 1, sizeof *all.list) };
    auto_free char *url = NULL;
    int rc = all.list ? find_list(a, &url, o) : outcome_nomem(o);
    bool none = rc == FL_OK && !url;

    if (rc == FL_OK && !none)
        rc = read_all(a, &url, &all, o);
    if (none || (all.pages == 0 && no_list(rc, o))) {
        *out = NULL;
        return outcome_ok(o);
    }
    if (rc != FL_OK)
        return rc;
    if (!straighten(&all))
        return outcome_nomem(o);
    *out = take_ptr(all.list);
    return say_rest(a, &all, o);
}
