/* SPDX-License-Identifier: Apache-2.0 */
/* faults.c - a library to be preloaded: what a program asks of the system fails, or kills it, where the test says. */
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

/*
 * From the environment:
 *   FL_FAULT=KIND:N[:ERRNO]  the N-th (0: the first) of that kind fails, once, with errno ERRNO (a number; 5). Kinds:
 *                            alloc (NULL), write and fsync (of files and folders), rename (also link, unlink, mkdir),
 *                            open (also socket, accept, epoll, eventfd, pipe)
 *   FL_FAULT_OUT=FILE        when it fails it is said here, with the callers
 *   FL_FAULT_COUNT=FILE      at the end: "KIND N" a line
 *   FL_FAULT_STACKS=FILE     a line for every allocation: its number, c if libcrypto asks, else o, and its callers
 *   FL_KILL=KIND:STEP:WHEN   SIGKILL when that step of a task of that kind is done and WHEN:
 *                              said    nothing of it is on disk
 *                              torn    its record is written and not yet in its place
 *                              saved   its record stands there
 *   FL_KILL=op:N:WHEN        SIGKILL before (torn) or after (saved) the N-th rename, link or unlink
 *   FL_KILL_OUT=FILE         is made right before that SIGKILL: nobody else's looks like it
 *   FL_CLOCK=FILE            eight bytes, an int64_t: seconds that the wall clock is ahead; read whenever it is asked
 *
 * Linked into nothing and known to nothing: the daemon is the one that is installed. Under ASan (the runtime must be
 * told verify_asan_link_order=0) memory still comes from ASan's allocator. Not counted are what libconfig asks for, which
 * goes on without memory as if it had it (1.5 to 1.7), and what libcrypto asks for until the first RAND_status() is over:
 * where its own beginning fails OpenSSL 3.0 crashes on a lock that was never made. Nor does ASan's own look at a new thread's
 * stack count (pthread_getattr_np). What two functions of libcrypto ask for never fails: CRYPTO_free_ex_data() forgets what it was to
 * free; and for CRYPTO_strndup() without memory its list of names finds a name that it has not there, and the one that it adds pushes the
 * first out unfreed (namemap_name2num_n). Nobody but libcrypto calls them.
 */
enum kind { ALLOC, WRITE, FSYNC, RENAME, OPEN, KINDS };
static const char *const kind_names[KINDS] = { "alloc", "write", "fsync", "rename", "open" };

static atomic_int counts[KINDS], ops;
static int fault_kind = -1, fault_at = -1, fault_errno = EIO;
static const char *fault_out, *count_out;
static int stacks_fd = -1;
static char kill_kind[32], kill_step[32], kill_when[8];
static int kill_op = -1;
static const char *kill_out;
static volatile int64_t *ahead;
static bool ready, crypto_began;
static struct range {
    uintptr_t from, to;
} spared[4], crypto[4];
static int nspared, ncrypto;
static _Thread_local bool inside, armed;

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__interceptor_malloc(size_t) __attribute__((weak));
extern void *__interceptor_calloc(size_t, size_t) __attribute__((weak));
extern void *__interceptor_realloc(void *, size_t) __attribute__((weak));

