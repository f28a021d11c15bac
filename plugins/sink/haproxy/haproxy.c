/* SPDX-License-Identifier: Apache-2.0 */
/* haproxy.c - the sink `haproxy`: certificates of a running HAProxy, changed without a reload. */
#include "pem.h"
#include "runtime.h"

#include <string.h>

struct conf {
    const char *socket, *directory, *crt_list;
};
static const struct fl_option options[] = {
    FL_STRING(
        struct conf, socket, 0, "/run/haproxy/admin.sock",
        "HAProxy's runtime API, a `stats socket` with `level admin`: a path, or an address with its port"),
    FL_PATH(struct conf, directory, FL_REQUIRED, NULL,
            "folder of the files with key and chain, NAME.pem, which HAProxy loads when it starts"),
    FL_PATH(
        struct conf, crt_list, 0, NULL,
        "crt-list file or certificate folder of a `bind` line, as it stands there: certificates that HAProxy "
        "does not know yet are put on it"),
    FL_END,
};
static struct runtime runtime_of(const struct conf *c)
{
    return (struct runtime){ .socket = c->socket, .list = c->crt_list };
}
static bool sayable(const char *text) { return !text || !text[strcspn(text, " \t\r\n;\\<\"'*")]; }
static int check(struct fl_ctx *ctx, const void *conf)
{
    const struct conf *c = conf;
    size_t len = strlen(c->directory);

    if (!sayable(c->directory) || !sayable(c->crt_list))
        return fl_fail(
            ctx, FL_ECONF,
            "directory and crt_list are said to HAProxy: they cannot have blanks, quotes or any of "
            "; \\ < *");
    if (len > 1 && c->directory[len - 1] == '/')
        return fl_fail(ctx, FL_ECONF,
                       "directory ends with a slash: write it as HAProxy's files are named, without");
    if (*c->socket != '/' && !strchr(c->socket, ':'))
        return fl_fail(ctx, FL_ECONF, "socket \"%s\" is neither an absolute path nor an address with a port",
                       c->socket);
    return FL_OK;
}
static int waiting(struct fl_ctx *ctx, const struct conf *c, const char *path)
{
    return fl_again(ctx, 0,
                    "%s is written and waits for HAProxy, which does not answer at %s: start it, or see that "
                    "`socket` is what its `stats socket` line says",
                    path, c->socket);
}

/* ---- one lineage ---- */

static int bring(struct fl_ctx *ctx, const struct conf *c, const struct fl_cert *cert, const struct pem *p)
{
    const struct runtime r = runtime_of(c);
    struct known known;
    int rc = runtime_look(ctx, &r, p->path, &known);

    if (rc == FL_ETEMP)
        return waiting(ctx, c, p->path);
    if (rc != FL_OK || (runtime_same_serial(&known, cert->serial) && (known.used || !c->crt_list)))
        return rc;
    return runtime_bring(ctx, &r, p->path, p->text, &known);
}
static int look(struct fl_ctx *ctx, const struct conf *c, const struct fl_cert *cert, const struct pem *p)
{
    const struct runtime r = runtime_of(c);
    struct known known;
    int rc;

    if (!pem_same(p, false))
        return fl_again(ctx, 0, "%s does not hold this certificate", p->path);
    rc = runtime_look(ctx, &r, p->path, &known);
    if (rc == FL_ETEMP)
        return waiting(ctx, c, p->path);
    if (rc != FL_OK)
        return rc;
    if (!runtime_same_serial(&known, cert->serial))
        return fl_again(ctx, 0, "HAProxy has %s for %s and not serial %s",
                        known.known ? fl_printf(ctx, "serial %s", known.serial) : "nothing", p->path,
                        cert->serial);
    if (!known.used)
        return fl_again(ctx, 0,
                        "HAProxy has %s and uses it nowhere: name it in a `bind ... ssl crt` line and reload "
                        "HAProxy once, or say `crt_list` here",
                        p->path);
    if (c->crt_list && !pem_listed(c->crt_list, p->path))
        return fl_again(
            ctx, 0,
            "HAProxy uses %s, but its list %s does not name it, and the next start would forget it: "
            "write it there on a line of its own",
            p->path, c->crt_list);
    return FL_OK;
}
/* A path that is no longer wanted: out of HAProxy first, for what its configuration names must stay on disk. */
static int drop(struct fl_ctx *ctx, const struct conf *c, const char *path)
{
    const struct runtime r = runtime_of(c);
    int rc = pem_exists(path) ? runtime_drop(ctx, &r, path) : FL_OK;

    return rc == FL_OK ? pem_remove(ctx, path) : rc;
}

