/* SPDX-License-Identifier: Apache-2.0 */
/* client.c - finds the daemon, or takes its place. */
#include "ctl/client.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "ctl/work.h"
#include "proc/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

enum { LINE_MAX_BYTES = 64 << 20, PATIENCE_MS = 120000, LOOK_MS = 200 };

/* ---- finding ------------------------------------------------------------------------------- */

/* What is there of the configuration is enough to find the daemon by: it has its own. */
static int read_model(struct client *c)
{
    c->diag = diag_new();
    c->model = c->diag ? model_load(c->cli->conf, c->diag) : NULL;
    if (!c->model) {
        fputs("error: out of memory\n", stderr);
        return EXIT_WAITING;
    }
    return EXIT_DONE;
}

static int refused(const struct client *c)
{
    const struct world_conf wc = cli_world(c->cli);

    diag_print(c->diag, stderr);
    cli_hint(&wc);
    return EXIT_FAILED;
}

static int find_daemon(struct client *c, const struct model *m)
{
    auto_close int fd = -1;

    /* A conversation that is recorded or replayed is this process's own. */
    if (c->cli->record || c->cli->replay || !control_path(m, c->path))
        return EXIT_DONE;
    fd = control_connect(c->path);
    c->daemon = fd >= 0;
    if (fd >= 0 || errno != EACCES)
        return EXIT_DONE;
    fprintf(
        stderr,
        "error: %s: permission denied: be root or the service's user, or a member of the group that may use it "
        "(`control_group`)\n",
        c->path);
    return EXIT_FAILED;
}

static int open_alone(struct client *c, enum client_need need, struct outcome *o)
{
    char keys[512];
    int code = need == CLIENT_READ ? store_open_to_read(c->model->state, &c->store, o)
                                   : store_open(c->model->state, &c->store, o);

    if (code == FL_OK && need == CLIENT_WRITE) {
        store_dir(c->store, "keys", keys, sizeof keys);
        code = keeper_new(keys, &c->keeper, o);
    }
    c->serve = (struct serve){ .model = c->model, .store = c->store, .keeper = c->keeper };
    return code;
}

static int open_world(struct client *c)
{
    const struct world_conf wc = cli_world(c->cli);
    struct outcome o = { 0 };

    c->world = cli_load(&wc);
    if (!c->world)
        return EXIT_FAILED;
    c->signals = signals_open();
    if (c->signals < 0) {
        perror("error: signals");
        return EXIT_FAILED;
    }
    if (world_open(c->world, &wc, true, &o) != FL_OK)
        return cli_failed(&o);
    c->serve =
        (struct serve){ .model = c->world->model, .store = c->world->store, .keeper = c->world->keeper };
    return EXIT_DONE;
}

int client_find(struct client *c, const struct cli *cli)
{
    *c = (struct client){ .cli = cli, .signals = -1 };
    int status = read_model(c);

    if (status != EXIT_DONE || c->model->tree->broken) /* what it says of the socket cannot be known */
        return status;
    return find_daemon(c, c->model);
}

/* `NAME = "TEXT"` at the beginning of a line, in a file that cannot be parsed. */
static bool said(const char *text, const char *name, char out[400])
{
    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        line += strspn(line, " \t");
        size_t len = strlen(name);
        const char *at = line + len + strspn(line + (strncmp(line, name, len) ? 0 : len), " \t");
        if (strncmp(line, name, len) != 0 || *at != '=')
            continue;
        at += 1 + strspn(at + 1, " \t");
        len = *at == '"' ? strcspn(at + 1, "\"\\\n") : 0;
        if (len && len < 400 && at[1 + len] == '"')
            return snprintf(out, 400, "%.*s", (int)len, at + 1) > 0;
    }
    return false;
}

/* A mistake that keeps the file from being parsed must not keep anybody from seeing how things stand: the service still
 * has the configuration from before. */
static int find_despite(struct client *c)
{
    auto_free char *text = NULL;
    char state[400], control[400];
    struct model guess = *c->model;
    size_t len = 0;

    if (file_read(AT_FDCWD, c->cli->conf, 1 << 20, &text, &len) != 0 || !said(text, "state", state))
        return EXIT_DONE;
    guess.state = state;
    if (said(text, "control", control))
        guess.control = control;
    int status = find_daemon(c, &guess);
    if (c->daemon)
        diag_print(c->diag, stderr);
    return status;
}

int client_begin(struct client *c, const struct cli *cli, enum client_need need)
{
    struct outcome o = { 0 };
    int status = client_find(c, cli);

    if (status == EXIT_DONE && c->model->tree->broken && need == CLIENT_READ)
        status = find_despite(c);
    if (status != EXIT_DONE || c->daemon)
        return status;
    if (need == CLIENT_WORK)
        return open_world(c);
    if (diag_errors(c->diag))
        return refused(c);
    return open_alone(c, need, &o) == FL_OK ? EXIT_DONE : cli_failed(&o);
}

