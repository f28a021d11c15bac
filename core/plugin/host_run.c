/* SPDX-License-Identifier: Apache-2.0 */
/* host_run.c - programs for plugins: no shell, no descriptors, no surprises (fl/plugin.h). */
#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "plugin/ctx.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>

enum {
    OUTPUT_USUAL = 64 * 1024,
    OUTPUT_MOST = 1024 * 1024,
    ERRORS_MAX = 8192,
    GRACE_MS = 2000,
    PACE_MS = 20,
    TAIL = 200
};
static const char path_usual[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

struct voice {
    int fd; /* our end; -1: ended */
    struct buf said;
    bool end; /* the end of it is kept, not the beginning */
    bool cut;
};
struct child {
    pid_t pid;
    int watch;                /* pidfd, -1: the kernel has none */
    struct voice out, errors; /* errors.fd -1: they are in `out` */
    int status;               /* of waitpid(), once it is over */
    bool over, timed_out;
};

/* ---- what to start ---- */

static const char *search_path(void)
{
    const char *path = getenv("PATH");
    return path && *path ? path : path_usual;
}
/* 0, or the errno that says why it cannot be started. */
static int hindrance(const char *path)
{
    struct stat st;

    if (stat(path, &st) != 0)
        return errno;
    if (!S_ISREG(st.st_mode))
        return EACCES;
    return access(path, X_OK) == 0 ? 0 : errno;
}
/* Only absolute folders of PATH count: the others mean where somebody happened to start us. */
static const char *find_program(struct fl_ctx *ctx, const char *name)
{
    const char *dirs = search_path();

    if (strchr(name, '/'))
        return name[0] == '/' ? name : NULL;
    while (*name && *dirs) {
        size_t len = strcspn(dirs, ":");
        if (*dirs == '/') {
            const char *path = fl_printf(ctx, "%.*s/%s", (int)len, dirs, name);
            if (hindrance(path) == 0)
                return path;
        }
        dirs += len + (dirs[len] == ':');
    }
    return NULL;
}
static bool sets(const char *const *env, const char *name)
{
    for (; env && *env; env++)
        if (text_starts(*env, name))
            return true;
    return false;
}
static char **environment(struct fl_ctx *ctx, const char *const *env)
{
    const char **all;
    size_t n = 0, given = 0;

    while (env && env[given])
        given++;
    all = fl_alloc(ctx, (given + 3) * sizeof *all);
    if (!all)
        return NULL;
    if (!sets(env, "PATH="))
        all[n++] = fl_printf(ctx, "PATH=%s", search_path());
    if (!sets(env, "LANG="))
        all[n++] = "LANG=C";
    for (size_t i = 0; i < given; i++)
        all[n++] = env[i];
    return (char **)(void *)all;
}

/* ---- starting it ---- */

/* A file in memory: unlike a pipe it takes all of it at once and needs nobody to feed it. */
static int input_of(const struct fl_run *run)
{
    int fd;
    if (!run->input)
        return open("/dev/null", O_RDONLY | O_CLOEXEC);
    fd = memfd_create("input", MFD_CLOEXEC);
    for (size_t done = 0; fd >= 0 && done < run->input_len;) {
        ssize_t n = write(fd, run->input + done, run->input_len - done);
        if (n <= 0) {
            close(fd);
            return -1;
        }
        done += (size_t)n;
    }
    if (fd >= 0)
        (void)lseek(fd, 0, SEEK_SET);
    return fd;
}
static int spawn(pid_t *pid, const char *path, const int fds[3], char *const *argv, char *const *env)
{
    posix_spawn_file_actions_t acts;
    posix_spawnattr_t attr;
    sigset_t all, none;
    int rc = posix_spawn_file_actions_init(&acts);

    if (rc != 0)
        return rc;
    rc = posix_spawnattr_init(&attr);
    if (rc != 0) {
        posix_spawn_file_actions_destroy(&acts);
        return rc;
    }
    sigfillset(&all);
    sigemptyset(&none);
    (void)posix_spawnattr_setflags(&attr,
                                   POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    (void)posix_spawnattr_setpgroup(&attr, 0);
    (void)posix_spawnattr_setsigmask(&attr, &none);
    (void)posix_spawnattr_setsigdefault(&attr, &all);
    for (int i = 0; i < 3 && rc == 0; i++)
        rc = posix_spawn_file_actions_adddup2(&acts, fds[i], i);
    if (rc == 0)
        rc = posix_spawn_file_actions_addclosefrom_np(&acts, 3);
    if (rc == 0)
        rc = posix_spawn(pid, path, &acts, &attr, argv, env);
    posix_spawnattr_destroy(&attr);
    posix_spawn_file_actions_destroy(&acts);
    return rc;
}
/* Descriptors that stand in for 0, 1 and 2 must not be among them: dup2() would undo itself. */
static int above_two(int fd)
{
    int high = fd >= 0 && fd < 3 ? fcntl(fd, F_DUPFD_CLOEXEC, 3) : fd;
    if (high != fd)
        close(fd);
    return high;
}
/* The program's end of a new pipe; -1: errno. */
static int open_voice(struct voice *v)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) != 0)
        return -1;
    v->fd = above_two(ends[0]);
    if (v->fd >= 0)
        (void)fcntl(v->fd, F_SETFL, O_NONBLOCK);
    return above_two(ends[1]);
}
static int start(struct fl_ctx *ctx, const struct fl_run *run, const char *path, struct child *c)
{
    char **env = environment(ctx, run->env);
    auto_close int in = above_two(input_of(run));
    auto_close int out = -1;
    auto_close int errors = -1;
    int rc;

    if (!env || ctx->arena.starved)
        return ctx_nomem(ctx);
    out = in < 0 ? -1 : open_voice(&c->out);
    errors = out >= 0 && run->apart ? open_voice(&c->errors) : -1;
    if (out < 0 || c->out.fd < 0 || (run->apart && (errors < 0 || c->errors.fd < 0)))
        return fl_fail(ctx, FL_ETEMP, "%s cannot be run: %s", path, strerror(errno));
    rc = spawn(&c->pid, path, (const int[3]){ in, out, run->apart ? errors : out },
               (char **)(uintptr_t)run->argv, env);
    if (rc == ENOMEM)
        return ctx_nomem(ctx);
    if (rc != 0)
        return fl_fail(ctx, rc == EAGAIN || rc == EMFILE || rc == ENFILE ? FL_ETEMP : FL_ECONF,
                       "%s cannot be run: %s", path, strerror(rc));
    c->watch = pidfd_open(c->pid, 0);
    return FL_OK;
}

