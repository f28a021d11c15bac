/* SPDX-License-Identifier: Apache-2.0 */
/* test_rfc2136_tsig.c - TSIG against messages that nsupdate, knsupdate, BIND 9.18 and Knot 3.2 have made. */
#include "../../plugins/dns/rfc2136/rfc2136.h"
#include "base/encode.h"
#include "base/mem.h"
#include "fake_host.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define KEY256 "rec256.example:hmac-sha256:cmVjb3JkZWQta2V5LW9mLTMyLWJ5dGVzLXNoYTI1NiE="
#define KEY384 "rec384:hmac-sha384:cmVjb3JkZWQta2V5LW9mLTQ4LWJ5dGVzLWZvci1obWFjLXNoYTM4NC0wMTIzNDU2"
#define KEY512                                                                                               \
    "rec512:hmac-sha512:"                                                                                    \
    "cmVjb3JkZWQta2V5LW9mLTY0LWJ5dGVzLWZvci1obWFjLXNoYTUxMi0wMTIzNDU2Nzg5YWJjZGVmZ2hpamtsbQ=="

/* An exchange as it went over the wire; `at`: the time that the client signed. */
static const struct exchange {
    const char *who, *key, *request, *answer;
    int64_t at;
    unsigned rcode, error;
    int64_t server_at;
} recorded[] = {
    { "nsupdate with BIND", KEY256,
      "b87328000001000000010001076578616d706c65047465737400000600010f5f61636d652d6368616c6c656e6765c00c00100001"
      "0000003c0009087265636f7264656406726563323536076578616d706c650000fa00ff00000000003d0b686d61632d7368613235"
      "360000006b038b94012c002097a989741e7db5989789fe7a1d65d2b7ae6e006deb3102984bbde82749192a05b87300000000",
      "b873a8000001000000000001076578616d706c650474657374000006000106726563323536076578616d706c650000fa00ff0000"
      "0000003d0b686d61632d7368613235360000006b038b94012c002078c161652732475d18fee6c83a4bc5965ed16f05a8f99f83ca"
      "34eb7bd2d2df02b87300000000",
      0x6b038b94, 0, 0, 0 },
    { "knsupdate with Knot", KEY384,
      "585e28000001000000010001076578616d706c65047465737400000600010f5f61636d652d6368616c6c656e6765c00c00100001"
      "0000003c0009087265636f72646564067265633338340000fa00ff00000000004d0b686d61632d7368613338340000006b038b94"
      "012c003099684b70f7452f9cf920434c7b5c75e8eaee700148ffa3a34418e7224673f5a4396233a4f37bff93df9469e0df6a829f"
      "585e00000000",
      "585ea8000001000000000001076578616d706c6504746573740000060001067265633338340000fa00ff00000000004d0b686d61"
      "632d7368613338340000006b038b94012c0030ff5434b5fb2202dee05d008f623a0a0f6703f39e03e29b21cfeaca20b8da2ed018"
      "561c349691a244fece5b10a530a236585e00000000",
      0x6b038b94, 0, 0, 0 },
    { "nsupdate with Knot", KEY512,
      "9a1f28000001000000010001076578616d706c65047465737400000600010f5f61636d652d6368616c6c656e6765c00c00100001"
      "0000003c0009087265636f72646564067265633531320000fa00ff00000000005d0b686d61632d7368613531320000006b038b94"
      "012c0040c7b400c07588bfe15b5b4f51536a43e0f93acb7f96d3f37932f5c25a31ced77d58058dc7613a808774e1d84e27362484"
      "42689ec556aba14c7c769707e40878f29a1f00000000",
      "9a1fa8000001000000000001076578616d706c6504746573740000060001067265633531320000fa00ff00000000005d0b686d61"
      "632d7368613531320000006b038b94012c0040fe02f0a5846923e77d7d20c42132f4264aafe3f5904c639d8ab8180d9572edacdd"
      "7aab2a6aa68ef4530e1b89ea7fafc279a93a7a18afa3f3e07728816303248c9a1f00000000",
      0x6b038b94, 0, 0, 0 },
    { "BIND, whose clock is behind", KEY256,
      "c90c00000001000000000001076578616d706c650474657374000006000106726563323536076578616d706c650000fa00ff0000"
      "0000003d0b686d61632d7368613235360000006b051234012c00209cb18ee876f7b24ff422424023307d3d11bddfa344d68909ea"
      "5704af1801d34ec90c00000000",
      "c90c80090001000000000001076578616d706c650474657374000006000106726563323536076578616d706c650000fa00ff0000"
      "000000430b686d61632d7368613235360000006b051234012c002095a224bf10f065f0acd496dfc24d86e3c34df1610c877b88fa"
      "1439a22d3a3ec3c90c0012000600006b038b94",
      0x6b051234, 9, TSIG_BADTIME, 0x6b038b94 },
    { "Knot, whose clock is behind", KEY384,
      "c51c00000001000000000001076578616d706c6504746573740000060001067265633338340000fa00ff00000000004d0b686d61"
      "632d7368613338340000006b051234012c00308388115097804b4e3283ffd99eae0356d16eb158276ad1e3ed830c998fbf6a4502"
      "faa241aace66c28fb9bab66aa58c4cc51c00000000",
      "c51c80090001000000000001076578616d706c6504746573740000060001067265633338340000fa00ff0000000000530b686d61"
      "632d7368613338340000006b051234012c0030466a2ab7555ea094ca32fdfd4958fc7c71506b8d8440ab244c742cbd353e649fa2"
      "128f567536dedaca16f0b678187abfc51c0012000600006b038b94",
      0x6b051234, 9, TSIG_BADTIME, 0x6b038b94 },
    { "Knot, with records", KEY384,
      "a33400000001000000000001076578616d706c6504746573740000060001067265633338340000fa00ff00000000004d0b686d61"
      "632d7368613338340000006b038b94012c00307a887f0207aa8552de9c9ffbdd765bcf8320c0bedce372d5c51ea9b4a99cd6fcc3"
      "02de030b4c69a071df1eafa2e50b61a33400000000",
      "a33484000001000100000001076578616d706c6504746573740000060001c00c000600010000003c001e036e7331c00c0168c00c"
      "0000000200000e1000000258000151800000003c067265633338340000fa00ff00000000004d0b686d61632d7368613338340000"
      "006b038b94012c0030892416281b589bdedda10dc89fb1220884e995d8c5c7a3808ff4d7d2b2900c5019df69f9ca56f59113c91f"
      "aad0e448d6a33400000000",
      0x6b038b94, 0, 0, 0 },
};
enum { RECORDED = sizeof recorded / sizeof *recorded };

