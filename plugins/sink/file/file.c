/* SPDX-License-Identifier: Apache-2.0 */
/* file.c - the sink `file`: key and chain as files on this machine, and a program told to load them. */
#include "held.h"
#include "layout.h"
#include "parts.h"
#include "reload.h"
#include "served.h"
#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct conf {
    const char *directory, *owner, *group, *mode;
    const char *const *files, *const *reload, *const *verify;
    int64_t reload_timeout;
    const char *pkcs12, *pkcs12_passphrase, *pkcs12_name;
    bool pkcs12_legacy;
};
static const char *const choices[] = { "leaf", "chain", "fullchain", "key", "combined", NULL };
static const struct fl_option options[] = {
    FL_PATH(struct conf, directory, FL_REQUIRED, NULL,
            "folder in which each certificate has a folder of its own"),
    FL_ENUMS(struct conf, files, 0, "leaf, chain, fullchain, key, combined", choices,
             "which files to write: cert.pem, chain.pem, fullchain.pem, privkey.pem, combined.pem"),
    FL_STRING(struct conf, owner, 0, NULL,
              "user to whom the files belong, by name or number; fairlead's own if not given"),
    FL_STRING(struct conf, group, 0, NULL, "group of the files, by name or number"),
    FL_STRING(struct conf, mode, 0, "0600", "permissions of the files with the key, as in \"0640\""),
    FL_LISTOF(struct conf, reload, FL_T_STRING, 0, NULL,
              "program to run after files have changed, with its arguments; run again until it succeeds"),
    FL_DURATION(struct conf, reload_timeout, 0, "30s", 100, 600000, "how long that program may take"),
    FL_ADDRESSES(struct conf, verify, 0, NULL, 443,
                 "address of a TLS server that uses the files: asked by a handshake for each name whether it "
                 "serves the new certificate"),
    FL_STRING(struct conf, pkcs12, 0, NULL,
              "write key and chain to a key store of that name too, as in \"keystore.p12\""),
    FL_SECRET(struct conf, pkcs12_passphrase, 0, "passphrase of the key store"),
    FL_STRING(struct conf, pkcs12_name, 0, NULL,
              "name (Java: alias) of the entry in the key store; the certificate's own if not given"),
    FL_BOOL(struct conf, pkcs12_legacy, "false",
            "protect the key store with 3DES and SHA-1, for Java before 8u301 and Windows before 2019"),
    FL_END,
};

/* ---- options ---- */

/* Nobody but owner and group may read a key, and its owner must; nobody runs it. */
static bool read_mode(const char *text, mode_t *out)
{
    char *end;
    unsigned long mode = strtoul(text, &end, 8);

    if (!*text || text[strspn(text, "01234567")] || *end || mode > 0777 || (mode & 0517) != 0400)
        return false;
    *out = (mode_t)mode;
    return true;
}
static struct store store_of(const struct conf *c)
{
    return (struct store){ c->pkcs12, c->pkcs12_passphrase, c->pkcs12_name, c->pkcs12_legacy };
}
static int check(struct fl_ctx *ctx, const void *conf)
{
    const struct conf *c = conf;
    const struct store store = store_of(c);
    mode_t mode;

    if (!read_mode(c->mode, &mode))
        return fl_fail(
            ctx, FL_ECONF,
            "mode \"%s\" is not of the form \"0640\" with reading for the owner and nothing for others",
            c->mode);
    if (c->files && !c->files[0])
        return fl_fail(ctx, FL_ECONF, "files names none: leave it out to have all of them");
    if (c->reload && c->reload[0] && !*c->reload[0])
        return fl_fail(ctx, FL_ECONF, "reload begins with an empty text instead of a program");
    return store_wrong(&store) ? fl_fail(ctx, FL_ECONF, "%s", store_wrong(&store)) : FL_OK;
}
/* A name, else a number. Looked up for each delivery: users come and go while we run. */
static int read_owner(struct fl_ctx *ctx, const struct conf *c, struct parts *out)
{
    char room[4096], *end;
    struct passwd pw, *user = NULL;
    struct group gr, *group = NULL;

    out->uid = (uid_t)-1;
    out->gid = (gid_t)-1;
    if (c->owner && getpwnam_r(c->owner, &pw, room, sizeof room, &user) == 0 && user)
        out->uid = user->pw_uid;
    else if (c->owner) {
        out->uid = (uid_t)strtoul(c->owner, &end, 10);
        if (!*c->owner || *end)
            return fl_fail(ctx, FL_ECONF, "there is no user %s on this machine", c->owner);
    }
    if (c->group && getgrnam_r(c->group, &gr, room, sizeof room, &group) == 0 && group)
        out->gid = group->gr_gid;
    else if (c->group) {
        out->gid = (gid_t)strtoul(c->group, &end, 10);
        if (!*c->group || *end)
            return fl_fail(ctx, FL_ECONF, "there is no group %s on this machine", c->group);
    }
    return FL_OK;
}
static int make_parts(struct fl_ctx *ctx, const struct fl_cert *certs, size_t n, struct parts *out)
{
    const struct conf *c = fl_conf(ctx);
    int rc = read_owner(ctx, c, out);

    out->store = store_of(c);
    if (rc == FL_OK && !read_mode(c->mode, &out->mode))
        rc = check(ctx, c);
    return rc == FL_OK ? parts_make(ctx, certs, n, c->files ? c->files : choices, out) : rc;
}

/* ---- the callbacks ---- */

static bool has_reload(const struct conf *c) { return c->reload && c->reload[0]; }

