/* SPDX-License-Identifier: Apache-2.0 */
/* test_report.c - what status says, word for word. */
#include "base/clock.h"
#include "base/mem.h"
#include "ctl/report.h"
#include "engine/record.h"
#include "fake_clock.h"
#include "fake_store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const int64_t NOW = 1800000000; /* 2027-01-15T08:00:00Z */
static const char *const names[] = { "a.example.org", "b.example.org", NULL };
static const char *const keys[] = { "ec256", NULL };
static const char *const authorities_of[] = { "le", NULL };
static const char *const sinks[] = { "disk", NULL };
static const char *const addresses[] = { "192.0.2.1", NULL };

struct rig {
    struct store *store;
    struct model_certificate cert;
    struct model_authority authority;
    struct model model;
};

static int set_up(void **state)
{
    struct rig *r = calloc(1, sizeof *r);

    fake_clock_set(NOW * 1000);
    r->store = fake_store_new();
    r->cert = (struct model_certificate){ .name = "a.example.org",
                                          .names = names,
                                          .keys = keys,
                                          .authorities = authorities_of,
                                          .sinks = sinks,
                                          .addresses = addresses,
                                          .on_bad_name = 1 };
    r->authority = (struct model_authority){ .name = "le",
                                             .directory = "https://acme-v02.api.letsencrypt.org/directory",
                                             .used = true };
    r->authority.limits.domain = "50/7d";
    r->authority.limits.failed = "5/1h";
    r->model = (struct model){
        .authorities = &r->authority, .nauthorities = 1, .certificates = &r->cert, .ncertificates = 1
    };
    *state = r;
    return 0;
}
static int tear_down(void **state)
{
    struct rig *r = *state;

    fake_store_free(r->store);
    free(r);
    return 0;
}
static void put(struct rig *r, enum store_group group, const char *key, const char *json)
{
    char why[128];
    cleanup_(json_freep) json_t *rec = json_parse(json, strlen(json), why);
    struct outcome o = { 0 };
    uint64_t version;

    assert_non_null(rec);
    json_put_int(rec, "format", RECORD_FORMAT);
    assert_int_equal(store_put_json(r->store, group, key, rec, 0, &version, &o), FL_OK);
}

/* Live, being renewed, and refused; delivered before to a sink that is broken since. */
static void trouble(struct rig *r)
{
    put(r, STORE_CERTS, "certificate:a.example.org",
        "{\"step\":\"plan\",\"code\":\"reject\",\"problem\":\"dns\",\"msg\":\"b.example.org by dns-01: no TXT\","
        "\"rejects\":2,\"since\":1799999940000,\"due\":1800000720000,\"renew_at\":1799900000,"
        "\"authority\":\"le\",\"times\":{\"plan\":1799999900,\"key\":1799999900,\"order\":1799999902,"
        "\"visible\":1799999932},\"live\":{\"serial\":\"0a1b\",\"issuer\":\"Root X\",\"authority\":\"le\","
        "\"names\":[\"a.example.org\",\"b.example.org\"],\"issued\":1792224000,\"not_before\":1792224000,"
        "\"not_after\":1800864000,\"asked_profile\":\"tlsserver\"},"
        "\"bad\":{\"b.example.org\":{\"fails\":2,\"why\":\"no TXT\"}},"
        "\"history\":[{\"at\":1799999900,\"event\":\"plan\",\"msg\":\"it is time to renew it\"},"
        "{\"at\":1799999940,\"event\":\"valid\",\"msg\":\"b.example.org by dns-01: no TXT\"}]}");
    put(r, STORE_CERTS, "delivery:a.example.org>disk",
        "{\"step\":\"deploy\",\"code\":\"auth\",\"msg\":\"sink disk: no permission\",\"tries\":1,"
        "\"since\":1799990000000,\"due\":1800000900000,\"delivered\":[\"0a1b\"],"
        "\"times\":{\"deploy\":1792224010,\"verify\":1792224012},"
        "\"history\":[{\"at\":1799990000,\"event\":\"deploy\",\"msg\":\"sink disk: no permission\"}]}");
    put(r, STORE_CERTS, "host:a.example.org", "{\"step\":\"idle\",\"since\":1790000000000}");
    put(r, STORE_ACCOUNTS, "le",
        "{\"step\":\"idle\",\"url\":\"https://acme/acct/1\",\"since\":1799990000000,\"due\":1800076400000}");
}

