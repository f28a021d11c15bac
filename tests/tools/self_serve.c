/* SPDX-License-Identifier: Apache-2.0 */
/*
 * self_serve.c - the plugin `self` on real sockets, without a daemon.
 *
 *     self_serve OPTION=VALUE... <commands
 *
 * A command a line: "ZONE NAME TYPE VALUE..." puts an RRset (values separated by `|`), without values it removes
 * it; NAME "@" is the apex, "*N" in a value an N-byte text. Says "ready" when it listens and "ok" or a message after each
 * command; ends with its input.
 */
#include "base/mem.h"
#include "fake_host.h"
#include "net/listen.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VALUES = 64 };

/* The host's promise: one call on the instance at a time. */
static pthread_mutex_t lane = PTHREAD_MUTEX_INITIALIZER;
static struct listen *service;
struct ear {
    struct fake *fake;
    size_t number;
};
static struct ear ears[FAKE_LISTENERS];

static void copy(const struct fl_bytes *from, struct listen_bytes *out)
{
    out->data = from->len > 0 ? malloc(from->len) : NULL;
    if (!out->data)
        return;
    memcpy(out->data, from->data, from->len);
    out->len = from->len;
}

static void on_datagram(void *arg, const struct listen_peer *peer, const void *data, size_t len,
                        struct listen_bytes *out)
{
    struct ear *e = arg;
    struct fl_from from = { .address = peer->address, .port = peer->port };
    struct fl_bytes bytes;
    pthread_mutex_lock(&lane);
    if (fake_datagram(e->fake, e->number, &from, data, len, &bytes) == FL_OK)
        copy(&bytes, out);
    pthread_mutex_unlock(&lane);
}

static bool on_stream(void *arg, const struct listen_peer *peer, const void *data, size_t len,
                      size_t *used_out, struct listen_bytes *out)
{
    struct ear *e = arg;
    struct fl_from from = { .address = peer->address, .port = peer->port };
    struct fl_bytes bytes;
    pthread_mutex_lock(&lane);
    int rc = fake_stream(e->fake, e->number, &from, data, len, used_out, &bytes);
    if (rc == FL_OK)
        copy(&bytes, out);
    pthread_mutex_unlock(&lane);
    return rc == FL_OK;
}

static int open_ear(struct fake *f, const struct fl_listen *spec, uint16_t *port_out, struct outcome *o)
{
    struct ear *e = &ears[f->nlisteners - 1];
    struct listener *l;
    struct listen_spec plain = { .address = spec->address,
                                 .arg = e,
                                 .datagram = spec->on_datagram ? on_datagram : NULL,
                                 .stream = spec->on_stream ? on_stream : NULL };
    *e = (struct ear){ .fake = f, .number = f->nlisteners - 1 };
    return listen_add(service, &plain, &l, port_out, o);
}

static uint32_t type_of(const char *text)
{
    static const char *const names[] = { "A", "AAAA", "CNAME", "TXT" };
    static const uint32_t types[] = { FL_RR_A, FL_RR_AAAA, FL_RR_CNAME, FL_RR_TXT };
    for (size_t i = 0; i < 4; i++)
        if (strcmp(text, names[i]) == 0)
            return types[i];
    return 0;
}

static char *expand(const char *text)
{
    size_t n = *text == '*' ? strtoul(text + 1, NULL, 10) : 0;
    char *out = n ? malloc(n + 1) : strdup(text);
    if (n && out) {
        memset(out, 'x', n);
        out[n] = '\0';
    }
    return out;
}

static void obey(struct fake *f, char *line)
{
    char *zone = strsep(&line, " "), *name = strsep(&line, " "), *type = strsep(&line, " ");
    struct fl_value values[VALUES];
    struct fl_change c = { .ttl = 5, .after = values };
    const char *receipt = NULL;
    if (!type) {
        puts("ZONE NAME TYPE VALUE|VALUE, please");
        return;
    }
    c.name = strcmp(name, "@") == 0 ? "" : name;
    c.type = type_of(type);
    for (char *v = strsep(&line, "|"); v && c.nafter < VALUES; v = strsep(&line, "|"))
        values[c.nafter++] = (struct fl_value){ .text = expand(v) };
    pthread_mutex_lock(&lane);
    int rc = f->plugin->ops.dns->apply(fake_call(f), &(struct fl_zone){ .apex = zone }, &c, 1, &receipt);
    puts(rc == FL_OK ? "ok" : fake_outcome(f)->msg);
    pthread_mutex_unlock(&lane);
    for (size_t i = 0; i < c.nafter; i++)
        free((char *)(uintptr_t)values[i].text);
}

int main(int argc, char **argv)
{
    (void)argc;
    struct outcome o = { 0 };
    auto_free char *line = NULL;
    size_t cap = 0;
    struct fake *f = fake_new(&fl_plugin_entry, (const char *const *)(argv + 1));
    int rc = fake_check(f);
    if (rc == FL_OK && listen_new(&service, &o) == FL_OK) {
        f->listen = open_ear;
        rc = fake_open(f);
    }
    puts(rc == FL_OK ? "ready" : fake_outcome(f)->msg);
    fflush(stdout);
    while (rc == FL_OK && getline(&line, &cap, stdin) > 0) {
        line[strcspn(line, "\n")] = '\0';
        obey(f, line);
        fflush(stdout);
    }
    listen_free(service);
    fake_free(f);
    return rc == FL_OK ? 0 : 1;
}
