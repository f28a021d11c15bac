/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_door.c - frames of anything at the doors of the keeper and of the sinks, and as their replies. */
#include "base/mem.h"
#include "crypto/keeper.h"
#include "fuzz.h"
#include "plugin/deliver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Bytes in front of what is sent: the frame's length, so that more than the first four bytes are ever read. */
static int feed(const uint8_t *data, size_t size, bool framed)
{
    int pair[2];
    uint32_t len = (uint32_t)size;
    int room = 1024 * 1024;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        abort();
    (void)setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    if ((framed && send(pair[0], &len, sizeof len, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) ||
        (size && send(pair[0], data, size, MSG_DONTWAIT | MSG_NOSIGNAL) < 0))
        abort();
    (void)shutdown(pair[0], SHUT_WR);
    /* Answers find no reader: the far end is gone, as after a crash. */
    close(pair[0]);
    return pair[1];
}

/* How long an RSA key takes is a matter of luck, and often over the second that an input may take. */
static bool is_lottery(const uint8_t *request, size_t size)
{
    uint32_t head[2]; /* op, type */

    if (size < sizeof head)
        return false;
    memcpy(head, request, sizeof head);
    return head[0] == KEEPER_MAKE &&
           (head[1] == KEY_RSA2048 || head[1] == KEY_RSA3072 || head[1] == KEY_RSA4096);
}

static void serve_keeper(const uint8_t *data, size_t size, bool framed)
{
    static struct keeper *k;
    static char dir[] = "/tmp/fuzz-keeper-XXXXXX";
    struct outcome o = { 0 };
    size_t before = framed ? 0 : sizeof(uint32_t);

    if (size > before && is_lottery(data + before, size - before))
        return;
    if (!k && (!mkdtemp(dir) || keeper_new(dir, &k, &o) != FL_OK))
        abort();
    int fd = feed(data, size, framed);
    (void)keeper_serve(k, fd);
    close(fd);
}

static void serve_sinks(const uint8_t *data, size_t size, bool framed)
{
    struct deliver *d = NULL;

    if (deliver_new(NULL, 0, &d) != FL_OK)
        abort();
    int fd = feed(data, size, framed);
    (void)deliver_serve(d, fd);
    close(fd);
    deliver_free(d);
}

/* A reply is read after a request was sent: by then it stands in the socket. */
static void answer_keeper(const uint8_t *data, size_t size, bool framed)
{
    struct keeper *k = NULL;
    struct outcome o = { 0 };
    auto_free char *jwk = NULL;
    uint32_t len = (uint32_t)size;
    int pair[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        abort();
    if (framed)
        (void)send(pair[0], &len, sizeof len, MSG_DONTWAIT | MSG_NOSIGNAL);
    (void)send(pair[0], data, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    (void)shutdown(pair[0], SHUT_WR);
    if (keeper_remote(pair[1], &k) != FL_OK)
        abort();
    (void)keeper_jwk(k, "file:00000000000000000000000000000000", &jwk, &o);
    keeper_free(k);
    close(pair[0]);
}

void fuzz_one(const uint8_t *data, size_t size)
{
    if (size < 1 || size > 150000)
        return;
    bool framed = data[0] & 4;
    switch (data[0] & 3) {
    case 0: serve_keeper(data + 1, size - 1, framed); break;
    case 1: serve_sinks(data + 1, size - 1, framed); break;
    default: answer_keeper(data + 1, size - 1, framed); break;
    }
}
