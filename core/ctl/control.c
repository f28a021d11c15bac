/* SPDX-License-Identifier: Apache-2.0 */
/* control.c - the thread behind the control socket, and what it shares with main. */
#include "ctl/control.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "ctl/cli.h"
#include "ctl/control_conn.h"
#include "ctl/control_socket.h"
#include "ctl/serve.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>

enum { CONNS = 48, STACK = 512 * 1024, AT_ONCE = 8, NAP_MS = 60000 };

struct control {
    struct control_conf conf; /* const */
    char path[CONTROL_PATH];
    int64_t since_at;
    int listener, wake;
    pthread_t thread;
    /* the thread's */
    struct conn *conns[CONNS];
    size_t n;
    int64_t deaf_until_ms; /* no descriptors are left: not accepting */
    bool alone;            /* there was no engine when it was looked for last */
    /* shared */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct engine *engine; /* NULL: none just now */
    unsigned generation;   /* of engines */
    bool busy;             /* the thread is inside a request with `engine` */
    bool ending;
    int64_t asked, seen, done; /* reloads, by number */
    bool ok;
    int64_t reloaded_at;
    char *words;
};

/* ---- what main says ------------------------------------------------------------------------- */

static void tell(struct control *c)
{
    const uint64_t one = 1;
    ssize_t n = write(c->wake, &one, sizeof one);
    (void)n; /* full: it is awake anyway */
}

static void swap_engine(struct control *c, struct engine *e)
{
    pthread_mutex_lock(&c->lock);
    while (c->busy)
        pthread_cond_wait(&c->changed, &c->lock);
    c->engine = e;
    c->generation++;
    pthread_mutex_unlock(&c->lock);
    tell(c);
}

void control_attach(struct control *c, struct engine *e)
{
    if (c)
        swap_engine(c, e);
}

void control_detach(struct control *c)
{
    if (c)
        swap_engine(c, NULL);
}

void control_reloading(struct control *c)
{
    if (!c)
        return;
    pthread_mutex_lock(&c->lock);
    c->seen = c->asked;
    pthread_mutex_unlock(&c->lock);
}

void control_reloaded(struct control *c, bool ok, const char *words)
{
    char *copy = c ? strdup(words) : NULL;

    if (!c)
        return;
    pthread_mutex_lock(&c->lock);
    free(c->words);
    c->words = copy;
    c->ok = ok;
    c->done = c->seen;
    c->reloaded_at = clock_wall_ms() / 1000;
    pthread_mutex_unlock(&c->lock);
}

/* ---- requests ------------------------------------------------------------------------------ */

static json_t *ask_reload(struct control *c, const struct serve *s)
{
    json_t *reply;

    if (!c->conf.reload)
        return serve_reply(EXIT_FAILED, "this service cannot reload: restart it");
    pthread_mutex_lock(&c->lock);
    int64_t ticket = ++c->asked;
    pthread_mutex_unlock(&c->lock);
    serve_log(s, "reload", NULL);
    c->conf.reload(c->conf.arg);
    reply = serve_reply(EXIT_DONE, "%s", "");
    json_put_int(reply, "ticket", ticket);
    return reply;
}

static json_t *tell_reloaded(struct control *c, int64_t ticket)
{
    json_t *reply = serve_reply(EXIT_DONE, "%s", "");

    pthread_mutex_lock(&c->lock);
    bool done = c->done >= ticket;
    json_put_flag(reply, "done", done);
    if (done) {
        json_put_flag(reply, "ok", c->ok);
        json_put_str(reply, "msg", c->words);
    }
    pthread_mutex_unlock(&c->lock);
    return reply;
}

/* The line about the service itself. */
static json_t *about(struct control *c)
{
    json_t *line = json_object(), *is = json_object(), *reload = json_object();

    json_put_int(is, "pid", getpid());
    json_put_str(is, "version", PACKAGE_VERSION);
    json_put_int(is, "since", c->since_at);
    json_put_str(is, "conf", c->conf.conf_file);
    pthread_mutex_lock(&c->lock);
    if (c->reloaded_at) {
        json_put_int(reload, "at", c->reloaded_at);
        json_put_flag(reload, "ok", c->ok);
        json_put_str(reload, "msg", c->words);
        json_put(is, "reload", json_incref(reload));
    }
    pthread_mutex_unlock(&c->lock);
    json_decref(reload);
    json_put(line, "daemon", is);
    return line;
}

