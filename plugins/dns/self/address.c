/* SPDX-License-Identifier: Apache-2.0 */
/* address.c - at which addresses the world finds this responder. */
#include "address.h"
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>

/* Who can reach an address of an interface. */
enum reach { NOBODY, NEIGHBOURS, WORLD };

static enum reach reach4(const struct in_addr *addr)
{
    static const struct {
        uint32_t net;
        int bits;
        enum reach reach;
    } special[] = {
        { 0x00000000, 8, NOBODY },      { 0x7f000000, 8, NOBODY },      { 0xa9fe0000, 16, NOBODY },
        { 0xe0000000, 3, NOBODY },      { 0x0a000000, 8, NEIGHBOURS },  { 0xac100000, 12, NEIGHBOURS },
        { 0xc0a80000, 16, NEIGHBOURS }, { 0x64400000, 10, NEIGHBOURS },
    };
    uint32_t ip = ntohl(addr->s_addr);
    for (size_t i = 0; i < sizeof special / sizeof *special; i++)
        if ((ip ^ special[i].net) >> (32 - special[i].bits) == 0)
            return special[i].reach;
    return WORLD;
}

static enum reach reach6(const struct in6_addr *addr)
{
    if ((addr->s6_addr[0] & 0xe0) == 0x20)
        return WORLD;
    return (addr->s6_addr[0] & 0xfe) == 0xfc ? NEIGHBOURS : NOBODY;
}

static enum reach reach(const struct ifaddrs *i, bool v6)
{
    if (!i->ifa_addr || i->ifa_addr->sa_family != (v6 ? AF_INET6 : AF_INET) || !(i->ifa_flags & IFF_UP))
        return NOBODY;
    return v6 ? reach6(&((const struct sockaddr_in6 *)(const void *)i->ifa_addr)->sin6_addr)
              : reach4(&((const struct sockaddr_in *)(const void *)i->ifa_addr)->sin_addr);
}

static const char *text(struct fl_ctx *ctx, const struct ifaddrs *i, bool v6)
{
    char ip[INET6_ADDRSTRLEN] = "";
    const void *addr = v6 ? (const void *)&((const struct sockaddr_in6 *)(const void *)i->ifa_addr)->sin6_addr
                          : (const void *)&((const struct sockaddr_in *)(const void *)i->ifa_addr)->sin_addr;
    inet_ntop(v6 ? AF_INET6 : AF_INET, addr, ip, sizeof ip);
    return fl_printf(ctx, "%s", ip);
}

/* Private addresses are better than none: in a closed network they are what resolvers reach. */
static size_t of_interfaces(struct fl_ctx *ctx, bool v6, struct fl_value *out, size_t max)
{
    struct ifaddrs *all = NULL;
    size_t n = 0;
    bool public = false;
    if (getifaddrs(&all) != 0)
        return 0;
    for (const struct ifaddrs *i = all; i; i = i->ifa_next)
    public = public || reach(i, false) == WORLD || reach(i, true) == WORLD;
    for (const struct ifaddrs *i = all; i && n < max; i = i->ifa_next)
        if (reach(i, v6) == (public ? WORLD : NEIGHBOURS))
            out[n++] = (struct fl_value){ .text = text(ctx, i, v6) };
    freeifaddrs(all);
    return n;
}

/* "192.0.2.1:53" or "[2001:db8::1]:53" without the port. */
static const char *host(struct fl_ctx *ctx, const char *address)
{
    const char *end = strrchr(address, ':');
    bool v6 = *address == '[';
    return end ? fl_printf(ctx, "%.*s", (int)(end - address) - 2 * v6, address + v6) : address;
}

size_t address_own(struct fl_ctx *ctx, bool v6, struct fl_value *out, size_t max)
{
    const struct conf *conf = fl_conf(ctx);
    const char *const *from = conf->addresses && *conf->addresses ? conf->addresses : conf->listen;
    bool any = false;
    size_t n = 0;
    for (; from && *from && n < max; from++) {
        const char *ip = host(ctx, *from);
        bool wildcard = strcmp(ip, "::") == 0 || strcmp(ip, "0.0.0.0") == 0;
        any = any || wildcard;
        if (!wildcard && (strchr(ip, ':') != NULL) == v6)
            out[n++] = (struct fl_value){ .text = ip };
    }
    return any && n < max ? n + of_interfaces(ctx, v6, out + n, max - n) : n;
}
