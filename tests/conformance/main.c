/* SPDX-License-Identifier: Apache-2.0 */
/*
 * main.c - fairlead-conformance: does a DNS provider keep the contract of fl/dns.h?
 *
 * Loads the plugin as the daemon does, with an instance of a configuration file, and works in a zone of it. Prints a
 * line for each check (TAP); beneath one that failed stands what the contract says and what came.
 */
#include "provider.h"
#include "suite.h"
#include "base/mem.h"
#include "crypto/digest.h"
#include "net/http.h"
#include "proc/start.h"
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char usage[] =
    "usage: fairlead-conformance [OPTION]... CONF INSTANCE ZONE\n"
    "Checks whether the dns instance INSTANCE of the configuration CONF keeps the contract of <fl/dns.h>. Writes\n"
    "below one name of its own in ZONE and at its apex, and removes it all again.\n"
    "  -w, --wrong INSTANCE    the same with credentials that the service refuses\n"
    "  -s, --server ADDRESS    an authoritative server that is asked what really stands there; may be repeated.\n"
    "                          Without one the provider's own list is believed\n"
    "  -p, --plugins DIR       where plugins are (default: " PLUGINDIR ")\n"
    "  -n, --records N         how many RRsets the check `paging` writes (default: 250)\n"
    "  -o, --only CHECK        this one alone; may be repeated\n"
    "  -x, --prefix LABEL      the label below which all is written (default: one by chance)\n"
    "      --record DIR, --replay DIR   HTTP conversations are written down, or answered from there\n"
    "  -l, --list              the checks and what they ask for\n"
    "Exit status: 0 all is well, 1 a check failed, 2 usage, 3 the provider cannot be opened.\n";

enum { EXIT_DONE, EXIT_FAILED, EXIT_USAGE, EXIT_NOT_OPEN, ONLY = 64, OPT_RECORD = 256, OPT_REPLAY };
struct args {
    struct provider_conf provider;
    const char *wrong, *instance, *zone, *prefix, *only[ONLY];
    const char *servers[SUITE_SERVERS];
    size_t nonly, nservers;
    unsigned records;
    bool list;
};
static const struct check *const tables[] = { checks_whole, checks_values, checks_limits, checks_errors };

static bool option(struct args *a, int c)
{
    if (c == 'w')
        a->wrong = optarg;
    else if (c == 'p')
        a->provider.plugin_dir = optarg;
    else if (c == 'x')
        a->prefix = optarg;
    else if (c == 'l')
        a->list = true;
    else if (c == OPT_RECORD)
        a->provider.record_dir = optarg;
    else if (c == OPT_REPLAY)
        a->provider.replay_dir = optarg;
    else if (c == 'n')
        a->records = (unsigned)strtoul(optarg, NULL, 10);
    else if (c == 's' && a->nservers < SUITE_SERVERS)
        a->servers[a->nservers++] = optarg;
    else if (c == 'o' && a->nonly < ONLY)
        a->only[a->nonly++] = optarg;
    else
        return false;
    return true;
}

