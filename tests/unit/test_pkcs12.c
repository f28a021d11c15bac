/* SPDX-License-Identifier: Apache-2.0 */
/* test_pkcs12.c - key stores: that the openssl program reads them, and what is told apart. */
#include "base/mem.h"
#include "crypto/pkcs12.h"
#include "test_ca.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

struct set {
    char *key, *leaf, *chain, *other_key, *other_chain, *rsa_key, *rsa_chain;
};
static void make(const char *kind, const struct test_cert *root, char **key, char **chain)
{
    static const char *const names[] = { "example.test", NULL };
    const struct test_cert_spec mid_spec = { .cn = "the middle", .ca = true },
                                leaf_spec = { .names = names, .key = kind };
    struct test_cert *mid = test_cert_new(&mid_spec, root), *leaf = test_cert_new(&leaf_spec, mid);
    const struct test_cert *const all[] = { leaf, mid, root };
    *key = test_cert_key_pem(leaf);
    *chain = test_cert_chain(all, 3);
    test_cert_free(leaf);
    test_cert_free(mid);
}
static int set_up(void **state)
{
    const struct test_cert_spec root_spec = { .cn = "the root", .ca = true };
    struct test_cert *root = test_cert_new(&root_spec, NULL);
    struct set *s = calloc(1, sizeof *s);
    make(NULL, root, &s->key, &s->chain);
    make(NULL, root, &s->other_key, &s->other_chain);
    make("RSA", root, &s->rsa_key, &s->rsa_chain);
    test_cert_free(root);
    *state = s;
    return 0;
}
static int tear_down(void **state)
{
    struct set *s = *state;
    char *const all[] = { s->key, s->chain, s->other_key, s->other_chain, s->rsa_key, s->rsa_chain };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
    free(s);
    return 0;
}
static struct pkcs12 ordinary(const struct set *s)
{
    return (struct pkcs12){
        .key_pem = s->key, .chain_pem = s->chain, .passphrase = "p\xc3\xa4ssword", .name = "example.test"
    };
}
static struct buf written(const struct pkcs12 *what)
{
    struct buf out = { .max = PKCS12_MAX, .secret = true };
    struct outcome o;
    if (pkcs12_write(what, &out, &o) != FL_OK)
        fail_msg("%s", o.msg);
    return out;
}
/* What the openssl program says of the file. */
static char *openssl(const struct buf *der)
{
    char path[] = "/tmp/pkcs12-XXXXXX";
    int fd = mkstemp(path), ends[2], status;
    struct buf said = BUF(65536);
    char chunk[4096];
    ssize_t n;
    pid_t pid;
    assert_true(fd >= 0);
    assert_int_equal(write(fd, der->data, der->len), (ssize_t)der->len);
    close(fd);
    assert_int_equal(pipe(ends), 0);
    pid = fork();
    if (pid == 0) {
        dup2(ends[1], 1);
        dup2(ends[1], 2);
        execlp("openssl", "openssl", "pkcs12", "-in", path, "-passin", "pass:p\xc3\xa4ssword", "-nodes",
               "-info", (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    while ((n = read(ends[0], chunk, sizeof chunk)) > 0)
        buf_add(&said, chunk, (size_t)n);
    close(ends[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    unlink(path);
    return buf_take(&said);
}
static void has(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("\"%s\" is not in: %s", part, text);
}
static unsigned count(const char *text, const char *part)
{
    unsigned n = 0;
    while ((text = strstr(text, part)) != NULL) {
        n++;
        text += strlen(part);
    }
    return n;
}

static void other_programs_read_it(void **state)
{
    const struct set *s = *state;
    struct pkcs12 what = ordinary(s);
    cleanup_(buf_done) struct buf der = written(&what);
    auto_free char *said = openssl(&der);
    has(said, "friendlyName: example.test");
    has(said, "-----BEGIN PRIVATE KEY-----");
    assert_int_equal(count(said, "-----BEGIN CERTIFICATE-----"), 3);
    has(said, "MAC: sha256, Iteration 2048");
    assert_int_equal(count(said, "PBES2, PBKDF2, AES-256-CBC, Iteration 2048, PRF hmacWithSHA256"), 2);
}
static void the_old_form_is_what_old_programs_read(void **state)
{
    const struct set *s = *state;
    struct pkcs12 what = ordinary(s);
    what.legacy = true;
    what.key_pem = s->rsa_key;
    what.chain_pem = s->rsa_chain;
    cleanup_(buf_done) struct buf der = written(&what);
    auto_free char *said = openssl(&der);
    has(said, "MAC: sha1, Iteration 2048");
    assert_int_equal(count(said, "pbeWithSHA1And3-KeyTripleDES-CBC, Iteration 2048"), 2);
    assert_int_equal(count(said, "-----BEGIN CERTIFICATE-----"), 3);
}
static bool does_fit(const struct pkcs12 *what, const struct buf *der)
{
    struct outcome o;
    bool fits = false;
    if (pkcs12_fits(what, der->data, der->len, &fits, &o) != FL_OK)
        fail_msg("%s", o.msg);
    return fits;
}
static void what_was_written_fits_and_nothing_else_does(void **state)
{
    const struct set *s = *state;
    const struct pkcs12 what = ordinary(s);
    cleanup_(buf_done) struct buf der = written(&what), again = written(&what);
    struct pkcs12 cases[6];
    assert_true(der.len != again.len || memcmp(der.data, again.data, der.len) != 0);
    assert_true(does_fit(&what, &der));
    assert_true(does_fit(&what, &again));
    for (size_t i = 0; i < 6; i++)
        cases[i] = what;
    cases[0].key_pem = "";
    assert_true(does_fit(&cases[0], &der));
    cases[1].passphrase = "another";
    cases[2].name = "tomcat";
    cases[3].legacy = true;
    cases[4].key_pem = s->other_key;
    cases[4].chain_pem = s->other_chain;
    cases[5].key_pem = "";
    cases[5].chain_pem = s->rsa_chain;
    for (size_t i = 1; i < 6; i++)
        if (does_fit(&cases[i], &der))
            fail_msg("case %zu fits", i);
}
static void damage_does_not_fit(void **state)
{
    const struct set *s = *state;
    const struct pkcs12 what = ordinary(s);
    cleanup_(buf_done) struct buf der = written(&what);
    size_t len = der.len;
    for (size_t at = 0; at < len; at += len / 7) {
        der.data[at] ^= 0x10;
        assert_false(does_fit(&what, &der));
        der.data[at] ^= 0x10;
        der.len = at;
        assert_false(does_fit(&what, &der));
        der.len = len;
    }
    assert_true(buf_add(&der, "x", 1));
    assert_false(does_fit(&what, &der));
}
static void what_makes_no_sense_is_refused_with_words(void **state)
{
    const struct set *s = *state;
    const struct {
        struct pkcs12 what;
        const char *words;
    } cases[] = {
        { { s->key, s->chain, "", "n", false }, "a PKCS #12 file needs a passphrase" },
        { { s->key, s->chain, "p", NULL, false }, "the entry of a PKCS #12 file needs a name" },
        { { s->other_key, s->chain, "p", "n", false }, "the private key is not that of the certificate" },
        { { "", s->chain, "p", "n", false }, "a PKCS #12 file needs a private key" },
        { { "key", s->chain, "p", "n", false },
          "a PKCS #12 file needs a private key in PEM, without a passphrase" },
        { { s->key, "", "p", "n", false }, "a PKCS #12 file needs a certificate: there is none" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cleanup_(buf_done) struct buf out = { .max = PKCS12_MAX, .secret = true };
        struct outcome o;
        assert_int_equal(pkcs12_write(&cases[i].what, &out, &o), FL_ECONF);
        assert_string_equal(o.msg, cases[i].words);
        assert_int_equal(out.len, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(other_programs_read_it),
        cmocka_unit_test(the_old_form_is_what_old_programs_read),
        cmocka_unit_test(what_was_written_fits_and_nothing_else_does),
        cmocka_unit_test(damage_does_not_fit),
        cmocka_unit_test(what_makes_no_sense_is_refused_with_words),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
