/* SPDX-License-Identifier: Apache-2.0 */
/* test_keeper.c - the door to private keys: every operation, directly and through a socket. */
#include "base/encode.h"
#include "base/file.h"
#include "base/mem.h"
#include "crypto/digest.h"
#include "keeper_rig.h"
#include "test_ca.h"
#include "tmpdir.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

/* ---- every operation, used by the direct and the wired tests ---- */

static void keys_are_made_on_disk_for_the_owner_alone(void **state)
{
    struct rig *r = *state;
    char sealed[KEEPER_SEALED], path[256];
    struct stat st;

    assert_int_equal(keeper_make(r->k, KEY_EC256, sealed, &r->o), FL_OK);
    assert_int_equal(strlen(sealed), 37);
    assert_memory_equal(sealed, "file:", 5);
    snprintf(path, sizeof path, "%s/%s.pem", r->dir, sealed + 5);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(stat(r->dir, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    assert_int_equal(tmpdir_count(r->dir), 1);
}
static void jwk_and_thumbprint_belong_together(void **state)
{
    struct rig *r = *state;
    char sealed[KEEPER_SEALED], print[64], other[64];
    auto_free char *jwk = NULL, *text = NULL;
    uint8_t hash[64];

    assert_int_equal(keeper_make(r->k, KEY_RSA2048, sealed, &r->o), FL_OK);
    assert_int_equal(keeper_jwk(r->k, sealed, &jwk, &r->o), FL_OK);
    assert_int_equal(keeper_thumbprint(r->k, sealed, print, &r->o), FL_OK);
    assert_true(digest_sha2(256, jwk, strlen(jwk), hash));
    text = encode_base64url(hash, 32);
    assert_string_equal(text, print);
    assert_int_equal(keeper_make(r->k, KEY_RSA2048, sealed, &r->o), FL_OK);
    assert_int_equal(keeper_thumbprint(r->k, sealed, other, &r->o), FL_OK);
    assert_string_not_equal(print, other);
}
static void requests_are_signed_with_kid_or_key(void **state)
{
    struct rig *r = *state;
    char sealed[KEEPER_SEALED];
    auto_free char *with_kid = NULL, *with_key = NULL;

    assert_int_equal(keeper_make(r->k, KEY_EC256, sealed, &r->o), FL_OK);
    assert_int_equal(
        keeper_jws(r->k, sealed, "https://ca/x", "n0", "https://ca/acct", NULL, &with_kid, &r->o), FL_OK);
    assert_int_equal(keeper_jws(r->k, sealed, "https://ca/x", NULL, NULL, "{}", &with_key, &r->o), FL_OK);
    cleanup_(json_freep) json_t *first = rig_header(with_kid), *second = rig_header(with_key);
    assert_string_equal(json_str(first, "kid", ""), "https://ca/acct");
    assert_string_equal(json_str(first, "nonce", ""), "n0");
    assert_null(json_obj(first, "jwk"));
    assert_string_equal(json_str(json_obj(second, "jwk"), "kty", ""), "EC");
    assert_null(json_str(second, "kid", NULL));
    assert_null(json_str(second, "nonce", NULL));
    assert_non_null(strstr(with_kid, "\"payload\":\"\""));
    assert_non_null(strstr(with_key, "\"payload\":\"e30\""));
}
static void external_accounts_are_bound_with_their_mac(void **state)
{
    struct rig *r = *state;
    char sealed[KEEPER_SEALED], why[128], alg[16], *none = NULL;
    auto_free char *jwk = NULL;
    uint8_t mac[64];

    assert_int_equal(keeper_make(r->k, KEY_EC256, sealed, &r->o), FL_OK);
    assert_int_equal(keeper_jwk(r->k, sealed, &jwk, &r->o), FL_OK);
    for (int bits = 256; bits <= 512; bits += 128) {
        auto_free char *eab = NULL, *input = NULL, *wanted = NULL,
                       *payload = encode_base64url(jwk, strlen(jwk));
        assert_int_equal(keeper_eab(r->k, sealed, "https://ca/new", "kid-1", "c2VjcmV0", bits, &eab, &r->o),
                         FL_OK);
        cleanup_(json_freep) json_t *all = json_parse(eab, strlen(eab), why), *header = rig_header(eab);
        snprintf(alg, sizeof alg, "HS%d", bits);
        assert_string_equal(json_str(header, "alg", ""), alg);
        assert_string_equal(json_str(header, "kid", ""), "kid-1");
        assert_string_equal(json_str(header, "url", ""), "https://ca/new");
        assert_int_equal(json_object_size(header), 3);
        assert_true(asprintf(&input, "%s.%s", json_str(all, "protected", ""), json_str(all, "payload", "")) >
                    0);
        assert_true(digest_hmac(bits, "secret", 6, input, strlen(input), mac));
        wanted = encode_base64url(mac, (size_t)bits / 8);
        assert_string_equal(json_str(all, "signature", ""), wanted);
        assert_string_equal(json_str(all, "payload", ""), payload);
    }
    assert_int_equal(keeper_eab(r->k, sealed, "https://ca/new", "kid-1", "not base64!", 256, &none, &r->o),
                     FL_ECONF);
    assert_int_equal(keeper_eab(r->k, sealed, "https://ca/new", "kid-1", "", 256, &none, &r->o), FL_ECONF);
    assert_int_equal(keeper_eab(r->k, sealed, "https://ca/new", "", "c2VjcmV0", 256, &none, &r->o), FL_ECONF);
    assert_int_equal(keeper_eab(r->k, sealed, "https://ca/new", "kid-1", "c2VjcmV0", 1, &none, &r->o),
                     FL_ECONF);
    assert_null(none);
}
static X509_REQ *parse_csr(const char *text)
{
    auto_free uint8_t *der = NULL;
    size_t len;
    const uint8_t *p;
    X509_REQ *req;

    assert_true(decode_base64(text, &der, &len));
    p = der;
    req = d2i_X509_REQ(NULL, &p, (long)len);
    assert_non_null(req);
    assert_ptr_equal(p, der + len);
    return req;
}
static void a_certificate_request_has_the_names_and_nothing_else(void **state)
{
    static const char *const names[] = { "Example.ORG",   "*.example.org", "192.0.2.7",
                                         "2001:DB8:0::1", "_x.y",          NULL };
    static const enum key_type types[] = { KEY_EC256, KEY_EC384, KEY_RSA2048, KEY_ED25519 };
    static const uint8_t v4[] = { 192, 0, 2, 7 },
                         v6[] = { 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 };
    struct rig *r = *state;

    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        char sealed[KEEPER_SEALED];
        auto_free char *csr = NULL;
        assert_int_equal(keeper_make(r->k, types[i], sealed, &r->o), FL_OK);
        assert_int_equal(keeper_csr(r->k, sealed, names, &csr, &r->o), FL_OK);
        X509_REQ *req = parse_csr(csr);
        EVP_PKEY *key = X509_REQ_get_pubkey(req);
        STACK_OF(X509_EXTENSION) *exts = X509_REQ_get_extensions(req);
        GENERAL_NAMES *all = X509V3_get_d2i(exts, NID_subject_alt_name, NULL, NULL);
        assert_int_equal(X509_REQ_verify(req, key), 1);
        assert_int_equal(X509_REQ_get_version(req), 0);
        assert_int_equal(X509_NAME_entry_count(X509_REQ_get_subject_name(req)), 0);
        assert_int_equal(sk_X509_EXTENSION_num(exts), 1);
        assert_int_equal(sk_GENERAL_NAME_num(all), 5);
        const GENERAL_NAME *n = sk_GENERAL_NAME_value(all, 0);
        assert_int_equal(n->type, GEN_DNS);
        assert_int_equal(n->d.ia5->length, 11);
        assert_memory_equal(n->d.ia5->data, "example.org", 11);
        n = sk_GENERAL_NAME_value(all, 2);
        assert_int_equal(n->type, GEN_IPADD);
        assert_int_equal(n->d.ip->length, 4);
        assert_memory_equal(n->d.ip->data, v4, 4);
        n = sk_GENERAL_NAME_value(all, 3);
        assert_int_equal(n->d.ip->length, 16);
        assert_memory_equal(n->d.ip->data, v6, 16);
        GENERAL_NAMES_free(all);
        sk_X509_EXTENSION_pop_free(exts, X509_EXTENSION_free);
        EVP_PKEY_free(key);
        X509_REQ_free(req);
    }
}
static void names_that_are_none_are_refused(void **state)
{
    static const char *const bad[] = { "",          "a..b",  ".a",     "a.",    "a b",
                                       "a/b",       "*",     "*.",     "a.*.b", "xn--\xc3\xa4",
                                       "1.2.3.256", "[::1]", "::1%lo", "a\nb",  "a,DNS:b" };
    struct rig *r = *state;
    char sealed[KEEPER_SEALED], label[80], *csr = NULL;

    assert_int_equal(keeper_make(r->k, KEY_EC256, sealed, &r->o), FL_OK);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const char *const names[] = { "good.example", bad[i], NULL };
        if (keeper_csr(r->k, sealed, names, &csr, &r->o) != FL_ECONF)
            fail_msg("\"%s\" was taken", bad[i]);
    }
    memset(label, 'a', 64);
    label[64] = '\0';
    assert_int_equal(keeper_csr(r->k, sealed, (const char *const[]){ label, NULL }, &csr, &r->o), FL_ECONF);
    assert_int_equal(keeper_csr(r->k, sealed, (const char *const[]){ NULL }, &csr, &r->o), FL_ECONF);
    assert_null(csr);
}
static void a_hundred_names_of_full_length_fit_and_no_more(void **state)
{
    struct rig *r = *state;
    char sealed[KEEPER_SEALED], text[KEEPER_NAMES + 1][KEEPER_NAME];
    const char *names[KEEPER_NAMES + 2] = { NULL };
    auto_free char *csr = NULL, *payload = NULL, *jws = NULL;

    for (int i = 0; i <= KEEPER_NAMES; i++) {
        memset(text[i], 'a', 253);
        for (int at = 60; at < 250; at += 61)
            text[i][at] = '.';
        text[i][250] = (char)('0' + i / 100);
        text[i][251] = (char)('0' + i / 10 % 10);
        text[i][252] = (char)('0' + i % 10);
        text[i][253] = '\0';
        text[i][249] = 'x';
        names[i] = text[i];
    }
    assert_int_equal(keeper_make(r->k, KEY_RSA2048, sealed, &r->o), FL_OK);
    char *none = NULL;
    assert_int_equal(keeper_csr(r->k, sealed, names, &none, &r->o), FL_ECONF);
    names[KEEPER_NAMES] = NULL;
    assert_int_equal(keeper_csr(r->k, sealed, names, &csr, &r->o), FL_OK);
    assert_true(asprintf(&payload, "{\"csr\":\"%s\"}", csr) > 0);
    assert_int_equal(keeper_jws(r->k, sealed, "https://ca/f", "n", "https://ca/a", payload, &jws, &r->o),
                     FL_OK);
}
static void a_key_goes_out_once_and_fits_its_certificate_only(void **state)
{
    static const char *const names[] = { "example.org", NULL };
    const struct test_cert_spec spec = { .names = names };
    struct rig *r = *state;
    char sealed[KEEPER_SEALED], other[KEEPER_SEALED];
    char *pem = NULL;

    assert_int_equal(keeper_make(r->k, KEY_EC256, sealed, &r->o), FL_OK);
    assert_int_equal(keeper_make(r->k, KEY_EC384, other, &r->o), FL_OK);
    assert_int_equal(keeper_export(r->k, sealed, &pem, &r->o), FL_OK);
    assert_memory_equal(pem, "-----BEGIN PRIVATE KEY-----\n", 28);
    struct test_cert *cert = test_cert_for_key(&spec, NULL, pem);
    mem_wipe_free(pem);
    auto_free char *leaf = test_cert_pem(cert);
    test_cert_free(cert);
    assert_int_equal(keeper_fits(r->k, sealed, leaf, &r->o), FL_OK);
    assert_int_equal(keeper_fits(r->k, other, leaf, &r->o), FL_EREJECT);
    assert_int_equal(keeper_fits(r->k, sealed, "-----BEGIN nothing", &r->o), FL_EPROTO);
    assert_int_equal(keeper_fits(r->k, sealed, "", &r->o), FL_ECONF);
}
static void a_forgotten_key_is_gone(void **state)
{
    struct rig *r = *state;
    char sealed[KEEPER_SEALED], *jwk = NULL;

    assert_int_equal(keeper_make(r->k, KEY_EC256, sealed, &r->o), FL_OK);
    assert_int_equal(keeper_forget(r->k, sealed, &r->o), FL_OK);
    assert_int_equal(keeper_forget(r->k, sealed, &r->o), FL_OK);
    assert_int_equal(tmpdir_count(r->dir), 0);
    assert_int_equal(keeper_jwk(r->k, sealed, &jwk, &r->o), FL_ESTALE);
    assert_non_null(strstr(r->o.msg, sealed + 5));
    assert_null(jwk);
}
/* The last few are kept in memory, more are not; each stands for its file as it is now. */
static void a_key_that_was_used_before_is_that_of_its_file(void **state)
{
    enum { N = 40 };
    struct rig *r = *state;
    char sealed[N][KEEPER_SEALED], one[256], other[256], print[N][64], again[64];

    for (int i = 0; i < N; i++) {
        assert_int_equal(keeper_make(r->k, i % 2 ? KEY_ED25519 : KEY_EC256, sealed[i], &r->o), FL_OK);
        assert_int_equal(keeper_thumbprint(r->k, sealed[i], print[i], &r->o), FL_OK);
    }
    for (int i = 0; i < 2 * N; i++) {
        assert_int_equal(keeper_thumbprint(r->k, sealed[i * 7 % N], again, &r->o), FL_OK);
        assert_string_equal(again, print[i * 7 % N]);
    }
    snprintf(one, sizeof one, "%s/%.40s.pem", r->dir, sealed[0] + 5);
    snprintf(other, sizeof other, "%s/%.40s.pem", r->dir, sealed[1] + 5);
    assert_int_equal(keeper_thumbprint(r->k, sealed[0], again, &r->o), FL_OK);
    assert_int_equal(rename(other, one), 0);
    assert_int_equal(keeper_thumbprint(r->k, sealed[0], again, &r->o), FL_OK);
    assert_string_equal(again, print[1]);
    assert_int_equal(keeper_thumbprint(r->k, sealed[1], again, &r->o), FL_ESTALE);
    assert_int_equal(unlink(one), 0);
    assert_int_equal(keeper_thumbprint(r->k, sealed[0], again, &r->o), FL_ESTALE);
}
static void texts_too_long_are_refused_before_the_door(void **state)
{
    struct rig *r = *state;
    char sealed[KEEPER_SEALED], *out = NULL;
    auto_free char *huge = malloc(KEEPER_TEXT + 1);

    memset(huge, 'a', KEEPER_TEXT);
    huge[KEEPER_TEXT] = '\0';
    assert_int_equal(keeper_make(r->k, KEY_EC256, sealed, &r->o), FL_OK);
    assert_int_equal(keeper_jws(r->k, huge, "https://a/", NULL, NULL, "", &out, &r->o), FL_ECONF);
    assert_int_equal(keeper_jws(r->k, sealed, huge, NULL, NULL, "", &out, &r->o), FL_ECONF);
    assert_int_equal(keeper_jws(r->k, sealed, "https://a/", huge, NULL, "", &out, &r->o), FL_ECONF);
    assert_int_equal(keeper_jws(r->k, sealed, "https://a/", NULL, huge, "", &out, &r->o), FL_ECONF);
    assert_int_equal(keeper_jws(r->k, sealed, "https://a/", NULL, NULL, huge, &out, &r->o), FL_ECONF);
    huge[KEEPER_TEXT - 1] = '\0'; /* fits the request, its signature no reply */
    assert_int_equal(keeper_jws(r->k, sealed, "https://a/", NULL, NULL, huge, &out, &r->o), FL_ECONF);
    assert_null(out);
}

