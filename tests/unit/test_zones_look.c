/* SPDX-License-Identifier: Apache-2.0 */
/* test_zones_look.c - which zone a name belongs to, and when its servers have what was written. */
#include "zones_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define ORG "one/example.org"

/* ---- servers ------------------------------------------------------------------------- */

static void written(struct rig *r)
{
    rig_start(r, FL_CAP_VALUES);
    assert_int_equal(rig_want(r, "cert:a", "example.org", "1"), FL_OK);
    fake_clock_advance(300);
    assert_int_equal(zone_write_step(r->z, ORG, &r->o), FL_OK);
}

static void a_server_that_lacks_it_is_waited_for_and_named(void **state)
{
    struct rig r;
    (void)state;
    written(&r);
    fake_dns_remove(r.dns[1], "_acme-challenge.example.org", FL_RR_TXT, NULL);
    for (int i = 0; i < 8; i++) {
        assert_int_equal(zone_look_step(r.z, ORG, &r.o), FL_EAGAIN);
        assert_int_equal(rig_published(&r, "cert:a", "example.org", "1"), FL_EAGAIN);
        assert_non_null(strstr(r.o.msg, fake_dns_address(r.dns[1])));
        assert_non_null(strstr(r.o.msg, "does not have it yet"));
        fake_clock_advance(10000);
    }
    fake_dns_add(r.dns[1], "_acme-challenge.example.org", FL_RR_TXT, "1");
    unsigned dues = r.owner_dues;
    assert_int_equal(zone_look_step(r.z, ORG, &r.o), FL_OK);
    assert_string_equal(r.o.msg, "");
    assert_int_equal(r.owner_dues, dues + 1);
    assert_int_equal(rig_published(&r, "cert:a", "example.org", "1"), FL_OK);
    unsigned asked = fake_dns_asked(r.dns[0]);
    fake_clock_advance(10000);
    assert_int_equal(zone_look_step(r.z, ORG, &r.o), FL_OK);
    assert_int_equal(fake_dns_asked(r.dns[0]), asked);
    rig_stop(&r);
}

static void looks_before_their_time_ask_nobody(void **state)
{
    struct rig r;
    (void)state;
    written(&r);
    fake_dns_remove(r.dns[1], "_acme-challenge.example.org", FL_RR_TXT, NULL);
    assert_int_equal(zone_look_step(r.z, ORG, &r.o), FL_EAGAIN);
    assert_int_equal(r.o.retry_after_ms, 500);
    unsigned asked = fake_dns_asked(r.dns[0]);
    fake_clock_advance(499);
    assert_int_equal(zone_look_step(r.z, ORG, &r.o), FL_EAGAIN);
    assert_int_equal(r.o.retry_after_ms, 1);
    assert_int_equal(fake_dns_asked(r.dns[0]), asked);
    fake_clock_advance(1);
    assert_int_equal(zone_look_step(r.z, ORG, &r.o), FL_EAGAIN);
    assert_int_equal(fake_dns_asked(r.dns[0]), asked + 1);
    rig_stop(&r);
}

static unsigned rounds_until_visible(struct rig *r, unsigned most)
{
    unsigned rounds = 0;
    while (rounds < most && rig_published(r, "cert:a", "example.org", "1") == FL_EAGAIN) {
        fake_clock_advance(10000);
        int code = zone_look_step(r->z, ORG, &r->o);
        assert_true(code == FL_OK || code == FL_EAGAIN);
        rounds++;
    }
    return rounds;
}

static void a_silent_or_lame_server_is_left_out_after_three_rounds_and_reported(void **state)
{
    static const struct {
        enum fake_mood mood;
        const char *said;
    } moods[] = { { FAKE_SILENT, "\"state\":\"silent\"" },
                  { FAKE_REFUSES, "\"state\":\"lame\"" },
                  { FAKE_NOT_AA, "\"state\":\"lame\"" } };
    (void)state;
    for (size_t i = 0; i < sizeof moods / sizeof *moods; i++) {
        struct rig r;
        written(&r);
        rig_tick(&r, 1);
        fake_dns_mood(r.dns[0], moods[i].mood);
        assert_int_equal(rounds_until_visible(&r, 20), 4);
        json_t *report = zones_report(r.z);
        char *text = json_text(report);
        assert_non_null(strstr(text, moods[i].said));
        assert_non_null(strstr(text, "\"left_out\":true"));
        free(text);
        json_decref(report);
        rig_stop(&r);
    }
}

