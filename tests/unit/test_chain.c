/* SPDX-License-Identifier: Apache-2.0 */
/* test_chain.c - what a chain says, and PEM that is none. */
#include "base/buf.h"
#include "base/mem.h"
#include "chain_rig.h"
#include "crypto/chain.h"

#include <time.h>

static int parsed(const char *pem, size_t len, struct outcome *o)
{
    struct chain c = { .length = 99 };
    int rc = chain_parse(pem, len, &c, o);

    if (rc == FL_OK)
        chain_done(&c);
    else
        assert_int_equal(c.length, 99); /* outputs only on success */
    return rc;
}

/* ---- what a chain says ---- */

/* The vector of RFC 9773 section 4.1, whose serial number keeps its leading zero. */
static void the_certificate_id_is_that_of_rfc_9773(void **state)
{
    const struct authority *a = *state;
    struct test_cert_spec spec = leaf_spec;
    struct chain c;
    struct outcome o;

    spec.serial = "87654321";
    spec.aki = "69885B6B87464041E1B37B847BA0AE2CDE01C8D4";
    struct test_cert *leaf = test_cert_new(&spec, a->mid);
    auto_free char *pem = test_cert_pem(leaf);
    assert_int_equal(chain_parse(pem, strlen(pem), &c, &o), FL_OK);
    assert_string_equal(c.cert_id, "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE");
    assert_string_equal(c.serial, "0087654321");
    chain_done(&c);
    test_cert_free(leaf);

    spec.serial = "7f";
    spec.aki = "";
    leaf = test_cert_new(&spec, a->mid);
    auto_free char *without = test_cert_pem(leaf);
    assert_int_equal(chain_parse(without, strlen(without), &c, &o), FL_OK);
    assert_string_equal(c.cert_id, "");
    assert_string_equal(c.serial, "7f");
    chain_done(&c);
    test_cert_free(leaf);
}
static void the_fields_are_those_of_the_leaf_and_the_last_issuer(void **state)
{
    const struct authority *a = *state;
    const struct test_cert *const certs[] = { a->leaf, a->mid };
    auto_free char *pem = test_cert_chain(certs, 2), *leaf = test_cert_pem(a->leaf),
                   *mid = test_cert_pem(a->mid);
    int64_t now = (int64_t)time(NULL);
    struct chain c;
    struct outcome o;

    assert_int_equal(chain_parse(pem, strlen(pem), &c, &o), FL_OK);
    assert_int_equal(c.length, 2);
    assert_string_equal(c.leaf_pem, leaf);
    assert_string_equal(c.chain_pem, mid);
    assert_string_equal(c.issuer, "Test Root");
    assert_true(chain_ends_in(&c, "Test Root"));
    assert_false(chain_ends_in(&c, "Test R3")); /* a link of the chain, not its end */
    assert_false(chain_ends_in(&c, "test root"));
    assert_false(chain_ends_in(&c, "Test Root "));
    assert_false(chain_ends_in(&c, ""));
    assert_int_equal(strlen(c.sha256), 64);
    assert_true(c.not_before_at > now - 3700 && c.not_before_at <= now - 3600);
    assert_true(c.not_after_at > now + 90 * 86400 - 100 && c.not_after_at <= now + 90 * 86400);
    chain_done(&c);
    chain_done(&c); /* twice is fine */
    assert_false(chain_ends_in(&c, "Test Root"));
    chain_done(NULL);
    assert_int_equal(chain_parse(leaf, strlen(leaf), &c, &o), FL_OK);
    assert_string_equal(c.chain_pem, "");
    assert_string_equal(c.issuer, "Test R3");
    chain_done(&c);
}
static void an_oversized_key_identifier_means_no_certificate_id(void **state)
{
    const struct authority *a = *state;
    struct test_cert_spec spec = leaf_spec;
    char hex[401];
    struct chain c;
    struct outcome o;

    memset(hex, 'a', 400);
    hex[400] = '\0';
    spec.aki = hex;
    struct test_cert *leaf = test_cert_new(&spec, a->mid);
    auto_free char *pem = test_cert_pem(leaf);
    assert_int_equal(chain_parse(pem, strlen(pem), &c, &o), FL_OK);
    assert_string_equal(c.cert_id, "");
    chain_done(&c);
    test_cert_free(leaf);
}

/* ---- PEM that is wrong ---- */

