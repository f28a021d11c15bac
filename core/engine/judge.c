/* SPDX-License-Identifier: Apache-2.0 */
/* judge.c - the table of docs/design.md section 5, as code. */
#include "engine/judge.h"

#include <string.h>

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE };
static const int64_t DAY = 24 * (int64_t)HOUR;

/* Problems of RFC 8555 6.7 and its followers that say whose fault it is. */
static const struct {
    const char *problem;
    enum judge_blame blame;
} blames[] = {
    { "dns", BLAME_USER },
    { "connection", BLAME_USER },
    { "unauthorized", BLAME_USER },
    { "incorrectResponse", BLAME_USER },
    { "tls", BLAME_USER },
    { "badCSR", BLAME_USER },
    { "malformed", BLAME_USER },
    { "badPublicKey", BLAME_USER },
    { "badSignatureAlgorithm", BLAME_USER },
    { "invalidContact", BLAME_USER },
    { "unsupportedContact", BLAME_USER },
    { "externalAccountRequired", BLAME_USER },
    { "userActionRequired", BLAME_USER },
    { "accountDoesNotExist", BLAME_USER },
    { "alreadyReplaced", BLAME_USER },
    { "alreadyRevoked", BLAME_USER },
    { "badRevocationReason", BLAME_USER },
    { "orderNotReady", BLAME_NOBODY },
    { "badNonce", BLAME_AUTHORITY },
    { "serverInternal", BLAME_AUTHORITY },
    { "caa", BLAME_AUTHORITY },
    { "rejectedIdentifier", BLAME_AUTHORITY },
    { "unsupportedIdentifier", BLAME_AUTHORITY },
    { "invalidProfile", BLAME_AUTHORITY },
    { "rateLimited", BLAME_AUTHORITY },
    { "compound", BLAME_USER },
};

static int64_t clamp(int64_t v, int64_t lo, int64_t hi) { return v < lo ? lo : v > hi ? hi : v; }

/* first * factor^n, never above `most`; no overflow however large n is. */
static int64_t growing(int64_t first, double factor, unsigned n, int64_t most)
{
    double v = (double)first;
    while (n-- > 0 && v < (double)most)
        v *= factor;
    return v < (double)most ? (int64_t)v : most;
}

/* Who is spoken to in a step. A certificate's proofs go through a solver's instance, everything
 * else of it to its authority or to nobody. */
static enum judge_blame spoken_to(const struct judge_case *c)
{
    if (c->kind == &task_kinds[KIND_AUTHORITY])
        return BLAME_AUTHORITY;
    if (c->kind != &task_kinds[KIND_CERTIFICATE] || c->step == CERT_DEPLOY || c->step == CERT_VISIBLE)
        return BLAME_INSTANCE;
    return c->step == CERT_PLAN || c->step == CERT_KEY || c->step == CERT_REST ? BLAME_NOBODY
                                                                               : BLAME_AUTHORITY;
}

static enum judge_blame blame_of(const struct judge_case *c, int code)
{
    for (size_t i = 0; i < sizeof blames / sizeof *blames; i++)
        if (strcmp(blames[i].problem, c->problem) == 0)
            return blames[i].blame;
    if (code == FL_ENOMEM)
        return BLAME_NOBODY;
    if (code == FL_ECONF)
        return BLAME_USER;
    enum judge_blame who = spoken_to(c);
    /* An authority that refuses without a word of its own refuses what was asked, or the account. */
    return who == BLAME_AUTHORITY && (code == FL_EREJECT || code == FL_EAUTH) ? BLAME_USER : who;
}

/* What is held up by a refusal that concerns more than what was asked. A certificate's proofs may lean on any
 * instance: the zone's own task meets the same and holds the right one. */
static enum judge_scope scope_of(const struct judge_case *c)
{
    if (spoken_to(c) == BLAME_AUTHORITY)
        return SCOPE_AUTHORITY;
    return c->kind == &task_kinds[KIND_CERTIFICATE] ? SCOPE_TASK : SCOPE_INSTANCE;
}

/* A step that keeps failing: pauses that grow to an hour; after its tries it is undone and rests,
 * ever longer up to a day. It is never given up for good. One that cannot be undone alarms when its
 * pauses have grown to the hour. */
static void temporary(const struct judge_case *c, struct verdict *v)
{
    const struct step *s = &c->kind->steps[c->step];
    int64_t wait = growing(5 * SECOND, 2, c->counts.tries, HOUR);

    v->code = c->code == FL_EPROTO ? FL_EPROTO : FL_ETEMP;
    v->failed = true;
    v->alarm = wait == HOUR;
    v->counts.tries++;
    v->counts.looks = 0;
    wait += (int64_t)((double)wait * 0.2 * c->jitter);
    if (s->tries && v->counts.tries >= s->tries) {
        wait = growing(HOUR, 2, c->counts.rests, DAY);
        v->counts.tries = 0;
        v->counts.rests++;
        v->step = s->undo;
        v->gave_up = v->alarm = true;
    }
    v->at_ms = c->now_ms + (c->retry_after_ms > wait ? clamp(c->retry_after_ms, wait, 7 * DAY) : wait);
}

