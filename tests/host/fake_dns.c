/* SPDX-License-Identifier: Apache-2.0 */
/* fake_dns.c - a DNS server of tests: over UDP on 127.0.0.1, with as many moods as real ones have. */
#include "fake_dns.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { RECORDS = 512, MESSAGE = 4096 };
struct fake_dns {
    pthread_mutex_t lock;
    pthread_t thread;
    int fd, stop[2];
    char address[32];
    enum fake_mood mood;
    unsigned asked;
    struct record {
        char name[256], value[256];
        uint16_t type;
    } at[RECORDS];
    size_t n;
};

/* The question's name; 0: malformed, else where its type stands. */
static size_t read_name(const uint8_t *m, size_t len, char out[256])
{
    size_t at = 12, n = 0;
    while (at < len && m[at] != 0) {
        size_t label = m[at++];
        if (label > 63 || at + label > len || n + label + 1 > 255)
            return 0;
        if (n > 0)
            out[n++] = '.';
        for (size_t i = 0; i < label; i++, at++)
            out[n++] = (char)(m[at] >= 'A' && m[at] <= 'Z' ? m[at] + 32 : m[at]);
    }
    out[n] = '\0';
    return at + 5 <= len ? at + 1 : 0;
}

static size_t put_name(uint8_t *to, const char *name)
{
    size_t n = 0;
    while (*name) {
        size_t label = strcspn(name, ".");
        to[n++] = (uint8_t)label;
        memcpy(to + n, name, label);
        n += label;
        name += label + (name[label] == '.');
    }
    to[n++] = 0;
    return n;
}

static size_t put_record(uint8_t *to, const struct record *r)
{
    uint8_t data[300];
    size_t len = strlen(r->value);
    if (r->type == 16) {
        data[0] = (uint8_t)len;
        memcpy(data + 1, r->value, len++);
    } else {
        len = put_name(data, r->value);
    }
    const uint8_t head[] = { 0xc0, 12, 0, (uint8_t)r->type, 0, 1, 0, 0, 0, 5, 0, (uint8_t)len };
    memcpy(to, head, sizeof head);
    memcpy(to + sizeof head, data, len);
    return sizeof head + len;
}

/* The answer in place of the question; 0: none. */
static size_t answer(struct fake_dns *f, uint8_t *m, size_t len)
{
    char name[256];
    size_t at = read_name(m, len, name), count = 0;
    if (at == 0 || f->mood == FAKE_SILENT)
        return 0;
    uint16_t type = (uint16_t)(m[at] << 8 | m[at + 1]);
    at += 4;
    m[2] = f->mood == FAKE_ANSWERS ? 0x84 : 0x80;
    m[3] = f->mood == FAKE_REFUSES ? 5 : 0;
    memset(m + 6, 0, 6);
    for (size_t i = 0; f->mood != FAKE_REFUSES && i < f->n && at < MESSAGE - 600; i++) {
        if (f->at[i].type != type || strcmp(f->at[i].name, name) != 0)
            continue;
        at += put_record(m + at, &f->at[i]);
        count++;
    }
    m[7] = (uint8_t)count;
    return at;
}

static void *serve(void *arg)
{
    struct fake_dns *f = arg;
    struct pollfd fds[] = { { .fd = f->fd, .events = POLLIN }, { .fd = f->stop[0], .events = POLLIN } };
    for (;;) {
        uint8_t m[MESSAGE] = { 0 };
        struct sockaddr_in from;
        socklen_t from_len = sizeof from;
        if (poll(fds, 2, -1) < 0 || fds[1].revents)
            return NULL;
        ssize_t n = recvfrom(f->fd, m, sizeof m, 0, (struct sockaddr *)&from, &from_len);
        if (n < 17)
            continue;
        pthread_mutex_lock(&f->lock);
        f->asked++;
        size_t len = answer(f, m, (size_t)n);
        pthread_mutex_unlock(&f->lock);
        if (len > 0)
            (void)sendto(f->fd, m, len, 0, (struct sockaddr *)&from, from_len);
    }
}

struct fake_dns *fake_dns_start(void)
{
    struct fake_dns *f = calloc(1, sizeof *f);
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof to;
    if (!f)
        return NULL;
    f->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    pthread_mutex_init(&f->lock, NULL);
    if (pipe(f->stop) != 0 || bind(f->fd, (struct sockaddr *)&to, sizeof to) != 0 ||
        getsockname(f->fd, (struct sockaddr *)&to, &len) != 0)
        abort();
    snprintf(f->address, sizeof f->address, "127.0.0.1:%u", ntohs(to.sin_port));
    if (pthread_create(&f->thread, NULL, serve, f) != 0)
        abort();
    return f;
}

void fake_dns_stop(struct fake_dns *f)
{
    if (!f)
        return;
    if (write(f->stop[1], "", 1) != 1)
        abort();
    pthread_join(f->thread, NULL);
    close(f->fd);
    close(f->stop[0]);
    close(f->stop[1]);
    pthread_mutex_destroy(&f->lock);
    free(f);
}

const char *fake_dns_address(const struct fake_dns *f) { return f->address; }

void fake_dns_mood(struct fake_dns *f, enum fake_mood mood)
{
    pthread_mutex_lock(&f->lock);
    f->mood = mood;
    pthread_mutex_unlock(&f->lock);
}

void fake_dns_add(struct fake_dns *f, const char *name, uint16_t type, const char *value)
{
    pthread_mutex_lock(&f->lock);
    if (f->n == RECORDS)
        abort();
    struct record *r = &f->at[f->n++];
    snprintf(r->name, sizeof r->name, "%s", name);
    snprintf(r->value, sizeof r->value, "%s", value);
    r->type = type;
    pthread_mutex_unlock(&f->lock);
}

void fake_dns_remove(struct fake_dns *f, const char *name, uint16_t type, const char *value)
{
    pthread_mutex_lock(&f->lock);
    for (size_t i = 0; i < f->n;) {
        const struct record *r = &f->at[i];
        if (r->type == type && strcmp(r->name, name) == 0 && (!value || strcmp(r->value, value) == 0))
            f->at[i] = f->at[--f->n];
        else
            i++;
    }
    pthread_mutex_unlock(&f->lock);
}

unsigned fake_dns_asked(struct fake_dns *f)
{
    pthread_mutex_lock(&f->lock);
    unsigned n = f->asked;
    pthread_mutex_unlock(&f->lock);
    return n;
}
