/* SPDX-License-Identifier: Apache-2.0 */
/* test_tables.c - the six step tables are whole, and say what the design says. */
#include "engine/step.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Design 5. Writing, settling and looking are a zone's batch. */
static const char *const expected[KINDS][12] = {
    [KIND_AUTHORITY] = { "directory", "account", "contact", "rekey", "rollover", "deactivate", "idle" },
    [KIND_ZONE] = { "find", "create", "write", "settle", "look", "delegation", "registrar", "idle" },
    [KIND_HOST] = { "owner", "publish", "visible", "leave", "idle" },
    [KIND_CERTIFICATE] = { "plan", "key", "order", "authorize", "deploy", "visible", "answer", "valid",
                           "finalize", "fetch", "rest" },
    [KIND_DELIVERY] = { "deploy", "verify", "idle", "retire" },
    [KIND_CLEANUP] = { "withdraw", "release", "tell", "replaced", "revoke" },
};
static const char *const kinds[KINDS] = { "authority", "zone", "host", "certificate", "delivery", "cleanup" };

static void the_steps_are_those_of_the_design_in_its_order(void **state)
{
    (void)state;
    for (int k = 0; k < KINDS; k++) {
        size_t n = 0;
        assert_string_equal(task_kinds[k].name, kinds[k]);
        while (expected[k][n])
            n++;
        assert_int_equal(task_kinds[k].n, n);
        for (size_t i = 0; i < n; i++)
            assert_string_equal(task_kinds[k].steps[i].name, expected[k][i]);
    }
}
static void every_row_is_complete_and_leads_to_rows_of_its_table(void **state)
{
    (void)state;
    for (int k = 0; k < KINDS; k++)
        for (uint8_t i = 0; i < task_kinds[k].n; i++) {
            const struct step *s = &task_kinds[k].steps[i];
            if (!s->run || s->next >= task_kinds[k].n || s->undo >= task_kinds[k].n || !s->holds ||
                !s->needs || !s->help || !*s->help || s->deadline_s < 0)
                fail_msg("%s: row %d", task_kinds[k].name, i);
            if (s->undo > i)
                fail_msg("%s/%s: undoing leads forward, to %s", task_kinds[k].name, s->name,
                         task_kinds[k].steps[s->undo].name);
            /* tries say when it is undone: that needs somewhere to go, and the other way round */
            if (s->tries && s->undo == i)
                fail_msg("%s/%s: is undone into itself", task_kinds[k].name, s->name);
        }
}
static void names_are_unique_within_a_kind_and_fit_a_record(void **state)
{
    (void)state;
    for (int k = 0; k < KINDS; k++)
        for (uint8_t i = 0; i < task_kinds[k].n; i++) {
            const char *name = task_kinds[k].steps[i].name;
            assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz"), strlen(name));
            for (uint8_t j = 0; j < i; j++)
                assert_string_not_equal(name, task_kinds[k].steps[j].name);
        }
}
static void every_row_is_reached_from_where_its_kind_begins(void **state)
{
    (void)state;
    for (int k = 0; k < KINDS; k++) {
        bool seen[256] = { [0] = true };
        if (k == KIND_DELIVERY)
            seen[DELIVERY_RETIRE] = true; /* made for a target that is no longer wanted */
        if (k == KIND_CLEANUP)
            seen[CLEANUP_TELL] = true; /* made by who revokes */
        if (k == KIND_AUTHORITY)       /* what the configuration or a person asks of an account */
            seen[AUTHORITY_CONTACT] = seen[AUTHORITY_NEW_KEY] = seen[AUTHORITY_DEACTIVATE] = true;
        for (int round = 0; round < task_kinds[k].n; round++)
            for (uint8_t i = 0; i < task_kinds[k].n; i++)
                if (seen[i])
                    seen[task_kinds[k].steps[i].next] = seen[task_kinds[k].steps[i].undo] = true;
        for (uint8_t i = 0; i < task_kinds[k].n; i++)
            if (!seen[i])
                fail_msg("%s/%s is never reached", task_kinds[k].name, task_kinds[k].steps[i].name);
    }
}
static void success_alone_leads_a_certificate_from_plan_to_rest(void **state)
{
    const struct task_kind *k = &task_kinds[KIND_CERTIFICATE];
    uint8_t at = CERT_PLAN;
    (void)state;
    for (int i = 0; at != CERT_REST && i < k->n; i++) {
        assert_int_equal(k->steps[at].next, at + 1);
        at = k->steps[at].next;
    }
    assert_int_equal(at, CERT_REST);
    assert_int_equal(k->steps[CERT_REST].next, CERT_PLAN);
}
static void renewal_needs_nothing_but_authority_and_zone(void **state)
{
    const struct task_kind *k = &task_kinds[KIND_CERTIFICATE];
    (void)state;
    for (uint8_t i = 0; i < k->n; i++)
        if (*k->steps[i].needs && strcmp(k->steps[i].needs, "authority") && strcmp(k->steps[i].needs, "zone"))
            fail_msg("%s waits for %s", k->steps[i].name, k->steps[i].needs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_steps_are_those_of_the_design_in_its_order),
        cmocka_unit_test(every_row_is_complete_and_leads_to_rows_of_its_table),
        cmocka_unit_test(names_are_unique_within_a_kind_and_fit_a_record),
        cmocka_unit_test(every_row_is_reached_from_where_its_kind_begins),
        cmocka_unit_test(success_alone_leads_a_certificate_from_plan_to_rest),
        cmocka_unit_test(renewal_needs_nothing_but_authority_and_zone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
