/* SPDX-License-Identifier: Apache-2.0 */
/* test_negotiate.c - which entries and option tables are taken, and the one sentence for each that is not. */
#include "plugin/negotiate.h"
#include "plugin_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* ---- an object in memory ---- */

struct conf {
    const char *text;
    int64_t number;
    bool flag;
    int choice;
    const char *const *list;
};
static const char *const choices[] = { "red", "green", NULL };
static const struct fl_option inner[] = { FL_INT(struct conf, number, 0, "1", 0, 5, "a number"), FL_END };
struct outer {
    struct conf conf;
};
static const struct fl_option good[] = {
    FL_STRING(struct conf, text, FL_REQUIRED, NULL, "a text"),
    FL_DURATION(struct conf, number, 0, "10s", 1000, 60000, "a duration"),
    FL_BOOL(struct conf, flag, "true", "a flag"),
    FL_ENUM(struct conf, choice, 0, "green", choices, "a choice"),
    FL_ENUMS(struct conf, list, 0, "red, green", choices, "choices"),
    FL_END,
};
static const struct fl_option grouped[] = { FL_GROUP(struct outer, conf, struct conf, inner, "a group"),
                                            FL_END };

/* All of the memory counts as the object's, unless a test says otherwise. */
static struct object all(const void *entry, size_t room)
{
    return (struct object){
        .entry = entry, .room = room, .spans = { { .from = 1, .to = UINTPTR_MAX } }, .nspans = 1
    };
}
static int try(const struct fl_plugin *e, size_t room, enum fl_kind kind, const char *name, struct plugin *p,
               struct outcome *o)
{
    const struct object ob = all(e, room);
    *p = (struct plugin){ .path = "/p/dns/rig.so" };
    *o = (struct outcome){ .code = FL_OK };
    return negotiate(&ob, kind, name, p, o);
}
static void refuse(const struct fl_plugin *e, const char *sentence)
{
    struct plugin p;
    struct outcome o;
    assert_int_equal(try(e, sizeof *e, FL_KIND_DNS, "rig", &p, &o), FL_ECONF);
    assert_string_equal(o.msg, sentence);
}

/* ---- entries ---- */

