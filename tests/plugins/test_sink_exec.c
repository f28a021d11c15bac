/* SPDX-License-Identifier: Apache-2.0 */
/* test_sink_exec.c - the plugin `exec`: what a program gets, and what becomes of its answer. */
#include "base/json.h"
#include "base/mem.h"
#include "fake_host.h"
#include <fl/sink.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* ---- a program ---- */

static struct program {
    const char *says, *complains;
    int status, code;
    size_t len;
    unsigned runs;
    char *input, environment[512], argv[256];
    bool apart;
    size_t most;
} program;
static void run(struct fake *f, const struct fl_run *what, struct fake_answer *out)
{
    (void)f;
    program.runs++;
    free(program.input);
    program.input = mem_text(what->input, what->input_len);
    program.apart = what->apart;
    program.most = what->most;
    program.environment[0] = program.argv[0] = '\0';
    for (const char *const *e = what->env; *e; e++) {
        size_t at = strlen(program.environment);
        snprintf(program.environment + at, sizeof program.environment - at, "%s;", *e);
    }
    for (const char *const *a = what->argv; *a; a++) {
        size_t at = strlen(program.argv);
        snprintf(program.argv + at, sizeof program.argv - at, "%s;", *a);
    }
    out->data = program.says;
    out->len = program.len ? program.len : program.says ? strlen(program.says) : 0;
    out->text = program.complains;
    out->status = program.status;
    out->code = program.code;
}
static struct fake *opened(const char *const *more)
{
    const char *options[8] = { "program=/opt/push,--fast" };
    struct fake *f;
    for (size_t i = 0; more && more[i]; i++)
        options[i + 1] = more[i];
    free(program.input);
    memset(&program, 0, sizeof program);
    f = fake_new(&fl_plugin_entry, options);
    assert_int_equal(fake_check(f), FL_OK);
    assert_int_equal(fake_open(f), FL_OK);
    f->run = run;
    return f;
}
static const char *const all[] = { "operations=deploy,verify,retire,held", NULL };

/* ---- certificates ---- */

static const char key_text[] = "-----BEGIN PRIVATE KEY-----\n"
                               "MC4CAQAwBQYDK2VwBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f\n"
                               "-----END PRIVATE KEY-----\n";
static const char *const names[] = { "example.test", "*.example.test", NULL };
static struct fl_cert cert_of(const char *key_type, bool with_key)
{
    return (struct fl_cert){ .name = "example.test",
                             .file_name = "example.test",
                             .key_type = key_type,
                             .serial = "00ab",
                             .identifiers = names,
                             .leaf_pem = "LEAF\n",
                             .chain_pem = "CHAIN\n",
                             .key_pem = with_key ? key_text : "",
                             .not_before_at = 1700000000,
                             .not_after_at = 1707776000,
                             .ref = "" };
}
static int deploy(struct fake *f)
{
    struct fl_cert c = cert_of("ec256", true);
    return fl_plugin_entry.ops.sink->deploy(fake_call(f), &c, 1);
}

