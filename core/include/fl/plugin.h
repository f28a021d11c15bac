/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fl/plugin.h - the contract between the daemon and a plugin.
 *
 * A plugin is one shared object that exports exactly one symbol, the constant
 * `fl_plugin_entry`, written with FL_DNS_PLUGIN (fl/dns.h), FL_SOLVER_PLUGIN
 * (fl/solver.h) or FL_SINK_PLUGIN (fl/sink.h). All else in it should be static.
 *
 * Calls.  Every callback has the form  int f(struct fl_ctx *ctx, inputs..., outputs...)
 * and returns FL_OK or another enum fl_code. Callbacks may block in host
 * functions and nowhere else; they never sleep, never make threads, never exit.
 * Calls on one instance come one at a time unless the plugin says FL_PARALLEL.
 *
 * Ownership, in one rule: what you are given is valid until you return; what
 * you make with fl_* is freed for you after the host has taken what the call
 * returned. Only what open() stored outlives a call, and close() frees it.
 *
 * Memory.  fl_* functions that give strings never give NULL. Without memory
 * they give "" (or an empty object) and the call remembers: every later host
 * function, and in the end the call itself, says FL_ENOMEM. No check is needed.
 *
 * Deadlines.  Each call has one. Host functions that wait end with FL_ETEMP
 * when it is over; a plugin just passes the code on. What comes back after it with
 * FL_OK is FL_ETEMP all the same.
 *
 * Life.  The object is loaded once and stays. open() comes before all other calls
 * of an instance, close() after them. When open() fails, close() is not called:
 * what it made so far it gives back itself.
 *
 * Version.  0.x: while the minor number moves, older and newer objects are
 * refused with one sentence. From 1.0 on only the major number refuses.
 */
#ifndef FL_PLUGIN_H
#define FL_PLUGIN_H

#include <fl/code.h>
#include <fl/option.h>

