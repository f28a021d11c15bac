/* SPDX-License-Identifier: Apache-2.0 */
/* instance.h - a plugin with its options: what the configuration file declares. */
#ifndef PLUGIN_INSTANCE_H
#define PLUGIN_INSTANCE_H

#include "conf/opt.h"
#include "crypto/digest.h"
#include "net/http.h"
#include "net/listen.h"
#include "plugin/lane.h"
#include "plugin/load.h"

/* What stands behind the host functions; made once, const, shared by all instances. */
struct host {
    struct http *http;
    struct listen *listen; /* NULL in commands that do not serve: fl_listen() then succeeds without listening */
    /* fl_records() and fl_published(): the DNS core. `subject` is whom the call is for. NULL: FL_ECONF */
    int (*records)(void *arg, const char *subject, const struct fl_record *records, size_t n,
                   const char *const *providers, bool add, struct outcome *o);
    int (*published)(void *arg, const char *subject, const struct fl_record *records, size_t n,
                     const char *const *providers, struct outcome *o);
    void *arg;
};
struct instance_conf {
    const char *name;
    const struct conf_node *node;      /* the plugin's options */
    const char *const *reserved;       /* option names that are the core's */
    int64_t per_minute, parallel, timeout_ms;
    const char *ca_file, *proxy;
    unsigned crowd;                    /* half of the workers, at least 1 */
};
struct instance {
    const char *name; /* the configuration's */
    char who[96];     /* "dns gcp", for messages and logs */
    const struct plugin *plugin;
    const struct host *host;
    struct lane *lane;
    struct http_lane *http; /* made at open */
    int64_t timeout_ms;     /* of one call */
    void *conf;             /* filled by the plugin's table */
    void *self;             /* what open() gave */
    bool open;
    struct listener **listeners;
    size_t nlisteners;
};
/* Fills the options (mistakes go to opts->diag) and runs the plugin's check(). NULL only without memory. */
struct instance *instance_new(const struct plugin *plugin, const struct instance_conf *conf, struct opt_ctx *opts,
                              const struct host *host);
/* open(), and close() with everything it listened on; the first error stays in o with the instance's name. */
int instance_open(struct instance *i, struct outcome *o);
void instance_close(struct instance *i);
void instance_free(struct instance *i);

/* ---- one call ------------------------------------------------------------------- *
 *     struct call c;
 *     int code = call_begin(&c, inst, subject, 0, o);
 *     if (code == FL_OK)
 *         code = call_end(&c, inst->plugin->ops.dns.test(c.ctx), o);
 * call_begin enters the lane; call_end leaves it, turns the code, the message and stickiness into `o` (with
 * "dns gcp: " before the words), and frees the arena: copy what the outputs point to before it.
 * A code outside the enum becomes FL_EPROTO. */
struct fl_ctx;
struct call {
    struct fl_ctx *ctx;
    struct instance *instance;
};
/* timeout_ms 0: the instance's. `subject`: certificate or zone the call is for, "" : none. */
int call_begin(struct call *c, struct instance *i, const char *subject, int64_t timeout_ms, struct outcome *o);
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