static bool arguments(struct args *a, int argc, char **argv)
{
    static const struct option options[] = {
        { "wrong", required_argument, NULL, 'w' },
        { "server", required_argument, NULL, 's' },
        { "plugins", required_argument, NULL, 'p' },
        { "records", required_argument, NULL, 'n' },
        { "only", required_argument, NULL, 'o' },
        { "prefix", required_argument, NULL, 'x' },
        { "record", required_argument, NULL, OPT_RECORD },
        { "replay", required_argument, NULL, OPT_REPLAY },
        { "list", no_argument, NULL, 'l' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    for (int c; (c = getopt_long(argc, argv, "w:s:p:n:o:x:lh", options, NULL)) != -1;)
        if (!option(a, c))
            return false;
    if (argc - optind == 3) {
        a->provider.conf_file = argv[optind];
        a->instance = argv[optind + 1];
        a->zone = argv[optind + 2];
    }
    return a->list || a->zone;
}

/* ---- checks ---- */

static bool asked(const struct args *a, const char *name)
{
    bool all = a->nonly == 0;
    for (size_t i = 0; i < a->nonly; i++)
        all = all || strcmp(a->only[i], name) == 0;
    return all;
}

/* Words of several lines, as remarks. */
static void remark(const char *words)
{
    for (const char *at = words; *at;) {
        size_t n = strcspn(at, "\n");
        if (n > 0)
            printf("#   %.*s\n", (int)n, at);
        at += n + (at[n] == '\n');
    }
}

static bool run_check(struct suite *s, const struct check *c, unsigned number)
{
    s->failed = false;
    s->not_applicable = NULL;
    s->nwords = 0;
    s->words[0] = '\0';
    c->run(s);
    printf("%sok %u - %s", s->failed ? "not " : "", number, c->name);
    if (s->not_applicable && !s->failed)
        printf(" # not applicable: %s", s->not_applicable);
    puts("");
    if (s->failed) {
        printf("#   the contract: %s\n", c->contract);
        remark(s->words);
    }
    fflush(stdout);
    return !s->failed;
}

static unsigned run_all(struct suite *s, const struct args *a)
{
    unsigned number = 0, failed = 0;
    for (size_t t = 0; t < sizeof tables / sizeof *tables; t++)
        for (const struct check *c = tables[t]; c->name; c++)
            if (asked(a, c->name))
                failed += !run_check(s, c, ++number);
    s->failed = false;
    suite_clean(s);
    if (s->failed) {
        printf("# something is left behind below %s.%s\n", s->prefix, s->apex);
        remark(s->words);
    }
    printf("1..%u\n# %u of %u checks failed\n", number, failed, number);
    return failed;
}

static void list_checks(void)
{
    for (size_t t = 0; t < sizeof tables / sizeof *tables; t++)
        for (const struct check *c = tables[t]; c->name; c++)
            printf("%-14s %s\n", c->name, c->contract);
}

/* ---- the provider ---- */

static int not_open(const char *name, const char *why)
{
    fprintf(stderr, "fairlead-conformance: %s%s%s\n", name, *why ? ": " : "", why);
    return EXIT_NOT_OPEN;
}

static int know(struct suite *s, struct outcome *o)
{
    struct fl_zone z = { 0 };
    struct call c;
    int code = call_begin(&c, s->i, "", 0, o);
    if (code == FL_OK)
        code = call_end(&c, s->ops->caps(c.ctx, &s->caps), o);
    if (code != FL_OK || (code = call_begin(&c, s->i, s->apex, 0, o)) != FL_OK)
        return code;
    code = s->ops->zone(c.ctx, s->apex, &z);
    s->zone.apex = s->apex;
    s->zone.id = code == FL_OK && z.id ? arena_strdup(&s->memory, z.id) : NULL;
    return call_end(&c, code, o);
}

static bool know_servers(struct suite *s, const struct args *a)
{
    for (size_t i = 0; i < a->nservers; i++) {
        struct dns_server *to = &s->servers.at[s->servers.n];
        if (strlen(a->servers[i]) >= sizeof to->address)
            return false;
        memcpy(to->address, a->servers[i], strlen(a->servers[i]) + 1);
        s->servers.n++;
    }
    return true;
}

static int work(struct suite *s, const struct args *a, struct provider *p)
{
    struct outcome o = { 0 };
    if (!provider_init(p, &a->provider))
        return EXIT_NOT_OPEN;
    s->i = provider_instance(p, &a->provider, a->instance);
    s->wrong = s->i && a->wrong ? provider_instance(p, &a->provider, a->wrong) : NULL;
    if (!s->i || (a->wrong && !s->wrong))
        return EXIT_NOT_OPEN;
    s->ops = &s->i->plugin->ops.dns;
    int code = instance_open(s->i, &o);
    if (code == FL_OK)
        code = know(s, &o);
    if (code != FL_OK)
        return not_open(a->instance, o.msg);
    return run_all(s, a) ? EXIT_FAILED : EXIT_DONE;
}

static const char *by_chance(struct arena *a)
{
    uint64_t n = 0;
    (void)digest_random(&n, sizeof n);
    return arena_printf(a, "fl-%08" PRIx64, n & 0xffffffff);
}

int main(int argc, char **argv)
{
    struct args a = { .provider = { .plugin_dir = PLUGINDIR }, .records = 250 };
    struct provider provider = { 0 };
    if (!arguments(&a, argc, argv)) {
        fputs(usage, stderr);
        return EXIT_USAGE;
    }
    if (a.list) {
        list_checks();
        return EXIT_DONE;
    }
    if (!start_process() || !digest_init() || http_prepare() != FL_OK)
        return not_open("the process cannot be set up", "");
    struct suite *s = calloc(1, sizeof *s);
    if (!s || !know_servers(s, &a))
        return not_open(s ? "that server has no address" : "out of memory", "");
    s->apex = a.zone;
    s->prefix = a.prefix ? a.prefix : by_chance(&s->memory);
    s->records = a.records;
    s->replays = a.provider.replay_dir || a.provider.record_dir;
    a.provider.listens = a.nservers > 0; /* who answers itself does so where somebody asks */
    int status = work(s, &a, &provider);
    provider_done(&provider);
    arena_done(&s->memory);
    free(s);
    return status;
}
