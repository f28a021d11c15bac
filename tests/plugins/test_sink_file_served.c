/* SPDX-License-Identifier: Apache-2.0 */
/* test_sink_file_served.c - the plugin `file`: which handshakes it makes, and what it makes of them. */
#include "base/buf.h"
#include "sink_rig.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

/* A server: what it was asked, and the serial that it gives for each type of key. */
struct site {
    struct buf asked;
    const char *serial;
    bool ec_only;
    int code;
};
static int answer(struct fake *f, const struct fl_tls_probe *p, struct fl_tls_served *out, struct outcome *o)
{
    struct site *s = f->arg;

    buf_addf(&s->asked, "%s %s %s\n", p->address, p->sni, p->key_type ? p->key_type : "any");
    if (s->code != FL_OK)
        return outcome_fail(o, s->code, "told to");
    if (s->ec_only && p->key_type && strcmp(p->key_type, "ec256"))
        return outcome_fail(o, FL_EREJECT, "no such key");
    out->serial = s->serial;
    out->not_after_at = 1800000000;
    return FL_OK;
}
static void open_with(struct sink_rig *r, struct site *s, const char *more)
{
    sink_rig_open(r, (const char *const[]){ "verify=127.0.0.1:443,[::1]:8443", more, NULL });
    r->f->arg = s;
    r->f->probe = answer;
    s->asked = BUF(65536);
}
static void done(struct sink_rig *r, struct site *s)
{
    buf_done(&s->asked);
    sink_rig_close(r);
}
static int call(struct sink_rig *r, bool deploy, struct fl_cert *certs, size_t n)
{
    const struct fl_sink_ops *ops = fl_plugin_entry.ops.sink;

    return deploy ? ops->deploy(fake_call(r->f), certs, n) : ops->verify(fake_call(r->f), certs, n);
}

