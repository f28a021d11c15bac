/* SPDX-License-Identifier: Apache-2.0 */
/* load.h - opens a shared object, and says in one sentence why not. */
#ifndef PLUGIN_LOAD_H
#define PLUGIN_LOAD_H

#include "base/outcome.h"
#include "base/stamp.h"
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
    struct stamp file; /* what was loaded */
    unsigned shares;   /* beside the first; main thread only */
};
extern const char *const plugin_kind_names[]; /* [FL_KIND_DNS] = "dns", "solver", "sink"; [0] = "" */

/* Opens DIR/KIND/NAME.so: a regular file (no symbolic link) of root or of our user, it, its folder and DIR not
 * writable by others; that very descriptor is loaded, so that nothing can come between looking and loading. Its
 * constructors run; before any callback does, the entry is found, its size compared with the symbol's, and magic, ABI,
 * kind, name, required callbacks and the option table are looked at, without reading outside the object.
 * FL_ECONF with one sentence that begins with the path (or the folder) and says what to do; FL_ENOMEM. `name` may be
 * anything. Not for two threads at once. A refused object is unloaded. */
int plugin_load(const char *dir, enum fl_kind kind, const char *name, struct plugin **out, struct outcome *o);
/* The same struct for one more owner, each of whom calls plugin_free(). Main thread only. */
struct plugin *plugin_share(struct plugin *p);
/* NULL, or what became of the file at the plugin's path since it was loaded: "has changed on disk", "is not there any more". What
 * is loaded stays what it was until the process ends. */
const char *plugin_aged(const struct plugin *p);
/* The object stays loaded while the process lives: instances of another engine may be in it. Loading the same file
 * again gives another struct over the same object. */
void plugin_free(struct plugin *p);

#endif
