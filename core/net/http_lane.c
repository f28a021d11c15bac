/* SPDX-License-Identifier: Apache-2.0 */
/* http_lane.c - what the requests of one instance share: rate, parallelism, trust. */
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "net/http_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

enum { CA_MAX = 4 * 1024 * 1024, PARALLEL_DFLT = 16, TIMEOUT_DFLT_MS = 30000 };

static bool copy_text(char **to, const char *from)
{
    if (!from || !*from)
        return true;
    *to = strdup(from);
    return *to != NULL;
}
/* Read here and handed to libcurl as bytes: that leaves its one cached store to the system's bundle. */
static bool load_ca(struct http_lane *lane)
{
    int rc;
    if (!lane->ca_file)
        return true;
    rc = file_read(AT_FDCWD, lane->ca_file, CA_MAX, &lane->ca, &lane->ca_len);
    lane->ca_error = -rc;
    return rc != -ENOMEM;
}
struct http_lane *http_lane_new(struct http *h, const struct http_lane_conf *conf)
{
    struct http_lane *lane = calloc(1, sizeof *lane);
    if (!lane)
        return NULL;
    lane->http = h;
    lane->per_minute = conf->per_minute;
    lane->parallel = conf->parallel ? conf->parallel : PARALLEL_DFLT;
    lane->timeout_ms = conf->timeout_ms > 0 ? conf->timeout_ms : TIMEOUT_DFLT_MS;
    if (copy_text(&lane->name, conf->name ? conf->name : "http") &&
        copy_text(&lane->ca_file, conf->ca_file) && copy_text(&lane->cert_file, conf->cert_file) &&
        copy_text(&lane->key_file, conf->key_file) && copy_text(&lane->proxy, conf->proxy) && load_ca(lane))
        return lane;
    http_lane_free(lane);
    return NULL;
}
void http_lane_free(struct http_lane *lane)
{
    if (!lane)
        return;
    free(lane->name);
    free(lane->ca_file);
    free(lane->ca);
    free(lane->cert_file);
    free(lane->key_file);
    free(lane->proxy);
    free(lane);
}
/* A bucket told as a time: `next_us` is when it would be full again, each request moves it on by one
 * interval, and a turn is due when no more than the burst is missing. */
int http_lane_turn(struct http_lane *lane, struct http_xfer *x, struct outcome *o)
{
    int64_t now_us = x->start_ms * 1000, interval_us, burst, due_us;
    char wait[16];

    x->turn_ms = x->start_ms;
    if (lane->per_minute == 0)
        return FL_OK;
    interval_us = 60 * INT64_C(1000000) / lane->per_minute;
    burst = lane->per_minute / 10 > 1 ? lane->per_minute / 10 : 1;
    due_us = lane->next_us - (burst - 1) * interval_us;
    if (due_us < now_us)
        due_us = now_us;
    if ((due_us + 999) / 1000 > x->deadline_ms) {
        clock_span((due_us - now_us) / 1000, wait);
        outcome_fail(o, FL_ERATE,
                     "%s: its own limit of %u requests a minute is used up; the next turn is in %s",
                     lane->name, lane->per_minute, wait);
        o->retry_after_ms = (due_us - now_us) / 1000 + 1;
        return FL_ERATE;
    }
    lane->next_us = (lane->next_us > now_us ? lane->next_us : now_us) + interval_us;
    x->turn_ms = (due_us + 999) / 1000;
    return FL_OK;
}
