/* SPDX-License-Identifier: Apache-2.0 */
/* handover.h - one world takes over from another while both are there. Internal to engine/. */
#ifndef ENGINE_HANDOVER_H
#define ENGINE_HANDOVER_H

#include "engine/world.h"

/*
 * What is the same in both is handed over as it is: services, state and keys always; an instance with its lane, its connections and
 * what it listens on when plugin and options are the same (instance_same()); an authority with nonces, directory and connections when
 * nothing about it has changed. Everything else that is to be open is opened beside what it takes the place of; sockets of the
 * same address are shared until the moment of the change.
 *
 *     handover_begin(&h)     the old world goes on undisturbed; all that can fail does so here
 *     handover_switch(&h)    the new instances answer where the old ones did (nobody calls the old ones any more)
 *     handover_end(&h)       services, state and what was handed over are the new world's alone. The old one holds what was
 *                            changed or removed: world_free() closes it
 * or  handover_undo(&h)      after handover_begin(), whether it failed or not, instead: as if nothing had been; then world_free(to)
 *
 * One thread, main's: the only one that opens and closes instances.
 */
struct handover {
    struct world *from, *to;
    const struct world_conf *conf;
    bool *kept[FL_KIND_SINK + 1];   /* of the lists of `to`: it is `from`'s instance */
    bool *opened[FL_KIND_SINK + 1]; /* of these: it was not open before */
    bool *kept_authority;
    bool (*alive)(
        void *
            arg); /* called now and then while it takes its time; what it says is not minded here. NULL: nobody is */
    void *arg;
};
/* from, to, conf, alive and arg are filled in. Fails as world_open() does. */
int handover_begin(struct handover *h, struct outcome *o);
void handover_undo(struct handover *h);
void handover_switch(struct handover *h);
void handover_end(struct handover *h);

/* Is the instance number `at` of `to`'s list new: opened by this handover, with nothing of what another of the same name knew? */
bool handover_new(const struct handover *h, enum fl_kind kind, size_t at);
/* The lists of a world by kind. */
struct instance **world_list(const struct world *w, enum fl_kind kind, const struct model_instance **mi_out,
                             size_t *n_out);
bool world_same_authority(const struct world *a, size_t at, const struct world *b, size_t bt, bool secrets);

#endif
