/* SPDX-License-Identifier: Apache-2.0 */
/* test_encode.c - RFC 4648, with the vectors of its section 10. */
#include "base/encode.h"
#include "base/mem.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void the_vectors_of_the_rfc_hold(void **state)
{
    static const struct {
        const char *plain, *base64, *base32, *hex;
    } vectors[] = {
        { "", "", "", "" },
        { "f", "Zg==", "my", "66" },
        { "fo", "Zm8=", "mzxq", "666f" },
        { "foo", "Zm9v", "mzxw6", "666f6f" },
        { "foob", "Zm9vYg==", "mzxw6yq", "666f6f62" },
        { "fooba", "Zm9vYmE=", "mzxw6ytb", "666f6f6261" },
        { "foobar", "Zm9vYmFy", "mzxw6ytboi", "666f6f626172" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        size_t len = strlen(vectors[i].plain);
        auto_free char *a = encode_base64(vectors[i].plain, len);
        auto_free char *b = encode_base32(vectors[i].plain, len);
        auto_free char *c = encode_hex(vectors[i].plain, len);
        assert_string_equal(a, vectors[i].base64);
        assert_string_equal(b, vectors[i].base32);
        assert_string_equal(c, vectors[i].hex);
    }
}
static void the_url_alphabet_has_no_padding(void **state)
{
    auto_free char *url = encode_base64url("\xfb\xff\xfe\xff", 4);
    auto_free char *plain = encode_base64("\xfb\xff\xfe\xff", 4);
    (void)state;
    assert_string_equal(url, "-__-_w");
    assert_string_equal(plain, "+//+/w==");
}
static void all_bytes_come_back(void **state)
{
    uint8_t bytes[256];
    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(255 - i);
    for (size_t len = 0; len <= sizeof bytes; len++) {
        auto_free char *text = len % 2 ? encode_base64(bytes, len) : encode_base64url(bytes, len);
        auto_free char *digits = encode_hex(bytes, len);
        auto_free uint8_t *back = NULL, *from_hex = NULL;
        size_t n = 0, m = 0;
        assert_true(decode_base64(text, &back, &n));
        assert_true(decode_hex(digits, &from_hex, &m));
        assert_int_equal(n, len);
        assert_int_equal(m, len);
        assert_memory_equal(back, bytes, len);
        assert_memory_equal(from_hex, bytes, len);
    }
}
static void both_alphabets_and_blanks_are_read(void **state)
{
    auto_free uint8_t *out = NULL;
    size_t n = 0;
    (void)state;
    assert_true(decode_base64(" +/\r\n-_\t/w = = \n", &out, &n));
    assert_int_equal(n, 4);
    assert_memory_equal(out, "\xfb\xff\xbf\xff", 4);
}
static void anything_else_is_refused(void **state)
{
    static const char *const bad64[] = { "Z",        "Zg=",  "Zg===", "Zm9v=", "Zm9v====", "Z=g=",
                                         "Zg==Zg==", "Zm9*", "Zh==",  "Zm9",   "=" };
    static const char *const bad16[] = { "a", "0g", "0x10", " 00" };
    uint8_t *out = NULL;
    size_t n = 0;
    (void)state;
    for (size_t i = 0; i < sizeof bad64 / sizeof *bad64; i++) {
        errno = 0;
        assert_false(decode_base64(bad64[i], &out, &n));
        assert_int_equal(errno, EINVAL);
    }
    for (size_t i = 0; i < sizeof bad16 / sizeof *bad16; i++) {
        errno = 0;
        assert_false(decode_hex(bad16[i], &out, &n));
        assert_int_equal(errno, EINVAL);
    }
    assert_null(out);
}
static void nothing_decodes_to_something_that_can_be_freed(void **state)
{
    auto_free uint8_t *out = NULL, *hex = NULL;
    size_t n = 1, m = 1;
    (void)state;
    assert_true(decode_base64("", &out, &n));
    assert_true(decode_hex("", &hex, &m));
    assert_non_null(out);
    assert_non_null(hex);
    assert_int_equal(n + m, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_vectors_of_the_rfc_hold),
        cmocka_unit_test(the_url_alphabet_has_no_padding),
        cmocka_unit_test(all_bytes_come_back),
        cmocka_unit_test(both_alphabets_and_blanks_are_read),
        cmocka_unit_test(anything_else_is_refused),
        cmocka_unit_test(nothing_decodes_to_something_that_can_be_freed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
