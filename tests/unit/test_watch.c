/* SPDX-License-Identifier: Apache-2.0 */
/* test_watch.c - which servers count, and when a value is visible. */
#include "zone/watch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { SERVERS = 3 };

static struct watch made(void)
{
    struct watch w = { 0 };
    struct dns_servers s = { .n = SERVERS };
    for (int i = 0; i < SERVERS; i++) {
        snprintf(s.at[i].name, sizeof s.at[i].name, "ns%d.example", i);
        snprintf(s.at[i].address, sizeof s.at[i].address, "192.0.2.%d:53", i);
    }
    watch_set(&w, &s, 1000000);
    return w;
}

/* What the servers say in a round: h(as the value), e(mpty), s(ilent), r(efused), n(ot authoritative), - (no route). */
static bool has(void *arg, const struct dns_look *look)
{
    (void)arg;
    return look->n == 1;
}
static struct dns_look look_of(char c)
{
    switch (c) {
    case 'h': return (struct dns_look){ .state = DNS_ANSWERED, .n = 1 };
    case 'e': return (struct dns_look){ .state = DNS_ANSWERED };
    case 'r': return (struct dns_look){ .state = DNS_LAME, .rcode = 5 };
    case 'n': return (struct dns_look){ .state = DNS_LAME };
    case '-': return (struct dns_look){ .state = DNS_NO_ROUTE };
    default: return (struct dns_look){ .state = DNS_SILENT };
    }
}
static bool ask(struct watch *w, const char *says, size_t *asked)
{
    struct dns_servers servers;
    size_t which[DNS_SERVERS_MAX];
    struct dns_look looks[DNS_SERVERS_MAX];
    watch_pick(w, &servers, which);
    for (size_t i = 0; i < servers.n; i++) {
        looks[i] = look_of(says[which[i]]);
        watch_heard(w, which[i], looks[i].state, looks[i].rcode);
    }
    if (asked)
        *asked = servers.n;
    return watch_seen(w, looks, which, servers.n, has, NULL);
}
static bool round_of(struct watch *w, const char *says, int64_t now_ms)
{
    watch_begin(w);
    bool seen = ask(w, says, NULL);
    watch_end(w, now_ms);
    return seen;
}

static void every_server_that_answers_must_have_it_and_one_must_answer(void **state)
{
    static const struct {
        const char *rounds[5]; /* one after the other */
        const char *seen;      /* after each */
    } cases[] = {
        { { "hhh" }, "y" },
        { { "hhe", "hhh" }, "ny" },
        { { "eee" }, "n" },
        { { "hhs", "hhs", "hhs", "hhs" }, "nnny" },
        { { "hhr", "hhr", "hhr", "hhr" }, "nnny" },
        { { "hhn", "hhn", "hhh" }, "nny" },
        { { "hh-" }, "y" },
        { { "h--" }, "y" },
        { { "---" }, "n" },
        { { "sss", "sss", "sss", "sss", "sss" }, "nnnnn" },
        { { "rrr", "rrr", "rrr", "rrr", "hhh" }, "nnnny" },
        { { "hes", "hes", "hes", "hes", "hhs" }, "nnnny" },
        { { "hhs", "hhs", "hhh" }, "nny" },
        { { "ess", "ess", "ess", "ess" }, "nnnn" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct watch w = made();
        for (size_t k = 0; k < 5 && cases[i].rounds[k]; k++)
            if (round_of(&w, cases[i].rounds[k], 1) != (cases[i].seen[k] == 'y'))
                fail_msg("case %zu round %zu: expected %c", i, k, cases[i].seen[k]);
    }
}

static void a_server_left_out_is_not_asked_while_another_answers(void **state)
{
    struct watch w = made();
    size_t asked = 0;
    (void)state;
    for (int i = 0; i < 3; i++)
        round_of(&w, "hhs", 1);
    watch_begin(&w);
    assert_true(ask(&w, "hhs", &asked));
    assert_int_equal(asked, 2);
    assert_true(watch_left_out(&w, 2));
    assert_false(watch_left_out(&w, 0));
    assert_string_equal(watch_state(&w, 2), "silent");
    assert_string_equal(watch_state(&w, 0), "answers");
    watch_end(&w, 1);
    /* the others fall silent too: all are asked again */
    round_of(&w, "sss", 1);
    for (int i = 0; i < 3; i++)
        round_of(&w, "sss", 1);
    watch_begin(&w);
    (void)ask(&w, "ssh", &asked);
    assert_int_equal(asked, 3);
}

static void a_server_that_failed_is_not_asked_twice_in_a_round(void **state)
{
    struct watch w = made();
    size_t asked = 0;
    (void)state;
    watch_begin(&w);
    assert_false(ask(&w, "hhs", &asked));
    assert_int_equal(asked, 3);
    assert_false(ask(&w, "hhh", &asked));
    assert_int_equal(asked, 2);
    watch_end(&w, 1);
    assert_int_equal(w.at[2].bad, 1);
}

static void it_is_told_whom_one_waits_for(void **state)
{
    static const struct {
        const char *says, *why;
    } cases[] = {
        { "heh", "ns1.example (192.0.2.1:53) does not have it yet" },
        { "hhs", "ns2.example (192.0.2.2:53) does not answer" },
        { "rhh", "ns0.example (192.0.2.0:53) says REFUSED: it does not serve the zone (yet)" },
        { "hnh", "ns1.example (192.0.2.1:53) does not speak for the zone (its answer is not authoritative)" },
        { "---", "ns0.example (192.0.2.0:53) cannot be reached from here" },
        { "hhh", "" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct watch w = made();
        round_of(&w, cases[i].says, 1);
        assert_string_equal(w.why, cases[i].why);
    }
}

static void pauses_between_rounds_grow_and_are_short_again_after_a_write(void **state)
{
    static const int64_t pauses[] = { 500, 750, 1125, 1687, 2530, 3795, 5692, 8538, 10000, 10000 };
    struct watch w = made();
    (void)state;
    for (size_t i = 0; i < sizeof pauses / sizeof *pauses; i++) {
        round_of(&w, "eee", 1000);
        assert_int_equal(w.next_ms - 1000, pauses[i]);
    }
    watch_written(&w, 5000);
    assert_int_equal(w.next_ms, 5000);
    round_of(&w, "eee", 5000);
    assert_int_equal(w.next_ms, 5500);
}

static void unreachable_is_when_nobody_says_anything_at_all(void **state)
{
    struct watch w = made();
    (void)state;
    round_of(&w, "s-s", 7000);
    assert_int_equal(w.unreachable_ms, 7000);
    round_of(&w, "s-s", 9000);
    assert_int_equal(w.unreachable_ms, 7000);
    round_of(&w, "s-r", 9500); /* lame, but it can be reached */
    assert_int_equal(w.unreachable_ms, 0);
    round_of(&w, "sss", 9600);
    assert_int_equal(w.unreachable_ms, 9600);
    round_of(&w, "ess", 9700);
    assert_int_equal(w.unreachable_ms, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_server_that_answers_must_have_it_and_one_must_answer),
        cmocka_unit_test(a_server_left_out_is_not_asked_while_another_answers),
        cmocka_unit_test(a_server_that_failed_is_not_asked_twice_in_a_round),
        cmocka_unit_test(it_is_told_whom_one_waits_for),
        cmocka_unit_test(pauses_between_rounds_grow_and_are_short_again_after_a_write),
        cmocka_unit_test(unreachable_is_when_nobody_says_anything_at_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