/* ---- watching it ---- */

static void note(struct voice *v, const char *piece, size_t n)
{
    size_t room = v->said.max - v->said.len;

    v->cut = v->cut || n > room;
    if (n > room && v->end && !v->said.failed) {
        size_t gone = n - room;
        memmove(v->said.data, v->said.data + gone, v->said.len - gone);
        v->said.len -= gone;
        room = n;
    }
    (void)buf_add(&v->said, piece, n < room ? n : room);
}
/* What is beyond the maximum is read too, or the program would wait for us for ever. */
static void listen_to(struct voice *v)
{
    char piece[4096];
    ssize_t n;

    while (v->fd >= 0 && (n = read(v->fd, piece, sizeof piece)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            return;
        if (n < 0)
            break;
        note(v, piece, (size_t)n);
    }
    mem_closep(&v->fd);
    v->fd = -1;
}
static void listen_both(struct child *c)
{
    listen_to(&c->out);
    listen_to(&c->errors);
}
/* Its end is seen before it is waited for: until then its number, and that of its group, are its own. */
static bool ended(const struct child *c)
{
    siginfo_t info = { .si_pid = 0 };
    int rc;
    do
        rc = waitid(P_PID, (id_t)c->pid, &info, WEXITED | WNOHANG | WNOWAIT);
    while (rc != 0 && errno == EINTR);
    return rc != 0 || info.si_pid == c->pid;
}
static bool watch(struct child *c, int64_t until_ms)
{
    for (;;) {
        int64_t left = until_ms - clock_mono_ms();
        struct pollfd fds[3];

        listen_both(c);
        if (ended(c))
            return true;
        if (left <= 0)
            return false;
        fds[0] = (struct pollfd){ .fd = c->out.fd, .events = POLLIN };
        fds[1] = (struct pollfd){ .fd = c->watch, .events = POLLIN };
        fds[2] = (struct pollfd){ .fd = c->errors.fd, .events = POLLIN };
        if (c->watch < 0 && left > PACE_MS)
            left = PACE_MS;
        (void)poll(fds, 3, (int)(left > 60000 ? 60000 : left));
    }
}
static void reap(struct child *c)
{
    pid_t rc;
    do
        rc = waitpid(c->pid, &c->status, 0);
    while (rc < 0 && errno == EINTR);
    /* ECHILD: somebody ignores SIGCHLD; how it went is then known to nobody. */
    if (rc < 0)
        c->status = -1;
}
static void see_through(struct child *c, int64_t until_ms)
{
    c->timed_out = !watch(c, until_ms);
    if (c->timed_out) {
        (void)kill(-c->pid, SIGTERM);
        (void)watch(c, clock_mono_ms() + GRACE_MS);
        (void)kill(-c->pid, SIGKILL);
    }
    reap(c);
    listen_both(c);
}

/* ---- telling of it ---- */

static const char *last_line(struct fl_ctx *ctx, const struct fl_ran *ran)
{
    const char *text = *ran->errors ? ran->errors : ran->output;
    size_t end = *ran->errors ? strlen(text) : ran->len, from;

    while (end > 0 && strchr("\r\n\t ", text[end - 1]))
        end--;
    for (from = end; from > 0 && text[from - 1] != '\n';)
        from--;
    if (end - from > TAIL)
        from = end - TAIL;
    return from < end ? fl_printf(ctx, ": %.*s", (int)(end - from), text + from) : "";
}
static int tell(struct fl_ctx *ctx, const char *path, int64_t most_ms, const struct child *c,
                const struct fl_ran *ran)
{
    char span[32];

    if (ctx->arena.starved)
        return ctx_nomem(ctx);
    if (c->timed_out) {
        if (most_ms < 1000)
            snprintf(span, sizeof span, "%d ms", (int)most_ms);
        else
            clock_span(most_ms, span);
        return fl_fail(ctx, FL_ETEMP, "%s was not done after %s and was ended%s", path, span,
                       last_line(ctx, ran));
    }
    if (c->status == -1)
        return fl_fail(ctx, FL_ETEMP, "%s ended, and how cannot be known", path);
    if (WIFSIGNALED(c->status))
        return fl_fail(ctx, FL_EREJECT, "%s was ended by signal %d%s", path, WTERMSIG(c->status),
                       last_line(ctx, ran));
    if (ran->status != 0)
        return fl_fail(ctx, FL_EREJECT, "%s ended with status %d%s", path, ran->status, last_line(ctx, ran));
    return FL_OK;
}
static void child_done(struct child *c)
{
    mem_closep(&c->out.fd);
    mem_closep(&c->errors.fd);
    mem_closep(&c->watch);
    buf_done(&c->out.said);
    buf_done(&c->errors.said);
}
static const char *take_text(struct fl_ctx *ctx, struct voice *v)
{
    const char *text = ctx_own(ctx, buf_take(&v->said));
    return text ? text : "";
}
static void take(struct fl_ctx *ctx, struct child *c, struct fl_ran *out)
{
    out->status = c->status == -1          ? -1
                  : WIFSIGNALED(c->status) ? 128 + WTERMSIG(c->status)
                                           : WEXITSTATUS(c->status);
    out->len = c->out.said.len;
    out->cut = c->out.cut;
    out->output = take_text(ctx, &c->out);
    out->errors = take_text(ctx, &c->errors);
}
int fl_run(struct fl_ctx *ctx, const struct fl_run *run, struct fl_ran *out)
{
    size_t most = run->most > OUTPUT_MOST ? OUTPUT_MOST : run->most;
    cleanup_(child_done) struct child c = { .pid = -1,
                                            .watch = -1,
                                            .out = { .fd = -1, .said = BUF(most ? most : OUTPUT_USUAL) },
                                            .errors = { .fd = -1, .said = BUF(ERRORS_MAX), .end = true } };
    const char *path;
    int64_t most_ms = fl_left_ms(ctx);
    int code = ctx_gate(ctx, "fl_run", true);

    *out = (struct fl_ran){ .status = -1, .output = "", .errors = "" };
    if (code != FL_OK)
        return code;
    if (!run->argv || !run->argv[0])
        return fl_fail(ctx, FL_ECONF, "no program is named");
    path = find_program(ctx, run->argv[0]);
    if (!path)
        return fl_fail(ctx, FL_ECONF,
                       "there is no program %s: give its absolute path, or one that stands in PATH",
                       run->argv[0]);
    if (hindrance(path) != 0)
        return fl_fail(ctx, FL_ECONF, "%s cannot be run: %s", path, strerror(hindrance(path)));
    if (run->timeout_ms > 0 && run->timeout_ms < most_ms)
        most_ms = run->timeout_ms;
    code = start(ctx, run, path, &c);
    if (code != FL_OK)
        return code;
    see_through(&c, clock_mono_ms() + most_ms);
    if (c.out.said.failed || c.errors.said.failed)
        return ctx_nomem(ctx);
    take(ctx, &c, out);
    return tell(ctx, path, most_ms, &c, out);
}
