/* SPDX-License-Identifier: Apache-2.0 */
/* reload_diff.h - what a changed configuration changes, in words. Internal to engine/. */
#ifndef ENGINE_RELOAD_DIFF_H
#define ENGINE_RELOAD_DIFF_H

#include "base/buf.h"
#include "engine/world.h"

struct reload_diff {
    unsigned changes; /* how many things were added, removed or changed */
    unsigned others;  /* of these: by more than the value of a secret */
    struct buf lines; /* "certificates: added a, b; removed c" ... one line a section; empty: nothing */
};
/* Both are loaded, neither needs to be open; instances of `to` are its own, before any is handed over. */
void reload_diff(const struct world *from, const struct world *to, struct reload_diff *out);
/* "workers: 8 -> 4 needs a restart ...", a line each, for settings that stay as they are. */
void reload_diff_restart(const struct model *from, const struct model *to, struct buf *out);

#endif