/* Two for this certificate's names, one for another's. */
static void spent(struct rig *r)
{
    put(r, STORE_BUDGET, "le domain example.org", "{\"full\":1800043200000}");
    put(r, STORE_BUDGET, "le domain example.net", "{\"full\":1800043200000}");
    put(r, STORE_BUDGET, "le failed b.example.org", "{\"full\":1800001440000}");
}

static char *page_of(struct rig *r)
{
    cleanup_(json_freep) json_t *cert = report_full(r->store, &r->model, &r->cert);
    char *text = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&text, &len);

    report_page(f, cert);
    fclose(f);
    return text;
}

static const char as_json[] =
    "{\"accounts\":[{\"asks\":[],\"authority\":\"le\",\"budget\":[{\"full_at\":1800043200,\"left\":46,\""
    "most\":50,\"of\":\"example.org\",\"per_s\":604800,\"what\":\"domain\"},{\"full_at\":1800001440,\"l"
    "eft\":3,\"most\":5,\"of\":\"b.example.org\",\"per_s\":3600,\"what\":\"failed\"}],\"code\":\"ok\",\"hel"
    "p\":\"ready; the directory is read again daily\",\"next_at\":1800076400,\"since\":179999000"
    "0,\"step\":\"idle\",\"url\":\"https://acme/acct/1\"}],\n"
    "\"asks\":[],\n"
    "\"code\":\"reject\",\n"
    "\"help\":\"decides whether an order is due\",\n"
    "\"history\":[{\"at\":1799990000,\"event\":\"deploy\",\"msg\":\"sink disk: no permission\"},{\"at\""
    ":1799999900,\"event\":\"plan\",\"msg\":\"it is time to renew it\"},{\"at\":1799999940,\"event\":"
    "\"valid\",\"msg\":\"b.example.org by dns-01: no TXT\"}],\n"
    "\"host\":{\"addresses\":[\"192.0.2.1\"],\"code\":\"ok\",\"help\":\"looked at again daily\",\"since\""
    ":1790000000,\"step\":\"idle\"},\n"
    "\"lineages\":[{\"authority\":\"le\",\"code\":\"reject\",\"help\":\"decides whether an order is du"
    "e\",\"key_type\":\"ec256\",\"live\":{\"authority\":\"le\",\"issued\":1792224000,\"issuer\":\"Root X\""
    ",\"not_after\":1800864000,\"not_before\":1792224000,\"profile\":\"tlsserver\",\"renew_at\":179"
    "9900000,\"serial\":\"0a1b\"},\"msg\":\"b.example.org by dns-01: no TXT\",\"next_at\":180000072"
    "0,\"problem\":\"dns\",\"since\":1799999940,\"step\":\"plan\",\"steps\":[{\"at\":1799999900,\"step\":"
    "\"plan\"},{\"at\":1799999900,\"step\":\"key\"},{\"at\":1799999902,\"step\":\"order\"},{\"at\":179999"
    "9932,\"step\":\"visible\"}],\"todo\":\"see that the zone is delegated to servers that can b"
    "e reached from outside\",\"tries\":2}],\n"
    "\"msg\":\"b.example.org by dns-01: no TXT\",\n"
    "\"name\":\"a.example.org\",\n"
    "\"names\":[\"a.example.org\",\"b.example.org\"],\n"
    "\"next_at\":1800000720,\n"
    "\"problem\":\"dns\",\n"
    "\"revocations\":[],\n"
    "\"since\":1799999940,\n"
    "\"state\":\"failed\",\n"
    "\"step\":\"plan\",\n"
    "\"targets\":[{\"code\":\"auth\",\"help\":\"brings key and chain to the sink\",\"msg\":\"sink disk"
    ": no permission\",\"next_at\":1800000900,\"serials\":[\"0a1b\"],\"since\":1799990000,\"sink\":\""
    "disk\",\"step\":\"deploy\",\"steps\":[{\"at\":1792224010,\"step\":\"deploy\"},{\"at\":1792224012,\"s"
    "tep\":\"verify\"}],\"todo\":\"correct the credentials\",\"tries\":1}],\n"
    "\"todo\":\"see that the zone is delegated to servers that can be reached from outside\",\n"
    "\"tries\":2}\n";

