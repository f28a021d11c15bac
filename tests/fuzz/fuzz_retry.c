/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_retry.c - times that others tell: Retry-After, HTTP dates, RFC 3339. */
#include "base/clock.h"
#include "base/mem.h"
#include "fuzz.h"
#include "net/http_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void round_trip(const char *text)
{
    int64_t at, again;
    char out[32], span[16];

    if (clock_parse(text, &at)) {
        clock_format(at, out);
        if (at >= 0 && at < 253402300800 && (!clock_parse(out, &again) || again != at))
            abort();
        clock_span(at, span);
    }
    (void)clock_parse_http(text, &at);
}

void fuzz_one(const uint8_t *data, size_t size)
{
    auto_free char *retry = fuzz_part(&data, &size, NULL);
    auto_free char *date = fuzz_part(&data, &size, NULL);
    auto_free char *headers = NULL;
    struct http_answer answer = { 0 };

    round_trip(retry);
    round_trip(date);
    if (asprintf(&headers, "content-type: text/plain\nretry-after: %s\ndate: %s\n", retry, date) < 0)
        abort();
    answer.headers = headers;
    int64_t wait_ms = http_retry_after(&answer);
    if (wait_ms < 0 || wait_ms > 366 * 86400000LL)
        abort();
}
