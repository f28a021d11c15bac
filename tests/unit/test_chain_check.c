/* SPDX-License-Identifier: Apache-2.0 */
/* test_chain_check.c - chains that hold, and every way in which one does not. */
#include "base/mem.h"
#include "chain_rig.h"
#include "crypto/chain.h"

#include <time.h>

/* What parse, then check, say of these certificates; the message in `o`. */
static int judged(const struct test_cert *const *certs, size_t n, const char *const *wanted,
                  struct outcome *o)
{
    auto_free char *pem = test_cert_chain(certs, n);
    struct chain c;
    int rc = chain_parse(pem, strlen(pem), &c, o);

    if (rc != FL_OK)
        return rc;
    rc = chain_check(&c, wanted, (int64_t)time(NULL), o);
    chain_done(&c);
    return rc;
}
/* A leaf made by `spec` below mid, in a chain that is otherwise right. */
static int judged_leaf(const struct authority *a, const struct test_cert_spec *spec, struct outcome *o)
{
    struct test_cert *leaf = test_cert_new(spec, a->mid);
    int rc = judged((const struct test_cert *[]){ leaf, a->mid }, 2, leaf_names, o);

    test_cert_free(leaf);
    return rc;
}

/* ---- chains that hold ---- */

static void chains_with_and_without_root_hold(void **state)
{
    const struct authority *a = *state;
    struct outcome o;

    assert_int_equal(judged((const struct test_cert *[]){ a->leaf, a->mid, a->root }, 3, leaf_names, &o),
                     FL_OK);
    assert_int_equal(judged((const struct test_cert *[]){ a->leaf, a->mid }, 2, leaf_names, &o), FL_OK);
    assert_int_equal(judged((const struct test_cert *[]){ a->leaf }, 1, leaf_names, &o), FL_OK);
}
static void every_kind_of_key_holds(void **state)
{
    static const char *const kinds[] = { "P-256", "P-384", "RSA", "ED25519" };
    struct outcome o;

    (void)state;
    for (int i = 0; i < 4; i++) {
        struct test_cert_spec ca = root_spec, spec = leaf_spec;
        ca.key = kinds[i];
        spec.key = kinds[3 - i];
        struct test_cert *root = test_cert_new(&ca, NULL), *leaf = test_cert_new(&spec, root);
        assert_int_equal(judged((const struct test_cert *[]){ leaf, root }, 2, leaf_names, &o), FL_OK);
        test_cert_free(leaf);
        test_cert_free(root);
    }
}
static void names_are_compared_without_case_order_and_spelling(void **state)
{
    const struct authority *a = *state;
    static const char *const in_leaf[] = { "Example.ORG", "192.0.2.7", "2001:db8::1", "*.EXAMPLE.org", NULL };
    static const char *const wanted[] = { "*.example.org", "2001:DB8:0:0::1", "EXAMPLE.org", "192.0.2.7",
                                          NULL };
    const struct test_cert_spec spec = { .names = in_leaf };
    struct test_cert *leaf = test_cert_new(&spec, a->mid);
    auto_free char *pem = test_cert_pem(leaf);
    struct chain c;
    struct outcome o;

    assert_int_equal(chain_parse(pem, strlen(pem), &c, &o), FL_OK);
    assert_string_equal(c.names[0], "example.org");
    assert_string_equal(c.names[1], "192.0.2.7");
    assert_string_equal(c.names[2], "2001:db8::1");
    assert_string_equal(c.names[3], "*.example.org");
    assert_null(c.names[4]);
    assert_int_equal(chain_check(&c, wanted, (int64_t)time(NULL), &o), FL_OK);
    chain_done(&c);
    test_cert_free(leaf);
}

/* ---- chains that do not hold ---- */

