/* SPDX-License-Identifier: Apache-2.0 */
/* cert_chain.c - which of the chains that an authority offers is taken, and whether it holds. */
#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "crypto/chain.h"
#include "engine/steps.h"

#include <string.h>

enum { PATIENCE = 3 };

static const json_t *order_of(const struct turn *t) { return json_obj(t->rec, "order"); }

static void free_list(char ***list)
{
    for (char **s = *list; s && *s; s++)
        free(*s);
    free(*list);
}

/* Before anything else sees it: verifies, is what was asked for, fits the key. */
static int check(struct turn *t, const struct chain *c)
{
    auto_free const char **names = json_strv(json_list(order_of(t), "names"));
    int code = names ? FL_OK : outcome_nomem(&t->out);

    if (code == FL_OK)
        code = chain_check(c, (const char *const *)names, clock_wall_ms() / 1000, &t->out);
    if (code == FL_OK)
        code = keeper_fits(t->w->keeper, json_str(order_of(t), "key", ""), c->leaf_pem, &t->out);
    return code;
}

static int fetch(struct turn *t, struct acme *acme, const char *url, struct chain *out, char ***alternates)
{
    auto_free char *pem = NULL;
    int code = acme_certificate(acme, url, &pem, alternates, &t->out);

    return code == FL_OK ? chain_parse(pem, strlen(pem), out, &t->out) : code;
}

/* One that cannot be had or does not hold is passed over: the renewal is worth more than its chain. */
static int try_one(struct turn *t, struct acme *acme, const char *url, struct chain *taken, struct buf *seen,
                   bool *found)
{
    cleanup_(chain_done) struct chain c = { 0 };
    cleanup_(free_list) char **more = NULL;
    const char *wanted = ((const struct subject *)t->task->subject)->cert->preferred_chain;
    int code = fetch(t, acme, url, &c, &more);

    if (code == FL_OK)
        buf_addf(seen, ", `%.100s`", c.issuer);
    if (code == FL_OK && !chain_ends_in(&c, wanted))
        return FL_OK;
    if (code == FL_OK)
        code = check(t, &c);
    if (code == FL_OK) {
        const struct chain before = *taken;
        *taken = c;
        c = before;
        *found = true;
        return FL_OK;
    }
    if (code == FL_ECANCEL || code == FL_ENOMEM || code == FL_ERATE ||
        (code == FL_ETEMP && json_int(t->rec, "tries", 0) < PATIENCE))
        return code;
    buf_addf(seen, ", %.100s (%.200s)", url, t->out.msg);
    return outcome_ok(&t->out);
}

static int prefer(struct turn *t, struct acme *acme, char **alternates, const char *wanted,
                  struct chain *taken)
{
    cleanup_(buf_done) struct buf seen = BUF(OUTCOME_MSG);
    bool found = false;
    int code = FL_OK;

    buf_addf(&seen, "`%.100s`", taken->issuer);
    for (char **url = alternates; url && *url && code == FL_OK && !found; url++)
        code = try_one(t, acme, *url, taken, &seen, &found);
    if (code == FL_OK && !found)
        turn_event(t, "other-chain", "no chain ends in `%.100s`; there are: %s", wanted, buf_text(&seen));
    return code;
}

int cert_take_chain(struct turn *t, struct acme *acme, struct chain *out)
{
    cleanup_(free_list) char **alternates = NULL;
    const char *wanted = ((const struct subject *)t->task->subject)->cert->preferred_chain;
    int code = fetch(t, acme, json_str(order_of(t), "certificate", ""), out, &alternates);

    if (code == FL_OK)
        code = check(t, out);
    return code == FL_OK && wanted && !chain_ends_in(out, wanted) ? prefer(t, acme, alternates, wanted, out)
                                                                  : code;
}
