/* SPDX-License-Identifier: Apache-2.0 */
/* test_rrset.c - values, their owners, and what stands there. */
#include "zone/rrset.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct fixture {
    struct rrsets sets;
    struct rrset *txt;
};

static int setup(void **state)
{
    static struct fixture f;
    memset(&f, 0, sizeof f);
    f.txt = rrsets_make(&f.sets, "_acme-challenge", FL_RR_TXT);
    *state = &f;
    return f.txt ? 0 : -1;
}
static int teardown(void **state)
{
    rrsets_done(&((struct fixture *)*state)->sets);
    return 0;
}
static bool want(struct rrset *r, const char *text, const char *owner)
{
    bool changed = false;
    assert_true(rrset_want(r, text, owner, "_acme-challenge.example.org", &changed));
    return changed;
}
static void write_all(struct rrset *r)
{
    for (size_t i = 0; i < r->n; i++) {
        r->values[i]->tried = true;
        rrvalue_added(r->values[i]);
    }
}
static void listed(struct rrset *r, const char *const *texts, size_t n)
{
    struct fl_value v[8] = { { 0 } };
    for (size_t i = 0; i < n; i++)
        v[i] = (struct fl_value){ .text = texts[i], .id = "7" };
    assert_true(rrset_learn(r, &(struct fl_rrset){ .ttl = 300, .values = v, .n = n, .etag = "e1" }));
}

static void one_value_wanted_by_two_owners_stays_until_both_have_left(void **state)
{
    struct rrset *r = ((struct fixture *)*state)->txt;
    assert_true(want(r, "a", "cert:1"));
    assert_false(want(r, "a", "cert:2"));
    assert_false(want(r, "a", "cert:2"));
    assert_int_equal(r->n, 1);
    assert_int_equal(r->values[0]->nwishes, 2);
    write_all(r);
    assert_true(rrset_unwant(r, "a", "cert:1", NULL, 5000));
    assert_false(rrvalue_to_remove(r->values[0]));
    assert_true(rrset_unwant(r, "a", "cert:2", NULL, 6000));
    assert_true(rrvalue_to_remove(r->values[0]));
    assert_int_equal(r->values[0]->idle_ms, 6000);
    assert_string_equal(rrvalue_state(r->values[0]), "unwanted");
    assert_false(rrset_unwant(r, "a", "cert:2", NULL, 7000));
}

static void the_same_owner_may_want_a_value_for_two_names(void **state)
{
    struct rrset *r = ((struct fixture *)*state)->txt;
    bool changed = false;
    assert_true(rrset_want(r, "a", "cert:1", "_acme-challenge.one.example", &changed));
    assert_true(rrset_want(r, "a", "cert:1", "_acme-challenge.two.example", &changed));
    assert_int_equal(r->values[0]->nwishes, 2);
    assert_true(rrset_unwant(r, "a", "cert:1", "_acme-challenge.one.example", 1));
    assert_int_equal(r->values[0]->nwishes, 1);
    assert_false(rrset_wished(r->values[0], "cert:1", "_acme-challenge.one.example"));
    assert_true(rrset_wished(r->values[0], "cert:1", "_acme-challenge.two.example"));
}

static void what_was_never_tried_is_gone_with_its_last_owner(void **state)
{
    struct fixture *f = *state;
    want(f->txt, "a", "cert:1");
    assert_true(rrset_unwant(f->txt, NULL, "cert:1", NULL, 1));
    assert_int_equal(f->txt->n, 0);
    rrsets_sweep(&f->sets);
    assert_int_equal(f->sets.n, 0);
}

static void a_value_wanted_again_while_it_lingers_needs_no_write(void **state)
{
    struct rrset *r = ((struct fixture *)*state)->txt;
    want(r, "a", "cert:1");
    write_all(r);
    r->values[0]->state = RR_VISIBLE;
    rrset_unwant(r, "a", "cert:1", NULL, 1);
    assert_true(want(r, "a", "cert:2"));
    assert_false(rrvalue_to_add(r->values[0]));
    assert_true(rrvalue_to_see(r->values[0]));
}

static void a_value_wanted_again_while_it_is_removed_is_written_again(void **state)
{
    struct rrset *r = ((struct fixture *)*state)->txt;
    want(r, "a", "cert:1");
    write_all(r);
    rrset_unwant(r, "a", "cert:1", NULL, 1);
    r->values[0]->leaving = true;
    want(r, "a", "cert:2");
    assert_true(rrvalue_to_add(r->values[0]));
    rrvalue_removed(r->values[0]);
    assert_true(rrvalue_to_add(r->values[0]));
    assert_false(r->values[0]->there);
}

static void foreign_values_are_known_and_never_removed(void **state)
{
    struct fixture *f = *state;
    want(f->txt, "ours", "cert:1");
    listed(f->txt, (const char *const[]){ "theirs", "more" }, 2);
    assert_int_equal(f->txt->n, 3);
    assert_int_equal(f->txt->ttl_there, 300);
    assert_string_equal(f->txt->etag, "e1");
    assert_true(rrset_value(f->txt, "theirs")->foreign);
    assert_false(rrvalue_to_remove(rrset_value(f->txt, "theirs")));
    assert_string_equal(rrvalue_state(rrset_value(f->txt, "theirs")), "foreign");
    assert_int_equal(rrset_ttl_after(f->txt), 300);
    listed(f->txt, (const char *const[]){ "more" }, 1);
    rrsets_sweep(&f->sets);
    assert_null(rrset_value(f->txt, "theirs"));
    assert_non_null(rrset_value(f->txt, "more"));
}

