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
    {"dns", BLAME_USER},
    {"connection", BLAME_USER},
    {"unauthorized", BLAME_USER},
    {"incorrectResponse", BLAME_USER},
    {"tls", BLAME_USER},
    {"badCSR", BLAME_USER},
    {"malformed", BLAME_USER},
    {"badPublicKey", BLAME_USER},
    {"badSignatureAlgorithm", BLAME_USER},
    {"invalidContact", BLAME_USER},
    {"unsupportedContact", BLAME_USER},
    {"externalAccountRequired", BLAME_USER},
    {"userActionRequired", BLAME_USER},
    {"accountDoesNotExist", BLAME_USER},
    {"alreadyReplaced", BLAME_USER},
    {"alreadyRevoked", BLAME_USER},
    {"badRevocationReason", BLAME_USER},
    {"orderNotReady", BLAME_NOBODY},
    {"badNonce", BLAME_AUTHORITY},
    {"serverInternal", BLAME_AUTHORITY},
    {"caa", BLAME_AUTHORITY},
    {"rejectedIdentifier", BLAME_AUTHORITY},
    {"unsupportedIdentifier", BLAME_AUTHORITY},
    {"invalidProfile", BLAME_AUTHORITY},
    {"rateLimited", BLAME_AUTHORITY},
    {"compound", BLAME_USER},
};

static int64_t clamp(int64_t v, int64_t lo, int64_t hi)
{
    return v < lo ? lo : v > hi ? hi : v;
}

/* first * factor^n, never above `most`; no overflow however large n is. */
static int64_t growing(int64_t first, double factor, unsigned n, int64_t most)
{
    double v = (double)first;
    while (n-- > 0 && v < (double)most)
        v *= factor;
    return v < (double)most ? (int64_t)v : most;
}

static enum judge_blame blame_of(const struct judge_case *c)
{
    for (size_t i = 0; i < sizeof blames / sizeof *blames; i++)
        if (strcmp(blames[i].problem, c->problem) == 0)
            return blames[i].blame;
    if (c->code == FL_ECONF)
        return BLAME_USER;
    if (c->code == FL_EAUTH)
        return BLAME_INSTANCE;
    if (c->kind == &task_kinds[KIND_CERTIFICATE] || c->kind == &task_kinds[KIND_AUTHORITY])
        return c->code == FL_EREJECT ? BLAME_USER : BLAME_AUTHORITY;
    return BLAME_INSTANCE;
}

/* A step that keeps failing: pauses that grow to an hour; after its tries it is
 * undone and rests, ever longer up to a day. It is never given up for good. */
static void temporary(const struct judge_case *c, struct verdict *v)
{
    const struct step *s = &c->kind->steps[c->step];
    int64_t wait = growing(5 * SECOND, 2, c->counts.tries, HOUR);

    v->failed = true;
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
        v->code = FL_ETEMP;
        temporary(c, v);
        return;
    }
    v->counts.looks++;
    v->at_ms = c->now_ms + (c->retry_after_ms > 0 ? clamp(c->retry_after_ms, 10, 7 * DAY)
                                                  : growing(5 * SECOND, 1.5, c->counts.looks, MINUTE));
}

/* Inside the authority's budget of failed validations: 5 an hour at most places. */
static void rejected(const struct judge_case *c, struct verdict *v)
{
    static const int64_t pauses[] = {MINUTE, 12 * MINUTE, HOUR, 4 * HOUR, 12 * HOUR};
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
    if (c->kind == &task_kinds[KIND_AUTHORITY])
        v->scope = SCOPE_AUTHORITY;
    else if (c->kind != &task_kinds[KIND_CERTIFICATE])
        v->scope = SCOPE_INSTANCE;
    else if (c->problem[0] == '\0')
        v->scope = c->http ? SCOPE_AUTHORITY : SCOPE_INSTANCE; /* the front door speaks HTTP, a lane speaks none */
    else
        v->scope = c->step == CERT_ORDER ? SCOPE_DOMAIN : SCOPE_TASK;
}

static void go_on(const struct judge_case *c, struct verdict *v)
{
    const struct step *s = &c->kind->steps[c->step];

    v->step = s->next;
    v->at_ms = c->now_ms;
    v->counts.tries = v->counts.looks = v->counts.stale = 0;
}

void judge(const struct judge_case *c, struct verdict *out)
{
    struct verdict v = {.step = c->step, .code = c->code, .counts = c->counts, .at_ms = JUDGE_NEVER};

    if (c->code != FL_OK && c->code != FL_EAGAIN && c->code != FL_ECANCEL)
        v.blame = blame_of(c);
    switch (c->code) {
    case FL_OK:
        go_on(c, &v);
        break;
    case FL_EAGAIN:
        again(c, &v);
        break;
    case FL_ERATE:
        rate_limited(c, &v);
        break;
    case FL_ESTALE:
        v.counts.stale++;
        if (v.counts.stale <= 5)
            v.at_ms = c->now_ms;
        else
            temporary(c, &v);
        break;
    case FL_EAUTH:
        v.failed = v.alarm = true;
        v.scope = SCOPE_INSTANCE;
        v.at_ms = c->now_ms + 15 * MINUTE;
        break;
    case FL_EREJECT:
        rejected(c, &v);
        break;
    case FL_ECONF:
        v.failed = v.alarm = true;
        break;
    case FL_ENOMEM:
        v.failed = true;
        v.at_ms = c->now_ms + 30 * SECOND;
        break;
    case FL_ECANCEL:
        break; /* untouched until the next start */
    default:
        temporary(c, &v); /* FL_ETEMP, FL_EPROTO */
        break;
    }
    *out = v;
}