/* Errno, 0: done; `which` is the file that it was about. */
static int fill(struct fl_ctx *ctx, int dir, const struct parts *parts, const char **which)
{
    const struct conf *c = fl_conf(ctx);
    int error = parts_write(dir, parts, which);

    return error == 0 && has_reload(c) ? reload_mark(dir) : error;
}
static int renew(struct fl_ctx *ctx, struct layout *l, const char *serial, struct parts *parts)
{
    char version[LAYOUT_VERSION];
    const char *which = "";
    auto_fd dir = -1;
    int rc = store_fill(ctx, parts), error;

    if (rc == FL_OK)
        rc = layout_begin(ctx, l, serial, version, &dir);
    if (rc != FL_OK)
        return rc;
    error = fill(ctx, dir, parts, &which);
    if (error == EPERM)
        rc = fl_fail(ctx, FL_ECONF,
                     "cannot give %s/%s/%s the owner or group that is configured: run fairlead as "
                     "root, or name a group that it is in",
                     l->directory, l->name, which);
    else if (error != 0)
        rc = layout_fail(ctx, error, "write", l, fl_printf(ctx, ".%s.d/%s/%s", l->name, version, which));
    else
        rc = layout_switch(ctx, l, version);
    if (rc != FL_OK && strcmp(l->current, version) != 0)
        layout_drop(l, version);
    return rc;
}
static int repair(struct fl_ctx *ctx, const struct layout *l, int dir, const struct parts *parts)
{
    const char *which = "";
    int error = parts_repair(dir, parts, &which);

    if (error == EPERM)
        return fl_fail(ctx, FL_ECONF,
                       "cannot give owner, group or mode back to %s/%s/%s: run fairlead as root, or as "
                       "the user who owns it",
                       l->directory, l->name, which);
    return error == 0 ? FL_OK : layout_fail(ctx, error, "repair", l, fl_printf(ctx, "%s/%s", l->name, which));
}
static int deploy(struct fl_ctx *ctx, const struct fl_cert *certs, size_t n)
{
    const struct conf *c = fl_conf(ctx);
    auto_layout l = { .base = -1, .store = -1 };
    auto_fd dir = -1;
    struct parts parts;
    size_t serial = strlen(certs[0].serial);
    bool same = false;
    int rc = make_parts(ctx, certs, n, &parts);

    if (rc == FL_OK)
        rc = layout_open(ctx, c->directory, certs[0].file_name, true, &l);
    if (rc == FL_OK)
        rc = layout_version(ctx, &l, l.current, &dir);
    if (rc == FL_OK && dir >= 0 && !strncmp(l.current, certs[0].serial, serial) && l.current[serial] == '-')
        rc = parts_same(ctx, dir, &parts, true, &same);
    if (rc != FL_OK)
        return rc;
    if (same)
        rc = repair(ctx, &l, dir, &parts);
    else {
        layout_close(&dir);
        dir = -1;
        rc = renew(ctx, &l, certs[0].serial, &parts);
        if (rc == FL_OK)
            rc = layout_version(ctx, &l, l.current, &dir);
    }
    if (rc != FL_OK)
        return rc;
    layout_sweep(ctx, &l);
    return reload_run(ctx, c->reload, c->reload_timeout, &l, dir);
}
static int verify(struct fl_ctx *ctx, const struct fl_cert *certs, size_t n)
{
    const struct conf *c = fl_conf(ctx);
    auto_layout l = { .base = -1, .store = -1 };
    auto_fd dir = -1;
    struct parts parts;
    bool same = false;
    int rc = make_parts(ctx, certs, n, &parts);

    if (rc == FL_OK)
        rc = layout_open(ctx, c->directory, certs[0].file_name, false, &l);
    if (rc == FL_OK)
        rc = layout_version(ctx, &l, l.current, &dir);
    if (rc == FL_OK && dir >= 0)
        rc = parts_same(ctx, dir, &parts, false, &same);
    if (rc != FL_OK)
        return rc;
    if (!same)
        return fl_again(ctx, 0, "%s/%s does not hold this certificate", c->directory, certs[0].file_name);
    if (has_reload(c) && reload_due(dir))
        return fl_again(ctx, 0, "%s has not yet loaded %s/%s", c->reload[0], c->directory,
                        certs[0].file_name);
    return served_check(ctx, c->verify, &l, dir, certs, n);
}
static int retire(struct fl_ctx *ctx, const struct fl_cert *certs, size_t n)
{
    const struct conf *c = fl_conf(ctx);
    auto_layout l = { .base = -1, .store = -1 };
    int rc = layout_open(ctx, c->directory, certs[0].file_name, false, &l);

    (void)n;
    return rc == FL_OK ? layout_remove(ctx, &l) : rc;
}
static int held(struct fl_ctx *ctx, const struct fl_cert *cert, const char **chain_pem_out)
{
    const struct conf *c = fl_conf(ctx);
    auto_layout l = { .base = -1, .store = -1 };
    auto_fd dir = -1;
    int rc = layout_open(ctx, c->directory, cert->file_name, false, &l);

    *chain_pem_out = NULL;
    if (rc == FL_OK)
        rc = layout_version(ctx, &l, l.current, &dir);
    if (rc != FL_OK || dir < 0)
        return rc;
    return held_chain(ctx, dir, cert->key_type, chain_pem_out);
}
static const struct fl_sink_ops ops = {
    .size = sizeof ops, .deploy = deploy, .verify = verify, .retire = retire, .held = held
};
FL_SINK_PLUGIN(&ops, .name = "file", .version = "1.0",
               .summary = "files on this machine, and a program told to load them", .options = options,
               .conf_size = sizeof(struct conf), .check = check);
