/* SPDX-License-Identifier: Apache-2.0 */
/* test_tls_alpn_01.c - the tls-alpn-01 solver shows certificates of names that are being proved, and looks whether they show. */
#include "fake_host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct fl_challenge proofs[] = {
    { .type = "tls-alpn-01", .identifier = "Example.org", .token = "tok-A", .digest = "digest-A" },
    { .type = "tls-alpn-01", .identifier = "192.0.2.7", .ip = true, .token = "tok-B", .digest = "digest-B" },
    { .type = "tls-alpn-01",
      .identifier = "2001:db8::7",
      .ip = true,
      .token = "tok-C",
      .digest = "digest-C" },
};
#define V6 "7.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa"

static int deploy(struct fake *f, const struct fl_challenge *ch, size_t n)
{
    return fl_plugin_entry.ops.solver->deploy(fake_call(f), ch, n);
}
static int ready(struct fake *f, const struct fl_challenge *ch, size_t n)
{
    return fl_plugin_entry.ops.solver->ready(fake_call(f), ch, n);
}
static int withdraw(struct fake *f, const struct fl_challenge *ch, size_t n)
{
    return fl_plugin_entry.ops.solver->withdraw(fake_call(f), ch, n);
}
static struct fake *solver(const char *option)
{
    const char *const options[] = { option, NULL };
    struct fake *f = fake_new(&fl_plugin_entry, options);
    assert_int_equal(fake_check(f), FL_OK);
    assert_int_equal(fake_open(f), FL_OK);
    return f;
}
/* The next thing that it did was to show that (a name alone: not any more); NULL: nothing. */
static void shows(struct fake *f, const char *text)
{
    if (!text) {
        assert_int_equal(f->nseen, 0);
        return;
    }
    assert_true(f->nseen > 0);
    assert_string_equal(f->seen[0], text);
    f->nseen--;
    memmove(f->seen[0], f->seen[1], f->nseen * sizeof f->seen[0]);
}

static void without_options_it_listens_on_port_443_for_its_protocol(void **state)
{
    struct fake *f = solver(NULL);
    (void)state;
    assert_int_equal(f->nlisteners, 1);
    assert_string_equal(f->listeners[0].address, "[::]:443");
    assert_string_equal(f->listeners[0].spec.alpn, "acme-tls/1");
    fake_free(f);
    f = solver("listen=192.0.2.1,[2001:db8::1]:8443");
    assert_int_equal(f->nlisteners, 2);
    assert_string_equal(f->listeners[0].address, "192.0.2.1:443");
    assert_string_equal(f->listeners[1].address, "[2001:db8::1]:8443");
    fake_free(f);
}
static void each_name_has_its_certificate_and_addresses_their_reverse_names(void **state)
{
    struct fake *f = solver(NULL);
    (void)state;
    assert_int_equal(deploy(f, proofs, 3), FL_OK);
    shows(f, "example.org proof 1 of Example.org digest-A key 1");
    shows(f, "7.2.0.192.in-addr.arpa proof 2 of 192.0.2.7 digest-B key 2");
    shows(f, V6 " proof 3 of 2001:db8::7 digest-C key 3");
    shows(f, NULL);
    assert_int_equal(withdraw(f, proofs, 1), FL_OK);
    assert_int_equal(withdraw(f, proofs, 1), FL_OK);
    shows(f, "example.org");
    shows(f, NULL);
    assert_int_equal(withdraw(f, proofs, 3), FL_OK);
    shows(f, "7.2.0.192.in-addr.arpa");
    shows(f, V6);
    shows(f, NULL);
    fake_free(f);
}
static void what_stands_is_not_made_again_but_a_new_digest_is(void **state)
{
    struct fl_challenge again = proofs[0];
    struct fake *f = solver(NULL);
    (void)state;
    assert_int_equal(deploy(f, proofs, 1), FL_OK);
    assert_int_equal(deploy(f, proofs, 1), FL_OK);
    shows(f, "example.org proof 1 of Example.org digest-A key 1");
    shows(f, NULL);
    again.digest = "digest-Z"; /* the account has another key now */
    assert_int_equal(deploy(f, &again, 1), FL_OK);
    shows(f, "example.org proof 2 of Example.org digest-Z key 2");
    fake_free(f);
}
static void two_orders_for_a_name_come_one_after_the_other(void **state)
{
    struct fl_challenge other[2] = { proofs[1], proofs[0] };
    struct fake *f = solver(NULL);
    (void)state;
    other[1].token = "tok-Z";
    assert_int_equal(deploy(f, proofs, 1), FL_OK);
    shows(f, "example.org proof 1 of Example.org digest-A key 1");
    assert_int_equal(deploy(f, other, 2), FL_EAGAIN);
    shows(f, "7.2.0.192.in-addr.arpa proof 2 of 192.0.2.7 digest-B key 2");
    shows(f, "7.2.0.192.in-addr.arpa"); /* all of an order or nothing */
    assert_int_equal(withdraw(f, &other[1], 1), FL_OK);
    shows(f, NULL); /* not its own: stays */
    assert_int_equal(withdraw(f, proofs, 1), FL_OK);
    shows(f, "example.org");
    assert_int_equal(deploy(f, other, 2), FL_OK);
    shows(f, "7.2.0.192.in-addr.arpa proof 3 of 192.0.2.7 digest-B key 3");
    shows(f, "example.org proof 4 of Example.org digest-A key 4");
    fake_free(f);
}
static void what_tls_cannot_prove_is_refused(void **state)
{
    const struct fl_challenge star = { .identifier = "a.test",
                                       .wildcard = true,
                                       .token = "t",
                                       .digest = "d" },
                              odd = { .identifier = "a.test", .ip = true, .token = "t", .digest = "d" };
    struct fake *f = solver(NULL);
    (void)state;
    assert_int_equal(deploy(f, &star, 1), FL_EREJECT);
    assert_int_equal(deploy(f, &odd, 1), FL_EREJECT);
    fake_free(f);
}