static void servers_that_all_refuse_never_make_it_visible(void **state)
{
    struct rig r;
    (void)state;
    written(&r);
    for (int i = 0; i < 2; i++)
        fake_dns_mood(r.dns[i], FAKE_REFUSES);
    assert_int_equal(rounds_until_visible(&r, 40), 40);
    assert_int_equal(rig_published(&r, "cert:a", "example.org", "1"), FL_EAGAIN);
    assert_non_null(strstr(r.o.msg, "REFUSED"));
    fake_dns_mood(r.dns[1], FAKE_ANSWERS);
    assert_true(rounds_until_visible(&r, 40) <= 2);
    rig_stop(&r);
}

static void where_no_server_can_be_reached_it_is_taken_on_trust_with_a_warning(void **state)
{
    struct rig r;
    (void)state;
    written(&r);
    rig_tick(&r, 1);
    for (int i = 0; i < 2; i++)
        fake_dns_mood(r.dns[i], FAKE_SILENT);
    int64_t begun = clock_mono_ms();
    int code = FL_EAGAIN;
    while (code == FL_EAGAIN) {
        code = zone_look_step(r.z, ORG, &r.o);
        fake_clock_advance(5000);
    }
    assert_int_equal(code, FL_OK);
    assert_non_null(strstr(r.o.msg, "taken to be visible"));
    assert_true(clock_mono_ms() - begun >= 120000);
    assert_true(clock_mono_ms() - begun < 150000);
    assert_int_equal(rig_published(&r, "cert:a", "example.org", "1"), FL_OK);
    rig_stop(&r);
}

static void trust_needs_the_providers_word_where_it_gives_one(void **state)
{
    struct rig r;
    (void)state;
    rig_start(&r, FL_CAP_VALUES | FL_CAP_SETTLED);
    r.p[0].receipt = "C1";
    r.p[0].unsettled = 1000;
    assert_int_equal(rig_want(&r, "cert:a", "example.org", "1"), FL_OK);
    fake_clock_advance(300);
    assert_int_equal(zone_write_step(r.z, ORG, &r.o), FL_OK);
    rig_tick(&r, 1);
    for (int i = 0; i < 2; i++)
        fake_dns_mood(r.dns[i], FAKE_SILENT);
    for (int i = 0; i < 40; i++) {
        assert_int_equal(zone_look_step(r.z, ORG, &r.o), FL_EAGAIN);
        fake_clock_advance(10000);
    }
    r.p[0].unsettled = 0;
    assert_int_equal(zone_settle_step(r.z, ORG, &r.o), FL_OK);
    fake_clock_advance(30000);
    assert_int_equal(zone_look_step(r.z, ORG, &r.o), FL_EAGAIN);
    fake_clock_advance(31000);
    assert_int_equal(zone_look_step(r.z, ORG, &r.o), FL_OK);
    assert_int_equal(rig_published(&r, "cert:a", "example.org", "1"), FL_OK);
    rig_stop(&r);
}

/* ---- zones --------------------------------------------------------------------------- */

static int find(struct rig *r, const char *name, const char *const *providers, char key[320])
{
    return zones_find(r->z, name, providers, key, &r->o);
}

static void the_longest_zone_that_is_held_wins_and_only_allowed_providers_count(void **state)
{
    static const char *const only_one[] = { "one", NULL };
    struct rig r;
    char key[320];
    (void)state;
    rig_start(&r, FL_CAP_VALUES);
    r.p[1].zones[1] = "sub.example.org";
    assert_int_equal(find(&r, "_acme-challenge.www.example.org", NULL, key), FL_OK);
    assert_string_equal(key, "one/example.org");
    assert_int_equal(find(&r, "_acme-challenge.www.sub.example.org", NULL, key), FL_OK);
    assert_string_equal(key, "two/sub.example.org");
    assert_int_equal(find(&r, "sub.example.org", NULL, key), FL_OK);
    assert_string_equal(key, "two/sub.example.org");
    assert_int_equal(find(&r, "xsub.example.org", NULL, key), FL_OK);
    assert_string_equal(key, "one/example.org");
    assert_int_equal(find(&r, "_acme-challenge.www.sub.example.org", only_one, key), FL_OK);
    assert_string_equal(key, "one/example.org");
    rig_stop(&r);
}

