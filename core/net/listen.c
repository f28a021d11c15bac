/* SPDX-License-Identifier: Apache-2.0 */
/* listen.c - the listen thread: its epoll set, and the way in for other threads. */
#include "net/listen.h"
#include "base/clock.h"
#include "base/mem.h"
#include "net/listen_parts.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

enum { EVENTS = 64, IDLE_MS = 10000, CONNECTIONS = 256 };

/* What other threads ask the listen thread to do; it stands on the asker's stack. */
struct order {
    enum { ADD, REMOVE, SWITCH, STOP } what;
    struct listener *listener;
    struct listen_spec *spec; /* SWITCH: the new one; and the one before */
    bool done, failed;
    struct order *next;
};

struct listen {
    struct listen_source wake; /* an eventfd: there are orders */
    int epoll;
    pthread_t thread;
    pthread_mutex_t lock; /* of `orders` and what is in them */
    pthread_cond_t obeyed;
    struct order *orders;
    struct listener *offers; /* belongs to the thread that hands over */
    /* The thread's own. */
    struct listener *listeners;
    struct listen_source *dead;
    bool stop;
};

bool listen_watch(struct listen *l, struct listen_source *s, uint32_t events)
{
    struct epoll_event e = { .events = events, .data.ptr = s };
    return epoll_ctl(l->epoll, EPOLL_CTL_ADD, s->fd, &e) == 0;
}

bool listen_rewatch(struct listen *l, struct listen_source *s, uint32_t events)
{
    struct epoll_event e = { .events = events, .data.ptr = s };
    return epoll_ctl(l->epoll, EPOLL_CTL_MOD, s->fd, &e) == 0;
}

void listen_bury(struct listen *l, struct listen_source *s)
{
    if (s->dead)
        return;
    s->dead = true;
    if (s->fd >= 0) {
        /* Said aloud, because systemd's descriptor or a child between fork and exec may share the socket. */
        (void)epoll_ctl(l->epoll, EPOLL_CTL_DEL, s->fd, NULL);
        close(s->fd);
    }
    s->next_dead = l->dead;
    l->dead = s;
}

void listen_peer(const struct sockaddr_storage *from, struct listen_peer *out)
{
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)from;
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)from;
    memset(out, 0, sizeof *out);
    if (from->ss_family == AF_INET) {
        inet_ntop(AF_INET, &v4->sin_addr, out->address, sizeof out->address);
        out->port = ntohs(v4->sin_port);
    } else if (from->ss_family == AF_INET6) {
        if (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr))
            inet_ntop(AF_INET, &v6->sin6_addr.s6_addr[12], out->address, sizeof out->address);
        else
            inet_ntop(AF_INET6, &v6->sin6_addr, out->address, sizeof out->address);
        out->port = ntohs(v6->sin6_port);
    }
}

static void forget(struct listen *l, struct listener *listener)
{
    struct listener **at = &l->listeners;
    while (*at && *at != listener)
        at = &(*at)->next;
    if (!*at)
        return;
    *at = listener->next;
    listener->stop(listener);
    listen_bury(l, &listener->source);
}

static bool start(struct listener *n)
{
    if (n->spec.datagram)
        return listen_datagram_start(n);
    if (n->spec.stream || n->spec.talk)
        return listen_stream_start(n);
    return listen_http_start(n);
}

/* The limits of the socket's first owner stay where its library knows no others. */
static void change(struct listener *n, struct listen_spec *spec)
{
    struct listen_spec before = n->spec;
    n->spec = *spec;
    if (n->http && n->spec.max_connections > before.max_connections)
        n->spec.max_connections = before.max_connections;
    *spec = before;
}

static bool obey(struct listen *l, struct order *o)
{
    switch (o->what) {
    case ADD:
        if (!start(o->listener))
            return false;
        o->listener->next = l->listeners;
        l->listeners = o->listener;
        return true;
    case REMOVE: forget(l, o->listener); return true;
    case SWITCH: change(o->listener, o->spec); return true;
    case STOP: l->stop = true; return true;
    }
    return false;
}

