/* SPDX-License-Identifier: Apache-2.0 */
/* fake_host.h - the fl_* functions for tests of one plugin, without a daemon. */
#ifndef TESTS_FAKE_HOST_H
#define TESTS_FAKE_HOST_H

#include "base/outcome.h"
#include <fl/dns.h>
#include <fl/http.h>
#include <fl/listen.h>
#include <fl/solver.h>
#include <fl/tls.h>

/*
 * A test links the plugin's sources, fake_host*.c and the core; `fl_plugin_entry` is then the plugin.
 *
 *     static const char *const options[] = { "listen=127.0.0.1:0", "serve=example.test", NULL };
 *     struct fake *f = fake_new(&fl_plugin_entry, options);
 *     assert_int_equal(fake_open(f), FL_OK);
 *     assert_int_equal(fl_plugin_entry.ops.dns->zone(fake_call(f), "example.test", &zone), FL_OK);
 *     fake_free(f);
 *
 * What a call gave is valid until the next fake_call(). One thread, or a lock of the test's own.
 */
enum { FAKE_LISTENERS = 8, FAKE_SEEN = 256, FAKE_TEXT = 512 };

extern const struct fl_plugin fl_plugin_entry;

struct fake;
struct fake_answer {  /* what a hook gives; copied */
    int code;         /* FL_OK, or what the host function is to return, with `text` as its message */
    const char *text; /* fl_run() with `apart`: stderr too */
    const void *data;
    size_t len;
    int status; /* fl_run(), and of the answer to fl_http(); 0 there: 200 */
};
struct fake {
    const struct fl_plugin *plugin;
    void *conf, *self;
    struct fl_ctx *ctx;
    bool is_open;

    /* What the test may set. */
    int64_t now_ms;  /* 0: the real clock */
    int64_t left_ms; /* of every call; begins as 60000 */
    void *arg;       /* for the hooks */
    /* fl_exchange(); NULL: FL_ETEMP "no exchange hook". */
    void (*exchange)(struct fake *f, const struct fl_exchange *what, struct fake_answer *out);
    /* fl_run(); NULL: as if it had ended with 0 and said nothing. */
    void (*run)(struct fake *f, const struct fl_run *run, struct fake_answer *out);
    /* fl_http() and fl_http_json(): `data` is the body; the code follows from the status, as in the daemon. NULL:
     * FL_ETEMP "no http hook". */
    void (*http)(struct fake *f, const struct fl_http *req, struct fake_answer *out);
    /* fl_tls_probe(); fills `out`, whose texts begin as "", and says the code. NULL: FL_ETEMP. */
    int (*probe)(struct fake *f, const struct fl_tls_probe *probe, struct fl_tls_served *out,
                 struct outcome *o);
    unsigned proofs; /* fl_prove_tls(): the certificate is "proof N of IDENTIFIER DIGEST", the key "key N" */
    int records_code, published_code; /* what fl_records() and fl_published() say */
    bool starve;                      /* no call has any memory */

    /* What the plugin did. */
    struct fake_listener {
        char address[64];
        struct fl_listen spec;
    } listeners[FAKE_LISTENERS];
    size_t nlisteners;
    /* Each emitted zone "APEX ID NS,NS", RRset "NAME TYPE TTL VALUE|VALUE", record "+NAME TYPE TTL VALUE" ("-..."
     * when taken back; " @dns,dns" behind it when only these are to have it), program "ARG ARG < INPUT", request
     * "METHOD URL BODY", certificate that is shown "NAME CERT KEY" or not any more "NAME", in order; "-" stands for
     * nothing. */
    char seen[FAKE_SEEN][FAKE_TEXT];
    size_t nseen;
    /* Called for every listener after it was remembered, e.g. to open a real socket. May be NULL. */
    int (*listen)(struct fake *f, const struct fl_listen *spec, uint16_t *port_out, struct outcome *o);
};

/* Fills the options from "name=value" texts (lists with commas; durations and sizes with their units) and
 * their defaults, as the core would; does not call check(). Ends the test program with a message when an
 * option is unknown, missing, or not of its type. */
struct fake *fake_new(const struct fl_plugin *plugin, const char *const *options);
void fake_free(struct fake *f); /* closes the instance when it is open */
int fake_check(struct fake *f);
int fake_open(struct fake *f);
void fake_close(struct fake *f);
/* A new call; ends the one before. */
struct fl_ctx *fake_call(struct fake *f);
/* Message, retry time and code of the last call's last fl_fail() or fl_again(). */
const struct outcome *fake_outcome(const struct fake *f);
/* Was out of memory noticed in this call? */
bool fake_starved(const struct fake *f);
/* Is that line in `seen`? */
bool fake_saw(const struct fake *f, const char *line);
void fake_forget(struct fake *f); /* empties `seen` */

/* Calls the listener's callback number `i` as the host would; the answer is valid until the next call. */
int fake_datagram(struct fake *f, size_t i, const struct fl_from *from, const void *data, size_t len,
                  struct fl_bytes *out);
int fake_stream(struct fake *f, size_t i, const struct fl_from *from, const void *data, size_t len,
                size_t *used_out, struct fl_bytes *out);
int fake_http(struct fake *f, size_t i, const struct fl_from *from, const struct fl_http_request *req,
              struct fl_http_answer *out);

#endif
