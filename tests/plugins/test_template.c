/* SPDX-License-Identifier: Apache-2.0 */
/* test_template.c - the plugin that authors begin with does what it shows. */
#include "fake_host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define API "https://api.dns.example/v1"
static const struct fl_zone zone = { .apex = "example.org", .id = "z1" };

/* What the service answers next, and the Authorization that came. */
static struct {
    int status;
    const char *body;
    char authorization[64];
} service;
static void answer(struct fake *f, const struct fl_http *req, struct fake_answer *out)
{
    (void)f;
    snprintf(service.authorization, sizeof service.authorization, "%s", req->headers[0]);
    out->status = service.status;
    out->data = service.body;
    out->len = strlen(service.body);
}
static int set_up(void **state)
{
    static const char *const options[] = { "token=hush", NULL };
    struct fake *f = fake_new(&fl_plugin_entry, options);
    f->http = answer;
    *state = f;
    return fake_open(f);
}
static int tear_down(void **state)
{
    fake_free(*state);
    return 0;
}
static const struct fl_dns_ops *ops(void) { return fl_plugin_entry.ops.dns; }

static void a_zone_is_found_by_its_name(void **state)
{
    struct fake *f = *state;
    struct fl_zone out = { .apex = NULL };
    service.status = 200, service.body = "{\"id\":\"z1\"}";
    assert_int_equal(ops()->zone(fake_call(f), "example.org", &out), FL_OK);
    assert_string_equal(out.id, "z1");
    assert_string_equal(f->seen[0], "GET " API "/zones/example.org");
    assert_string_equal(service.authorization, "Authorization: Bearer hush");
    service.body = "{}";
    assert_int_equal(ops()->zone(fake_call(f), "example.org", &out), FL_EPROTO);
    service.status = 404, service.body = "{\"error\":\"no such zone\"}";
    assert_int_equal(ops()->zone(fake_call(f), "example.net", &out), FL_EREJECT);
    assert_string_equal(fake_outcome(f)->msg, "GET /zones/example.net: no such zone");
    service.status = 401, service.body = "<html>";
    assert_int_equal(ops()->zone(fake_call(f), "example.net", &out), FL_EAUTH);
}
static void an_rrset_is_listed(void **state)
{
    struct fake *f = *state;
    service.status = 200, service.body = "{\"ttl\":60,\"values\":[\"a\",\"b\"]}";
    assert_int_equal(ops()->list(fake_call(f), &zone, "", FL_RR_TXT), FL_OK);
    assert_string_equal(f->seen[0], "GET " API "/zones/z1/rrsets/@/16");
    assert_string_equal(f->seen[1], "@ 16 60 a|b");
    fake_forget(f);
    service.body = "{\"values\":[]}";
    assert_int_equal(ops()->list(fake_call(f), &zone, "www", FL_RR_A), FL_OK);
    assert_int_equal(f->nseen, 1);
    service.status = 500;
    assert_int_equal(ops()->list(fake_call(f), &zone, "www", FL_RR_A), FL_ETEMP);
}
static void rrsets_are_replaced_whole(void **state)
{
    struct fake *f = *state;
    const struct fl_value after[] = { { .text = "a" }, { .text = "b" } };
    const struct fl_change changes[] = {
        { .name = "_acme-challenge", .type = FL_RR_TXT, .ttl = 60, .after = after, .nafter = 2 },
        { .name = "gone", .type = FL_RR_TXT, .before = after, .nbefore = 1 },
    };
    const char *receipt = NULL;
    service.status = 200, service.body = "";
    assert_int_equal(ops()->apply(fake_call(f), &zone, changes, 2, &receipt), FL_OK);
    assert_string_equal(
        f->seen[0], "PUT " API "/zones/z1/rrsets/_acme-challenge/16 {\"ttl\":60,\"values\":[\"a\",\"b\"]}");
    assert_string_equal(f->seen[1], "PUT " API "/zones/z1/rrsets/gone/16 {\"ttl\":0,\"values\":[]}");
    fake_forget(f);
    service.status = 429;
    assert_int_equal(ops()->apply(fake_call(f), &zone, changes, 2, &receipt), FL_ERATE);
    assert_int_equal(f->nseen, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_zone_is_found_by_its_name, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_rrset_is_listed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(rrsets_are_replaced_whole, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