static void a_value_that_stood_there_before_us_stays_when_we_leave(void **state)
{
    struct rrset *r = ((struct fixture *)*state)->txt;
    want(r, "a", "cert:1");
    listed(r, (const char *const[]){ "a" }, 1);
    assert_true(r->values[0]->foreign);
    r->values[0]->tried = true;
    rrvalue_added(r->values[0]);
    rrset_unwant(r, "a", "cert:1", NULL, 1);
    assert_false(rrvalue_to_remove(r->values[0]));
}

static void a_value_of_ours_that_somebody_removed_is_wanted_anew(void **state)
{
    struct rrset *r = ((struct fixture *)*state)->txt;
    want(r, "a", "cert:1");
    want(r, "b", "cert:1");
    write_all(r);
    rrset_unwant(r, "b", "cert:1", NULL, 1);
    listed(r, NULL, 0);
    assert_true(rrvalue_to_add(rrset_value(r, "a")));
    assert_false(rrvalue_to_remove(rrset_value(r, "b")));
    rrsets_sweep(&((struct fixture *)*state)->sets);
    assert_null(rrset_value(r, "b"));
}

static void ids_of_listed_values_are_taken_over(void **state)
{
    struct rrset *r = ((struct fixture *)*state)->txt;
    want(r, "a", "cert:1");
    write_all(r);
    assert_null(r->values[0]->id);
    listed(r, (const char *const[]){ "a" }, 1);
    assert_string_equal(r->values[0]->id, "7");
    assert_false(r->values[0]->foreign);
}

static void a_refused_value_is_tried_again_when_it_is_wanted_again(void **state)
{
    struct rrset *r = ((struct fixture *)*state)->txt;
    want(r, "a", "cert:1");
    r->values[0]->tried = true;
    rrvalue_refused(r->values[0], FL_EREJECT, "no such thing", true);
    assert_string_equal(rrvalue_state(r->values[0]), "failed");
    assert_false(rrvalue_to_add(r->values[0]));
    assert_true(want(r, "a", "cert:1"));
    assert_true(rrvalue_to_add(r->values[0]));
    rrvalue_refused(r->values[0], FL_EREJECT, "no such thing", true);
    rrset_unwant(r, "a", "cert:1", NULL, 1);
    assert_int_equal(r->n, 0);
}

static void a_value_that_may_stand_there_is_removed_although_it_was_refused(void **state)
{
    struct rrset *r = ((struct fixture *)*state)->txt;
    want(r, "a", "cert:1");
    r->values[0]->tried = true; /* the first write timed out */
    rrvalue_refused(r->values[0], FL_EREJECT, "no", false);
    rrset_unwant(r, "a", "cert:1", NULL, 1);
    assert_true(rrvalue_to_remove(r->values[0]));
}

static void another_ttl_writes_what_stands_there_again(void **state)
{
    struct rrset *r = ((struct fixture *)*state)->txt;
    bool changed = false;
    rrset_set_ttl(r, 60, &changed);
    assert_false(changed);
    want(r, "a", "cert:1");
    write_all(r);
    rrset_set_ttl(r, 60, &changed);
    assert_false(changed);
    rrset_set_ttl(r, 120, &changed);
    assert_true(changed);
    assert_true(rrvalue_to_add(r->values[0]));
}

static void spellings_of_addresses_and_names_are_the_same_value(void **state)
{
    (void)state;
    assert_true(rrset_same(FL_RR_AAAA, "2001:db8::1", "2001:0DB8:0:0::1"));
    assert_false(rrset_same(FL_RR_AAAA, "2001:db8::1", "2001:db8::2"));
    assert_true(rrset_same(FL_RR_CNAME, "Host.Example.org.", "host.example.org"));
    assert_false(rrset_same(FL_RR_CNAME, "host.example.org", "host.example.or"));
    assert_false(rrset_same(FL_RR_TXT, "abc", "ABC"));
    assert_false(rrset_same(FL_RR_TXT, "abc.", "abc"));
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(one_value_wanted_by_two_owners_stays_until_both_have_left),
        T(the_same_owner_may_want_a_value_for_two_names),
        T(what_was_never_tried_is_gone_with_its_last_owner),
        T(a_value_wanted_again_while_it_lingers_needs_no_write),
        T(a_value_wanted_again_while_it_is_removed_is_written_again),
        T(foreign_values_are_known_and_never_removed),
        T(a_value_that_stood_there_before_us_stays_when_we_leave),
        T(a_value_of_ours_that_somebody_removed_is_wanted_anew),
        T(ids_of_listed_values_are_taken_over),
        T(a_refused_value_is_tried_again_when_it_is_wanted_again),
        T(a_value_that_may_stand_there_is_removed_although_it_was_refused),
        T(another_ttl_writes_what_stands_there_again),
        T(spellings_of_addresses_and_names_are_the_same_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
