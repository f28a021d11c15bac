/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_http01.c - requests of anything to a listener that shows a proof, as the http-01 solver does. */
#include "fuzz.h"
#include "net/listen.h"

#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#define PROOF "token.thumbprint-of-the-account-key"
static const char path[] = "/.well-known/acme-challenge/token";

static void show(void *arg, const struct listen_peer *from, const struct listen_http *req,
                 struct listen_http_answer *out)
{
    (void)arg;
    (void)from;
    if (!req->method || !req->path || !req->host || strchr(req->path, '?'))
        abort();
    if (strcmp(req->path, path) != 0)
        return;
    out->status = 200;
    out->body.data = strdup(PROOF);
    out->body.len = sizeof PROOF - 1;
}

static uint16_t serve(void)
{
    static struct listen *l;
    static uint16_t port;
    sigset_t alarms;
    const struct listen_spec spec = { .address = "127.0.0.1:0", .http = show, .idle_ms = 300 };
    struct listener *one;
    struct outcome o = { 0 };

    /* libFuzzer's would interrupt what waits; patience ends all of that here. */
    sigemptyset(&alarms);
    sigaddset(&alarms, SIGALRM);
    (void)pthread_sigmask(SIG_BLOCK, &alarms, NULL);
    if (!port && (listen_new(&l, &o) != FL_OK || listen_add(l, &spec, &one, &port, &o) != FL_OK)) {
        fprintf(stderr, "fuzz: %s\n", o.msg);
        abort();
    }
    return port;
}

static int dial(uint16_t port)
{
    const struct sockaddr_in at = { .sin_family = AF_INET,
                                    .sin_port = htons(port),
                                    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    const struct timeval patience = { .tv_sec = 5 };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    /* Ports of connections that were reset are free at once: there are thousands of them. */
    const struct linger none = { .l_onoff = 1 };
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof none) != 0 ||
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) != 0 ||
        connect(fd, (const struct sockaddr *)&at, sizeof at) != 0) {
        perror("fuzz: connect");
        abort();
    }
    return fd;
}

static size_t read_all(int fd, char *out, size_t size)
{
    size_t len = 0;
    ssize_t n;

    while (len < size - 1 && (n = recv(fd, out + len, size - 1 - len, 0)) > 0)
        len += (size_t)n;
    out[len] = '\0';
    return len;
}

/* Whatever another client says, this one is served; and it was said before, so it has been read by then. */
void fuzz_one(const uint8_t *data, size_t size)
{
    static const char good[] =
        "GET /.well-known/acme-challenge/token HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    uint16_t port = serve();
    char answer[8192];
    int other = dial(port), fd;

    (void)send(other, data, size, MSG_NOSIGNAL | MSG_DONTWAIT);
    (void)shutdown(other, SHUT_WR);
    fd = dial(port);
    if (send(fd, good, sizeof good - 1, MSG_NOSIGNAL) != (ssize_t)sizeof good - 1 ||
        read_all(fd, answer, sizeof answer) == 0 || !strstr(answer, "\r\n\r\n" PROOF)) {
        perror("fuzz: a good client is not served");
        abort();
    }
    close(fd);
    (void)recv(other, answer, sizeof answer, MSG_DONTWAIT);
    close(other);
}