#define REAL(name)                                                                                           \
    static __typeof__(&name) real;                                                                           \
    if (!real)                                                                                               \
    *(void **)&real = dlsym(RTLD_NEXT, #name)

/* ---- the beginning and the end ---- */

static void note(const struct dl_phdr_info *info, struct range list[4], int *n)
{
    for (int i = 0; i < info->dlpi_phnum; i++)
        if (info->dlpi_phdr[i].p_type == PT_LOAD && (info->dlpi_phdr[i].p_flags & PF_X) && *n < 4) {
            uintptr_t from = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
            list[(*n)++] = (struct range){ from, from + info->dlpi_phdr[i].p_memsz };
        }
}
static int note_library(struct dl_phdr_info *info, size_t size, void *arg)
{
    (void)size;
    (void)arg;
    if (info->dlpi_name && strstr(info->dlpi_name, "/libconfig.so"))
        note(info, spared, &nspared);
    if (info->dlpi_name && strstr(info->dlpi_name, "/libcrypto.so"))
        note(info, crypto, &ncrypto);
    return 0;
}
static void read_kill(const char *text)
{
    if (text && sscanf(text, "op:%d:%7s", &kill_op, kill_when) != 2)
        sscanf(text, "%31[^:]:%31[^:]:%7s", kill_kind, kill_step, kill_when);
}
__attribute__((constructor)) static void begin(void)
{
    const char *fault = getenv("FL_FAULT"), *clock = getenv("FL_CLOCK"), *stacks = getenv("FL_FAULT_STACKS");
    void *warm[4];

    for (int k = 0; fault && k < KINDS; k++)
        if (strncmp(fault, kind_names[k], strlen(kind_names[k])) == 0)
            fault_kind = k;
    if (fault_kind >= 0)
        sscanf(strchr(fault, ':'), ":%d:%d", &fault_at, &fault_errno);
    fault_out = getenv("FL_FAULT_OUT");
    count_out = getenv("FL_FAULT_COUNT");
    read_kill(getenv("FL_KILL"));
    kill_out = getenv("FL_KILL_OUT");
    if (stacks)
        stacks_fd =
            (int)syscall(SYS_openat, AT_FDCWD, stacks, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    int fd = clock ? (int)syscall(SYS_openat, AT_FDCWD, clock, O_RDONLY | O_CLOEXEC, 0) : -1;
    if (fd >= 0) {
        void *p = mmap(NULL, 8, PROT_READ, MAP_SHARED, fd, 0);
        ahead = p == MAP_FAILED ? NULL : p;
        close(fd);
    }
    backtrace(warm, 4); /* loads what it needs now, not in the middle of an allocation */
    dl_iterate_phdr(note_library, NULL);
    /* Programs that it starts are left alone. */
    unsetenv("LD_PRELOAD");
    ready = true;
}
static void put(int fd, const char *text) { (void)!syscall(SYS_write, fd, text, strlen(text)); }

__attribute__((destructor)) static void end(void)
{
    char line[64];
    int fd =
        count_out ? (int)syscall(SYS_openat, AT_FDCWD, count_out, O_WRONLY | O_CREAT | O_TRUNC, 0600) : -1;

    ready = false;
    for (int k = 0; fd >= 0 && k < KINDS; k++) {
        snprintf(line, sizeof line, "%s %d\n", kind_names[k], atomic_load(&counts[k]));
        put(fd, line);
    }
}

/* ---- one that may fail ---- */

static bool in(const struct range *list, int n, const void *caller)
{
    for (int i = 0; i < n; i++)
        if ((uintptr_t)caller >= list[i].from && (uintptr_t)caller < list[i].to)
            return true;
    return false;
}
static bool is_spared(const void *caller)
{
    return in(spared, nspared, caller) || (!crypto_began && in(crypto, ncrypto, caller));
}
int RAND_status(void);
int RAND_status(void)
{
    REAL(RAND_status);
    int rc = real();
    crypto_began = true;
    return rc;
}
static void say_hit(int n)
{
    void *frames[48];
    char line[64];
    int fd = (int)syscall(SYS_openat, AT_FDCWD, fault_out, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    snprintf(line, sizeof line, "%s %d\n", kind_names[fault_kind], n);
    put(fd, line);
    backtrace_symbols_fd(frames, backtrace(frames, 48), fd);
    syscall(SYS_close, fd);
}
static void say_stack(int n, const void *caller)
{
    void *frames[24];
    char line[512];
    int have = backtrace(frames, 24);
    int len = snprintf(line, sizeof line, "%d %c", n, in(crypto, ncrypto, caller) ? 'c' : 'o');

    for (int i = 2; i < have; i++)
        len += snprintf(line + len, sizeof line - (size_t)len, " %lx", (unsigned long)(uintptr_t)frames[i]);
    line[len++] = '\n';
    (void)!syscall(SYS_write, stacks_fd, line, len);
}
int pthread_getattr_np(pthread_t thread, pthread_attr_t *out)
{
    REAL(pthread_getattr_np);
    bool was = inside;

    inside = true;
    int rc = real(thread, out);
    inside = was;
    return rc;
}
static bool is_lost_by_crypto(const void *caller)
{
    Dl_info info;
    return in(crypto, ncrypto, caller) && dladdr(caller, &info) && info.dli_sname &&
           (strcmp(info.dli_sname, "CRYPTO_free_ex_data") == 0 ||
            strcmp(info.dli_sname, "CRYPTO_strndup") == 0);
}
static bool fails(enum kind k, const void *caller)
{
    bool hit;

    if (!ready || inside || (k == ALLOC && is_spared(caller)))
        return false;
    int n = atomic_fetch_add(&counts[k], 1);
    hit = (int)k == fault_kind && n == fault_at;
    if (!hit && (k != ALLOC || stacks_fd < 0))
        return false;
    inside = true;
    hit = hit && !(k == ALLOC && is_lost_by_crypto(caller));
    if (hit && fault_out)
        say_hit(n);
    if (stacks_fd >= 0)
        say_stack(n, caller);
    inside = false;
    if (hit)
        errno = k == ALLOC ? ENOMEM : fault_errno;
    return hit;
}
static void die(void)
{
    if (kill_out)
        syscall(SYS_openat, AT_FDCWD, kill_out, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    syscall(SYS_kill, getpid(), SIGKILL);
    for (;;)
        pause();
}

/* ---- memory ---- */

#define CALLER __builtin_return_address(0)

static void *get(size_t n) { return __interceptor_malloc ? __interceptor_malloc(n) : __libc_malloc(n); }
void *malloc(size_t n) { return fails(ALLOC, CALLER) ? NULL : get(n); }
void *calloc(size_t n, size_t size)
{
    if (fails(ALLOC, CALLER))
        return NULL;
    return __interceptor_calloc ? __interceptor_calloc(n, size) : __libc_calloc(n, size);
}
void *realloc(void *p, size_t n)
{
    if (n && fails(ALLOC, CALLER))
        return NULL;
    return __interceptor_realloc ? __interceptor_realloc(p, n) : __libc_realloc(p, n);
}
/* ASan has its own, which does not come by malloc(). */
char *strndup(const char *s, size_t n)
{
    size_t len = strnlen(s, n);
    char *p = fails(ALLOC, CALLER) ? NULL : get(len + 1);

    if (!p)
        return NULL;
    memcpy(p, s, len);
    p[len] = '\0';
    return p;
}
char *strdup(const char *s)
{
    size_t len = strlen(s);
    char *p = fails(ALLOC, CALLER) ? NULL : get(len + 1);

    return p ? memcpy(p, s, len + 1) : NULL;
}

/* ---- files ---- */

static bool on_disk(int fd)
{
    struct stat st;
    return fstat(fd, &st) == 0 && (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode));
}
/* "... debug step-done certificate=example.test step=plan next=key": */
static void heard(const char *text, size_t len)
{
    char want[96], line[1024];

    if (!kill_kind[0] || len >= sizeof line)
        return;
    memcpy(line, text, len);
    line[len] = '\0';
    /* What other threads say of their exchanges comes between a step and its save. */
    if (!strstr(line, " step-done "))
        return;
    armed = false;
    snprintf(want, sizeof want, "step-done %s=", kill_kind);
    const char *at = strstr(line, want);
    snprintf(want, sizeof want, " step=%s next=", kill_step);
    if (!at || !strstr(at, want))
        return;
    armed = true;
    if (strcmp(kill_when, "said") == 0)
        die();
}
ssize_t write(int fd, const void *data, size_t len)
{
    REAL(write);
    if (fd == 2)
        heard(data, len);
    else if (ready && (fault_kind == WRITE || count_out) && on_disk(fd) && fails(WRITE, NULL))
        return -1;
    return real(fd, data, len);
}
int fsync(int fd)
{
    REAL(fsync);
    return fails(FSYNC, NULL) ? -1 : real(fd);
}
static bool op_due(const char *when)
{
    return (armed || (kill_op >= 0 && atomic_load(&ops) == kill_op)) && strcmp(kill_when, when) == 0;
}
/* Around each step in the life of a file's name. */
static bool before_op(void)
{
    if (op_due("torn"))
        die();
    return fails(RENAME, NULL);
}
static int after_op(int rc)
{
    if (op_due("saved"))
        die();
    atomic_fetch_add(&ops, 1);
    return rc;
}
int renameat(int from, const char *a, int to, const char *b)
{
    REAL(renameat);
    return before_op() ? -1 : after_op(real(from, a, to, b));
}
int rename(const char *a, const char *b)
{
    REAL(rename);
    return before_op() ? -1 : after_op(real(a, b));
}
int linkat(int from, const char *a, int to, const char *b, int flags)
{
    REAL(linkat);
    return before_op() ? -1 : after_op(real(from, a, to, b, flags));
}
int symlinkat(const char *target, int to, const char *b)
{
    REAL(symlinkat);
    return before_op() ? -1 : after_op(real(target, to, b));
}
int unlinkat(int dir, const char *name, int flags)
{
    REAL(unlinkat);
    return before_op() ? -1 : after_op(real(dir, name, flags));
}
int mkdirat(int dir, const char *name, mode_t mode)
{
    REAL(mkdirat);
    return before_op() ? -1 : after_op(real(dir, name, mode));
}

/* ---- descriptors ---- */

static mode_t mode_of(int flags, va_list ap)
{
    return flags & (O_CREAT | O_TMPFILE) ? va_arg(ap, mode_t) : 0;
}
int open(const char *path, int flags, ...)
{
    REAL(open);
    va_list ap;
    va_start(ap, flags);
    mode_t mode = mode_of(flags, ap);
    va_end(ap);
    return fails(OPEN, NULL) ? -1 : real(path, flags, mode);
}
int openat(int dir, const char *path, int flags, ...)
{
    REAL(openat);
    va_list ap;
    va_start(ap, flags);
    mode_t mode = mode_of(flags, ap);
    va_end(ap);
    return fails(OPEN, NULL) ? -1 : real(dir, path, flags, mode);
}
int socket(int domain, int type, int protocol)
{
    REAL(socket);
    return fails(OPEN, NULL) ? -1 : real(domain, type, protocol);
}
int accept4(int fd, struct sockaddr *from, socklen_t *len, int flags)
{
    REAL(accept4);
    return fails(OPEN, NULL) ? -1 : real(fd, from, len, flags);
}
int socketpair(int domain, int type, int protocol, int pair[2])
{
    REAL(socketpair);
    return fails(OPEN, NULL) ? -1 : real(domain, type, protocol, pair);
}
int pipe2(int pair[2], int flags)
{
    REAL(pipe2);
    return fails(OPEN, NULL) ? -1 : real(pair, flags);
}
int eventfd(unsigned value, int flags);
int eventfd(unsigned value, int flags)
{
    REAL(eventfd);
    return fails(OPEN, NULL) ? -1 : real(value, flags);
}
int epoll_create1(int flags);
int epoll_create1(int flags)
{
    REAL(epoll_create1);
    return fails(OPEN, NULL) ? -1 : real(flags);
}

/* ---- the clock ---- */

/* Nobody sleeps over a jump of that clock: the longest wait is a second, and ends like one that was woken for nothing.
 * Every condition of the daemon is on the monotonic clock. */
int pthread_cond_timedwait(pthread_cond_t *restrict cond, pthread_mutex_t *restrict lock,
                           const struct timespec *restrict until)
{
    REAL(pthread_cond_timedwait);
    struct timespec soon;

    syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &soon);
    soon.tv_sec++;
    if (!ahead || until->tv_sec < soon.tv_sec ||
        (until->tv_sec == soon.tv_sec && until->tv_nsec < soon.tv_nsec))
        return real(cond, lock, until);
    int rc = real(cond, lock, &soon);
    return rc == ETIMEDOUT ? 0 : rc;
}

int clock_gettime(clockid_t id, struct timespec *out)
{
    long rc = syscall(SYS_clock_gettime, id, out);
    if (rc == 0 && id == CLOCK_REALTIME && ahead)
        out->tv_sec += (time_t)*ahead;
    return (int)rc;
}
time_t time(time_t *out)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (out)
        *out = now.tv_sec;
    return now.tv_sec;
}
int gettimeofday(struct timeval *restrict out, void *restrict zone)
{
    struct timespec now;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    *out = (struct timeval){ .tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / 1000 };
    return 0;
}