static void again(const struct judge_case *c, struct verdict *v)
{
    const struct step *s = &c->kind->steps[c->step];

    if (s->deadline_s && c->now_ms - c->since_ms > s->deadline_s * (int64_t)SECOND) {
        temporary(c, v);
        return;
    }
    v->at_ms = c->now_ms + (c->retry_after_ms > 0 ? clamp(c->retry_after_ms, 10, 7 * DAY)
                                                  : growing(5 * SECOND, 1.5, c->counts.looks, MINUTE));
    v->counts.looks++;
}

/* Inside the authority's budget of failed validations: 5 an hour at most places. */
static void rejected(const struct judge_case *c, struct verdict *v)
{
    static const int64_t pauses[] = { MINUTE, 12 * MINUTE, HOUR, 4 * HOUR, 12 * HOUR };
    size_t n = sizeof pauses / sizeof *pauses;
    int64_t wait = c->counts.rejects < n ? pauses[c->counts.rejects] : DAY;

    v->failed = true;
    v->alarm = c->counts.rejects + 1 >= 3;
    v->counts.rejects++;
    v->counts.tries = v->counts.looks = v->counts.stale = 0;
    v->step = c->kind->steps[c->step].undo;
    v->at_ms = c->now_ms + (c->retry_after_ms > wait ? clamp(c->retry_after_ms, wait, 7 * DAY) : wait);
}

static void rate_limited(const struct judge_case *c, struct verdict *v)
{
    v->failed = true;
    v->at_ms = c->now_ms + clamp(c->retry_after_ms > 0 ? c->retry_after_ms : MINUTE, SECOND, 7 * DAY);
    /* The authority's own word is about newOrder, or about nothing but this request; its front door speaks
     * HTTP only and is meant for all. */
    if (c->kind != &task_kinds[KIND_CERTIFICATE] || c->problem[0] == '\0')
        v->scope = scope_of(c);
    else
        v->scope = c->step == CERT_ORDER ? SCOPE_DOMAIN : SCOPE_TASK;
}

/* The last step of a kind that has come through, where it is looked at again after a while. */
static bool rests_at(const struct task_kind *kind, uint8_t step)
{
    static const uint8_t last[KINDS] = {
        [KIND_AUTHORITY] = AUTHORITY_IDLE, [KIND_ZONE] = ZONE_IDLE,         [KIND_HOST] = HOST_IDLE,
        [KIND_CERTIFICATE] = CERT_REST,    [KIND_DELIVERY] = DELIVERY_IDLE, [KIND_CLEANUP] = CLEANUP_WITHDRAW
    };
    return kind == &task_kinds[KIND_CLEANUP] || last[kind - task_kinds] == step;
}

static void go_on(const struct judge_case *c, struct verdict *v)
{
    v->step = c->kind->steps[c->step].next;
    v->at_ms = c->now_ms;
    v->counts.tries = v->counts.looks = v->counts.stale = 0;
    if (rests_at(c->kind, v->step))
        v->counts.rejects = v->counts.rests = 0;
}

void judge(const struct judge_case *c, struct verdict *out)
{
    struct verdict v = { .step = c->step, .code = c->code, .counts = c->counts, .at_ms = JUDGE_NEVER };

    switch (c->code) {
    case FL_OK: go_on(c, &v); break;
    case FL_EAGAIN: again(c, &v); break;
    case FL_ERATE: rate_limited(c, &v); break;
    case FL_ESTALE:
        v.counts.stale++;
        if (v.counts.stale <= 5)
            v.at_ms = c->now_ms;
        else
            temporary(c, &v);
        break;
    case FL_EAUTH:
        v.failed = v.alarm = true;
        v.scope = scope_of(c);
        v.at_ms = c->now_ms + 15 * MINUTE;
        break;
    case FL_EREJECT: rejected(c, &v); break;
    case FL_ECONF: v.failed = v.alarm = true; break;
    case FL_ENOMEM:
        v.failed = true;
        v.at_ms = c->now_ms + 30 * SECOND;
        break;
    case FL_ECANCEL: break; /* untouched until the next start */
    default:
        temporary(c, &v); /* FL_ETEMP, FL_EPROTO, and what no plugin should say */
        break;
    }
    if (v.failed)
        v.blame = blame_of(c, v.code);
    *out = v;
}
