/* SPDX-License-Identifier: Apache-2.0 */
/* test_host_tls.c - looking at servers and making key stores, as a plugin does it. */
#include "base/mem.h"
#include "plugin_rig.h"
#include "test_ca.h"
#include <fl/tls.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static int call(int (*body)(struct fl_ctx *ctx), struct outcome *o)
{
    struct plugin_rig r;
    int code;
    plugin_rig_init(&r, &plugin_rig_entry);
    plugin_rig_open(&r);
    code = plugin_rig_call(&r, body, o);
    plugin_rig_done(&r);
    return code;
}
static int looks(struct fl_ctx *ctx)
{
    const struct fl_tls_probe probe = { .address = "127.0.0.1:1", .sni = "example.test" };
    struct fl_tls_served served;
    return fl_tls_probe(ctx, &probe, &served);
}
static int looks_nowhere(struct fl_ctx *ctx)
{
    struct fl_tls_served served;
    return fl_tls_probe(ctx, &(struct fl_tls_probe){ .sni = "example.test" }, &served);
}
static void a_look_that_fails_says_where(void **state)
{
    struct outcome o;
    (void)state;
    assert_int_equal(call(looks, &o), FL_ETEMP);
    assert_string_equal(
        o.msg,
        "dns try: 127.0.0.1:1: cannot connect: Connection refused: see that a server runs and listens there");
    assert_int_equal(call(looks_nowhere, &o), FL_ECONF);
}
static int makes_a_store(struct fl_ctx *ctx)
{
    static const char *const names[] = { "example.test", NULL };
    const struct test_cert_spec spec = { .names = names };
    struct test_cert *cert = test_cert_new(&spec, NULL);
    auto_free char *key = test_cert_key_pem(cert), *chain = test_cert_pem(cert);
    struct fl_pkcs12 what = { .key_pem = key, .chain_pem = chain, .passphrase = "p", .name = "n" };
    const uint8_t *der = NULL;
    size_t len = 0;
    bool fits = false;
    test_cert_free(cert);
    assert_int_equal(fl_pkcs12(ctx, &what, &der, &len), FL_OK);
    assert_true(len > 500);
    assert_int_equal(fl_pkcs12_fits(ctx, &what, der, len, &fits), FL_OK);
    assert_true(fits);
    what.passphrase = "q";
    assert_int_equal(fl_pkcs12_fits(ctx, &what, der, len, &fits), FL_OK);
    assert_false(fits);
    what.chain_pem = NULL;
    assert_int_equal(fl_pkcs12(ctx, &what, &der, &len), FL_ECONF);
    what.chain_pem = "nothing";
    return fl_pkcs12(ctx, &what, &der, &len);
}
static void a_store_is_made_and_known_again(void **state)
{
    struct outcome o;
    (void)state;
    assert_int_equal(call(makes_a_store, &o), FL_ECONF);
    assert_non_null(strstr(o.msg, "dns try: a PKCS #12 file needs a certificate"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_look_that_fails_says_where),
        cmocka_unit_test(a_store_is_made_and_known_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