#ifdef __cplusplus
extern "C" {
#endif

#define FL_ABI_MAGIC 0x464c5047u /* "FLPG" */
#define FL_ABI_MAJOR 0u
#define FL_ABI_MINOR 4u

struct fl_ctx; /* one call: deadline, memory, message, instance */

/* ---- results -------------------------------------------------------------- */

/* Keeps a message for people (what, where, what to do; at most 511 bytes, secrets of
 * the options are blanked) and returns `code`, so that a failing path reads
 * `return fl_fail(ctx, FL_ETEMP, "...")`. The last call wins; what the answer behind it was
 * (its status, when to come again) is kept from the last fl_http(). Never logs. The code
 * that counts is the one that the callback returns. FL_ECANCEL is the host's alone. */
FL_EXPORT int fl_fail(struct fl_ctx *ctx, int code, const char *fmt, ...) FL_PRINTF(3, 4);
/* "Not yet": returns FL_EAGAIN; the engine calls again after `after_ms` (0: its own pace). */
FL_EXPORT int fl_again(struct fl_ctx *ctx, int64_t after_ms, const char *fmt, ...) FL_PRINTF(3, 4);
/* Adds when the other side wants to be asked again, for FL_ERATE and FL_ETEMP. */
FL_EXPORT void fl_retry_after(struct fl_ctx *ctx, int64_t after_ms);
/* One line in the debug log, with the instance's name. Secrets of the options are blanked. */
FL_EXPORT void fl_debug(struct fl_ctx *ctx, const char *fmt, ...) FL_PRINTF(2, 3);

/* ---- the call ------------------------------------------------------------- */

FL_EXPORT const void *fl_conf(struct fl_ctx *ctx); /* your options, filled in */
FL_EXPORT void *fl_self(struct fl_ctx *ctx);       /* what open() stored */
FL_EXPORT const char *fl_name(struct fl_ctx *ctx); /* the instance's name in the file */
FL_EXPORT int64_t fl_now_ms(struct fl_ctx *ctx);   /* wall clock, ms since 1970 (a fake one in tests) */
FL_EXPORT int64_t fl_left_ms(struct fl_ctx *ctx);  /* until the call's deadline; 0: it is over */

/* Zeroed memory of the call; NULL only without memory (then sticky, see above). */
FL_EXPORT void *fl_alloc(struct fl_ctx *ctx, size_t size);
FL_EXPORT const char *fl_printf(struct fl_ctx *ctx, const char *fmt, ...) FL_PRINTF(2, 3);

/* ---- crypto --------------------------------------------------------------- */

enum fl_hash { FL_SHA256 = 1, FL_SHA384, FL_SHA512 };
enum { FL_HASH_MAX = 64 };
/* Both write 32, 48 or 64 bytes to `out` and their number to `len_out`. */
FL_EXPORT int fl_digest(struct fl_ctx *ctx, enum fl_hash hash, const void *data, size_t len,
                        uint8_t out[FL_HASH_MAX], size_t *len_out);
FL_EXPORT int fl_hmac(struct fl_ctx *ctx, enum fl_hash hash, const void *key, size_t key_len,
                      const void *data, size_t len, uint8_t out[FL_HASH_MAX], size_t *len_out);
/* RFC 4648: section 4 with padding, or (url) section 5 without. */
FL_EXPORT const char *fl_base64(struct fl_ctx *ctx, const void *data, size_t len, bool url);
/* Decodes either alphabet, padding optional; FL_EREJECT on anything else. */
FL_EXPORT int fl_unbase64(struct fl_ctx *ctx, const char *text, const uint8_t **out, size_t *len_out);
FL_EXPORT int fl_random(struct fl_ctx *ctx, void *out, size_t len);

/* ---- programs ------------------------------------------------------------- */

struct fl_run {
    /* argv[0] is an absolute path or looked up in the daemon's PATH; never a shell. */
    const char *const *argv;
    /* "NAME=value", NULL-terminated; NULL: none. The program has these, PATH (the daemon's) and LANG=C, and
     * nothing else; a PATH or LANG here replaces that one. */
    const char *const *env;
    const char *input; /* stdin; NULL: /dev/null */
    size_t input_len;
    /* 0: what is left of the call, which is the most. Then TERM, 2 s later KILL, to its process group. */
    int64_t timeout_ms;
    bool apart;  /* stdout and stderr are kept apart, for programs whose stdout is an answer */
    size_t most; /* bytes of output to keep; 0: 64 KiB, at most 1 MiB */
};
struct fl_ran {
    int status; /* exit status, or 128 + signal */
    const char
        *output; /* stdout and stderr together, or stdout alone; its beginning, NUL-terminated, never NULL */
    size_t len;
    bool cut;           /* there was more output than was kept */
    const char *errors; /* `apart`: the end of stderr, at most 8 KiB; else ""; never NULL */
};
/* FL_OK: it ran and exited with 0. FL_EREJECT: ran, other status (the message has its last
 * line of output; of stderr where that is apart). FL_ECONF: cannot be started. FL_ETEMP: timed out, or no process could be
 * made. `out` is filled when it ran. The child gets no other descriptor than 0, 1 and 2, default
 * signals, the daemon's working folder, and a process group of its own. What it leaves in the
 * background is not waited for. */
FL_EXPORT int fl_run(struct fl_ctx *ctx, const struct fl_run *run, struct fl_ran *out);

/* ---- the entry ------------------------------------------------------------ */

enum fl_kind { FL_KIND_DNS = 1, FL_KIND_SOLVER = 2, FL_KIND_SINK = 3 };
enum { FL_PARALLEL = 1u << 0 }; /* entry flag: calls on one instance may overlap */

struct fl_dns_ops;
struct fl_solver_ops;
struct fl_sink_ops;

struct fl_plugin {
    uint32_t magic, size;
    uint16_t major, minor;
    uint16_t kind, flags;
    const char *name;    /* as in `plugin = "NAME"` and in NAME.so: lower-case letters, digits, '-' */
    const char *version; /* of the plugin, for people */
    const char *summary; /* one line, no final stop */
    const struct fl_option *options;
    size_t conf_size; /* sizeof the struct that the options fill */
    /* Looks across options that are each right by themselves; no I/O. FL_ECONF with a message:
     * shown with file and line. fl_self() is NULL in it. Optional. */
    int (*check)(struct fl_ctx *ctx, const void *conf);
    union {
        const struct fl_dns_ops *dns;
        const struct fl_solver_ops *solver;
        const struct fl_sink_ops *sink;
    } ops;
};

#define FL_PLUGIN_(k, m, ...)                                                                                \
    FL_EXPORT extern const struct fl_plugin fl_plugin_entry;                                                 \
    const struct fl_plugin fl_plugin_entry = { .magic = FL_ABI_MAGIC,                                        \
                                               .size = sizeof(struct fl_plugin),                             \
                                               .major = FL_ABI_MAJOR,                                        \
                                               .minor = FL_ABI_MINOR,                                        \
                                               .kind = k,                                                    \
                                               .ops.m = __VA_ARGS__ }
#define FL_DNS_PLUGIN(...) FL_PLUGIN_(FL_KIND_DNS, dns, __VA_ARGS__)
#define FL_SOLVER_PLUGIN(...) FL_PLUGIN_(FL_KIND_SOLVER, solver, __VA_ARGS__)
#define FL_SINK_PLUGIN(...) FL_PLUGIN_(FL_KIND_SINK, sink, __VA_ARGS__)

#ifdef __cplusplus
}
#endif

#endif