static void order_and_signatures_are_checked(void **state)
{
    const struct authority *a = *state;
    struct outcome o;

    assert_int_equal(judged((const struct test_cert *[]){ a->mid, a->leaf }, 2, leaf_names, &o), FL_EPROTO);
    assert_says(o, "that of an authority");
    assert_int_equal(judged((const struct test_cert *[]){ a->leaf, a->root, a->mid }, 3, leaf_names, &o),
                     FL_EPROTO);
    assert_says(o, "certificate 1 of the chain is not issued by the next one");
    assert_int_equal(judged((const struct test_cert *[]){ a->leaf, a->root }, 2, leaf_names, &o), FL_EPROTO);
    assert_int_equal(judged((const struct test_cert *[]){ a->leaf, a->leaf }, 2, leaf_names, &o), FL_EPROTO);
    assert_int_equal(judged((const struct test_cert *[]){ a->leaf, a->mid, a->mid }, 3, leaf_names, &o),
                     FL_EPROTO);
    assert_says(o, "certificate 2 of the chain is not issued by the next one");
    /* the right name, another key */
    assert_int_equal(
        judged((const struct test_cert *[]){ a->leaf, a->mid, a->other_root }, 3, leaf_names, &o), FL_EPROTO);
    assert_says(o, "not signed by the next one");
}
static void spoilt_signatures_are_found_wherever_they_are(void **state)
{
    const struct authority *a = *state;
    struct test_cert_spec leaf = leaf_spec, mid = mid_spec, root = root_spec;
    struct outcome o;

    leaf.bad_signature = mid.bad_signature = root.bad_signature = true;
    assert_int_equal(judged_leaf(a, &leaf, &o), FL_EPROTO);
    assert_says(o, "the certificate is not signed");
    struct test_cert *bad_mid = test_cert_new(&mid, a->root), *good_leaf = test_cert_new(&leaf_spec, bad_mid);
    assert_int_equal(judged((const struct test_cert *[]){ good_leaf, bad_mid, a->root }, 3, leaf_names, &o),
                     FL_EPROTO);
    assert_says(o, "a certificate of the chain is not signed");
    struct test_cert *bad_root = test_cert_new(&root, NULL), *below = test_cert_new(&leaf_spec, bad_root);
    assert_int_equal(judged((const struct test_cert *[]){ below, bad_root }, 2, leaf_names, &o), FL_EPROTO);
    assert_says(o, "root");
    test_cert_free(bad_mid);
    test_cert_free(good_leaf);
    test_cert_free(bad_root);
    test_cert_free(below);
}
static void issuers_must_be_allowed_to_issue(void **state)
{
    const struct authority *a = *state;
    struct test_cert_spec no_ca = { .cn = "No CA" }, narrow = { .cn = "Narrow", .ca = true, .pathlen = 1 };
    struct outcome o;

    struct test_cert *middle = test_cert_new(&no_ca, a->root), *leaf = test_cert_new(&leaf_spec, middle);
    assert_int_equal(judged((const struct test_cert *[]){ leaf, middle, a->root }, 3, leaf_names, &o),
                     FL_EPROTO);
    assert_says(o, "certificate 2 of the chain may not issue");
    test_cert_free(middle);
    test_cert_free(leaf);

    /* pathlen 0 above another authority */
    struct test_cert *top = test_cert_new(&narrow, a->root), *mid = test_cert_new(&mid_spec, top);
    leaf = test_cert_new(&leaf_spec, mid);
    assert_int_equal(judged((const struct test_cert *[]){ leaf, mid, top }, 3, leaf_names, &o), FL_EPROTO);
    assert_says(o, "allows no authority below");
    test_cert_free(leaf);
    test_cert_free(mid);
    test_cert_free(top);
}
static void dates_are_checked_for_every_certificate(void **state)
{
    const struct authority *a = *state;
    struct test_cert_spec spec = leaf_spec, mid = mid_spec;
    struct outcome o;

    spec.from_s = -7200, spec.to_s = -1;
    assert_int_equal(judged_leaf(a, &spec, &o), FL_EPROTO);
    assert_says(o, "certificate 1 of the chain expired");
    spec.from_s = 400, spec.to_s = 7200;
    assert_int_equal(judged_leaf(a, &spec, &o), FL_EPROTO);
    assert_says(o, "not valid before");
    spec.from_s = 200; /* our clock may be late */
    assert_int_equal(judged_leaf(a, &spec, &o), FL_OK);
    spec.from_s = 200, spec.to_s = 100;
    assert_int_equal(judged_leaf(a, &spec, &o), FL_EPROTO);
    assert_says(o, "ends before it begins");
    mid.from_s = -7200, mid.to_s = -1;
    struct test_cert *old = test_cert_new(&mid, a->root), *leaf = test_cert_new(&leaf_spec, old);
    assert_int_equal(judged((const struct test_cert *[]){ leaf, old }, 2, leaf_names, &o), FL_EPROTO);
    assert_says(o, "certificate 2 of the chain expired");
    test_cert_free(old);
    test_cert_free(leaf);
}
static void names_must_be_exactly_those_asked_for(void **state)
{
    const struct authority *a = *state;
    static const char *const extra[] = { "example.org", "*.example.org", "evil.example", NULL };
    static const char *const missing[] = { "example.org", NULL };
    static const char *const address[] = { "example.org", "*.example.org", "192.0.2.7", NULL };
    static const char *const mail[] = { "example.org", "*.example.org", "email:a@example.org", NULL };
    static const char *const uri[] = { "example.org", "*.example.org", "uri:https://example.org/", NULL };
    static const char *const blank[] = { "example.org", "*.example.org", "a b.example", NULL };
    static const struct {
        const char *const *in_leaf, *says;
    } cases[] = {
        { extra, "has the name evil.example, which was not asked for" },
        { missing, "lacks the name *.example.org" },
        { address, "has the name 192.0.2.7" },
        { mail, "neither a host name nor an address" },
        { uri, "neither a host name nor an address" },
        { blank, "name 3 of the certificate is malformed" },
        { NULL, "lacks the name example.org" },
    };
    struct outcome o;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct test_cert_spec spec = { .cn = "example.org", .names = cases[i].in_leaf };
        assert_int_equal(judged_leaf(a, &spec, &o), FL_EPROTO);
        assert_says(o, cases[i].says);
    }
}
static void the_leaf_must_serve_tls_and_be_no_authority(void **state)
{
    const struct authority *a = *state;
    static const struct {
        struct test_cert_spec spec;
        int code;
        const char *says;
    } cases[] = {
        { { .names = leaf_names, .ca = true }, FL_EPROTO, "that of an authority" },
        { { .names = leaf_names, .eku = "clientAuth" }, FL_EPROTO, "extended key usage" },
        { { .names = leaf_names, .eku = "clientAuth,serverAuth" }, FL_OK, "" },
        { { .names = leaf_names, .eku = "anyExtendedKeyUsage" }, FL_OK, "" },
        { { .names = leaf_names, .eku = "", .key_usage = "" }, FL_OK, "" },
        { { .names = leaf_names, .key_usage = "critical,cRLSign" }, FL_EPROTO, "key usage" },
        { { .names = leaf_names, .key_usage = "keyEncipherment" }, FL_OK, "" },
        { { .names = leaf_names, .critical = "1.2.3.4.5" }, FL_EPROTO, "critical extension" },
    };
    struct outcome o;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int rc = judged_leaf(a, &cases[i].spec, &o);
        if (rc != cases[i].code)
            fail_msg("case %zu: %d, %s", i, rc, rc == FL_OK ? "" : o.msg);
        if (rc != FL_OK)
            assert_says(o, cases[i].says);
    }
    struct test_cert_spec self = leaf_spec;
    self.cn = "example.org";
    struct test_cert *own = test_cert_new(&self, NULL);
    assert_int_equal(judged((const struct test_cert *[]){ own }, 1, leaf_names, &o), FL_EPROTO);
    assert_says(o, "its own issuer");
    test_cert_free(own);
}
static void serial_numbers_beyond_any_limit_are_refused(void **state)
{
    const struct authority *a = *state;
    struct test_cert_spec spec = leaf_spec;
    char hex[200];
    struct outcome o;

    memset(hex, '7', sizeof hex);
    hex[2 * 31] = '\0';
    spec.serial = hex;
    assert_int_equal(judged_leaf(a, &spec, &o), FL_OK);
    hex[2 * 31] = '7';
    hex[2 * 32] = '\0';
    assert_int_equal(judged_leaf(a, &spec, &o), FL_EPROTO);
    assert_says(o, "serial number");
}
int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chains_with_and_without_root_hold),
        cmocka_unit_test(every_kind_of_key_holds),
        cmocka_unit_test(names_are_compared_without_case_order_and_spelling),
        cmocka_unit_test(order_and_signatures_are_checked),
        cmocka_unit_test(spoilt_signatures_are_found_wherever_they_are),
        cmocka_unit_test(issuers_must_be_allowed_to_issue),
        cmocka_unit_test(dates_are_checked_for_every_certificate),
        cmocka_unit_test(names_must_be_exactly_those_asked_for),
        cmocka_unit_test(the_leaf_must_serve_tls_and_be_no_authority),
        cmocka_unit_test(serial_numbers_beyond_any_limit_are_refused),
    };
    return cmocka_run_group_tests(tests, authority_new, authority_free);
}
