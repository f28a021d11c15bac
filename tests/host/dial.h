/* SPDX-License-Identifier: Apache-2.0 */
/* dial.h - the client's side of tests of listeners, over loopback; included after cmocka.h. */
#ifndef TESTS_DIAL_H
#define TESTS_DIAL_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

/* A connected socket that gives up reading after 10 s. */
static inline int dial_at(const char *ip, uint16_t port, int type)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(port) };
    int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
    struct timeval patience = { .tv_sec = 10 };
    assert_int_equal(inet_pton(AF_INET, ip, &at.sin_addr), 1);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof at), 0);
    return fd;
}

static inline void expect(int fd, const char *text)
{
    char got[256];
    size_t want = strlen(text), n = 0;
    while (n < want) {
        ssize_t k = recv(fd, got + n, want - n, 0);
        if (k <= 0)
            fail_msg("wanted \"%s\", the connection ended after %zu bytes", text, n);
        n += (size_t)k;
    }
    assert_memory_equal(got, text, want);
}

static inline void expect_end(int fd)
{
    char c;
    ssize_t n = recv(fd, &c, 1, 0);
    assert_true(n == 0 || (n < 0 && errno == ECONNRESET));
}

#endif