static void a_good_entry_is_copied(void **state)
{
    struct fl_plugin e = plugin_rig_entry;
    struct plugin p;
    struct outcome o;
    (void)state;
    e.options = good;
    e.conf_size = sizeof(struct conf);
    assert_int_equal(try(&e, sizeof e, FL_KIND_DNS, "rig", &p, &o), FL_OK);
    assert_string_equal(p.entry.name, "rig");
    assert_ptr_equal(p.ops.dns.apply, plugin_rig_dns_ops.apply);
    assert_ptr_equal(p.entry.options, good);
}
static void an_entry_that_is_longer_than_ours_loses_its_tail(void **state)
{
    struct {
        struct fl_plugin entry;
        char tail[64];
    } newer = { .entry = plugin_rig_entry };
    struct plugin p;
    struct outcome o;
    (void)state;
    newer.entry.size = sizeof newer;
    assert_int_equal(try(&newer.entry, sizeof newer, FL_KIND_DNS, "rig", &p, &o), FL_OK);
}
static void callbacks_beyond_the_size_are_not_there(void **state)
{
    struct fl_dns_ops ops = plugin_rig_dns_ops;
    struct fl_plugin e = plugin_rig_entry;
    struct plugin p;
    struct outcome o;
    (void)state;
    e.ops.dns = &ops;
    ops.size = offsetof(struct fl_dns_ops, settled);
    memset(&ops.settled, 0x5a, sizeof ops - offsetof(struct fl_dns_ops, settled));
    assert_int_equal(try(&e, sizeof e, FL_KIND_DNS, "rig", &p, &o), FL_OK);
    assert_null(p.ops.dns.settled);
    assert_null(p.ops.dns.delegate);
    assert_non_null(p.ops.dns.apply);
    ops.size = offsetof(struct fl_dns_ops, apply);
    refuse(&e, "/p/dns/rig.so lacks apply, which every dns plugin has: set .apply in its table of callbacks");
}
static void a_damaged_entry_is_refused(void **state)
{
    struct fl_plugin e = plugin_rig_entry;
    struct plugin p;
    struct outcome o;
    (void)state;
    e.magic = 0x1234;
    refuse(&e, "/p/dns/rig.so has a damaged fl_plugin_entry (it begins with 00001234 instead of 464c5047): "
               "build it again");
    e = plugin_rig_entry;
    e.size = 12;
    assert_int_equal(try(&e, sizeof e, FL_KIND_DNS, "rig", &p, &o), FL_ECONF);
    assert_non_null(strstr(o.msg, "that says it has 12, where at least "));
    e.size = sizeof e + 1;
    assert_int_equal(try(&e, sizeof e, FL_KIND_DNS, "rig", &p, &o), FL_ECONF);
    for (size_t room = 0; room < sizeof e; room++) {
        e = plugin_rig_entry;
        assert_int_equal(try(&e, room, FL_KIND_DNS, "rig", &p, &o), FL_ECONF);
    }
}
static void refuse_version(struct fl_plugin *e, uint16_t major, uint16_t minor, const char *advice)
{
    char words[256];
    snprintf(words, sizeof words,
             "/p/dns/rig.so was built for plugin ABI %u.%u, this fairlead offers %u.%u: %s", major, minor,
             FL_ABI_MAJOR, FL_ABI_MINOR, advice);
    e->major = major;
    e->minor = minor;
    refuse(e, words);
}
static void versions_of_0_x_must_match_exactly(void **state)
{
    struct fl_plugin e = plugin_rig_entry;
    (void)state;
    refuse_version(&e, 0, 0, "rebuild the plugin against this version's headers");
    refuse_version(&e, 0, FL_ABI_MINOR + 1,
                   "upgrade fairlead, or rebuild the plugin against this version's headers");
    refuse_version(&e, 1, 0, "upgrade fairlead, or rebuild the plugin against this version's headers");
}
static void kind_and_name_must_be_those_of_the_file(void **state)
{
    struct fl_plugin e = plugin_rig_entry;
    (void)state;
    e.kind = FL_KIND_SINK;
    refuse(&e,
           "/p/dns/rig.so is a sink plugin in the folder of dns plugins: move it to the folder sink beside "
           "this one and name it in the section for sinks");
    e.kind = 4;
    refuse(&e, "/p/dns/rig.so is of the kind 4, which this fairlead does not know");
    e = plugin_rig_entry;
    e.name = "other";
    refuse(&e, "/p/dns/rig.so calls itself \"other\": name the file other.so, and write plugin = \"other\"");
    e.name = NULL;
    refuse(&e, "/p/dns/rig.so does not say its name: set .name in its entry");
    e = plugin_rig_entry;
    e.summary = NULL;
    refuse(
        &e,
        "/p/dns/rig.so does not say its version or what it is for: set .version and .summary in its entry");
}
static void every_required_callback_is_looked_for(void **state)
{
    static const size_t required[] = { offsetof(struct fl_dns_ops, caps), offsetof(struct fl_dns_ops, zone),
                                       offsetof(struct fl_dns_ops, list),
                                       offsetof(struct fl_dns_ops, apply) };
    static const char *const words[] = { "caps", "zone", "list", "apply" };
    struct fl_plugin e = plugin_rig_entry;
    char sentence[200];
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct fl_dns_ops ops = plugin_rig_dns_ops;
        e.ops.dns = &ops;
        memset((char *)&ops + required[i], 0, sizeof(void *));
        snprintf(sentence, sizeof sentence,
                 "/p/dns/rig.so lacks %s, which every dns plugin has: set .%s in its table of callbacks",
                 words[i], words[i]);
        refuse(&e, sentence);
    }
    e.ops.dns = NULL;
    refuse(&e,
           "/p/dns/rig.so has no table of callbacks, or one whose first member is not its size: set .size = "
           "sizeof ops");
}
static int solve(struct fl_ctx *ctx, const struct fl_challenge *ch, size_t n)
{
    return (void)ctx, (void)ch, (int)n;
}
static int sink(struct fl_ctx *ctx, const struct fl_cert *c, size_t n) { return (void)ctx, (void)c, (int)n; }
static void solvers_and_sinks_have_their_own_needs(void **state)
{
    struct fl_solver_ops solver = {
        .size = sizeof solver, .type = "x-01", .deploy = solve, .ready = solve, .withdraw = solve
    };
    struct fl_sink_ops sinks = { .size = sizeof sinks, .deploy = sink };
    struct fl_plugin e = plugin_rig_entry;
    struct plugin p;
    struct outcome o;
    (void)state;
    e.kind = FL_KIND_SOLVER;
    e.ops.solver = &solver;
    assert_int_equal(try(&e, sizeof e, FL_KIND_SOLVER, "rig", &p, &o), FL_OK);
    solver.type = NULL;
    assert_int_equal(try(&e, sizeof e, FL_KIND_SOLVER, "rig", &p, &o), FL_ECONF);
    solver.type = "x-01", solver.withdraw = NULL;
    assert_int_equal(try(&e, sizeof e, FL_KIND_SOLVER, "rig", &p, &o), FL_ECONF);
    e.kind = FL_KIND_SINK;
    e.ops.sink = &sinks;
    assert_int_equal(try(&e, sizeof e, FL_KIND_SINK, "rig", &p, &o), FL_OK);
    sinks.deploy = NULL;
    assert_int_equal(try(&e, sizeof e, FL_KIND_SINK, "rig", &p, &o), FL_ECONF);
}
/* Whatever the bytes of an entry are, nothing outside of the object is read; the sanitizers watch. */
static void an_entry_of_noise_is_refused(void **state)
{
    uint32_t seed = 4711;
    struct outcome o;
    (void)state;
    for (int round = 0; round < 20000; round++) {
        struct fl_plugin e = plugin_rig_entry;
        struct plugin p = { .path = "/p/dns/rig.so" };
        struct object ob = { .entry = &e, .room = sizeof e, .nspans = 1 };
        ob.spans[0].from = (uintptr_t)&e;
        ob.spans[0].to = (uintptr_t)(&e + 1);
        for (size_t i = 8; i < sizeof e; i++) {
            seed = seed * 1664525 + 1013904223;
            if (seed >> 28 < 4)
                ((unsigned char *)&e)[i] = (unsigned char)(seed >> 16);
        }
        assert_int_equal(negotiate(&ob, FL_KIND_DNS, "rig", &p, &o), FL_ECONF);
    }
}

