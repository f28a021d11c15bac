/* SPDX-License-Identifier: Apache-2.0 */
/* encode.c - base64, base64url, base32, hex (RFC 4648). */
#include "base/encode.h"
#include "base/mem.h"

#include <errno.h>
#include <string.h>

static const char b64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char b64url[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
static const char b32[] = "abcdefghijklmnopqrstuvwxyz234567";
static const char hex[] = "0123456789abcdef";

/* All alphabets here are powers of two: bits go in by eights and come out by `width`. */
static char *encode(const void *data, size_t len, const char *alphabet, unsigned width, unsigned pad_to)
{
    const uint8_t *in = data;
    uint32_t bits = 0;
    unsigned have = 0;
    size_t n = 0;
    char *out;

    if (len > SIZE_MAX / 4 || !(out = malloc(len * 2 + 8)))
        return NULL;
    for (size_t i = 0; i < len; i++) {
        bits = (bits << 8 | in[i]) & 0xffff;
        for (have += 8; have >= width; have -= width)
            out[n++] = alphabet[bits >> (have - width) & ((1u << width) - 1)];
    }
    if (have > 0)
        out[n++] = alphabet[bits << (width - have) & ((1u << width) - 1)];
    while (pad_to && n % pad_to)
        out[n++] = '=';
    out[n] = '\0';
    return out;
}
char *encode_base64(const void *data, size_t len) { return encode(data, len, b64, 6, 4); }
char *encode_base64url(const void *data, size_t len) { return encode(data, len, b64url, 6, 0); }
char *encode_base32(const void *data, size_t len) { return encode(data, len, b32, 5, 0); }
char *encode_hex(const void *data, size_t len) { return encode(data, len, hex, 4, 0); }
static int value64(char c)
{
    const char *at = c ? strchr(b64, c) : NULL;
    if (!at && (c == '-' || c == '_'))
        return c == '-' ? 62 : 63;
    return at ? (int)(at - b64) : -1;
}
static bool space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
static bool refuse(int error)
{
    errno = error;
    return false;
}
/* Padding, where there is any, must fill the last group exactly; nothing follows it. */
static bool padding_fits(const char *rest, size_t digits)
{
    size_t pads = 0;
    for (; *rest; rest++)
        if (*rest == '=')
            pads++;
        else if (!space(*rest))
            return false;
    return digits % 4 != 1 && (pads == 0 || (digits + pads) % 4 == 0) && pads < 3;
}
bool decode_base64(const char *text, uint8_t **out, size_t *len_out)
{
    auto_free uint8_t *bytes = malloc(strlen(text) + 1);
    size_t n = 0, digits = 0;
    uint32_t bits = 0;
    unsigned have = 0;

    if (!bytes)
        return refuse(ENOMEM);
    for (; *text && *text != '='; text++) {
        int v = value64(*text);
        if (v < 0 && space(*text))
            continue;
        if (v < 0)
            return refuse(EINVAL);
        bits = (bits << 6 | (uint32_t)v) & 0xffff;
        digits++;
        for (have += 6; have >= 8; have -= 8)
            bytes[n++] = (uint8_t)(bits >> (have - 8));
    }
    /* Left-over bits that are not zero would be a second spelling of the same bytes. */
    if (!padding_fits(text, digits) || (bits & ((1u << have) - 1)) != 0)
        return refuse(EINVAL);
    *out = take_ptr(bytes);
    *len_out = n;
    return true;
}
static int value16(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}
bool decode_hex(const char *text, uint8_t **out, size_t *len_out)
{
    size_t len = strlen(text);
    auto_free uint8_t *bytes = malloc(len / 2 + 1);

    if (!bytes)
        return refuse(ENOMEM);
    if (len % 2)
        return refuse(EINVAL);
    for (size_t i = 0; i < len / 2; i++) {
        int high = value16(text[2 * i]), low = value16(text[2 * i + 1]);
        if (high < 0 || low < 0)
            return refuse(EINVAL);
        bytes[i] = (uint8_t)(high << 4 | low);
    }
    *out = take_ptr(bytes);
    *len_out = len / 2;
    return true;
}
