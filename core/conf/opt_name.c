/* SPDX-License-Identifier: Apache-2.0 */
/* opt_name.c - host names: from what people write to what the DNS has. */
#include "conf/opt.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"

#include <ctype.h>
#include <idn2.h>
#include <string.h>
#include <strings.h>

#define UNDERSCORE "holds a _, which no host name in a certificate may have"
#define CHARACTER "holds a character that no host name may have"
#define HYPHEN "has a label that begins or ends with a hyphen"

enum { LABEL_MAX = 63, NAME_MAX_BYTES = 253 };

/* What people paste that is no name at all. */
static const char *not_even(const char *text)
{
    char ip[46];
    bool v6;

    if (!*text)
        return "is empty";
    if (strstr(text, "://"))
        return "is a URL: write the host name alone";
    if (text_ip(text, ip, &v6) || *text == '[')
        return "is an address, not a host name";
    if (strchr(text, '/'))
        return "holds a /: write the host name alone";
    if (strchr(text, ':'))
        return "holds a colon: write the host name without a port";
    if (strchr(text, '@'))
        return "is a mail address: write the host name alone";
    if (strpbrk(text, " \t\r\n"))
        return "holds a blank";
    return NULL;
}
static bool needs_idn(const char *label, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)label[i] >= 0x80)
            return true;
    return len >= 4 && !strncasecmp(label, "xn--", 4);
}
static const char *idn_why(int rc, const char *label)
{
    switch (rc) {
    case IDN2_TOO_BIG_LABEL:
    case IDN2_TOO_BIG_DOMAIN: return "has a label of over 63 bytes (as an A-label)";
    case IDN2_HYPHEN_STARTEND: return HYPHEN;
    case IDN2_MALLOC: return "could not be read: out of memory";
    default:
        return strncasecmp(label, "xn--", 4)
                   ? CHARACTER
                   : "has a label xn--... that stands for no internationalized name";
    }
}
/* Whether IDNA 2008 itself, without the mapping of UTS 46, takes what came out, and leaves it as it is. */
static int confirm(const char *ascii)
{
    char *unicode = NULL;
    uint8_t *again = NULL;
    int rc = idn2_to_unicode_8z8z(ascii, &unicode, 0);

    if (rc == IDN2_OK)
        rc = idn2_lookup_u8((const uint8_t *)unicode, &again, IDN2_NFC_INPUT | IDN2_NO_TR46);
    if (rc == IDN2_OK && strcmp((const char *)again, ascii) != 0)
        rc = IDN2_DISALLOWED;
    idn2_free(unicode);
    idn2_free(again);
    return rc;
}
/* IDN2_USE_STD3_ASCII_RULES is not used: libidn2 2.3 takes the characters that it forbids out of the name
 * instead of refusing it. The ASCII ones are looked at before, what the mapping makes of others afterwards. */
static const char *idn(const char *label, struct buf *out)
{
    uint8_t *ascii = NULL;
    int rc = idn2_lookup_u8((const uint8_t *)label, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);

    if (rc == IDN2_OK)
        rc = confirm((const char *)ascii);
    if (rc == IDN2_OK)
        buf_adds(out, (const char *)ascii);
    idn2_free(ascii);
    return rc == IDN2_OK ? NULL : idn_why(rc, label);
}
static const char *label(const char *text, size_t len, struct buf *out)
{
    char copy[4 * LABEL_MAX + 1];

    if (!needs_idn(text, len)) {
        buf_add(out, text, len);
        return NULL;
    }
    if (len >= sizeof copy)
        return "has a label of over 63 bytes";
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)text[i] < 0x80 && !isalnum((unsigned char)text[i]) && text[i] != '-')
            return text[i] == '_' ? UNDERSCORE : CHARACTER;
    memcpy(copy, text, len);
    copy[len] = '\0';
    return idn(copy, out);
}
/* One label of the result. */
static const char *ascii_label(const char *p, size_t len, unsigned flags)
{
    if (len == 0)
        return "has an empty label: two dots in a row, or one in front";
    if (len > LABEL_MAX)
        return "has a label of over 63 bytes";
    if (memchr(p, '*', len))
        return flags & OPT_WILDCARD
                   ? "has a * that is not the whole first label: a wildcard is written \"*.example.org\""
                   : "holds a *: a wildcard has no place here";
    for (size_t i = 0; i < len; i++) {
        if (p[i] == '_' && !(flags & OPT_UNDERSCORE))
            return UNDERSCORE;
        if (!isalnum((unsigned char)p[i]) && p[i] != '-' && p[i] != '_')
            return CHARACTER;
    }
    if (p[0] == '-' || p[len - 1] == '-')
        return HYPHEN;
    return NULL;
}
static const char *check(const char *name, unsigned flags)
{
    const char *why = NULL, *p = name;

    if (strlen(name) > NAME_MAX_BYTES)
        return "is over 253 bytes long";
    if (flags & OPT_WILDCARD && text_starts(p, "*."))
        p += 2;
    else if (flags & OPT_WILDCARD && !strcmp(p, "*"))
        return "is a wildcard of nothing: it is written \"*.example.org\"";
    for (;; p++) {
        size_t len = strcspn(p, ".");
        why = ascii_label(p, len, flags);
        if (why || !p[len]) {
            if (!why && strspn(p, "0123456789") == len)
                why = "is neither a host name nor an address: its last label is a number";
            return why;
        }
        p += len;
    }
}
const char *opt_name(const char *text, unsigned flags, char out[256])
{
    cleanup_(buf_done) struct buf b = BUF(1024);
    const char *why = not_even(text);

    for (const char *p = text; !why && *p;) {
        size_t len = strcspn(p, ".");
        why = label(p, len, &b);
        p += len;
        /* The final dot of a full name is left out. */
        if (*p && p[1])
            buf_adds(&b, ".");
        p += *p == '.';
    }
    if (!why && b.failed)
        why = "is over 253 bytes long";
    if (!why)
        why = check(buf_text(&b), flags);
    if (why)
        return why;
    for (size_t i = 0; i <= b.len; i++)
        out[i] = (char)tolower((unsigned char)b.data[i]);
    return NULL;
}