/* The engine for one request; NULL: there is none, or it is another than the one that `conn` has begun with. */
static struct engine *enter(struct control *c, struct conn *conn)
{
    pthread_mutex_lock(&c->lock);
    struct engine *e = c->engine;
    c->busy = e != NULL;
    if (e && conn->state == CONN_ASKED)
        conn->generation = c->generation;
    pthread_mutex_unlock(&c->lock);
    return e;
}

static void leave(struct control *c)
{
    pthread_mutex_lock(&c->lock);
    c->busy = false;
    pthread_cond_broadcast(&c->changed);
    pthread_mutex_unlock(&c->lock);
}

static struct serve serve_of(struct engine *e, const struct conn *conn)
{
    struct world *w = engine_world(e);
    struct serve s = { .model = w->model, .store = w->store, .keeper = w->keeper, .engine = e };

    snprintf(s.who, sizeof s.who, "uid=%u,pid=%lld", (unsigned)conn->who.uid, (long long)conn->who.pid);
    return s;
}

static void answer(struct control *c, struct engine *e, struct conn *conn)
{
    const struct serve s = serve_of(e, conn);
    const char *op = json_str(conn->req, "op", "");
    int64_t now_ms = clock_mono_ms();

    if (strcmp(op, "status") == 0) {
        conn_answer(conn, about(c), now_ms);
        conn->more = true;
    } else if (strcmp(op, "reload") == 0) {
        conn_answer(conn, ask_reload(c, &s), now_ms);
    } else if (strcmp(op, "reloaded") == 0) {
        conn_answer(conn, tell_reloaded(c, json_int(conn->req, "ticket", 0)), now_ms);
    } else {
        conn_answer(conn, serve(&s, conn->req), now_ms);
    }
}

/* Some lines more of a status; others have their turn in between. */
static void go_on(struct control *c, struct engine *e, struct conn *conn)
{
    const struct serve s = serve_of(e, conn);

    for (int i = 0; i < AT_ONCE && conn->more && !conn->out.failed; i++) {
        json_t *line = conn->generation == c->generation
                           ? serve_next(&s, conn->req, &conn->at)
                           : serve_reply(EXIT_WAITING, "the configuration was changed meanwhile: ask again");
        conn->more = line && !json_object_get(line, "exit");
        conn_say(conn, line);
    }
}

static void work_on(struct control *c, struct conn *conn)
{
    bool asked = conn->state == CONN_ASKED,
         more = conn->more && conn->state == CONN_ANSWERING && !conn->out.len;
    struct engine *e = asked || more ? enter(c, conn) : NULL;

    c->alone = c->alone || ((asked || more) && !e);
    if (!e)
        return;
    if (asked)
        answer(c, e, conn);
    else
        go_on(c, e, conn);
    leave(c);
}

/* ---- the thread ------------------------------------------------------------------------------ */

static void drop(struct control *c, size_t at)
{
    conn_free(c->conns[at]);
    c->conns[at] = c->conns[--c->n];
}

/* The one that makes room: who has not asked yet, and of those the one that had the longest time to. */
static void make_room(struct control *c)
{
    size_t worst = 0;

    for (size_t i = 1; i < c->n; i++) {
        bool reading = c->conns[i]->state == CONN_READING, other = c->conns[worst]->state == CONN_READING;
        if (reading != other ? reading : c->conns[i]->until_ms < c->conns[worst]->until_ms)
            worst = i;
    }
    drop(c, worst);
}

static void welcome(struct control *c, int64_t now_ms)
{
    int fd = accept4(c->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    if (fd < 0) {
        if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)
            c->deaf_until_ms = now_ms + 1000;
        return;
    }
    if (c->n == CONNS)
        make_room(c);
    struct conn *conn = conn_new(fd, now_ms);
    if (conn)
        c->conns[c->n++] = conn;
}

/* What a client is waited for; nothing while it is the engine's turn. */
static short events_of(const struct control *c, const struct conn *conn)
{
    if (conn->state == CONN_READING)
        return POLLIN;
    if (conn->state == CONN_ASKED || (c->alone && conn->more && !conn->out.len))
        return 0;
    return POLLOUT;
}

