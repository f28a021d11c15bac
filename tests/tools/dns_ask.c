/* SPDX-License-Identifier: Apache-2.0 */
/* dns_ask.c - walk, chase and look from the command line, for tests.
 *
 *     dns_ask ROOT walk NAME     apex, missing, then a line a server: name address delegated
 *     dns_ask ROOT chase NAME    the end of the aliases
 *     dns_ask ROOT look NAME TYPE    a line a server: address state values...
 *
 * ROOT is "127.0.0.1:53"; several are written with commas. Exit status: 0, or minus the code. */
#include "net/dns/dns.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROOTS = 8 };

static int walk(const struct dns_roots *roots, const char *name, struct outcome *o)
{
    struct dns_servers s;
    int rc = dns_walk(roots, name, &s, o);
    if (rc != FL_OK)
        return rc;
    printf("apex %s missing %s\n", *s.apex ? s.apex : ".", *s.missing ? s.missing : "-");
    for (size_t i = 0; i < s.n; i++)
        printf("%s %s %s\n", s.at[i].name, s.at[i].address, s.at[i].delegated ? "delegated" : "own");
    return rc;
}

static int look(const struct dns_roots *roots, const char *name, const char *type, struct outcome *o)
{
    static const char *const states[] = { "answered", "silent", "no-route", "lame" };
    static struct dns_look looks[DNS_SERVERS_MAX];
    struct dns_servers s;
    int rc = dns_walk(roots, name, &s, o);
    if (rc == FL_OK)
        rc = dns_look(&s, name, (uint16_t)strtoul(type, NULL, 10), 2000, looks, o);
    for (size_t i = 0; rc == FL_OK && i < s.n; i++) {
        printf("%s %s", s.at[i].address, states[looks[i].state]);
        for (size_t k = 0; k < looks[i].n; k++)
            printf(" \"%s\"", looks[i].values[k]);
        puts("");
    }
    if (rc == FL_OK)
        dns_looks_done(looks, s.n);
    return rc;
}

int main(int argc, char **argv)
{
    const char *at[ROOTS + 1] = { NULL };
    struct dns_roots roots = { .addresses = at, .timeout_ms = 500 };
    struct outcome o = { 0 };
    char end[DNS_NAME_MAX];
    int rc = FL_ECONF;
    if (argc < 4)
        return 2;
    char *rest = argv[1];
    for (size_t i = 0; i < ROOTS && rest; i++)
        at[i] = strsep(&rest, ",");
    if (strcmp(argv[2], "walk") == 0)
        rc = walk(&roots, argv[3], &o);
    else if (strcmp(argv[2], "look") == 0 && argc == 5)
        rc = look(&roots, argv[3], argv[4], &o);
    else if (strcmp(argv[2], "chase") == 0 && (rc = dns_chase(&roots, argv[3], end, &o)) == FL_OK)
        puts(end);
    if (rc != FL_OK)
        printf("%s\n", o.msg);
    return -rc;
}