static struct fake *host(void)
{
    static const char *const options[] = { "server=127.0.0.1:53", "key=" KEY256, NULL };
    return fake_new(&fl_plugin_entry, options);
}

static struct key key_of(struct fake *f, const char *text)
{
    struct key key;
    assert_int_equal(key_parse(fake_call(f), text, NULL, &key), FL_OK);
    return key;
}

/* The length of the TSIG that a client with that key made: it is known from the key alone. */
static size_t tsig_len(const struct key *key)
{
    size_t mac = key->hash == FL_SHA256 ? 32 : key->hash == FL_SHA384 ? 48 : 64;
    return key->wire.len + 10 + key->algorithm.len + 10 + mac + 6;
}

static struct tsig_mac mac_of(const struct key *key, const uint8_t *request, size_t len)
{
    struct tsig_mac mac = { .len = key->hash == FL_SHA256 ? 32 : key->hash == FL_SHA384 ? 48 : 64 };
    memcpy(mac.data, request + len - 6 - mac.len, mac.len);
    return mac;
}

static void signatures_are_byte_for_byte_those_of_the_servers_own_clients(void **state)
{
    (void)state;
    for (size_t i = 0; i < RECORDED; i++) {
        struct fake *f = host();
        struct key key = key_of(f, recorded[i].key);
        auto_free uint8_t *wanted = NULL;
        uint8_t message[1024];
        struct tsig_mac mac;
        size_t len = 0;
        assert_true(decode_hex(recorded[i].request, &wanted, &len));
        size_t bare = len - tsig_len(&key);
        memcpy(message, wanted, bare);
        message[11]--;
        assert_int_equal(tsig_sign(fake_call(f), &key, recorded[i].at, message, &bare, &mac), FL_OK);
        assert_int_equal(bare, len);
        assert_memory_equal(message, wanted, len);
        struct tsig_mac theirs = mac_of(&key, wanted, len);
        assert_int_equal(mac.len, theirs.len);
        assert_memory_equal(mac.data, theirs.data, mac.len);
        fake_free(f);
    }
}

static void answers_of_bind_and_knot_are_verified(void **state)
{
    (void)state;
    for (size_t i = 0; i < RECORDED; i++) {
        struct fake *f = host();
        struct key key = key_of(f, recorded[i].key);
        auto_free uint8_t *request = NULL, *answer = NULL;
        size_t len = 0, answer_len = 0;
        struct tsig_seen seen;
        assert_true(decode_hex(recorded[i].request, &request, &len));
        assert_true(decode_hex(recorded[i].answer, &answer, &answer_len));
        struct tsig_mac mac = mac_of(&key, request, len);
        assert_int_equal(tsig_verify(fake_call(f), &key, &mac, answer, answer_len, &seen), FL_OK);
        assert_true(seen.present && seen.verified);
        assert_null(seen.why);
        assert_int_equal(answer[3] & 15, recorded[i].rcode);
        assert_int_equal(seen.error, recorded[i].error);
        assert_int_equal(seen.server_at, recorded[i].server_at);
        assert_int_equal(seen.signed_at, recorded[i].at);
        fake_free(f);
    }
}