/* ---- option tables ---- */

static void wrong(const struct fl_option *table, size_t size, const char *why)
{
    const struct object ob = all(NULL, 0);
    char found[256];
    assert_false(options_sound(&ob, table, size, found));
    assert_string_equal(found, why);
}
static void good_tables_are_taken(void **state)
{
    const struct object ob = all(NULL, 0);
    static const struct fl_option none[] = { FL_END };
    char why[256];
    (void)state;
    assert_true(options_sound(&ob, good, sizeof(struct conf), why));
    assert_true(options_sound(&ob, grouped, sizeof(struct outer), why));
    assert_true(options_sound(&ob, none, 0, why));
}
static void each_mistake_in_a_table_has_its_words(void **state)
{
    struct fl_option t[2] = { good[0], FL_END };
    const size_t size = sizeof(struct conf);
    (void)state;
    wrong(good, sizeof(struct conf) - 1,
          "list lies outside the struct: set .conf_size to that struct's size");
    wrong(good, 0, "text lies outside the struct: set .conf_size to that struct's size");
    wrong(grouped, 4, "number lies outside the struct: set .conf_size to that struct's size");
    t[0] = good[1], t[0].dflt = "10";
    wrong(t, size, "number has a default that is not of its type");
    t[0].dflt = "1d";
    wrong(t, size, "number has a default outside its range");
    t[0] = good[1], t[0].min = 70000;
    wrong(t, size, "number has a range that is empty");
    t[0] = good[1], t[0].help = NULL;
    wrong(t, size, "number has no help text");
    t[0] = good[1], t[0].flags = FL_LIST;
    wrong(t, size, "number is a list of a type that cannot be one");
    t[0] = good[2], t[0].dflt = "yes";
    wrong(t, size, "flag has a default that is neither \"true\" nor \"false\"");
    t[0] = good[3], t[0].dflt = "blue";
    wrong(t, size, "choice has a default that is not among its choices");
    t[0] = good[3], t[0].choices = NULL;
    wrong(t, size, "choice has no choices, or their list has no NULL at its end");
    t[0] = inner[0], t[0].dflt = "6";
    wrong(t, size, "number has a default that is no number within its range");
    t[0] = grouped[0], t[0].group = NULL;
    wrong(t, size, "conf is a group without a table");
    t[0] = good[0], t[0].type = FL_T_REF;
    wrong(t, size, "text refers to a section that does not exist");
    t[0] = good[0], t[0].name = "Text";
    wrong(t, size, "what follows its first 0 options is no option: end it with FL_END");
    t[0] = good[0], t[0].type = 99;
    wrong(t, size, "what follows its first 0 options is no option: end it with FL_END");
    t[0] = good[0], t[1] = good[0];
    wrong(t, size, "text is there twice");
}
static void a_table_that_contains_itself_ends(void **state)
{
    struct fl_option t[2] = { grouped[0], FL_END };
    (void)state;
    t[0].group = t;
    t[0].offset = 0;
    wrong(t, sizeof(struct conf), "conf is a group too deep inside others");
}
static void a_table_without_an_end_is_not_read_beyond_the_object(void **state)
{
    struct object ob = { .nspans = 1 };
    char why[256];
    (void)state;
    ob.spans[0].from = (uintptr_t)good;
    ob.spans[0].to = (uintptr_t)(good + 1);
    assert_false(options_sound(&ob, good, sizeof(struct conf), why));
    assert_string_equal(why, "what follows its first 0 options is no option: end it with FL_END");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_entry_is_copied),
        cmocka_unit_test(an_entry_that_is_longer_than_ours_loses_its_tail),
        cmocka_unit_test(callbacks_beyond_the_size_are_not_there),
        cmocka_unit_test(a_damaged_entry_is_refused),
        cmocka_unit_test(versions_of_0_x_must_match_exactly),
        cmocka_unit_test(kind_and_name_must_be_those_of_the_file),
        cmocka_unit_test(every_required_callback_is_looked_for),
        cmocka_unit_test(solvers_and_sinks_have_their_own_needs),
        cmocka_unit_test(an_entry_of_noise_is_refused),
        cmocka_unit_test(good_tables_are_taken),
        cmocka_unit_test(each_mistake_in_a_table_has_its_words),
        cmocka_unit_test(a_table_that_contains_itself_ends),
        cmocka_unit_test(a_table_without_an_end_is_not_read_beyond_the_object),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
