/* SPDX-License-Identifier: Apache-2.0 */
/* plugin_rig.h - a plugin that is linked into the test, and an instance of it in the real host. */
#ifndef HOST_PLUGIN_RIG_H
#define HOST_PLUGIN_RIG_H

#include "plugin/instance.h"

struct plugin_rig {
    struct plugin plugin;
    struct host host;             /* empty: set what the test needs before it opens */
    struct instance_conf setting; /* name "try", crowd 4, a call of 30 s */
    struct arena arena;
    struct opt_ctx opts;
    struct instance *instance;
};
/* Options take their defaults, and check() runs. Look at diag_errors(r->opts.diag). */
void plugin_rig_init(struct plugin_rig *r, const struct fl_plugin *entry);
void plugin_rig_open(struct plugin_rig *r); /* must succeed */
void plugin_rig_done(struct plugin_rig *r);

/* A dns plugin whose test() is `body`, called once; what became of it in `o`. */
int plugin_rig_call(struct plugin_rig *r, int (*body)(struct fl_ctx *ctx), struct outcome *o);

/* An entry for tests whose callbacks are all the same refusal but these. */
extern const struct fl_dns_ops plugin_rig_dns_ops;
extern const struct fl_plugin plugin_rig_entry; /* dns, no options */

#endif