static void on_wake(struct listen_source *s, uint32_t events)
{
    (void)events;
    uint64_t count;
    (void)!read(s->fd, &count, sizeof count);
}

/* Orders are obeyed between events, when no handler is at work. */
static void take_orders(struct listen *l)
{
    pthread_mutex_lock(&l->lock);
    struct order *o = l->orders;
    l->orders = NULL;
    pthread_mutex_unlock(&l->lock);
    while (o) {
        struct order *next = o->next;
        bool ok = obey(l, o);
        pthread_mutex_lock(&l->lock);
        o->failed = !ok;
        o->done = true;
        pthread_cond_broadcast(&l->obeyed);
        pthread_mutex_unlock(&l->lock);
        o = next;
    }
}

static int64_t what_is_due(struct listen *l)
{
    int64_t next = INT64_MAX, now = clock_mono_ms();
    for (struct listener *n = l->listeners; n; n = n->next) {
        int64_t at = n->due(n, now);
        next = at < next ? at : next;
    }
    return next;
}

static void bury_all(struct listen *l)
{
    while (l->dead) {
        struct listen_source *s = l->dead;
        l->dead = s->next_dead;
        s->drop(s);
    }
}

static void *run(void *arg)
{
    struct listen *l = arg;
    struct epoll_event events[EVENTS];
    while (!l->stop) {
        int64_t next = what_is_due(l), now = clock_mono_ms();
        int64_t wait = next == INT64_MAX ? -1 : next > now ? next - now : 0;
        int n = epoll_wait(l->epoll, events, EVENTS, wait > 60000 ? 60000 : (int)wait);
        for (int i = 0; i < n; i++) {
            struct listen_source *s = events[i].data.ptr;
            if (!s->dead)
                s->ready(s, events[i].events);
        }
        take_orders(l);
        bury_all(l);
    }
    while (l->listeners)
        forget(l, l->listeners);
    bury_all(l);
    return NULL;
}

/* Hands the order over and waits until it is obeyed. */
static bool give(struct listen *l, struct order *o)
{
    uint64_t one = 1;
    pthread_mutex_lock(&l->lock);
    struct order **last = &l->orders;
    while (*last)
        last = &(*last)->next;
    *last = o;
    pthread_mutex_unlock(&l->lock);
    (void)!write(l->wake.fd, &one, sizeof one);
    pthread_mutex_lock(&l->lock);
    while (!o->done)
        pthread_cond_wait(&l->obeyed, &l->lock);
    bool ok = !o->failed;
    pthread_mutex_unlock(&l->lock);
    return ok;
}

static void release(struct listen *l)
{
    if (l->epoll >= 0)
        close(l->epoll);
    if (l->wake.fd >= 0)
        close(l->wake.fd);
    pthread_cond_destroy(&l->obeyed);
    pthread_mutex_destroy(&l->lock);
    free(l);
}

/* Signals are for the main thread. */
static int spawn(struct listen *l)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&l->thread, NULL, run, l);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error;
}

int listen_new(struct listen **out, struct outcome *o)
{
    struct listen *l = calloc(1, sizeof *l);
    if (!l)
        return outcome_nomem(o);
    listen_adopt();
    pthread_mutex_init(&l->lock, NULL);
    pthread_cond_init(&l->obeyed, NULL);
    l->epoll = epoll_create1(EPOLL_CLOEXEC);
    l->wake = (struct listen_source){ .fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), .ready = on_wake };
    int error = l->epoll < 0 || l->wake.fd < 0 || !listen_watch(l, &l->wake, EPOLLIN) ? errno : spawn(l);
    if (error) {
        release(l);
        return outcome_fail(o, FL_ETEMP, "cannot start to listen: %s", strerror(error));
    }
    *out = l;
    return FL_OK;
}