void client_end(struct client *c)
{
    world_free(c->world);
    keeper_free(c->keeper);
    store_close(c->store);
    model_free(c->model);
    diag_free(c->diag);
    if (c->signals >= 0)
        close(c->signals);
    *c = (struct client){ .signals = -1 };
}

/* ---- talking ------------------------------------------------------------------------------- */

static bool send_all(int fd, const char *text)
{
    size_t len = strlen(text);

    while (len) {
        ssize_t n = send(fd, text, len, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        text += n;
        len -= (size_t)n;
    }
    return true;
}

struct lines {
    void (*line)(void *arg, const json_t *line);
    void *arg;
    struct buf in;
    json_t *reply;
};

/* One whole line. */
static void take(struct lines *l, const char *text, size_t len)
{
    char why[128];
    json_t *value = json_parse(text, len, why);

    if (value && json_object_get(value, "exit") && !l->reply) {
        l->reply = value;
        return;
    }
    if (value && l->line)
        l->line(l->arg, value);
    json_decref(value);
}

static bool feed(struct lines *l, const char *data, size_t len)
{
    for (const char *end; len && (end = memchr(data, '\n', len));
         len -= (size_t)(end + 1 - data), data = end + 1) {
        if (!buf_add(&l->in, data, (size_t)(end - data)))
            return false;
        take(l, buf_text(&l->in), l->in.len);
        buf_clear(&l->in);
    }
    return buf_add(&l->in, data, len);
}

static void receive(int fd, struct lines *l)
{
    char part[16384];
    struct pollfd wait = { .fd = fd, .events = POLLIN };

    while (!l->reply && poll(&wait, 1, PATIENCE_MS) > 0) {
        ssize_t n = recv(fd, part, sizeof part, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0 || !feed(l, part, (size_t)n))
            return;
    }
}

static json_t *converse(struct client *c, const json_t *req, struct lines *l)
{
    auto_free char *text = json_text(req);
    auto_close int fd = control_connect(c->path);

    if (!text)
        return serve_reply(EXIT_WAITING, "out of memory");
    if (fd < 0 || !send_all(fd, text) || !send_all(fd, "\n"))
        return serve_reply(EXIT_WAITING, "the service at %s does not answer: %s", c->path, strerror(errno));
    receive(fd, l);
    return l->reply
               ? l->reply
               : serve_reply(EXIT_WAITING, "the service at %s went away, or was too busy to answer", c->path);
}

static json_t *all_lines(const struct client *c, const json_t *req, struct lines *l)
{
    size_t at = 0;
    json_t *line;

    while ((line = serve_next(&c->serve, req, &at)) && !json_object_get(line, "exit")) {
        l->line(l->arg, line);
        json_decref(line);
    }
    return line ? line : serve_reply(EXIT_WAITING, "out of memory");
}

json_t *client_lines(struct client *c, json_t *req, void (*line)(void *arg, const json_t *line), void *arg)
{
    struct lines l = { .line = line, .arg = arg, .in = BUF(LINE_MAX_BYTES) };
    json_t *reply = c->daemon ? converse(c, req, &l) : all_lines(c, req, &l);

    buf_done(&l.in);
    json_decref(req);
    return reply;
}

json_t *client_ask(struct client *c, json_t *req)
{
    json_t *reply;

    if (c->daemon)
        return client_lines(c, req, NULL, NULL);
    reply = serve(&c->serve, req);
    json_decref(req);
    return reply ? reply : serve_reply(EXIT_WAITING, "out of memory");
}

int client_said(json_t *reply)
{
    int status = (int)json_int(reply, "exit", EXIT_FAILED);
    const char *msg = json_str(reply, "msg", "");

    if (msg[0] && status == EXIT_DONE)
        puts(msg);
    else if (msg[0])
        fprintf(stderr, "error: %s\n", msg);
    json_decref(reply);
    return status;
}

/* ---- waiting --------------------------------------------------------------------------------- */

static bool wait_for_daemon(struct client *c, const json_t *tasks, int64_t wait_ms)
{
    int64_t end_ms = clock_mono_ms() + wait_ms;

    for (int64_t left_ms = wait_ms; left_ms > 0; left_ms = end_ms - clock_mono_ms()) {
        json_t *req = json_object();
        json_put_str(req, "op", "quiet");
        json_put_int(req, "within_ms", left_ms);
        if (tasks)
            json_put(req, "tasks", json_incref((json_t *)(uintptr_t)tasks));
        json_t *reply = client_ask(c, req);
        bool quiet = json_flag(reply, "quiet", false);
        if (json_int(reply, "exit", EXIT_FAILED) != EXIT_DONE) {
            client_said(reply);
            return false;
        }
        json_decref(reply);
        if (quiet)
            return true;
        poll(NULL, 0, LOOK_MS);
    }
    return true;
}

bool client_wait(struct client *c, const json_t *tasks, const char *const *only, int64_t wait_ms)
{
    const struct work work = { .world = c->world, .only = only, .wait_ms = wait_ms, .signals = c->signals };

    return c->daemon ? wait_for_daemon(c, tasks, wait_ms) : work_run(&work) == EXIT_DONE;
}