static void white_space_and_line_ends_do_not_matter(void **state)
{
    const struct authority *a = *state;
    auto_free char *leaf = test_cert_pem(a->leaf), *mid = test_cert_pem(a->mid);
    cleanup_(buf_done) struct buf text = BUF(65536);
    struct chain c;
    struct outcome o;

    buf_adds(&text, "\r\n\n");
    for (const char *p = leaf; *p; p++)
        buf_addf(&text, *p == '\n' ? "\r%c" : "%c", *p);
    buf_addf(&text, " \n\t\n%s\n\n", mid);
    assert_int_equal(chain_parse(text.data, text.len, &c, &o), FL_OK);
    assert_string_equal(c.leaf_pem, leaf); /* written anew */
    assert_string_equal(c.chain_pem, mid);
    chain_done(&c);
}
static void anything_but_certificates_is_refused(void **state)
{
    const struct authority *a = *state;
    auto_free char *leaf = test_cert_pem(a->leaf), *mid = test_cert_pem(a->mid),
                   *key = test_cert_key_pem(a->leaf);
    static const char *const between[] = {
        "x", "# comment\n", "<html>", "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n",
        "-----BEGIN TRUSTED CERTIFICATE-----\nAAAA\n-----END TRUSTED CERTIFICATE-----\n"
    };
    struct outcome o;

    for (size_t i = 0; i < sizeof between / sizeof *between; i++) {
        cleanup_(buf_done) struct buf text = BUF(65536), first = BUF(65536), last = BUF(65536);
        buf_addf(&text, "%s%s%s", leaf, between[i], mid);
        buf_addf(&first, "%s%s%s", between[i], leaf, mid);
        buf_addf(&last, "%s%s%s", leaf, mid, between[i]);
        assert_int_equal(parsed(text.data, text.len, &o), FL_EPROTO);
        assert_says(o, "after number 1");
        assert_int_equal(parsed(first.data, first.len, &o), FL_EPROTO);
        assert_int_equal(parsed(last.data, last.len, &o), FL_EPROTO);
    }
    cleanup_(buf_done) struct buf text = BUF(65536);
    buf_addf(&text, "%s%s%s", leaf, key, mid);
    assert_int_equal(parsed(text.data, text.len, &o), FL_EPROTO);
    assert_says(o, "private key");
    assert_null(strstr(o.msg, "MIG"));
}
static void cut_and_spoilt_blocks_are_refused(void **state)
{
    const struct authority *a = *state;
    auto_free char *leaf = test_cert_pem(a->leaf);
    size_t len = strlen(leaf);
    struct outcome o;

    for (size_t cut = 0; cut < len - 1; cut += 7)
        assert_int_equal(parsed(leaf, cut, &o), FL_EPROTO);
    assert_int_equal(parsed(leaf, len - 1, &o), FL_OK);
    assert_int_equal(parsed("", 0, &o), FL_EPROTO);
    assert_says(o, "empty");
    assert_int_equal(parsed(" \n", 2, &o), FL_EPROTO);

    auto_free char *bad = strdup(leaf);
    bad[100] = '\0';
    assert_int_equal(parsed(bad, len, &o), FL_EPROTO);
    assert_says(o, "zero byte");
    bad[100] = '-';
    assert_int_equal(parsed(bad, len, &o), FL_EPROTO);
    assert_says(o, "not base64");
    bad[100] = '*';
    assert_int_equal(parsed(bad, len, &o), FL_EPROTO);

    /* whole lines missing, or one too many: base64 still, DER no longer */
    cleanup_(buf_done) struct buf shorter = BUF(65536), longer = BUF(65536);
    buf_add(&shorter, leaf, 28);
    buf_adds(&shorter, leaf + 28 + 65);
    assert_int_equal(parsed(shorter.data, shorter.len, &o), FL_EPROTO);
    buf_adds(&longer, "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n");
    assert_int_equal(parsed(longer.data, longer.len, &o), FL_EPROTO);
    assert_says(o, "not a certificate");
}
static void bytes_after_the_der_are_refused(void **state)
{
    const struct authority *a = *state;
    struct outcome o;

    /* A length that is a multiple of three ends without padding, so that more base64 can follow. */
    for (int i = 0;; i++) {
        char cn[64] = "";
        struct test_cert_spec spec = leaf_spec;
        memset(cn, 'x', (size_t)i % 3 + 1);
        spec.cn = cn;
        struct test_cert *leaf = test_cert_new(&spec, a->mid);
        auto_free char *pem = test_cert_pem(leaf);
        char *end = strstr(pem, "\n-----END");
        test_cert_free(leaf);
        assert_true(i < 100);
        if (end[-1] == '=')
            continue;
        cleanup_(buf_done) struct buf text = BUF(65536);
        buf_add(&text, pem, (size_t)(end - pem));
        buf_addf(&text, "\nAAAA%s", end);
        assert_int_equal(parsed(text.data, text.len, &o), FL_EPROTO);
        assert_says(o, "3 bytes after its end");
        return;
    }
}
static void ten_certificates_fit_and_eleven_do_not(void **state)
{
    const struct authority *a = *state;
    const struct test_cert *certs[11];
    auto_free char *huge = malloc(CHAIN_BYTES + 1);
    struct outcome o;

    for (int i = 0; i < 11; i++)
        certs[i] = a->leaf;
    auto_free char *ten = test_cert_chain(certs, 10), *eleven = test_cert_chain(certs, 11);
    assert_int_equal(parsed(ten, strlen(ten), &o), FL_OK);
    assert_int_equal(parsed(eleven, strlen(eleven), &o), FL_EPROTO);
    assert_says(o, "more than 10");
    memset(huge, '\n', CHAIN_BYTES + 1);
    assert_int_equal(parsed(huge, CHAIN_BYTES + 1, &o), FL_EPROTO);
    assert_says(o, "longer than");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_certificate_id_is_that_of_rfc_9773),
        cmocka_unit_test(the_fields_are_those_of_the_leaf_and_the_last_issuer),
        cmocka_unit_test(an_oversized_key_identifier_means_no_certificate_id),
        cmocka_unit_test(white_space_and_line_ends_do_not_matter),
        cmocka_unit_test(anything_but_certificates_is_refused),
        cmocka_unit_test(cut_and_spoilt_blocks_are_refused),
        cmocka_unit_test(bytes_after_the_der_are_refused),
        cmocka_unit_test(ten_certificates_fit_and_eleven_do_not),
    };
    return cmocka_run_group_tests(tests, authority_new, authority_free);
}