static void a_page_says_all_that_an_operator_asks_for(void **state)
{
    static const char page[] =
        "a.example.org                    failed    valid until 2027-01-25T08:00:00Z, in 10 d"
        "; plan: b.example.org by dns-01: no TXT (next try 2027-01-15T08:12:00Z, in 12 min)\n"
        "                                 to do: see that the zone is delegated to servers th"
        "at can be reached from outside\n"
        "  names      a.example.org b.example.org\n"
        "\n"
        "key ec256\n"
        "  done       2027-01-15T07:58:20Z  plan\n"
        "             2027-01-15T07:58:20Z  key\n"
        "             2027-01-15T07:58:22Z  order, after 2 s\n"
        "             2027-01-15T07:58:52Z  visible, after 30 s\n"
        "  step       plan: decides whether an order is due\n"
        "  since      2027-01-15T07:59:00Z, 60 s ago\n"
        "  serial     0a1b\n"
        "  chain      up to Root X, from le, profile tlsserver\n"
        "  valid      from 2026-10-17T08:00:00Z, 90 d ago\n"
        "             until 2027-01-25T08:00:00Z, in 10 d\n"
        "  renewal    2027-01-14T04:13:20Z, 28 h ago\n"
        "  failed     reject dns, 2 times: b.example.org by dns-01: no TXT\n"
        "  to do      see that the zone is delegated to servers that can be reached from outs"
        "ide\n"
        "  next       2027-01-15T08:12:00Z, in 12 min\n"
        "\n"
        "sink disk\n"
        "  has        0a1b\n"
        "  done       2026-10-17T08:00:10Z  deploy\n"
        "             2026-10-17T08:00:12Z  verify, after 2 s\n"
        "  step       deploy: brings key and chain to the sink\n"
        "  since      2027-01-15T05:13:20Z, 3 h ago\n"
        "  failed     auth: sink disk: no permission\n"
        "  to do      correct the credentials\n"
        "  next       2027-01-15T08:15:00Z, in 15 min\n"
        "\n"
        "addresses\n"
        "  wanted     192.0.2.1\n"
        "  step       idle: looked at again daily\n"
        "  since      2026-09-21T14:13:20Z, 116 d ago\n"
        "\n"
        "authority le\n"
        "  account    https://acme/acct/1\n"
        "  step       idle: ready; the directory is read again daily\n"
        "  since      2027-01-15T05:13:20Z, 3 h ago\n"
        "  next       2027-01-16T05:13:20Z, in 21 h\n"
        "  budget     domain example.org: 46 left of 50 in 7 d, all of them 2027-01-15T20:00:"
        "00Z, in 12 h\n"
        "  budget     failed b.example.org: 3 left of 5 in 60 min, all of them 2027-01-15T08:"
        "24:00Z, in 24 min\n"
        "\n"
        "history\n"
        "  2027-01-15T05:13:20Z  deploy     sink disk: no permission\n"
        "  2027-01-15T07:58:20Z  plan       it is time to renew it\n"
        "  2027-01-15T07:59:00Z  valid      b.example.org by dns-01: no TXT\n";
    struct rig *r = *state;

    trouble(r);
    spent(r);
    auto_free char *text = page_of(r);
    assert_string_equal(text, page);
}
static void json_has_the_same_parts(void **state)
{
    struct rig *r = *state;
    char why[128];

    trouble(r);
    spent(r);
    cleanup_(json_freep) json_t *cert = report_full(r->store, &r->model, &r->cert);
    cleanup_(json_freep) json_t *wanted = json_parse(as_json, strlen(as_json), why);
    auto_free char *found = json_text(cert), *text = json_text(wanted);
    assert_non_null(wanted);
    assert_string_equal(found, text);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(a_page_says_all_that_an_operator_asks_for),
        T(json_has_the_same_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
