/* SPDX-License-Identifier: Apache-2.0 */
/* load.h - opens a shared object, and says in one sentence why not. */
#ifndef PLUGIN_LOAD_H
#define PLUGIN_LOAD_H

#include "base/outcome.h"
#include <fl/dns.h>
#include <fl/sink.h>
#include <fl/solver.h>

struct plugin {
    void *handle;
    struct fl_plugin entry; /* our copy by min(size): zero where the plugin knows less than we do */
    union {
        struct fl_dns_ops dns;
        struct fl_solver_ops solver;
        struct fl_sink_ops sink;
    } ops; /* likewise; entry.ops is not to be used */
    char path[512];
};
extern const char *const plugin_kind_names[]; /* [FL_KIND_DNS] = "dns", "solver", "sink"; [0] = "" */

/* Opens DIR/KIND/NAME.so: a regular file (no symbolic link) of root or of our user, it and its folder not
 * writable by others; that very descriptor is loaded; the entry's symbol size is checked before it is read; then magic,
 * ABI, kind, name, required ops. FL_ECONF with the sentence. Never unloaded while the process lives (load once per name;
 * the same name again gives another struct over the same object). */
int plugin_load(const char *dir, enum fl_kind kind, const char *name, struct plugin **out, struct outcome *o);
void plugin_free(struct plugin *p);

#endif