static void lists_of_zones_are_read_every_five_minutes(void **state)
{
    struct rig r;
    char key[320];
    (void)state;
    rig_start(&r, FL_CAP_VALUES | FL_CAP_INSTANT);
    for (int i = 0; i < 5; i++)
        assert_int_equal(find(&r, "a.example.org", NULL, key), FL_OK);
    assert_int_equal(r.p[0].zones_calls, 1);
    r.p[0].zones[0] = "a.example.org";
    fake_clock_advance(299999);
    assert_int_equal(find(&r, "a.example.org", NULL, key), FL_OK);
    assert_string_equal(key, "one/example.org");
    fake_clock_advance(2);
    assert_int_equal(find(&r, "a.example.org", NULL, key), FL_OK);
    assert_string_equal(key, "one/a.example.org");
    assert_int_equal(r.p[0].zones_calls, 2);
    rig_stop(&r);
}

static void services_that_cannot_list_are_asked_for_each_ancestor(void **state)
{
    struct rig r;
    char key[320];
    (void)state;
    rig_start(&r, FL_CAP_VALUES | FL_CAP_INSTANT);
    r.p[0].plugin.ops.dns.zones = NULL;
    assert_int_equal(find(&r, "_acme-challenge.a.example.org", NULL, key), FL_OK);
    assert_string_equal(key, "one/example.org");
    assert_int_equal(r.p[0].zone_calls, 3);
    assert_int_equal(find(&r, "_acme-challenge.a.example.org", NULL, key), FL_OK);
    assert_int_equal(r.p[0].zone_calls, 3);
    rig_stop(&r);
}

static void zones_of_the_configuration_count_only_if_they_are_held(void **state)
{
    static const char *const only[] = { "example.org", "not.held.example.org", NULL };
    struct rig r;
    char key[320];
    (void)state;
    rig_start(&r, FL_CAP_VALUES | FL_CAP_INSTANT);
    r.p[0].zones[1] = "other.example.org";
    r.providers[0].only = only;
    assert_int_equal(find(&r, "a.other.example.org", NULL, key), FL_OK);
    assert_string_equal(key, "one/example.org");
    assert_int_equal(find(&r, "a.not.held.example.org", NULL, key), FL_OK);
    assert_string_equal(key, "one/example.org");
    assert_int_equal(r.p[0].zones_calls, 0);
    rig_stop(&r);
}

static void a_name_that_nobody_holds_is_refused_by_name(void **state)
{
    static const char *const roots[] = { "127.0.0.1:9", NULL };
    struct rig r;
    struct fl_record record = { .name = "_acme-challenge.example.com", .type = FL_RR_TXT, .value = "1" };
    char key[320];
    (void)state;
    rig_start(&r, FL_CAP_VALUES);
    /* a CNAME in a zone that is held leads to one that nobody holds */
    fake_dns_add(r.dns[0], "_acme-challenge.example.org", FL_RR_CNAME, "_acme-challenge.example.com");
    r.p[0].zones[1] = "com"; /* held, so that its servers are asked and not the roots */
    assert_int_equal(find(&r, "_acme-challenge.example.org", NULL, key), FL_OK);
    assert_string_equal(key, "one/com");
    rig_stop(&r);
    rig_start(&r, FL_CAP_VALUES);
    r.conf.roots.addresses = roots;
    assert_int_equal(rig_restart(&r), FL_OK);
    rig_tick(&r, 20);
    assert_int_equal(zones_want(r.z, "cert:a", &record, 1, NULL, true, &r.o),
                     FL_ETEMP); /* no way to the roots */
    rig_stop(&r);
}

static void without_a_way_to_the_roots_a_zone_of_ours_is_taken_as_it_is(void **state)
{
    static const char *const roots[] = { "127.0.0.1:9", NULL };
    struct rig r;
    char key[320];
    (void)state;
    rig_start(&r, FL_CAP_VALUES);
    r.conf.roots.addresses = roots;
    assert_int_equal(rig_restart(&r), FL_OK);
    r.providers[0].query_servers = NULL;
    rig_tick(&r, 20);
    assert_int_equal(find(&r, "_acme-challenge.example.org", NULL, key), FL_OK);
    assert_string_equal(key, "one/example.org");
    rig_stop(&r);
}

