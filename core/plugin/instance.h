/* SPDX-License-Identifier: Apache-2.0 */
/* instance.h - a plugin with its options: what the configuration file declares. */
#ifndef PLUGIN_INSTANCE_H
#define PLUGIN_INSTANCE_H

#include "conf/opt.h"
#include "crypto/keeper.h"
#include "net/http.h"
#include "net/listen.h"
#include "plugin/lane.h"
#include "plugin/load.h"

/* What stands behind the host functions; made once, const while instances are open, shared by all of them.
 * What is NULL is not there: the functions that need it say FL_ECONF. */
struct host {
    struct http *http;
    struct listen
        *listen; /* NULL in commands that do not serve: fl_listen() then succeeds without listening */
    struct keeper *keeper; /* fl_prove_tls() */
    /* fl_records() and fl_published(): the DNS core. `subject` is whom the call is for. */
    int (*records)(void *arg, const char *subject, const struct fl_record *records, size_t n,
                   const char *const *providers, bool add, struct outcome *o);
    int (*published)(void *arg, const char *subject, const struct fl_record *records, size_t n,
                     const char *const *providers, struct outcome *o);
    void *arg;
};
struct instance_conf {
    const char *name;
    const struct conf_node *node;             /* the plugin's options */
    const char *const *reserved;              /* option names that are the core's */
    int64_t per_minute, parallel, timeout_ms; /* 0: the service's own; timeout 0: 30 s */
    const char *ca_file, *proxy;              /* NULL: none */
    unsigned crowd;                           /* half of the workers, at least 1 */
};
struct ear;
struct instance {
    struct arena arena; /* of all texts here and in `conf`: it may outlive the file that declared it */
    struct instance_conf setting; /* `node` is NULL after instance_new() */
    struct stamp ca;              /* of setting.ca_file, as it was then */
    const char *name;
    char who[96];     /* "dns gcp", for messages and logs */
    char service[96]; /* "dns/gcp", the HTTP lane's name */
    const struct plugin *plugin;
    const struct host *host;
    struct lane *lane;
    struct http_lane *http; /* made at open */
    int64_t timeout_ms;     /* of one call */
    void *conf;             /* filled by the plugin's table */
    void *self;             /* what open() gave; this and `open` change inside the lane */
    bool open;
    struct ear *ears;    /* what it listens on */
    struct shown *shown; /* certificates of its TLS listeners; NULL: it has none */
};
/* Fills the options (mistakes go to opts->diag), refuses a plugin that declares one of the core's names, registers
 * secrets with the log, and runs the plugin's check() when the options were right. NULL only without memory.
 * `plugin`, `host` and conf->reserved outlive it. */
struct instance *instance_new(const struct plugin *plugin, const struct instance_conf *conf,
                              struct opt_ctx *opts, const struct host *host);
/* Made of the same plugin with the same options, secrets as they were read (`secrets` false: whatever these are) and the file
 * of authorities included: one can do the work of the other. */
bool instance_same(const struct instance *a, const struct instance *b, bool secrets);
/* open(): once; FL_OK when it is open already. The first error stays in o with the instance's name. */
int instance_open(struct instance *i, struct outcome *o);
/* Ends what it listens on, then close(). No call may be running or coming. Not from a listener's callback. */
void instance_close(struct instance *i);
void instance_free(struct instance *i); /* closes it too */

/* ---- handing over what it listens on; all from the one thread that opens and closes instances ---- *
 * An instance that is about to be closed offers its sockets; another that listens on the same address in open() gets that
 * very socket, still answered by the first, until switched over: from then on the second answers, also on connections that
 * are there already. Nobody who asks meanwhile is refused. */
void instance_offer(struct instance *i, bool offered);
void instance_switch(struct instance *i); /* takes over what it was given in open() */
bool instance_listens(const struct instance *i);

/* ---- one call ------------------------------------------------------------------- *
 *     struct call c;
 *     int code = call_begin(&c, inst, subject, 0, o);
 *     if (code == FL_OK)
 *         code = call_end(&c, inst->plugin->ops.dns.test(c.ctx), o);
 * call_begin enters the lane (FL_EAGAIN: crowded; FL_ETEMP: waited in vain; FL_ECONF: not open), and the call's time
 * begins when it is inside. call_end leaves it, turns the code, the message and stickiness into `o` (with "dns gcp: "
 * before the words, secrets blanked), wipes and frees the arena: copy what the outputs point to before it, and use the
 * copy only when call_end says FL_OK.
 * What becomes of the code: outside the enum, or FL_ECANCEL when the host did not say so: FL_EPROTO. Out of memory in
 * the call: FL_ENOMEM. FL_OK past the deadline: FL_ETEMP. */
struct fl_ctx;
struct call {
    struct fl_ctx *ctx;
    struct instance *instance;
    struct lane_seat seat;
};
/* timeout_ms 0: the instance's. `subject`: certificate or zone the call is for, "" : none. Borrowed until call_end().
 * `c` is not moved in between. */
int call_begin(struct call *c, struct instance *i, const char *subject, int64_t timeout_ms,
               struct outcome *o);
int call_end(struct call *c, int code, struct outcome *o);
bool call_starved(const struct call *c);
/* What fl_emit_zone/fl_emit_rrset collected in this call; valid until call_end(). */
struct emitted {
    const struct fl_zone *zones;
    size_t nzones;
    const struct fl_rrset *rrsets;
    size_t nrrsets;
};
void call_emitted(const struct call *c, struct emitted *out);

#endif