/* ---- requests that somebody else wrote ---- */

static void signatures_go_to_https_and_loopback_only(void **state)
{
    static const char *const good[] = { "https://ca.example/x?y=1",
                                        "https://ca",
                                        "https://[2001:db8::1]:14000/dir",
                                        "http://127.0.0.1:80/x",
                                        "http://localhost:4001/",
                                        "http://[::1]/",
                                        "http://127.8.9.1" };
    static const char *const bad[] = { "",
                                       "http://ca.example/",
                                       "https://",
                                       "https:///x",
                                       "ftp://127.0.0.1/",
                                       "HTTPS://ca/",
                                       "http://127.0.0.1@ca.example/",
                                       "http://127.0.0.1:80@ca.example/",
                                       "https://me:pw@ca.example/",
                                       "http://127.0.0.1.ca.example/",
                                       "http://127.1/",
                                       "http://[::1].ca.example/",
                                       "http://[::1",
                                       "http://[::2]/",
                                       "https://ca\\@x/",
                                       "http://localhost.ca.example/",
                                       "https://ca:80a/",
                                       "https://ca/a b",
                                       "https://ca/\n",
                                       "https://ca/\xc3\xa4" };
    struct rig *r = *state;
    char sealed[KEEPER_SEALED];

    assert_int_equal(keeper_make(r->k, KEY_EC256, sealed, &r->o), FL_OK);
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        auto_free char *out = NULL;
        if (keeper_jws(r->k, sealed, good[i], "n", "k", "", &out, &r->o) != FL_OK)
            fail_msg("%s was refused: %s", good[i], r->o.msg);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char *out = NULL;
        if (keeper_jws(r->k, sealed, bad[i], "n", "k", "", &out, &r->o) != FL_ECONF)
            fail_msg("%s was taken", bad[i]);
        assert_null(out);
    }
    char *out = NULL;
    assert_int_equal(keeper_jws(r->k, sealed, "https://ca/", "n\"", "k", "", &out, &r->o), FL_ECONF);
    assert_int_equal(keeper_jws(r->k, sealed, "https://ca/", "n+", "k", "", &out, &r->o), FL_ECONF);
    assert_int_equal(keeper_jws(r->k, sealed, "https://ca/", "n", "k\n", "", &out, &r->o), FL_ECONF);
}
#define FIELD(member) offsetof(struct keeper_request, member), sizeof(((struct keeper_request *)0)->member)
#define NUMBER(member, value)                                                                                \
    offsetof(struct keeper_request, member), 4, (const uint32_t[]) { value }