static void aliases_lead_to_the_zone_and_provider_of_the_target(void **state)
{
    struct rig r;
    (void)state;
    rig_start(&r, FL_CAP_VALUES);
    fake_dns_add(r.dns[0], "_acme-challenge.example.org", FL_RR_CNAME, "org.acme.example.net");
    fake_dns_add(r.dns[0], "_acme-challenge.www.example.org", FL_RR_CNAME, "org.acme.example.net");
    assert_int_equal(rig_want(&r, "cert:a", "example.org", "1"), FL_OK);
    assert_int_equal(rig_want(&r, "cert:a", "www.example.org", "2"), FL_OK);
    assert_int_equal(rig_want(&r, "cert:a", "www.example.org", "1"), FL_OK);
    assert_int_equal(rig_settle(&r, "two/example.net", 10000), FL_OK);
    assert_int_equal(r.p[0].n, 0);
    assert_int_equal(r.p[1].n, 2);
    assert_true(fake_provider_has(&r.p[1], "example.net", "org.acme", "1"));
    assert_int_equal(rig_published(&r, "cert:a", "example.org", "1"), FL_OK);
    assert_int_equal(rig_published(&r, "cert:a", "www.example.org", "2"), FL_OK);
    assert_int_equal(rig_restart(&r), FL_OK);
    /* the way back needs no alias: it may be gone */
    fake_dns_remove(r.dns[0], "_acme-challenge.example.org", FL_RR_CNAME, NULL);
    zones_hurry(r.z);
    assert_int_equal(rig_unwant(&r, "cert:a", "example.org", "1"), FL_OK);
    assert_int_equal(rig_unwant(&r, "cert:a", "www.example.org", "2"), FL_OK);
    assert_int_equal(rig_settle(&r, "two/example.net", 10000), FL_OK);
    assert_int_equal(r.p[1].n, 1); /* 1 is wanted for www still */
    assert_int_equal(rig_unwant(&r, "cert:a", "www.example.org", "1"), FL_OK);
    assert_int_equal(rig_settle(&r, "two/example.net", 10000), FL_OK);
    assert_int_equal(r.p[1].n, 0);
    rig_stop(&r);
}

static void aliases_of_hosts_are_not_followed(void **state)
{
    struct fl_record record = { .name = "www.example.org", .type = FL_RR_A, .value = "192.0.2.1" };
    struct rig r;
    (void)state;
    rig_start(&r, FL_CAP_VALUES);
    fake_dns_add(r.dns[0], "www.example.org", FL_RR_CNAME, "other.example.net");
    assert_int_equal(zones_want(r.z, "host:a", &record, 1, NULL, true, &r.o), FL_OK);
    fake_clock_advance(300);
    assert_int_equal(zone_write_step(r.z, ORG, &r.o), FL_OK);
    assert_int_equal(r.p[1].n, 0);
    assert_true(fake_provider_has(&r.p[0], "example.org", "www", "192.0.2.1"));
    rig_stop(&r);
}

static void aliases_in_a_circle_are_refused(void **state)
{
    struct rig r;
    (void)state;
    rig_start(&r, FL_CAP_VALUES);
    fake_dns_add(r.dns[0], "_acme-challenge.example.org", FL_RR_CNAME, "a.example.net");
    fake_dns_add(r.dns[0], "a.example.net", FL_RR_CNAME, "_acme-challenge.example.org");
    assert_int_equal(rig_want(&r, "cert:a", "example.org", "1"), FL_EREJECT);
    assert_non_null(strstr(r.o.msg, "CNAMEs at _acme-challenge.example.org"));
    rig_stop(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_server_that_lacks_it_is_waited_for_and_named),
        cmocka_unit_test(looks_before_their_time_ask_nobody),
        cmocka_unit_test(a_silent_or_lame_server_is_left_out_after_three_rounds_and_reported),
        cmocka_unit_test(servers_that_all_refuse_never_make_it_visible),
        cmocka_unit_test(where_no_server_can_be_reached_it_is_taken_on_trust_with_a_warning),
        cmocka_unit_test(trust_needs_the_providers_word_where_it_gives_one),
        cmocka_unit_test(the_longest_zone_that_is_held_wins_and_only_allowed_providers_count),
        cmocka_unit_test(lists_of_zones_are_read_every_five_minutes),
        cmocka_unit_test(services_that_cannot_list_are_asked_for_each_ancestor),
        cmocka_unit_test(zones_of_the_configuration_count_only_if_they_are_held),
        cmocka_unit_test(a_name_that_nobody_holds_is_refused_by_name),
        cmocka_unit_test(without_a_way_to_the_roots_a_zone_of_ours_is_taken_as_it_is),
        cmocka_unit_test(aliases_lead_to_the_zone_and_provider_of_the_target),
        cmocka_unit_test(aliases_of_hosts_are_not_followed),
        cmocka_unit_test(aliases_in_a_circle_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
