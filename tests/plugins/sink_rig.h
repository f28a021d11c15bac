/* SPDX-License-Identifier: Apache-2.0 */
/* sink_rig.h - certificates made of plain words, and what stands in a folder, for tests of the sink `file`. */
#ifndef TESTS_SINK_RIG_H
#define TESTS_SINK_RIG_H

#include "fake_host.h"
#include <fl/sink.h>

enum { SINK_TEXT = 128 };
struct sink_cert {
    char serial[SINK_TEXT], leaf[SINK_TEXT], chain[SINK_TEXT], key[SINK_TEXT];
};
struct sink_rig {
    char folder[64], live[96]; /* the test's own, and the option `directory` in it */
    struct fake *f;
};
/* `extra`: options beside directory, NULL-terminated, or NULL. */
void sink_rig_open(struct sink_rig *r, const char *const *extra);
/* The same folder with other options, as after a restart. */
void sink_rig_reopen(struct sink_rig *r, const char *const *extra);
void sink_rig_close(struct sink_rig *r);
/* The certificate number `n` of that name; its texts say so. */
struct fl_cert sink_rig_cert(const char *name, const char *key_type, unsigned n, struct sink_cert *room);
/* Delivers number `n` of one lineage; the code. */
int sink_rig_deploy(struct sink_rig *r, const char *name, unsigned n);
int sink_rig_verify(struct sink_rig *r, const char *name, unsigned n);
int sink_rig_retire(struct sink_rig *r, const char *name);
/* What stands there of that key type; "none". Valid until the next call. */
const char *sink_rig_held(struct sink_rig *r, const char *name, const char *key_type);
/* What DIRECTORY/PATH holds, or where that link leads; a new text, NULL: nothing there. */
char *sink_rig_read(const struct sink_rig *r, const char *path);
char *sink_rig_link(const struct sink_rig *r, const char *path);
/* Entries of a folder, sorted, with a space between them; "" : empty or not there. Allocated. */
char *sink_rig_list(const struct sink_rig *r, const char *path);
const char *sink_rig_path(const struct sink_rig *r, const char *path, char out[256]);

#endif
