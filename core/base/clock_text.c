/* SPDX-License-Identifier: Apache-2.0 */
/* clock_text.c - times as text: RFC 3339, HTTP dates, spans for people. */
#include "base/clock.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

/* strptime() reads names in the locale's language; a protocol does not. */
static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
static const char days[] = "SunMonTueWedThuFriSat";

/* Each reader takes what it knows from *p; `ok` goes false at the first surprise. */
struct reader {
    const char *p;
    bool ok;
};
static int read_digits(struct reader *r, int count)
{
    int value = 0;
    for (int i = 0; r->ok && i < count; i++) {
        r->ok = isdigit((unsigned char)*r->p);
        if (r->ok)
            value = value * 10 + (*r->p++ - '0');
    }
    return value;
}
static void read_one_of(struct reader *r, const char *set)
{
    r->ok = r->ok && *r->p && strchr(set, *r->p);
    if (r->ok)
        r->p++;
}
static int read_name(struct reader *r, const char *table)
{
    for (int i = 0; r->ok && table[i * 3]; i++)
        if (!strncasecmp(r->p, table + i * 3, 3)) {
            r->p += 3;
            return i;
        }
    r->ok = false;
    return 0;
}
static void read_time(struct reader *r, struct tm *tm)
{
    tm->tm_hour = read_digits(r, 2);
    read_one_of(r, ":");
    tm->tm_min = read_digits(r, 2);
    read_one_of(r, ":");
    tm->tm_sec = read_digits(r, 2);
}
static bool leap(int year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }
/* timegm() would take the 31st of June for the 1st of July. */
static bool to_seconds(const struct tm *tm, int64_t offset, int64_t *at_out)
{
    static const int length[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    struct tm copy = *tm;
    if (tm->tm_mon < 0 || tm->tm_mon > 11)
        return false;
    if (tm->tm_mday < 1 || tm->tm_mday > length[tm->tm_mon] + (tm->tm_mon == 1 && leap(tm->tm_year + 1900)))
        return false;
    if (tm->tm_hour > 23 || tm->tm_min > 59 || tm->tm_sec > 60)
        return false;
    *at_out = (int64_t)timegm(&copy) - offset;
    return true;
}
static int64_t read_offset(struct reader *r)
{
    int sign = *r->p == '-' ? -1 : 1, hours, minutes;
    if (*r->p == 'Z' || *r->p == 'z') {
        r->p++;
        return 0;
    }
    read_one_of(r, "+-");
    hours = read_digits(r, 2);
    read_one_of(r, ":");
    minutes = read_digits(r, 2);
    r->ok = r->ok && hours <= 23 && minutes <= 59;
    return sign * (hours * 3600 + minutes * 60);
}
static bool parse_rfc3339(const char *text, int64_t *at_out)
{
    struct reader r = { .p = text, .ok = true };
    struct tm tm = { 0 };
    int64_t offset;

    tm.tm_year = read_digits(&r, 4) - 1900;
    read_one_of(&r, "-");
    tm.tm_mon = read_digits(&r, 2) - 1;
    read_one_of(&r, "-");
    tm.tm_mday = read_digits(&r, 2);
    read_one_of(&r, "Tt ");
    read_time(&r, &tm);
    if (r.ok && *r.p == '.') {
        r.p++;
        read_digits(&r, 1);
        while (isdigit((unsigned char)*r.p))
            r.p++;
    }
    offset = r.ok ? read_offset(&r) : 0;
    return r.ok && !*r.p && to_seconds(&tm, offset, at_out);
}
/* RFC 9110 5.6.7: a two-digit year that looks more than 50 years ahead is of the past. */
static int full_year(int two_digits)
{
    time_t now = (time_t)(clock_wall_ms() / 1000);
    struct tm tm = { 0 };
    int year;
    gmtime_r(&now, &tm);
    year = (tm.tm_year + 1900) / 100 * 100 + two_digits;
    return year > tm.tm_year + 1900 + 50 ? year - 100 : year;
}
/* "Sun, 06 Nov 1994 08:49:37 GMT" and "Sunday, 06-Nov-94 08:49:37 GMT", after the comma. */
static void read_dated(struct reader *r, struct tm *tm)
{
    read_one_of(r, " ");
    tm->tm_mday = read_digits(r, 2);
    if (r->ok && *r->p == '-') {
        r->p++;
        tm->tm_mon = read_name(r, months);
        read_one_of(r, "-");
        tm->tm_year = full_year(read_digits(r, 2)) - 1900;
    } else {
        read_one_of(r, " ");
        tm->tm_mon = read_name(r, months);
        read_one_of(r, " ");
        tm->tm_year = read_digits(r, 4) - 1900;
    }
    read_one_of(r, " ");
    read_time(r, tm);
    if (r->ok && !strcmp(r->p, " GMT"))
        r->p += 4;
    else
        r->ok = false;
}
/* "Nov  6 08:49:37 1994", after the day's name. */
static void read_asctime(struct reader *r, struct tm *tm)
{
    read_one_of(r, " ");
    tm->tm_mon = read_name(r, months);
    read_one_of(r, " ");
    if (r->ok && *r->p == ' ')
        r->p++;
    tm->tm_mday = read_digits(r, r->ok && isdigit((unsigned char)r->p[0]) && r->p[1] != ' ' ? 2 : 1);
    read_one_of(r, " ");
    read_time(r, tm);
    read_one_of(r, " ");
    tm->tm_year = read_digits(r, 4) - 1900;
}
bool clock_parse_http(const char *text, int64_t *at_out)
{
    struct reader r = { .p = text, .ok = true };
    struct tm tm = { 0 };

    read_name(&r, days);
    while (r.ok && isalpha((unsigned char)*r.p))
        r.p++;
    if (r.ok && *r.p == ',') {
        r.p++;
        read_dated(&r, &tm);
    } else
        read_asctime(&r, &tm);
    return r.ok && !*r.p && to_seconds(&tm, 0, at_out);
}
bool clock_parse(const char *text, int64_t *at_out)
{
    return parse_rfc3339(text, at_out) || clock_parse_http(text, at_out);
}
void clock_format(int64_t at, char out[32])
{
    const int64_t last = 253402300799; /* 9999-12-31T23:59:59Z: RFC 3339 has four digits */
    const int64_t first = -62167219200;
    time_t t = (time_t)(at > last ? last : at < first ? first : at);
    struct tm tm = { 0 };
    gmtime_r(&t, &tm);
    if (strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
        out[0] = '\0';
    /* strftime() writes the year 33 as "33". */
    if (at < -30610224000)
        snprintf(out, 32, "%04u-%02u-%02uT%02u:%02u:%02uZ", (unsigned)(tm.tm_year + 1900) % 10000,
                 (unsigned)(tm.tm_mon + 1) % 100, (unsigned)tm.tm_mday % 100, (unsigned)tm.tm_hour % 100,
                 (unsigned)tm.tm_min % 100, (unsigned)tm.tm_sec % 100);
}
void clock_span(int64_t ms, char out[16])
{
    static const struct {
        int64_t unit_ms, below;
        const char *name;
    } units[] = {
        { 1000, 100, "s" }, { 60000, 100, "min" }, { 3600000, 48, "h" }, { 86400000, INT64_MAX, "d" }
    };
    size_t i = 0;
    int64_t n;

    if (ms < 0)
        ms = 0;
    for (;; i++) {
        n = ms / units[i].unit_ms + (ms % units[i].unit_ms >= units[i].unit_ms / 2);
        if (n < units[i].below)
            break;
    }
    snprintf(out, 16, "%" PRId64 " %s", n % 1000000000000, units[i].name);
}
