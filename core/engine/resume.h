/* SPDX-License-Identifier: Apache-2.0 */
/* resume.h - where a task goes on in a new process. Internal to engine/. */
#ifndef ENGINE_RESUME_H
#define ENGINE_RESUME_H

#include "engine/turn.h"

/*
 * Called before the first step of a task in this process, and before its first step after a reload. The record says where it was, but may be about another
 * configuration: then the task starts over, without pauses and counts, and what was under way is given up by `plan`.
 * An order that would be made again just so (names, key, profile, its authority) goes on instead.
 * The record's `asked` says what it was about: of a certificate names, type of key, profile, solvers, authorities with
 * their directories; of a host names and addresses; of an authority all that an account depends on, and with
 * another directory its account is another. Zones and hosts always begin with their first step, and a sink that is wanted again
 * after it was to be retired gets the certificate.
 */
void resume_task(struct turn *t);
/* The record of an authority is about the directory that the authority has now. */
bool resume_same_directory(const json_t *rec, const char *directory);

#endif
