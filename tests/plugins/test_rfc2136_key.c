/* SPDX-License-Identifier: Apache-2.0 */
/* test_rfc2136_key.c - key files as servers' tools write them, and what is wrong with others. */
#include "../../plugins/dns/rfc2136/rfc2136.h"
#include "fake_host.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static struct fake *f;

static int set_up(void **state)
{
    static const char *const options[] = { "server=127.0.0.1:53", "key=k:hmac-sha256:QUJD", NULL };
    (void)state;
    f = fake_new(&fl_plugin_entry, options);
    return 0;
}
static int tear_down(void **state)
{
    (void)state;
    fake_free(f);
    return 0;
}

static void keys_are_read_in_every_form_that_tools_write(void **state)
{
    static const struct {
        const char *text, *wanted, *name;
        enum fl_hash hash;
        const char *secret;
    } cases[] = {
        { "key \"foo\" {\n\talgorithm hmac-sha512;\n\tsecret \"QUJD\";\n};\n", NULL, "foo", FL_SHA512,
          "ABC" },
        { "key \"Foo.Example.\" { secret QUJD; algorithm HMAC-SHA256.; };", NULL, "Foo.Example", FL_SHA256,
          "ABC" },
        { "key foo { algorithm hmac-sha384; secret \"QUJD\"; };", NULL, "foo", FL_SHA384, "ABC" },
        { "# To activate this key\n/* key \"no\" { */\n// key \"no\" {\nkey \"ddns-key\" {\n"
          "\talgorithm hmac-sha256; // why not\n\tsecret \"QUJD\";\n};\n# Then\n"
          "update-policy {\n\tgrant ddns-key zonesub ANY;\n};\n",
          NULL, "ddns-key", FL_SHA256, "ABC" },
        { "key \"a\" { algorithm hmac-sha256; secret \"QUJD\"; };\nkey \"b\" { algorithm hmac-sha256; secret \"REVG\"; };",
          NULL, "a", FL_SHA256, "ABC" },
        { "key \"a\" { algorithm hmac-sha256; secret \"QUJD\"; };\nkey \"b\" { algorithm hmac-sha384; secret \"REVG\"; };",
          "B.", "b", FL_SHA384, "DEF" },
        { "server 192.0.2.1 { keys { a; }; };\nzone \"x\" { allow-update { key \"a\"; }; };\n"
          "key \"a\" { algorithm hmac-sha256; secret \"QUJD\"; };",
          NULL, "a", FL_SHA256, "ABC" },
        { "# hmac-sha256:k1:QUJD\nkey:\n  - id: k1\n    algorithm: hmac-sha256\n    secret: QUJD\n", NULL,
          "k1", FL_SHA256, "ABC" },
        { "key:\n- id: k1\n  algorithm: hmac-sha256\n  secret: QUJD\n- id: k2.example.\n  algorithm: hmac-sha512\n"
          "  secret: \"REVG\"\n",
          "k2.example", "k2.example", FL_SHA512, "DEF" },
        { "key:\n  - id: k1\n    algorithm: hmac-sha256\n    secret: //9C # a comment\n", NULL, "k1",
          FL_SHA256,
          "\xff\xff"
          "B" },
        { "k1:hmac-sha256:QUJD", NULL, "k1", FL_SHA256, "ABC" },
        { "hmac-sha384:k1.example:QUJD\n", NULL, "k1.example", FL_SHA384, "ABC" },
        { "hmac-sha384:k1:QUJD=", "k1", "k1", FL_SHA384, NULL },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct key key;
        int code = key_parse(fake_call(f), cases[i].text, cases[i].wanted, &key);
        if (!cases[i].secret) { /* wrong padding */
            assert_int_equal(code, FL_ECONF);
            continue;
        }
        if (code != FL_OK)
            fail_msg("case %zu: %s", i, fake_outcome(f)->msg);
        assert_string_equal(key.name, cases[i].name);
        assert_int_equal(key.hash, cases[i].hash);
        assert_int_equal(key.secret_len, strlen(cases[i].secret));
        assert_memory_equal(key.secret, cases[i].secret, key.secret_len);
    }
}