static void a_program_gets_everything_as_one_document(void **state)
{
    struct fake *f = opened((const char *const[]){ "environment=TARGET=a b,EMPTY=", NULL });
    const struct fl_cert certs[] = { cert_of("ec256", true), cert_of("rsa2048", true) };
    cleanup_(json_freep) json_t *doc = NULL, *wanted = NULL;
    char why[128];
    (void)state;
    assert_int_equal(fl_plugin_entry.ops.sink->deploy(fake_call(f), certs, 2), FL_OK);
    assert_string_equal(program.argv, "/opt/push;--fast;");
    assert_string_equal(
        program.environment,
        "FAIRLEAD_OP=deploy;FAIRLEAD_NAME=example.test;FAIRLEAD_SINK=fake;TARGET=a b;EMPTY=;");
    assert_true(program.apart);
    assert_int_equal(program.most, 256 * 1024);
    doc = json_parse(program.input, strlen(program.input), why);
    wanted = json_pack(
        "{s:i,s:s,s:s,s:s,s:s,s:[{s:s,s:[s,s],s:s,s:s,s:s,s:s,s:I,s:I},{s:s,s:[s,s],s:s,s:s,s:s,s:s,s:I,s:I}]}",
        "format", 1, "op", "deploy", "sink", "fake", "name", "example.test", "file_name", "example.test",
        "lineages", "key_type", "ec256", "names", "example.test", "*.example.test", "serial", "00ab",
        "certificate", "LEAF\n", "chain", "CHAIN\n", "key", key_text, "not_before", (json_int_t)1700000000,
        "not_after", (json_int_t)1707776000, "key_type", "rsa2048", "names", "example.test", "*.example.test",
        "serial", "00ab", "certificate", "LEAF\n", "chain", "CHAIN\n", "key", key_text, "not_before",
        (json_int_t)1700000000, "not_after", (json_int_t)1707776000);
    assert_non_null(wanted);
    assert_true(json_equal(doc, wanted));
    fake_free(f);
}
static void only_deploy_brings_keys(void **state)
{
    struct fake *f = opened(all);
    struct fl_cert c = cert_of("ec256", false);
    const char *chain = "x";
    (void)state;
    assert_int_equal(fl_plugin_entry.ops.sink->verify(fake_call(f), &c, 1), FL_OK);
    assert_non_null(strstr(program.input, "\"op\":\"verify\""));
    assert_null(strstr(program.input, "\"key\":"));
    assert_int_equal(fl_plugin_entry.ops.sink->retire(fake_call(f), &c, 1), FL_OK);
    c.serial = c.leaf_pem = c.chain_pem = "";
    assert_int_equal(fl_plugin_entry.ops.sink->held(fake_call(f), &c, &chain), FL_OK);
    assert_null(chain);
    assert_non_null(
        strstr(program.input,
               "\"lineages\":[{\"key_type\":\"ec256\",\"names\":[\"example.test\",\"*.example.test\"]}]"));
    assert_int_equal(program.runs, 3);
    fake_free(f);
}
static void operations_that_are_not_named_do_not_run_it(void **state)
{
    struct fake *f = opened(NULL);
    struct fl_cert c = cert_of("ec256", false);
    const char *chain = "x";
    (void)state;
    assert_int_equal(fl_plugin_entry.ops.sink->verify(fake_call(f), &c, 1), FL_OK);
    assert_int_equal(fl_plugin_entry.ops.sink->retire(fake_call(f), &c, 1), FL_OK);
    assert_int_equal(fl_plugin_entry.ops.sink->held(fake_call(f), &c, &chain), FL_OK);
    assert_null(chain);
    assert_int_equal(program.runs, 0);
    assert_int_equal(deploy(f), FL_OK);
    assert_int_equal(program.runs, 1);
    fake_free(f);
}
static void what_is_held_is_in_the_answer(void **state)
{
    struct fake *f = opened(all);
    struct fl_cert c = cert_of("ec256", false);
    const char *chain = NULL;
    (void)state;
    program.says = "{\"chain\": \"-----BEGIN CERTIFICATE-----\\n\"}\n";
    assert_int_equal(fl_plugin_entry.ops.sink->held(fake_call(f), &c, &chain), FL_OK);
    assert_string_equal(chain, "-----BEGIN CERTIFICATE-----\n");
    fake_free(f);
}
static void status_and_answer_become_codes(void **state)
{
    static const struct {
        int status;
        const char *says, *complains;
        int code;
        const char *words;
        int64_t after_ms;
    } cases[] = {
        { 0, "done, thank you\n", "a warning\n", FL_OK, "", 0 },
        { 0, "{}", NULL, FL_OK, "", 0 },
        { 0, "{\"code\":\"ok\",\"message\":\"fine\"}", NULL, FL_OK, "", 0 },
        { 1, "", "one\ntwo\nthree\n\n", FL_ETEMP, "/opt/push ended with status 1: one;two;three", 0 },
        { 1, "on stdout\n", NULL, FL_ETEMP, "/opt/push ended with status 1: on stdout", 0 },
        { 2, "", NULL, FL_ETEMP, "/opt/push ended with status 2", 0 },
        { 137, "", NULL, FL_ETEMP, "/opt/push ended with status 137", 0 },
        { 65, "", "bad", FL_EREJECT, "/opt/push ended with status 65: bad", 0 },
        { 75, "", "wait for it", FL_EAGAIN, "/opt/push: not yet: wait for it", 0 },
        { 77, "", "who are you", FL_EAUTH, "/opt/push ended with status 77: who are you", 0 },
        { 78, "", "no target", FL_ECONF, "/opt/push ended with status 78: no target", 0 },
        { 0, " {\"code\":\"again\",\"retry_after\":7}", NULL, FL_EAGAIN, "/opt/push: not yet", 7000 },
        { 0, "{\"code\":\"rate\",\"retry_after\":60,\"message\":\"slow down\"}", "noise", FL_ERATE,
          "/opt/push: slow down", 60000 },
        { 1, "{\"code\":\"auth\"}", "expired", FL_EAUTH, "/opt/push: expired", 0 },
        { 1, "{\"message\":\"the disk is full\"}", "", FL_ETEMP, "/opt/push: the disk is full", 0 },
        { 1, "{\"code\":\"ok\"}", "", FL_EPROTO, "/opt/push answers \"ok\" and ends with status 1", 0 },
        { 0, "{\"code\":\"oké\"}", "", FL_EPROTO, "/opt/push answers with the code \"oké\", which is none",
          0 },
        { 0, "{\"code\":", "", FL_EPROTO,
          "/opt/push answers with something that begins like JSON and is none (line 1)", 0 },
        { 0, "{\"code\":\"temp\",\"code\":\"ok\"}", "", FL_EPROTO,
          "/opt/push answers with something that begins like JSON and is none (line 1)", 0 },
    };
    struct fake *f = opened(all);
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        program.says = cases[i].says;
        program.complains = cases[i].complains;
        program.status = cases[i].status;
        assert_int_equal(deploy(f), cases[i].code);
        if (cases[i].code == FL_OK)
            continue;
        assert_string_equal(fake_outcome(f)->msg, cases[i].words);
        assert_int_equal(fake_outcome(f)->retry_after_ms, cases[i].after_ms);
    }
    fake_free(f);
}
static void a_program_that_quotes_the_key_is_not_quoted(void **state)
{
    static const char *const cases[] = {
        key_text, "what is this: MC4CAQAwBQYDK2VwBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f?",
        "{\"key\":\"-----BEGIN EC PRIVATE KEY-----\\nabc\"}"
    };
    struct fake *f = opened(all);
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        program.says = "";
        program.complains = cases[i];
        program.status = 1;
        assert_int_equal(deploy(f), FL_ETEMP);
        assert_string_equal(
            fake_outcome(f)->msg,
            "/opt/push ended with status 1: what it says holds a private key and is not shown");
    }
    fake_free(f);
}
static void an_endless_answer_is_no_answer(void **state)
{
    struct fake *f = opened(all);
    char *much = malloc(256 * 1024 + 1);
    (void)state;
    memset(much, ' ', 256 * 1024 + 1);
    program.says = much;
    program.len = 256 * 1024 + 1;
    assert_int_equal(deploy(f), FL_EPROTO);
    assert_string_equal(fake_outcome(f)->msg, "/opt/push says more than 256 KiB on stdout");
    free(much);
    fake_free(f);
}
static void what_keeps_it_from_running_is_passed_on(void **state)
{
    struct fake *f = opened(all);
    (void)state;
    program.code = FL_ECONF;
    program.complains = "there is no program /opt/push";
    assert_int_equal(deploy(f), FL_ECONF);
    assert_string_equal(fake_outcome(f)->msg, "there is no program /opt/push");
    program.code = FL_ETEMP;
    program.status = 143;
    program.complains = "still at it";
    assert_int_equal(deploy(f), FL_ETEMP);
    assert_string_equal(
        fake_outcome(f)->msg,
        "/opt/push was not done in time and was ended: raise this sink's `timeout`: still at it");
    f->starve = true;
    assert_int_equal(deploy(f), FL_ENOMEM);
    fake_free(f);
}
static void options_that_make_no_sense_are_told(void **state)
{
    static const char *const cases[][3] = {
        { "program=push it", NULL,
          "program is one text with blanks: there is no shell, write a list, as in [\"/usr/local/bin/push\", \"--fast\"]" },
        { "program=push", "operations=verify",
          "operations lacks deploy, without which nothing is brought anywhere" },
        { "program=push", "environment=A=b,no", "environment: \"no\" is not of the form NAME=value" },
        { "program=push", "environment=1A=b", "environment: \"1A\" is not of the form NAME=value" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *const options[] = { cases[i][0], cases[i][1], NULL };
        struct fake *f = fake_new(&fl_plugin_entry, options);
        assert_int_equal(fake_check(f), FL_ECONF);
        assert_string_equal(fake_outcome(f)->msg, cases[i][2]);
        fake_free(f);
    }
    free(program.input);
    program.input = NULL;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_program_gets_everything_as_one_document),
        cmocka_unit_test(only_deploy_brings_keys),
        cmocka_unit_test(operations_that_are_not_named_do_not_run_it),
        cmocka_unit_test(what_is_held_is_in_the_answer),
        cmocka_unit_test(status_and_answer_become_codes),
        cmocka_unit_test(a_program_that_quotes_the_key_is_not_quoted),
        cmocka_unit_test(an_endless_answer_is_no_answer),
        cmocka_unit_test(what_keeps_it_from_running_is_passed_on),
        cmocka_unit_test(options_that_make_no_sense_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
