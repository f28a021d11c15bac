/* SPDX-License-Identifier: Apache-2.0 */
/* test_delegation.c - what is made of the zone above, its name servers and what they say. */
#include "base/text.h"
#include "zone/delegation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char *const ours[] = { "ns1.host.net", "ns2.host.net", NULL };

struct rig {
    struct dns_parent parent;
    struct dns_servers hosts;
    struct dns_look looks[DNS_SERVERS_MAX];
    struct delegation_facts facts;
    struct delegation out;
};

static const char *const host_names[] = { "ns1.host.net", "ns2.host.net" };
static const char *const other_names[] = { "ns.other.net" };

static void rig(struct rig *r)
{
    memset(r, 0, sizeof *r);
    text_copy(r->parent.apex, sizeof r->parent.apex, "org");
    r->parent.exists = true;
    r->parent.ttl = 3600;
    r->facts = (struct delegation_facts){
        .apex = "example.org", .parent = &r->parent, .ours = ours, .hosts = &r->hosts, .looks = r->looks
    };
}

/* One more that the zone above names, with an address; what it says of the zone. */
static void named(struct rig *r, const char *name, const char *address, enum dns_state state,
                  const char *const *says, size_t n)
{
    struct dns_server *s = &r->parent.servers.at[r->parent.servers.n];
    struct dns_look *look = &r->looks[r->parent.servers.n++];
    text_copy(r->parent.names[r->parent.n++], DNS_NAME_MAX, name);
    text_copy(s->name, sizeof s->name, name);
    text_copy(s->address, sizeof s->address, address);
    look->state = state;
    look->n = n;
    for (size_t i = 0; i < n; i++)
        look->values[i] = (char *)(uintptr_t)says[i]; /* only read */
}

static void is(struct rig *r, enum delegation_state state, bool holds, const char *words)
{
    delegation_judge(&r->facts, &r->out);
    if (r->out.state != state || r->out.holds != holds || !strstr(r->out.words, words))
        fail_msg("%s, %s: %s", delegation_name(r->out.state), r->out.holds ? "holds" : "does not hold",
                 r->out.words);
}

static void all_of_ours_and_no_others_are_right(void **state)
{
    struct rig r;
    (void)state;
    rig(&r);
    named(&r, "ns1.host.net", "192.0.2.1:53", DNS_ANSWERED, host_names, 2);
    named(&r, "ns2.host.net", "192.0.2.2:53", DNS_ANSWERED, host_names, 2);
    is(&r, DELEGATION_RIGHT, false, "is delegated by org to ns1.host.net, ns2.host.net");
    assert_int_equal(r.out.ttl, 3600);
}

static void a_domain_that_the_zone_above_does_not_know_is_to_be_registered(void **state)
{
    struct rig r;
    (void)state;
    rig(&r);
    r.parent.exists = false;
    is(&r, DELEGATION_UNREGISTERED, true,
       "register it, and set its name servers at its registrar to ns1.host.net, ns2.host.net");
}

static void a_zone_below_another_is_not_delegated_and_no_registrar_is_named(void **state)
{
    struct rig r;
    (void)state;
    rig(&r);
    text_copy(r.parent.apex, sizeof r.parent.apex, "example.org");
    r.facts.apex = "sub.example.org";
    r.parent.exists = false;
    is(&r, DELEGATION_NONE, true, "set its name servers there to ns1.host.net");
}

static void a_name_that_exists_without_servers_is_not_delegated(void **state)
{
    struct rig r;
    (void)state;
    rig(&r);
    is(&r, DELEGATION_NONE, true, "is not delegated by org");
}

static void others_that_serve_it_are_left_alone_and_it_is_said_so(void **state)
{
    struct rig r;
    (void)state;
    rig(&r);
    named(&r, "ns.other.net", "192.0.2.9:53", DNS_ANSWERED, other_names, 1);
    is(&r, DELEGATION_ELSEWHERE, true, "to ns.other.net, who serve it");
}

static void servers_that_do_not_answer_are_lame_whosever_they_are(void **state)
{
    struct rig r;
    (void)state;
    rig(&r);
    named(&r, "ns.other.net", "192.0.2.9:53", DNS_LAME, NULL, 0);
    is(&r, DELEGATION_LAME, true, "none of these answers");
    rig(&r);
    named(&r, "ns1.host.net", "192.0.2.1:53", DNS_SILENT, NULL, 0);
    is(&r, DELEGATION_LAME, true, "none of these answers");
    rig(&r);
    text_copy(r.parent.names[r.parent.n++], DNS_NAME_MAX, "ns.nowhere.net"); /* without an address */
    is(&r, DELEGATION_LAME, true, "none of these answers");
}

static void one_that_is_missing_or_dead_holds_nobody_up(void **state)
{
    struct rig r;
    (void)state;
    rig(&r);
    named(&r, "ns1.host.net", "192.0.2.1:53", DNS_ANSWERED, host_names, 2);
    is(&r, DELEGATION_PARTLY, false, "it does not name ns2.host.net");
    named(&r, "ns2.host.net", "192.0.2.2:53", DNS_SILENT, NULL, 0);
    is(&r, DELEGATION_PARTLY, false, "without answer for the zone: ns2.host.net");
}

