/* SPDX-License-Identifier: Apache-2.0 */
/* world.h - everything that the configuration names, made real: plugins, services, doors. */
#ifndef ENGINE_WORLD_H
#define ENGINE_WORLD_H

#include "acme/acme.h"
#include "model/model.h"
#include "plugin/deliver.h"
#include "plugin/instance.h"
#include "store/store.h"
#include "zone/zones.h"

struct world_authority {
    const struct model_authority *model;
    const char *directory; /* the one in use: `staging` in a rehearsal */
    struct acme *acme;     /* NULL: it is not used, and has no directory for a rehearsal */
    struct http_lane *lane;
    struct stamp ca; /* of the model's ca_file when the lane read it */
};
struct world {
    struct diag *diag; /* what was found wrong while loading */
    struct model *model;
    struct host *host; /* what stands behind the plugins' fl_* calls */
    bool guest;        /* host, services and state are another world's: see handover.h */
    struct instance **dns, **solvers, **sinks; /* in the model's order; NULL where loading failed */
    struct plugin **plugins;                   /* all that were loaded, NULL-terminated */
    size_t nplugins;
    struct zones_provider *providers;
    /* made by world_open() */
    struct http *http;
    struct listen *listen;
    struct keeper *keeper;
    struct store *store;
    struct deliver *deliver;
    struct world_authority *authorities; /* in the model's order */
};
struct world_conf {
    const char *conf_file; /* NULL: the embedded defaults */
    const char *plugin_dir;
    const char *record_dir, *replay_dir; /* of HTTP conversations; NULL: none */
    bool staging;                        /* authorities' staging directories */
};

/* Reads the file, loads the plugins, fills their options, checks all that can be checked without
 * touching anything outside. Mistakes are in its `diag`. NULL only without memory. */
struct world *world_load(const struct world_conf *conf);
/* The same beside one that is running: plugins that it has loaded are used as they are (a file that is another by now is a
 * warning), and its host stands behind the instances. It must end before `running`, or take over from it. */
struct world *world_load_beside(const struct world_conf *conf, const struct world *running);
/* Opens state (locked), keys, HTTP, listeners (if `serve`) and every instance that is used. */
int world_open(struct world *w, const struct world_conf *conf, bool serve, struct outcome *o);
/* One authority of the model, as world_open() does for each. */
int world_open_authority(struct world *w, const struct world_conf *conf, size_t at, struct outcome *o);
/* What the core knows of one dns instance, which is open: asks its caps(). */
int world_open_provider(struct world *w, size_t at, struct outcome *o);
/* Is that instance to be open while the service runs? */
bool world_needs(const struct model_instance *mi);
/* Only the HTTP service, for commands that open single instances: no state, no lock, no listeners. */
int world_open_http(struct world *w, const struct world_conf *conf, struct outcome *o);
void world_close(struct world *w); /* cancels HTTP, closes instances; no call may be running */
void world_free(struct world *w);
struct instance *world_find(const struct world *w, enum fl_kind kind, const char *name);
const struct world_authority *world_authority(const struct world *w, const char *name);

#endif