#define LONG(member) FIELD(member), NULL /* filled with 'a', no end */
static const struct {
    uint32_t op; /* 0: a JWS that is otherwise right */
    size_t at, len;
    const void *bytes;
} faults[] = {
    { 0, NUMBER(op, 0) },
    { 0, NUMBER(op, KEEPER_FORGET + 1) },
    { 0, NUMBER(op, UINT32_MAX) },
    { 0, LONG(sealed) },
    { 0, LONG(url) },
    { 0, LONG(kid) },
    { 0, LONG(nonce) },
    { 0, NUMBER(payload_len, KEEPER_TEXT) },
    { 0, NUMBER(payload_len, UINT32_MAX) },
    { 0, NUMBER(names_len, KEEPER_NAMES *KEEPER_NAME + 1) },
    { 0, NUMBER(names_len, UINT32_MAX) },
    { KEEPER_MAKE, NUMBER(type, KEY_TYPES) },
    { KEEPER_MAKE, NUMBER(type, UINT32_MAX) },
    { 0, offsetof(struct keeper_request, sealed), 22, "file:../../etc/passwd" },
    { 0, offsetof(struct keeper_request, sealed) + 36, 1, "" },
    { 0, offsetof(struct keeper_request, sealed) + 37, 2, "a" },
    { 0, offsetof(struct keeper_request, sealed) + 10, 1, "/" },
    { 0, offsetof(struct keeper_request, sealed) + 10, 1, "A" },
    { 0, offsetof(struct keeper_request, sealed), 1, "F" },
    { KEEPER_CSR, NUMBER(names_len, 0) },
    { KEEPER_CSR, NUMBER(names_len, 3) }, /* empty names */
    { KEEPER_CSR, NUMBER(names_len, KEEPER_NAMES *KEEPER_NAME) },
    { KEEPER_FITS, NUMBER(payload_len, 0) },
    { KEEPER_EAB, NUMBER(payload_len, 0) },
};
static void malformed_requests_touch_nothing(void **state)
{
    struct rig *r = *state;
    struct keeper_request *req = calloc(1, sizeof *req);
    struct keeper_reply *reply = calloc(1, sizeof *reply);
    char sealed[KEEPER_SEALED];

    assert_int_equal(keeper_make(r->k, KEY_EC256, sealed, &r->o), FL_OK);
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        memset(req, 0, sizeof *req);
        req->op = KEEPER_JWS;
        memcpy(req->sealed, sealed, sizeof sealed);
        snprintf(req->url, sizeof req->url, "https://ca/");
        assert_int_equal(keeper_call(r->k, req, reply), FL_OK);
        if (faults[i].op)
            req->op = faults[i].op;
        if (faults[i].bytes)
            memcpy((char *)req + faults[i].at, faults[i].bytes, faults[i].len);
        else
            memset((char *)req + faults[i].at, 'a', faults[i].len);
        if (keeper_call(r->k, req, reply) != FL_ECONF)
            fail_msg("case %zu: code %d", i, reply->outcome.code);
        assert_int_equal(reply->text_len, 0);
        assert_string_equal(reply->sealed, "");
        assert_true(strlen(reply->outcome.msg) > 10);
    }
    req->op = KEEPER_CSR, req->names_len = 3;
    memcpy(req->names, "abc", 4); /* the end is outside */
    assert_int_equal(keeper_call(r->k, req, reply), FL_ECONF);
    assert_int_equal(tmpdir_count(r->dir), 1);
    free(req);
    free(reply);
}

