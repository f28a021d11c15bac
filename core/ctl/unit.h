/* SPDX-License-Identifier: Apache-2.0 */
/* unit.h - what a systemd unit lets the service do, and what a configuration wants of it. */
#ifndef CTL_UNIT_H
#define CTL_UNIT_H

#include "base/json.h"
#include "engine/world.h"
#include <stdbool.h>
#include <stdio.h>

/*
 * The files are read as they stand on disk, with their drop-ins: no systemd need be running. `path` NULL: the first
 * fairlead.service of where systemd looks, and its drop-ins in all these places; else that file and PATH.d/ *.conf.
 */
struct unit {
    char path[512];
    json_t *service; /* settings of [Service]: name -> list of values; an empty value empties the list */
};
/* False: there is none, with words on `f`. */
bool unit_read(const char *path, struct unit *out, FILE *f);
void unit_done(struct unit *u);
/* The last value, or `dflt`. */
const char *unit_value(const struct unit *u, const char *key, const char *dflt);
/* Is that one of the words of all values of that setting? */
bool unit_has(const struct unit *u, const char *key, const char *word);
/* May it write below that path? */
bool unit_writes(const struct unit *u, const char *path);

/* A line on `f` for each thing that the configuration needs and the unit, its user or polkit does not give, with what to do. How many. */
unsigned unit_check(const struct unit *u, const struct world *w, FILE *f);

#endif