/* ---- looking at itself ---- */

struct views {
    const char *chain, *alpn, *sni;
    char asked[256];
    int code;
};
static int view(struct fake *f, const struct fl_tls_probe *probe, struct fl_tls_served *out,
                struct outcome *o)
{
    struct views *v = f->arg;
    size_t at = strlen(v->asked);
    snprintf(v->asked + at, sizeof v->asked - at, "%s ", probe->address);
    assert_string_equal(probe->alpn[0], "acme-tls/1");
    assert_null(probe->alpn[1]);
    assert_string_equal(probe->sni, v->sni);
    if (v->code != FL_OK)
        return outcome_fail(o, v->code, "%s: so it is", probe->address);
    out->chain_pem = v->chain;
    out->alpn = v->alpn;
    return FL_OK;
}
static void it_is_ready_when_its_own_listener_shows_the_proof(void **state)
{
    struct views v = { .chain = "proof 1 of Example.org digest-A",
                       .alpn = "acme-tls/1",
                       .sni = "example.org" };
    struct fake *f = solver("listen=[::],0.0.0.0:8443,[2001:db8::1]:99");
    (void)state;
    f->probe = view;
    f->arg = &v;
    /* Not deployed before, as after a restart: ready() does it. */
    assert_int_equal(ready(f, proofs, 2), FL_OK);
    assert_string_equal(v.asked, "[::1]:443 127.0.0.1:8443 [2001:db8::1]:99 ");
    shows(f, "example.org proof 1 of Example.org digest-A key 1");
    shows(f, "7.2.0.192.in-addr.arpa proof 2 of 192.0.2.7 digest-B key 2");
    fake_free(f);
}
static void another_program_at_the_port_is_told(void **state)
{
    static const struct {
        const char *chain, *alpn;
        int probe, code;
        const char *words;
    } cases[] = {
        { "somebody else's", "acme-tls/1", FL_OK, FL_ETEMP, "another certificate" },
        { "proof 1 of Example.org digest-A", "", FL_OK, FL_ETEMP, "another certificate" },
        { "", "", FL_EREJECT, FL_ETEMP, "another program answers at 127.0.0.1:443" },
        { "", "", FL_EPROTO, FL_ETEMP, "another program answers at 127.0.0.1:443" },
        { "", "", FL_ETEMP, FL_ETEMP, "127.0.0.1:443: so it is" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct views v = { cases[i].chain, cases[i].alpn, "example.org", "", cases[i].probe };
        struct fake *f = solver("listen=127.0.0.1");
        f->probe = view;
        f->arg = &v;
        assert_int_equal(ready(f, proofs, 1), cases[i].code);
        assert_non_null(strstr(fake_outcome(f)->msg, cases[i].words));
        fake_free(f);
    }
}
static void where_there_is_no_ipv6_it_looks_at_ipv4(void **state)
{
    struct views v = { .code = FL_ETEMP, .sni = "example.org" };
    struct fake *f = solver(NULL);
    (void)state;
    f->probe = view;
    f->arg = &v;
    assert_int_equal(ready(f, proofs, 1), FL_ETEMP);
    assert_string_equal(v.asked, "[::1]:443 127.0.0.1:443 ");
    fake_free(f);
}
static void an_address_that_cannot_be_had_closes_what_was_opened(void **state)
{
    const char *const options[] = {
        "listen=127.0.0.1,127.0.0.2,127.0.0.3,127.0.0.4,127.0.0.5,127.0.0.6,127.0.0.7,"
        "127.0.0.8,127.0.0.9",
        NULL
    };
    struct fake *f = fake_new(&fl_plugin_entry, options);
    (void)state;
    assert_int_equal(fake_open(f), FL_ECONF); /* the fake host has room for 8 */
    fake_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_options_it_listens_on_port_443_for_its_protocol),
        cmocka_unit_test(each_name_has_its_certificate_and_addresses_their_reverse_names),
        cmocka_unit_test(what_stands_is_not_made_again_but_a_new_digest_is),
        cmocka_unit_test(two_orders_for_a_name_come_one_after_the_other),
        cmocka_unit_test(what_tls_cannot_prove_is_refused),
        cmocka_unit_test(it_is_ready_when_its_own_listener_shows_the_proof),
        cmocka_unit_test(another_program_at_the_port_is_told),
        cmocka_unit_test(where_there_is_no_ipv6_it_looks_at_ipv4),
        cmocka_unit_test(an_address_that_cannot_be_had_closes_what_was_opened),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