/* ---- folders and disks ---- */

static void a_folder_that_others_may_enter_is_refused(void **state)
{
    struct rig *r = *state;
    struct keeper *k = NULL;

    assert_int_equal(chmod(r->dir, 0750), 0);
    assert_int_equal(keeper_new(r->dir, &k, &r->o), FL_ECONF);
    assert_non_null(strstr(r->o.msg, "chmod 700"));
    assert_int_equal(chmod(r->dir, 0700), 0);
    assert_int_equal(keeper_new("/dev/null/keys", &k, &r->o), FL_ECONF);
    assert_null(k);
}
static void what_a_crash_left_is_removed_and_keys_stay(void **state)
{
    struct rig *r = *state;
    struct keeper *k = NULL;
    char sealed[KEEPER_SEALED], path[256];
    auto_free char *jwk = NULL;

    assert_int_equal(keeper_make(r->k, KEY_EC256, sealed, &r->o), FL_OK);
    snprintf(path, sizeof path, "%s/.tmp-0123456789abcdef", r->dir);
    close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    assert_int_equal(tmpdir_count(r->dir), 2);
    assert_int_equal(keeper_new(r->dir, &k, &r->o), FL_OK);
    assert_int_equal(tmpdir_count(r->dir), 1);
    assert_int_equal(keeper_jwk(k, sealed, &jwk, &r->o), FL_OK);
    keeper_free(k);
}
static void a_spoilt_key_file_is_named(void **state)
{
    static const char *const contents[] = {
        "", "garbage\n", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"
    };
    struct rig *r = *state;
    char sealed[KEEPER_SEALED], path[256], *jwk = NULL;
    auto_free char *huge = calloc(1, 65536);

    assert_int_equal(keeper_make(r->k, KEY_EC256, sealed, &r->o), FL_OK);
    snprintf(path, sizeof path, "%s/%s.pem", r->dir, sealed + 5);
    for (size_t i = 0; i < sizeof contents / sizeof *contents; i++) {
        assert_int_equal(file_write_durable(AT_FDCWD, path, 0600, contents[i], strlen(contents[i])), 0);
        assert_int_equal(keeper_jwk(r->k, sealed, &jwk, &r->o), FL_EPROTO);
        assert_non_null(strstr(r->o.msg, path));
    }
    assert_int_equal(file_write_durable(AT_FDCWD, path, 0600, huge, 65536), 0);
    assert_int_equal(keeper_jwk(r->k, sealed, &jwk, &r->o), FL_ETEMP);
    assert_null(jwk);
}
static void a_full_disk_leaves_no_half_key(void **state)
{
    struct rig *r = *state;
    struct rlimit before, none = { .rlim_cur = 16, .rlim_max = RLIM_INFINITY };
    char sealed[KEEPER_SEALED] = "untouched";
    int rc;

    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    none.rlim_max = before.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
    rc = keeper_make(r->k, KEY_EC256, sealed, &r->o);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(rc, FL_ETEMP);
    assert_non_null(strstr(r->o.msg, r->dir));
    assert_string_equal(sealed, "untouched");
    assert_int_equal(tmpdir_count(r->dir), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(keys_are_made_on_disk_for_the_owner_alone),
        BOTH(jwk_and_thumbprint_belong_together),
        BOTH(requests_are_signed_with_kid_or_key),
        BOTH(external_accounts_are_bound_with_their_mac),
        BOTH(a_certificate_request_has_the_names_and_nothing_else),
        BOTH(names_that_are_none_are_refused),
        BOTH(a_hundred_names_of_full_length_fit_and_no_more),
        BOTH(a_key_goes_out_once_and_fits_its_certificate_only),
        BOTH(a_forgotten_key_is_gone),
        BOTH(a_key_that_was_used_before_is_that_of_its_file),
        BOTH(texts_too_long_are_refused_before_the_door),
        BOTH(signatures_go_to_https_and_loopback_only),
        BOTH(malformed_requests_touch_nothing),
        DIRECT(a_folder_that_others_may_enter_is_refused),
        DIRECT(what_a_crash_left_is_removed_and_keys_stay),
        DIRECT(a_spoilt_key_file_is_named),
        DIRECT(a_full_disk_leaves_no_half_key),
    };
    return digest_init() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