static void a_stranger_among_ours_would_answer_without_the_proof(void **state)
{
    struct rig r;
    (void)state;
    rig(&r);
    named(&r, "ns1.host.net", "192.0.2.1:53", DNS_ANSWERED, host_names, 2);
    named(&r, "ns2.host.net", "192.0.2.2:53", DNS_ANSWERED, host_names, 2);
    named(&r, "ns.other.net", "192.0.2.9:53", DNS_ANSWERED, other_names, 1);
    is(&r, DELEGATION_PARTLY, true, "not ours: ns.other.net");
}

static void a_server_of_ours_by_another_name_is_known_by_its_address_or_by_what_it_says(void **state)
{
    static const char *const vanity[] = { "ns1.example.org", "ns2.example.org" };
    struct rig r;
    (void)state;
    rig(&r);
    r.hosts.n = 1;
    text_copy(r.hosts.at[0].address, sizeof r.hosts.at[0].address, "192.0.2.1:53");
    named(&r, "ns1.example.org", "192.0.2.1:53", DNS_ANSWERED, vanity, 2);
    is(&r, DELEGATION_RIGHT, false, "to ns1.example.org");
    rig(&r);
    named(&r, "a.secondary.net", "192.0.2.7:53", DNS_ANSWERED, host_names, 2);
    is(&r, DELEGATION_RIGHT, false, "to a.secondary.net");
    rig(&r); /* one of two is not all */
    named(&r, "a.secondary.net", "192.0.2.7:53", DNS_ANSWERED, host_names, 1);
    is(&r, DELEGATION_ELSEWHERE, true, "who serve it");
}

static void a_DS_without_keys_breaks_what_is_right_otherwise(void **state)
{
    struct rig r;
    (void)state;
    rig(&r);
    named(&r, "ns1.host.net", "192.0.2.1:53", DNS_ANSWERED, host_names, 2);
    named(&r, "ns2.host.net", "192.0.2.2:53", DNS_ANSWERED, host_names, 2);
    r.parent.ds = true;
    is(&r, DELEGATION_DS, true, "remove the DS record at its registrar, or sign the zone");
    r.facts.keys = true;
    is(&r, DELEGATION_RIGHT, false, "");
}

static void a_family_that_this_machine_does_not_speak_is_no_fault(void **state)
{
    struct rig r;
    (void)state;
    rig(&r);
    named(&r, "ns1.host.net", "192.0.2.1:53", DNS_ANSWERED, host_names, 2);
    named(&r, "ns2.host.net", "[2001:db8::2]:53", DNS_NO_ROUTE, NULL, 0);
    is(&r, DELEGATION_RIGHT, false, "");
}

static void where_our_servers_are_not_known_all_that_answer_are_ours(void **state)
{
    struct rig r;
    (void)state;
    rig(&r);
    r.facts.ours = NULL;
    named(&r, "ns.other.net", "192.0.2.9:53", DNS_ANSWERED, other_names, 1);
    is(&r, DELEGATION_RIGHT, false, "");
}

static void states_have_names_that_are_read_back(void **state)
{
    (void)state;
    for (int i = DELEGATION_UNKNOWN; i <= DELEGATION_RIGHT; i++)
        assert_int_equal(delegation_parse(delegation_name((enum delegation_state)i)), i);
    assert_int_equal(delegation_parse("nonsense"), DELEGATION_UNKNOWN);
}

static void names_below_the_zone_want_an_address_above_it(void **state)
{
    static const char *const mixed[] = { "ns1.example.org", "ns.host.net", NULL };
    char out[100], small[20];
    (void)state;
    delegation_names(mixed, "example.org", out, sizeof out);
    assert_string_equal(out, "ns1.example.org (with its address), ns.host.net");
    delegation_names(mixed, NULL, small, sizeof small);
    assert_string_equal(small, "ns1.example.org, ns");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_of_ours_and_no_others_are_right),
        cmocka_unit_test(a_domain_that_the_zone_above_does_not_know_is_to_be_registered),
        cmocka_unit_test(a_zone_below_another_is_not_delegated_and_no_registrar_is_named),
        cmocka_unit_test(a_name_that_exists_without_servers_is_not_delegated),
        cmocka_unit_test(others_that_serve_it_are_left_alone_and_it_is_said_so),
        cmocka_unit_test(servers_that_do_not_answer_are_lame_whosever_they_are),
        cmocka_unit_test(one_that_is_missing_or_dead_holds_nobody_up),
        cmocka_unit_test(a_stranger_among_ours_would_answer_without_the_proof),
        cmocka_unit_test(a_server_of_ours_by_another_name_is_known_by_its_address_or_by_what_it_says),
        cmocka_unit_test(a_DS_without_keys_breaks_what_is_right_otherwise),
        cmocka_unit_test(a_family_that_this_machine_does_not_speak_is_no_fault),
        cmocka_unit_test(where_our_servers_are_not_known_all_that_answer_are_ours),
        cmocka_unit_test(states_have_names_that_are_read_back),
        cmocka_unit_test(names_below_the_zone_want_an_address_above_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