static void a_name_goes_over_the_wire_in_lower_case(void **state)
{
    struct key key;
    (void)state;
    assert_int_equal(key_parse(fake_call(f), "My-Key.Example:hmac-sha256:QUJD", NULL, &key), FL_OK);
    assert_int_equal(key.wire.len, 16);
    assert_memory_equal(key.wire.data, "\6my-key\7example\0", 16);
    assert_int_equal(key.algorithm.len, 13);
    assert_memory_equal(key.algorithm.data, "\13hmac-sha256\0", 13);
}

static void what_is_no_key_is_refused_with_what_to_do(void **state)
{
    static const struct {
        const char *text, *wanted, *words;
    } cases[] = {
        { "QUJD", NULL, "no key in it: it takes a file as tsig-keygen writes it" },
        { "", NULL, "no key in it" },
        { "key \"foo\" { algorithm hmac-sha256; };", NULL, "no key in it" },
        { "key \"foo\" { algorithm hmac-sha256; secret \"QUJD\" ", NULL, NULL },
        { "key \"foo\" {", NULL, "no key in it" },
        { "key \"foo", NULL, "no key in it" },
        { "/* key \"foo\" { algorithm hmac-sha256; secret \"QUJD\"; };", NULL, "no key in it" },
        { "key:", NULL, "no key in it" },
        { "key: - id: a algorithm: hmac-sha256", NULL, "no key in it" },
        { "a:hmac-sha256:QUJD", "b", "no complete key `b` in it" },
        { "a:hmac-md5:QUJD", NULL, "tsig-keygen -a hmac-sha256" },
        { "key \"a\" { algorithm hmac-sha1; secret \"QUJD\"; };", NULL,
          "the algorithm hmac-sha1 is not one of" },
        { "a:QUJD:hmac-sha256", NULL, "the algorithm is not one of" },
        { "a:hmac-sha256:!!!!", NULL, "the secret of a is not base64" },
        { "a..b:hmac-sha256:QUJD", NULL, "cannot be the name of a key" },
        { "a:b:c:d", NULL, "the algorithm is not one of" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct key key;
        int code = key_parse(fake_call(f), cases[i].text, cases[i].wanted, &key);
        if (!cases[i].words) {
            assert_int_equal(code, FL_OK); /* the last brace may be missing */
            continue;
        }
        assert_int_equal(code, FL_ECONF);
        if (!strstr(fake_outcome(f)->msg, cases[i].words))
            fail_msg("case %zu: %s", i, fake_outcome(f)->msg);
        assert_null(strstr(fake_outcome(f)->msg, "QUJD"));
    }
}

static void no_text_of_any_length_is_read_beyond(void **state)
{
    static const char text[] =
        "# c\n/* c */ key \"foo\" { algorithm hmac-sha512; secret \"QUJD\"; };\nkey:\n  - id: k1\n"
        "    algorithm: hmac-sha256\n    secret: QUJD\nhmac-sha256:a:QUJD";
    char large[3000];
    struct key key;
    (void)state;
    for (size_t n = 0; n < sizeof text; n++) {
        char *cut = strndup(text, n);
        (void)key_parse(fake_call(f), cut, n % 2 ? "k1" : NULL, &key);
        free(cut);
    }
    memset(large, 'a', sizeof large - 1);
    large[sizeof large - 1] = '\0';
    assert_int_equal(key_parse(fake_call(f), large, NULL, &key), FL_ECONF);
    memcpy(large, "key ", 4);
    assert_int_equal(key_parse(fake_call(f), large, NULL, &key), FL_ECONF);
    memcpy(large, "a:hmac-sha256:", 14);
    assert_int_equal(key_parse(fake_call(f), large, NULL, &key), FL_ECONF);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_read_in_every_form_that_tools_write),
        cmocka_unit_test(a_name_goes_over_the_wire_in_lower_case),
        cmocka_unit_test(what_is_no_key_is_refused_with_what_to_do),
        cmocka_unit_test(no_text_of_any_length_is_read_beyond),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
