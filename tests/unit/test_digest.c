/* SPDX-License-Identifier: Apache-2.0 */
/* test_digest.c - hashes and MACs against the vectors of FIPS 180 and RFC 4231. */
#include "base/encode.h"
#include "base/mem.h"
#include "crypto/digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static void assert_hex(const uint8_t *got, size_t len, const char *wanted)
{
    auto_free char *hex = encode_hex(got, len);
    assert_non_null(hex);
    assert_string_equal(hex, wanted);
}
static void sha2_gives_the_values_of_the_standard(void **state)
{
    uint8_t out[64];

    (void)state;
    assert_true(digest_sha2(256, "abc", 3, out));
    assert_hex(out, 32, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_true(digest_sha2(384, "abc", 3, out));
    assert_hex(
        out, 48,
        "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7");
    assert_true(digest_sha2(512, "abc", 3, out));
    assert_hex(
        out, 64,
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd"
        "454d4423643ce80e2a9ac94fa54ca49f");
    assert_true(digest_sha2(256, "", 0, out));
    assert_hex(out, 32, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}
static void other_sizes_are_refused(void **state)
{
    uint8_t out[64];

    (void)state;
    assert_false(digest_sha2(224, "abc", 3, out));
    assert_false(digest_sha2(0, "abc", 3, out));
    assert_false(digest_hmac(1, "k", 1, "abc", 3, out));
}
/* RFC 4231 sections 4.2 and 4.3; 4.7 is below. */
static const struct vector {
    const char *key, *data, *sha256, *sha384, *sha512;
} vectors[] = {
    { "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265",
      "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
      "afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59cfaea9ea9076ede7f4af152e8b2fa9cb6",
      "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cdedaa833b7d6b8a702038b274eaea3f4e4"
      "be9d914eeb61f1702e696c203a126854" },
    { "4a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
      "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649",
      "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fd"
      "caeab1a34d4a6b4b636e070a38bce737" },
};
static void hmac_gives_the_values_of_rfc_4231(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        const struct vector *v = &vectors[i];
        auto_free uint8_t *key = NULL, *data = NULL;
        size_t key_len = 0, len = 0;
        uint8_t out[64];
        assert_true(decode_hex(v->key, &key, &key_len) && decode_hex(v->data, &data, &len));
        assert_true(digest_hmac(256, key, key_len, data, len, out));
        assert_hex(out, 32, v->sha256);
        assert_true(digest_hmac(384, key, key_len, data, len, out));
        assert_hex(out, 48, v->sha384);
        assert_true(digest_hmac(512, key, key_len, data, len, out));
        assert_hex(out, 64, v->sha512);
    }
}
static void hmac_takes_keys_longer_than_a_block_and_none(void **state)
{
    uint8_t key[131], out[64];
    static const char text[] = "Test Using Larger Than Block-Size Key - Hash Key First";

    (void)state;
    memset(key, 0xaa, sizeof key);
    assert_true(digest_hmac(256, key, sizeof key, text, strlen(text), out));
    assert_hex(out, 32, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    assert_true(digest_hmac(256, NULL, 0, "", 0, out));
    assert_hex(out, 32, "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}
static void random_bytes_differ_and_fill_all(void **state)
{
    uint8_t a[64] = { 0 }, b[64] = { 0 };
    size_t zeros = 0;

    (void)state;
    assert_true(digest_init());
    assert_true(digest_random(a, sizeof a) && digest_random(b, sizeof b));
    assert_memory_not_equal(a, b, sizeof a);
    for (size_t i = 0; i < sizeof a; i++)
        zeros += a[i] == 0;
    assert_true(zeros < 8);
}
static void equal_looks_at_every_byte(void **state)
{
    (void)state;
    assert_true(digest_equal("abcd", "abcd", 4));
    assert_false(digest_equal("abcd", "abce", 4));
    assert_false(digest_equal("abcd", "Abcd", 4));
    assert_true(digest_equal("a", "b", 0));
}
int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha2_gives_the_values_of_the_standard),
        cmocka_unit_test(other_sizes_are_refused),
        cmocka_unit_test(hmac_gives_the_values_of_rfc_4231),
        cmocka_unit_test(hmac_takes_keys_longer_than_a_block_and_none),
        cmocka_unit_test(random_bytes_differ_and_fill_all),
        cmocka_unit_test(equal_looks_at_every_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