static void every_name_is_asked_for_at_every_address(void **state)
{
    static const char *const ids[] = { "a.example.test", "*.b.example.test", "192.0.2.7", NULL };
    struct site s = { .serial = "00ab0001" };
    struct sink_rig r;
    struct sink_cert room;
    struct fl_cert cert = sink_rig_cert("web", "ec256", 1, &room);

    (void)state;
    cert.identifiers = ids;
    open_with(&r, &s, NULL);
    assert_int_equal(call(&r, true, &cert, 1), FL_OK);
    assert_int_equal(s.asked.len, 0); /* deploy asks nobody */
    assert_int_equal(call(&r, false, &cert, 1), FL_OK);
    assert_string_equal(buf_text(&s.asked), "127.0.0.1:443 a.example.test ec256\n"
                                            "127.0.0.1:443 fairlead-check.b.example.test ec256\n"
                                            "127.0.0.1:443 192.0.2.7 ec256\n"
                                            "[::1]:8443 a.example.test ec256\n"
                                            "[::1]:8443 fairlead-check.b.example.test ec256\n"
                                            "[::1]:8443 192.0.2.7 ec256\n");
    done(&r, &s);
}
static void another_certificate_is_told_and_asked_about_soon_while_fresh(void **state)
{
    struct site s = { .serial = "0777" };
    struct sink_rig r;
    char expected[512];

    (void)state;
    open_with(&r, &s, NULL);
    assert_int_equal(sink_rig_deploy(&r, "web", 1), FL_OK);
    assert_int_equal(sink_rig_verify(&r, "web", 1), FL_EAGAIN);
    snprintf(expected, sizeof expected,
             "127.0.0.1:443 serves another certificate for example.test (serial 0777, until 2027-01-15) than "
             "serial 00ab0001 in %s/web: see that the server there uses the files in that folder, and that "
             "`reload` makes it load them",
             r.live);
    assert_string_equal(fake_outcome(r.f)->msg, expected);
    assert_int_equal(fake_outcome(r.f)->retry_after_ms, 500);
    r.f->now_ms = 4000000000000;
    assert_int_equal(sink_rig_verify(&r, "web", 1), FL_EAGAIN);
    assert_int_equal(fake_outcome(r.f)->retry_after_ms, 0);
    done(&r, &s);
}
static void a_server_without_that_type_of_key_is_asked_what_it_has(void **state)
{
    struct site s = { .serial = "0888", .ec_only = true };
    struct sink_rig r;
    struct sink_cert room;
    struct fl_cert cert = sink_rig_cert("web", "rsa2048", 1, &room);

    (void)state;
    open_with(&r, &s, NULL);
    assert_int_equal(call(&r, true, &cert, 1), FL_OK);
    assert_int_equal(call(&r, false, &cert, 1), FL_EAGAIN);
    assert_non_null(strstr(fake_outcome(r.f)->msg, "(serial 0888, "));
    assert_string_equal(buf_text(&s.asked),
                        "127.0.0.1:443 example.test rsa2048\n127.0.0.1:443 example.test any\n");
    s.code = FL_EREJECT;
    assert_int_equal(call(&r, false, &cert, 1), FL_EAGAIN);
    assert_non_null(strstr(fake_outcome(r.f)->msg, "has no certificate for example.test: see that"));
    done(&r, &s);
}
static void a_look_that_fails_is_passed_on(void **state)
{
    static const int codes[] = { FL_ETEMP, FL_EPROTO, FL_ENOMEM };
    struct sink_rig r;

    (void)state;
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        struct site s = { .code = codes[i] };
        open_with(&r, &s, NULL);
        assert_int_equal(sink_rig_deploy(&r, "web", 1), FL_OK);
        assert_int_equal(sink_rig_verify(&r, "web", 1), codes[i]);
        done(&r, &s);
    }
}
static void nobody_is_asked_while_the_files_are_not_there(void **state)
{
    struct site s = { .serial = "00ab0001" };
    struct sink_rig r;

    (void)state;
    open_with(&r, &s, NULL);
    assert_int_equal(sink_rig_verify(&r, "web", 1), FL_EAGAIN);
    assert_non_null(strstr(fake_outcome(r.f)->msg, "/web does not hold this certificate"));
    assert_int_equal(s.asked.len, 0);
    done(&r, &s);
}
static void options_of_key_stores_are_looked_at_together(void **state)
{
    static const char *const cases[][4] = {
        { "pkcs12=a.p12", "pkcs12 needs pkcs12_passphrase" },
        { "pkcs12_passphrase=x",
          "pkcs12_passphrase, pkcs12_name and pkcs12_legacy need pkcs12, the file's name" },
        { "pkcs12_legacy=true",
          "pkcs12_passphrase, pkcs12_name and pkcs12_legacy need pkcs12, the file's name" },
        { "pkcs12=../a.p12",
          "pkcs12 is a file name of at most 24 characters that ends in .p12 or .pfx, as in \"keystore.p12\"" },
        { "pkcs12=a.pem",
          "pkcs12 is a file name of at most 24 characters that ends in .p12 or .pfx, as in \"keystore.p12\"" },
        { "pkcs12=.p12",
          "pkcs12 is a file name of at most 24 characters that ends in .p12 or .pfx, as in \"keystore.p12\"" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *const options[] = { "directory=/nowhere", cases[i][0], NULL };
        struct fake *f = fake_new(&fl_plugin_entry, options);
        assert_int_equal(fake_check(f), FL_ECONF);
        assert_string_equal(fake_outcome(f)->msg, cases[i][1]);
        fake_free(f);
    }
}
static void a_key_store_that_cannot_be_made_switches_nothing(void **state)
{
    struct sink_rig r;

    (void)state;
    sink_rig_open(&r, (const char *const[]){ "pkcs12=a.p12", "pkcs12_passphrase=x", NULL });
    assert_int_equal(sink_rig_deploy(&r, "web", 1), FL_ECONF); /* the rig's texts are no PEM */
    assert_null(sink_rig_link(&r, "web"));
    sink_rig_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_name_is_asked_for_at_every_address),
        cmocka_unit_test(another_certificate_is_told_and_asked_about_soon_while_fresh),
        cmocka_unit_test(a_server_without_that_type_of_key_is_asked_what_it_has),
        cmocka_unit_test(a_look_that_fails_is_passed_on),
        cmocka_unit_test(nobody_is_asked_while_the_files_are_not_there),
        cmocka_unit_test(options_of_key_stores_are_looked_at_together),
        cmocka_unit_test(a_key_store_that_cannot_be_made_switches_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
