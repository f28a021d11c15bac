/* SPDX-License-Identifier: Apache-2.0 */
/* limit.c - how many datagrams a client network is answered in full. */
#include "limit.h"
#include <arpa/inet.h>
#include <string.h>

/* The network's bits: 24 of IPv4, 56 of IPv6. */
static uint64_t network(const char *address)
{
    uint8_t b[16] = { 0 };
    uint64_t n = 0;
    if (inet_pton(AF_INET, address, b) == 1)
        return (uint64_t)1 << 63 | (uint64_t)b[0] << 16 | (uint64_t)b[1] << 8 | b[2];
    (void)inet_pton(AF_INET6, address, b);
    for (int i = 0; i < 7; i++)
        n = n << 8 | b[i];
    return n;
}

static uint64_t mix(uint64_t x)
{
    x ^= x >> 32;
    x *= 0xd6e8feb86659fd93u;
    x ^= x >> 32;
    x *= 0xd6e8feb86659fd93u;
    return x ^ x >> 32;
}

bool limit_take(struct limit *l, const char *address, int64_t now_ms)
{
    if (l->per_second <= 0)
        return true;
    uint64_t h = mix(mix(network(address) ^ l->key[0]) ^ l->key[1]);
    int64_t *at = &l->places[h % LIMIT_PLACES].at_ms, *spent = &l->places[h % LIMIT_PLACES].spent;
    int64_t passed = now_ms - *at;
    /* The wall clock may jump either way; a second is all that matters. */
    if (passed < 0 || passed >= 1000)
        *spent = 0;
    else
        *spent -= passed * l->per_second;
    *spent = *spent > 0 ? *spent : 0;
    *at = now_ms;
    if (*spent + 1000 > l->per_second * 1000)
        return false;
    *spent += 1000;
    return true;
}
