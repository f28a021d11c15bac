/* SPDX-License-Identifier: Apache-2.0 */
/* sink_rig.c - certificates made of plain words, and what stands in a folder. */
#include "sink_rig.h"
#include "base/mem.h"
#include "base/buf.h"
#include "base/file.h"
#include "tmpdir.h"
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const identifiers[] = { "example.test", NULL };

void sink_rig_open(struct sink_rig *r, const char *const *extra)
{
    *r = (struct sink_rig){ .f = NULL };
    tmpdir_make(r->folder);
    snprintf(r->live, sizeof r->live, "%s/state/live", r->folder);
    sink_rig_reopen(r, extra);
}
void sink_rig_reopen(struct sink_rig *r, const char *const *extra)
{
    char directory[128];
    const char *options[16] = { directory };

    snprintf(directory, sizeof directory, "directory=%s", r->live);
    for (size_t i = 0; extra && extra[i]; i++)
        options[i + 1] = extra[i];
    fake_free(r->f);
    r->f = fake_new(&fl_plugin_entry, options);
    if (fake_check(r->f) != FL_OK || fake_open(r->f) != FL_OK)
        abort();
}
void sink_rig_close(struct sink_rig *r)
{
    fake_free(r->f);
    tmpdir_remove(r->folder);
}
struct fl_cert sink_rig_cert(const char *name, const char *key_type, unsigned n, struct sink_cert *room)
{
    snprintf(room->serial, SINK_TEXT, "00ab%04x", n);
    snprintf(room->leaf, SINK_TEXT, "leaf %u %s\n", n, key_type);
    snprintf(room->chain, SINK_TEXT, "chain %u\n", n);
    snprintf(room->key, SINK_TEXT, "key %u %s\n", n, key_type);
    return (struct fl_cert){ .name = name,
                             .file_name = name,
                             .key_type = key_type,
                             .serial = room->serial,
                             .identifiers = identifiers,
                             .leaf_pem = room->leaf,
                             .chain_pem = room->chain,
                             .key_pem = room->key,
                             .ref = "" };
}
int sink_rig_deploy(struct sink_rig *r, const char *name, unsigned n)
{
    struct sink_cert room;
    struct fl_cert cert = sink_rig_cert(name, "ec256", n, &room);

    return fl_plugin_entry.ops.sink->deploy(fake_call(r->f), &cert, 1);
}
int sink_rig_verify(struct sink_rig *r, const char *name, unsigned n)
{
    struct sink_cert room;
    struct fl_cert cert = sink_rig_cert(name, "ec256", n, &room);

    cert.key_pem = "";
    return fl_plugin_entry.ops.sink->verify(fake_call(r->f), &cert, 1);
}
int sink_rig_retire(struct sink_rig *r, const char *name)
{
    struct sink_cert room;
    struct fl_cert cert = sink_rig_cert(name, "ec256", 1, &room);

    cert.key_pem = "";
    return fl_plugin_entry.ops.sink->retire(fake_call(r->f), &cert, 1);
}
const char *sink_rig_held(struct sink_rig *r, const char *name, const char *key_type)
{
    struct fl_cert cert = { .name = name, .file_name = name, .key_type = key_type, .serial = "" };
    const char *chain = NULL;
    int code;

    cert.identifiers = identifiers;
    cert.leaf_pem = cert.chain_pem = cert.key_pem = cert.ref = "";
    code = fl_plugin_entry.ops.sink->held(fake_call(r->f), &cert, &chain);
    if (code != FL_OK)
        return fake_outcome(r->f)->msg;
    return chain ? chain : "none";
}
const char *sink_rig_path(const struct sink_rig *r, const char *path, char out[256])
{
    snprintf(out, 256, "%s/%s", r->live, path);
    return out;
}
char *sink_rig_read(const struct sink_rig *r, const char *path)
{
    char full[256], *text = NULL;
    size_t len;

    return file_read(AT_FDCWD, sink_rig_path(r, path, full), 65536, &text, &len) == 0 ? text : NULL;
}
char *sink_rig_link(const struct sink_rig *r, const char *path)
{
    char full[256], target[512];
    ssize_t n = readlink(sink_rig_path(r, path, full), target, sizeof target);

    return n < 0 ? NULL : mem_text(target, (size_t)n);
}
char *sink_rig_list(const struct sink_rig *r, const char *path)
{
    char full[256];
    struct dirent **all = NULL;
    struct buf out = BUF(65536);
    int n = scandir(sink_rig_path(r, path, full), &all, NULL, alphasort);

    for (int i = 0; i < n; i++) {
        if (strcmp(all[i]->d_name, ".") && strcmp(all[i]->d_name, ".."))
            buf_addf(&out, "%s%s", out.len ? " " : "", all[i]->d_name);
        free(all[i]);
    }
    free(all);
    return buf_take(&out);
}
