/* SPDX-License-Identifier: Apache-2.0 */
/* renew.c - fractions of the lifetime, never days: what is right for 90 days is wrong for six. */
#include "engine/renew.h"

enum { TEN_DAYS = 10 * 86400 };
static const int64_t FAR_AT = 253402300799; /* 9999-12-31: later than any certificate */

bool renew_dates(int64_t not_before_at, int64_t not_after_at)
{
    return not_before_at >= 0 && not_after_at > not_before_at && not_after_at <= FAR_AT;
}

int64_t renew_at(const char *name, int64_t not_before_at, int64_t not_after_at, int64_t num, int64_t den)
{
    int64_t life;
    uint32_t h = 2166136261u;

    if (!renew_dates(not_before_at, not_after_at))
        return not_after_at;
    life = not_after_at - not_before_at;
    if (num <= 0 || den <= num) {
        num = 1;
        den = life < TEN_DAYS ? 2 : 3;
    }
    for (; *name; name++)
        h = (h ^ (unsigned char)*name) * 16777619u;
    return not_after_at - life * num / den - life / 60 * (int64_t)(h % 1000) / 1000;
}