/* Capitals in the names of key and algorithm are the only things that do not matter. */
static bool in_name(const struct key *key, size_t at)
{
    size_t algorithm = key->wire.len + 10;
    return at < key->wire.len || (at >= algorithm && at < algorithm + key->algorithm.len);
}

static void no_answer_with_another_bit_or_less_bytes_is_verified(void **state)
{
    (void)state;
    for (size_t i = 0; i < RECORDED; i++) {
        struct fake *f = host();
        struct key key = key_of(f, recorded[i].key);
        auto_free uint8_t *request = NULL, *answer = NULL;
        size_t len = 0, answer_len = 0;
        struct tsig_seen seen;
        assert_true(decode_hex(recorded[i].request, &request, &len));
        assert_true(decode_hex(recorded[i].answer, &answer, &answer_len));
        struct tsig_mac mac = mac_of(&key, request, len);
        size_t start = answer_len - tsig_len(&key) - (recorded[i].server_at ? 6 : 0);
        for (size_t bit = 16; bit < answer_len * 8; bit++) { /* the id is the host's to compare */
            uint8_t was = answer[bit / 8];
            answer[bit / 8] ^= (uint8_t)(1 << bit % 8);
            int code = tsig_verify(fake_call(f), &key, &mac, answer, answer_len, &seen);
            if (code == FL_OK && seen.verified && (bit % 8 != 5 || !in_name(&key, bit / 8 - start)))
                fail_msg("%s: bit %zu is not covered", recorded[i].who, bit);
            answer[bit / 8] = was;
        }
        for (size_t cut = 0; cut < answer_len; cut++) {
            auto_free uint8_t *shorter = malloc(cut ? cut : 1); /* for the sanitizer to see reads beyond */
            memcpy(shorter, answer, cut);
            int code = tsig_verify(fake_call(f), &key, &mac, shorter, cut, &seen);
            assert_true(code == FL_EPROTO || !seen.verified);
        }
        mac.data[3] ^= 1; /* the answer to another request */
        assert_int_equal(tsig_verify(fake_call(f), &key, &mac, answer, answer_len, &seen), FL_OK);
        assert_false(seen.verified);
        assert_string_equal(seen.why, "its signature is wrong");
        fake_free(f);
    }
}

static void a_truncated_signature_is_not_taken(void **state)
{
    struct fake *f = host();
    struct key key = key_of(f, recorded[0].key);
    auto_free uint8_t *request = NULL, *answer = NULL;
    size_t len = 0, n = 0;
    struct tsig_seen seen;
    (void)state;
    assert_true(decode_hex(recorded[0].request, &request, &len));
    assert_true(decode_hex(recorded[0].answer, &answer, &n));
    struct tsig_mac mac = mac_of(&key, request, len);
    /* 16 of the 32 bytes, as RFC 8945 5.2.2.1 would let a lenient verifier take */
    memmove(answer + n - 22, answer + n - 6, 6);
    n -= 16;
    answer[n - 6 - 16 - 1] = 16;
    answer[n - tsig_len(&key) + 16 + key.wire.len + 9] -= 16;
    assert_int_equal(tsig_verify(fake_call(f), &key, &mac, answer, n, &seen), FL_OK);
    assert_true(seen.present);
    assert_false(seen.verified);
    assert_string_equal(seen.why, "its signature is truncated");
    fake_free(f);
}

static void a_refusal_of_the_key_is_read_without_a_signature(void **state)
{
    static const char badkey[] =
        "088380090001000000000001076578616d706c6504746573740000060001056e6f6b65790000fa00ff0000"
        "0000001d0b686d61632d7368613235360000006b038b94012c0000088300110000";
    struct fake *f = host();
    struct key key = key_of(f, "nokey:hmac-sha256:QUJD");
    auto_free uint8_t *answer = NULL;
    size_t n = 0;
    struct tsig_mac mac = { .len = 32 };
    struct tsig_seen seen;
    (void)state;
    assert_true(decode_hex(badkey, &answer, &n));
    assert_int_equal(tsig_verify(fake_call(f), &key, &mac, answer, n, &seen), FL_OK);
    assert_true(seen.present);
    assert_false(seen.verified);
    assert_int_equal(seen.error, TSIG_BADKEY);
    assert_string_equal(seen.why, "its signature is empty");
    fake_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signatures_are_byte_for_byte_those_of_the_servers_own_clients),
        cmocka_unit_test(answers_of_bind_and_knot_are_verified),
        cmocka_unit_test(no_answer_with_another_bit_or_less_bytes_is_verified),
        cmocka_unit_test(a_truncated_signature_is_not_taken),
        cmocka_unit_test(a_refusal_of_the_key_is_read_without_a_signature),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