/* What there is to wait for; the time until something is to be looked at again. */
static int prepare(struct control *c, struct pollfd p[CONNS + 2], int64_t now_ms)
{
    int64_t wait_ms = NAP_MS;
    bool deaf = c->deaf_until_ms > now_ms;

    p[0] = (struct pollfd){ .fd = c->wake, .events = POLLIN };
    p[1] = (struct pollfd){ .fd = deaf ? -1 : c->listener, .events = POLLIN };
    if (deaf)
        wait_ms = 1000;
    for (size_t i = 0; i < c->n; i++) {
        const struct conn *conn = c->conns[i];
        p[i + 2] = (struct pollfd){ .fd = conn->fd, .events = events_of(c, conn) };
        if (conn->until_ms - now_ms < wait_ms)
            wait_ms = conn->until_ms - now_ms;
    }
    return wait_ms > 0 ? (int)wait_ms : 0;
}

/* False: it is over. */
static bool attend(struct control *c, struct conn *conn, short events, int64_t now_ms)
{
    if (conn->until_ms <= now_ms) {
        if (conn->state != CONN_ASKED)
            return false;
        conn_answer(conn, serve_reply(EXIT_WAITING, "the service is busy with a reload: ask again later"),
                    now_ms);
    }
    if (conn->state == CONN_READING && events && !conn_read(conn, now_ms))
        return false;
    if (conn->state == CONN_ASKED && (events & (POLLERR | POLLHUP)))
        return false;
    work_on(c, conn);
    return conn->state != CONN_ANSWERING || conn_write(conn, now_ms);
}

static bool goes_on(struct control *c)
{
    pthread_mutex_lock(&c->lock);
    bool on = !c->ending;
    pthread_mutex_unlock(&c->lock);
    return on;
}

static void *listen_to_people(void *arg)
{
    struct control *c = arg;
    struct pollfd p[CONNS + 2];
    uint64_t count;

    while (goes_on(c)) {
        int64_t now_ms = clock_mono_ms();
        size_t n = c->n;
        if (poll(p, n + 2, prepare(c, p, now_ms)) < 0 && errno != EINTR)
            continue;
        now_ms = clock_mono_ms();
        if (p[0].revents & POLLIN) {
            ssize_t len = read(c->wake, &count, sizeof count);
            (void)len; /* whatever it says, somebody has called */
            c->alone = false;
        }
        for (size_t i = n; i-- > 0;) /* backwards: the last takes the place of one that goes */
            if (!attend(c, c->conns[i], p[i + 2].revents, now_ms))
                drop(c, i);
        if (p[1].revents)
            welcome(c, now_ms);
    }
    return NULL;
}

/* ---- beginning and end ----------------------------------------------------------------------- */

/* Signals are main's business. */
static bool start_thread(struct control *c)
{
    sigset_t all, before;
    pthread_attr_t attr;

    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, STACK);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool ok = pthread_create(&c->thread, &attr, listen_to_people, c) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attr);
    return ok;
}

static void dispose(struct control *c)
{
    while (c->n)
        drop(c, c->n - 1);
    if (c->listener >= 0) {
        control_unlink(c->path);
        close(c->listener);
    }
    if (c->wake >= 0)
        close(c->wake);
    pthread_cond_destroy(&c->changed);
    pthread_mutex_destroy(&c->lock);
    free(c->words);
    free(c);
}

int control_new(const struct control_conf *conf, const struct model *m, struct control **out,
                struct outcome *o)
{
    struct control *c = calloc(1, sizeof *c);

    *out = NULL;
    if (!c)
        return outcome_nomem(o);
    c->conf = *conf;
    c->since_at = clock_wall_ms() / 1000;
    c->listener = c->wake = -1;
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->changed, NULL);
    if (!control_path(m, c->path)) {
        dispose(c);
        return FL_OK;
    }
    c->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    int code = c->wake < 0 ? outcome_fail(o, FL_ETEMP, "control: %s", strerror(errno))
                           : control_listen(c->path, m->control_group, &c->listener, o);
    if (code == FL_OK && !start_thread(c))
        code = outcome_fail(o, FL_ENOMEM, "control: its thread cannot be started");
    if (code == FL_OK)
        *out = c;
    else
        dispose(c);
    return code;
}

void control_free(struct control *c)
{
    if (!c)
        return;
    control_detach(c);
    pthread_mutex_lock(&c->lock);
    c->ending = true;
    pthread_mutex_unlock(&c->lock);
    tell(c);
    pthread_join(c->thread, NULL);
    dispose(c);
}
