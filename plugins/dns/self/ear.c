/* SPDX-License-Identifier: Apache-2.0 */
/* ear.c - queries that come in. */
#include "answer.h"
#include <fl/listen.h>
#include <string.h>

static int on_datagram(struct fl_ctx *ctx, const struct fl_from *from, const void *data, size_t len,
                       struct fl_bytes *out)
{
    struct self *s = fl_self(ctx);
    uint8_t *room = fl_alloc(ctx, ANSWER_UDP_MAX);
    if (!room)
        return FL_ENOMEM;
    bool slip = !limit_take(&s->limit, from->address, fl_now_ms(ctx));
    *out = (struct fl_bytes){ .data = room, .len = answer_make(s, data, len, false, slip, room) };
    return FL_OK;
}

/* Messages with their length in front (RFC 1035 section 4.2.2), as many as the client likes (RFC 7766). */
static int on_stream(struct fl_ctx *ctx, const struct fl_from *from, const void *data, size_t len,
                     size_t *used_out, struct fl_bytes *out)
{
    const uint8_t *p = data;
    (void)from;
    if (len < 2)
        return FL_OK;
    size_t message = wire_get16(p);
    if (message < WIRE_HEADER)
        return FL_EPROTO;
    if (len - 2 < message)
        return FL_OK;
    uint8_t *room = fl_alloc(ctx, 2 + ANSWER_TCP_MAX);
    if (!room)
        return FL_ENOMEM;
    size_t n = answer_make(fl_self(ctx), p + 2, message, true, false, room + 2);
    room[0] = (uint8_t)(n >> 8);
    room[1] = (uint8_t)n;
    *used_out = 2 + message;
    *out = (struct fl_bytes){ .data = room, .len = n > 0 ? 2 + n : 0 };
    return FL_OK;
}

/* One address, both kinds, the same port also when any will do. */
static int start(struct fl_ctx *ctx, const char *address)
{
    const char *colon = strrchr(address, ':');
    uint16_t port = 0;
    int rc = fl_listen(ctx, &(struct fl_listen){ .address = address, .on_datagram = on_datagram }, &port);
    if (rc != FL_OK)
        return rc;
    if (colon && strcmp(colon, ":0") == 0)
        address = fl_printf(ctx, "%.*s:%u", (int)(colon - address), address, port);
    return fl_listen(ctx, &(struct fl_listen){ .address = address, .on_stream = on_stream }, NULL);
}

int ear_open(struct fl_ctx *ctx)
{
    const struct conf *conf = fl_conf(ctx);
    int rc = FL_OK;
    for (const char *const *at = conf->listen; rc == FL_OK && at && *at; at++)
        rc = start(ctx, *at);
    return rc;
}
