/* SPDX-License-Identifier: Apache-2.0 */
/* ask.c - one exchange, and what time it is at the authority (RFC 9110 6.6.1). */
#include "acme/authority.h"
#include "base/clock.h"

enum { SECOND_MS = 1000 };

/* Date has whole seconds, cut off: half of one is what it lacks on the average. What the answer says is taken to be
 * what it was in the middle of the round trip. */
static void note_time(struct acme *a, const struct http_answer *answer, int64_t asked_mono_ms)
{
    int64_t trip_ms = clock_mono_ms() - asked_mono_ms, now_ms = clock_mono_ms(), at;
    char date[64];

    if (!http_header(answer, "date", date, sizeof date) || !clock_parse_http(date, &at))
        return;
    pthread_mutex_lock(&a->lock);
    a->told_time++;
    a->ahead_ms = at * SECOND_MS + SECOND_MS / 2 - (now_ms - trip_ms / 2);
    pthread_mutex_unlock(&a->lock);
}
int acme_ask(struct acme *a, const struct http_request *req, struct http_answer *out, struct outcome *o)
{
    int64_t asked = clock_mono_ms();
    int rc = http_do(a->lane, req, out, o);

    if (rc == FL_OK)
        note_time(a, out, asked);
    return rc;
}
bool acme_clock_ahead_ms(struct acme *a, int64_t *out)
{
    bool told;

    pthread_mutex_lock(&a->lock);
    told = a->told_time > 0;
    if (told)
        *out = a->ahead_ms + clock_mono_ms() - clock_wall_ms(); /* ours may have been set since */
    pthread_mutex_unlock(&a->lock);
    return told;
}
unsigned acme_clock_told(struct acme *a)
{
    pthread_mutex_lock(&a->lock);
    unsigned told = a->told_time;
    pthread_mutex_unlock(&a->lock);
    return told;
}