void listen_free(struct listen *l)
{
    if (!l)
        return;
    give(l, &(struct order){ .what = STOP });
    pthread_join(l->thread, NULL);
    release(l);
}

static void drop_listener(struct listen_source *s) { free(s); }

static struct listen_spec complete(const struct listen_spec *spec)
{
    struct listen_spec out = *spec;
    out.address = NULL;
    out.idle_ms = spec->idle_ms > 0 ? spec->idle_ms : IDLE_MS;
    out.max_connections = spec->max_connections > 0 ? spec->max_connections : CONNECTIONS;
    return out;
}

int listen_add(struct listen *l, const struct listen_spec *spec, struct listener **out, uint16_t *port_out,
               struct outcome *o)
{
    struct listener *n = calloc(1, sizeof *n);
    uint16_t port = 0;
    if (!n)
        return outcome_nomem(o);
    int rc = listen_socket(spec->address, spec->datagram ? SOCK_DGRAM : SOCK_STREAM, &n->source.fd, &port,
                           &n->wildcard, o);
    if (rc != FL_OK) {
        free(n);
        return rc;
    }
    n->spec = complete(spec);
    n->port = port;
    listen_address(spec->address, &n->asked, &(bool){ false });
    n->service = l;
    n->source.drop = drop_listener;
    if (!give(l, &(struct order){ .what = ADD, .listener = n })) {
        close(n->source.fd);
        free(n);
        return outcome_fail(o, FL_ETEMP, "cannot listen on %s: no memory or no descriptors", spec->address);
    }
    *out = n;
    if (port_out)
        *port_out = port;
    return outcome_ok(o);
}

void listen_remove(struct listen *l, struct listener *listener)
{
    if (!listener)
        return;
    listen_offer(l, listener, false);
    give(l, &(struct order){ .what = REMOVE, .listener = listener });
}

/* ---- handing over ---- */

void listen_offer(struct listen *l, struct listener *listener, bool offered)
{
    struct listener **at = &l->offers;
    if (listener->offered == offered)
        return;
    listener->offered = offered;
    if (offered) {
        listener->next_offer = l->offers;
        l->offers = listener;
        return;
    }
    while (*at && *at != listener)
        at = &(*at)->next_offer;
    if (*at)
        *at = listener->next_offer;
}

/* The kind is const while the listener lives: only which function of that kind is called may be switched. */
static bool same_kind(const struct listen_spec *a, const struct listen_spec *b)
{
    return !a->datagram == !b->datagram && !a->stream == !b->stream && !a->http == !b->http &&
           a->talk == b->talk;
}

/* As it was asked for, or as it came to be where any port would do. */
static bool is_at(const struct listener *n, const struct sockaddr_storage *at)
{
    struct sockaddr_storage bound = n->asked;
    if (bound.ss_family == AF_INET)
        ((struct sockaddr_in *)&bound)->sin_port = htons(n->port);
    else
        ((struct sockaddr_in6 *)&bound)->sin6_port = htons(n->port);
    return listen_same_address(&n->asked, at) || listen_same_address(&bound, at);
}

struct listener *listen_claim(struct listen *l, const struct listen_spec *spec, uint16_t *port_out)
{
    struct sockaddr_storage at;
    bool wildcard;
    if (!l->offers || !listen_address(spec->address, &at, &wildcard))
        return NULL;
    for (struct listener *n = l->offers; n; n = n->next_offer)
        if (is_at(n, &at) && same_kind(&n->spec, spec)) {
            listen_offer(l, n, false);
            *port_out = n->port;
            return n;
        }
    return NULL;
}

void *listen_switch(struct listen *l, struct listener *listener, const struct listen_spec *spec)
{
    struct listen_spec both = complete(spec);
    give(l, &(struct order){ .what = SWITCH, .listener = listener, .spec = &both });
    return both.arg;
}