/* ---- the callbacks ---- */

struct set {
    struct pem all[16];
    size_t n;
};
static void set_done(struct set *s)
{
    for (size_t i = 0; i < s->n; i++)
        pem_done(&s->all[i]);
}
#define auto_set __attribute__((cleanup(set_done))) struct set

static int make_set(struct fl_ctx *ctx, const struct conf *c, const struct fl_cert *certs, size_t n,
                    struct set *out)
{
    int rc = n <= sizeof out->all / sizeof *out->all ? FL_OK : fl_fail(ctx, FL_ECONF, "too many keys");

    for (size_t i = 0; i < n && rc == FL_OK; i++)
        rc = pem_make(ctx, c->directory, certs, n, out->n++, &out->all[i]);
    return rc;
}
static bool wanted(const struct set *s, const char *path)
{
    for (size_t i = 0; i < s->n; i++)
        if (!strcmp(s->all[i].path, path))
            return true;
    return false;
}
static int drop_others(struct fl_ctx *ctx, const struct conf *c, const struct set *s, const char *name)
{
    int rc = FL_OK;

    for (size_t i = 0; i < PEM_FORMS && rc == FL_OK; i++) {
        const char *path = pem_path(ctx, c->directory, name, pem_forms[i]);
        if (!wanted(s, path) && pem_exists(path))
            rc = drop(ctx, c, path);
    }
    return rc;
}
/* Every file first: whatever becomes of HAProxy, it finds all of them when it starts. */
static int deploy(struct fl_ctx *ctx, const struct fl_cert *certs, size_t n)
{
    const struct conf *c = fl_conf(ctx);
    auto_set s = { .n = 0 };
    int rc = make_set(ctx, c, certs, n, &s);

    for (size_t i = 0; i < n && rc == FL_OK; i++)
        rc = pem_write(ctx, c->directory, &s.all[i]);
    for (size_t i = 0; i < n && rc == FL_OK; i++)
        rc = bring(ctx, c, &certs[i], &s.all[i]);
    return rc == FL_OK ? drop_others(ctx, c, &s, certs[0].file_name) : rc;
}
static int verify(struct fl_ctx *ctx, const struct fl_cert *certs, size_t n)
{
    const struct conf *c = fl_conf(ctx);
    auto_set s = { .n = 0 };
    int rc = make_set(ctx, c, certs, n, &s);

    for (size_t i = 0; i < n && rc == FL_OK; i++)
        rc = look(ctx, c, &certs[i], &s.all[i]);
    return rc;
}
static int retire(struct fl_ctx *ctx, const struct fl_cert *certs, size_t n)
{
    const struct set none = { .n = 0 };

    (void)n;
    return drop_others(ctx, fl_conf(ctx), &none, certs[0].file_name);
}
static int held(struct fl_ctx *ctx, const struct fl_cert *cert, const char **chain_pem_out)
{
    const struct conf *c = fl_conf(ctx);
    bool rsa = !strncmp(cert->key_type, "rsa", 3);
    const char *bundled = pem_path(ctx, c->directory, cert->file_name, rsa ? ".rsa" : ".ecdsa");
    int rc = pem_chain(ctx, bundled, chain_pem_out);

    if (rc == FL_OK && !*chain_pem_out)
        rc = pem_chain(ctx, pem_path(ctx, c->directory, cert->file_name, ""), chain_pem_out);
    return rc;
}
static const struct fl_sink_ops ops = {
    .size = sizeof ops, .deploy = deploy, .verify = verify, .retire = retire, .held = held
};
FL_SINK_PLUGIN(&ops, .name = "haproxy", .version = "1.0",
               .summary = "a running HAProxy, by its runtime API and files for its next start",
               .options = options, .conf_size = sizeof(struct conf), .check = check);
