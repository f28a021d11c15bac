/* SPDX-License-Identifier: Apache-2.0 */
/* unit_check.c - what a configuration needs, and the unit does not give. */
#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "ctl/unit.h"
#include "engine/handover.h"

#include <fcntl.h>
#include <glob.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>

enum { RULES_MAX = 64 * 1024, FIRST_FREE = 1024 };

struct check {
    const struct unit *u;
    FILE *f;
    const char *user; /* "root" where the unit names none */
    uid_t uid;
    gid_t gid;
    bool known; /* there is such a user */
    unsigned found;
};

static void missing(struct check *c, const char *fmt, ...) FL_PRINTF(2, 3);
static void missing(struct check *c, const char *fmt, ...)
{
    va_list ap;

    fprintf(c->f, "%s: missing: ", c->u->path);
    va_start(ap, fmt);
    vfprintf(c->f, fmt, ap);
    va_end(ap);
    fputc('\n', c->f);
    c->found++;
}

/* ---- files ----------------------------------------------------------------------------------- */

/* By the permissions alone, for its user and that user's own group: `bit` is 4 to read, 2 to write. */
static bool may(const struct check *c, const char *path, unsigned bit)
{
    struct stat st;

    if (!c->known || c->uid == 0 || stat(path, &st) != 0)
        return true; /* not there: nothing is known */
    unsigned mode = st.st_mode;
    return (mode >> (st.st_uid == c->uid ? 6 : st.st_gid == c->gid ? 3 : 0)) & bit;
}

static void check_read(struct check *c, const char *path, const char *what)
{
    if (!may(c, path, 4))
        missing(c, "%s %s cannot be read by the user %s: chgrp %s %s; chmod g+r %s", what, path, c->user,
                c->user, path, path);
}

static void check_write(struct check *c, const char *who, const char *option, const char *path)
{
    if (text_starts(path, "/tmp/") || text_starts(path, "/var/tmp/")) {
        missing(c, "%s: %s: %s is a folder that only the service sees (PrivateTmp): choose another", who,
                option, path);
        return;
    }
    if (!unit_writes(c->u, path))
        missing(
            c,
            "%s: %s: %s is outside of what the unit may write: add ReadWritePaths=%s (systemctl edit fairlead)",
            who, option, path, path);
    if (!may(c, path, 2))
        missing(c, "%s: %s: %s cannot be written by the user %s: chown %s %s", who, option, path, c->user,
                c->user, path);
}

/* ---- ports ------------------------------------------------------------------------------------- */

static void check_port(struct check *c, const char *who, const char *address)
{
    const char *colon = strrchr(address, ':');
    long port = colon ? strtol(colon + 1, NULL, 10) : 0;

    if (port <= 0 || port >= FIRST_FREE || c->uid == 0 ||
        unit_has(c->u, "AmbientCapabilities", "CAP_NET_BIND_SERVICE") || unit_value(c->u, "Sockets", NULL))
        return;
    missing(c,
            "%s: listens on %s: ports below 1024 need AmbientCapabilities=CAP_NET_BIND_SERVICE, or a socket "
            "unit and Sockets= in the unit",
            who, address);
}

static void check_listen(struct check *c, const struct instance *i, const struct fl_option *o, bool otherwise)
{
    const char *const *list;
    char usual[32];

    memcpy(&list, (const char *)i->conf + o->offset, sizeof list);
    for (const char *const *address = list; address && *address; address++)
        check_port(c, i->who, *address);
    if (list || otherwise)
        return;
    snprintf(usual, sizeof usual, "[::]:%d", (int)o->max);
    check_port(c, i->who, usual);
}

/* ---- programs ------------------------------------------------------------------------------------ */

/* Some rule names both the user and the unit. One that cannot be read says nothing. */
static bool ruled(const char *user, const char *unit)
{
    static const char *const patterns[] = { "/etc/polkit-1/rules.d/*.rules",
                                            "/usr/local/share/polkit-1/rules.d/*.rules",
                                            "/usr/share/polkit-1/rules.d/*.rules" };
    char quoted[128];
    glob_t found = { 0 };
    bool ok = false;

    snprintf(quoted, sizeof quoted, "\"%.100s\"", user);
    for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++)
        (void)glob(patterns[i], i ? GLOB_APPEND : 0, NULL, &found);
    for (size_t i = 0; i < found.gl_pathc && !ok; i++) {
        auto_free char *text = NULL;
        size_t len = 0;
        ok = file_read(AT_FDCWD, found.gl_pathv[i], RULES_MAX, &text, &len) == 0 && strstr(text, quoted) &&
             strstr(text, unit);
    }
    globfree(&found);
    return ok;
}

static void check_program(struct check *c, const char *who, const char *const *argv)
{
    const char *base = argv[0] ? strrchr(argv[0], '/') : NULL, *unit = NULL;

    if (!argv[0] || strcmp(base ? base + 1 : argv[0], "systemctl") != 0 || c->uid == 0)
        return;
    for (const char *const *arg = argv + 1; *arg; arg++)
        if (**arg != '-')
            unit = *arg; /* the verb, then the unit */
    if (unit && !ruled(c->user, unit))
        missing(c,
                "%s: runs systemctl for %s, which the user %s may not: let it by a polkit rule, such as "
                "50-fairlead.rules among the examples, in /etc/polkit-1/rules.d",
                who, unit, c->user);
}

/* ---- all ------------------------------------------------------------------------------------------- */

static bool has_path(const struct instance *i)
{
    for (const struct fl_option *o = i->plugin->entry.options; o && o->name; o++) {
        const char *text = NULL;
        if (o->type == FL_T_PATH && !(o->flags & FL_LIST))
            memcpy(&text, (const char *)i->conf + o->offset, sizeof text);
        if (text)
            return true;
    }
    return false;
}

static void check_option(struct check *c, const struct instance *i, const struct fl_option *o)
{
    const char *const *list = NULL;
    const char *text = NULL;
    bool is_list = o->flags & FL_LIST;

    if (is_list)
        memcpy(&list, (const char *)i->conf + o->offset, sizeof list);
    else if (o->type == FL_T_STRING || o->type == FL_T_PATH)
        memcpy(&text, (const char *)i->conf + o->offset, sizeof text);
    if (o->type == FL_T_PATH && text && i->plugin->entry.kind != FL_KIND_DNS)
        check_write(c, i->who, o->name, text);
    else if (o->type == FL_T_ADDRESS && is_list && strcmp(o->name, "listen") == 0)
        check_listen(c, i, o, has_path(i));
    else if (o->type == FL_T_STRING && list && i->plugin->entry.kind == FL_KIND_SINK)
        check_program(c, i->who, list);
    else if (strcmp(o->name, "owner") == 0 && text && strcmp(text, c->user) != 0 && c->uid != 0 &&
             !unit_has(c->u, "AmbientCapabilities", "CAP_CHOWN"))
        missing(c,
                "%s: gives files to %s: that needs AmbientCapabilities=CAP_CHOWN and "
                "CapabilityBoundingSet=CAP_CHOWN",
                i->who, text);
}

static void check_instances(struct check *c, const struct world *w, enum fl_kind kind)
{
    const struct model_instance *mi;
    size_t n;
    struct instance **at = world_list(w, kind, &mi, &n);

    for (size_t i = 0; i < n; i++)
        for (const struct fl_option *o = at[i] && world_needs(&mi[i]) ? at[i]->plugin->entry.options : NULL;
             o && o->name; o++)
            check_option(c, at[i], o);
}

unsigned unit_check(const struct unit *u, const struct world *w, FILE *f)
{
    struct check c = { .u = u, .f = f, .user = unit_value(u, "User", "root") };
    const struct passwd *pw = getpwnam(c.user);

    c.known = pw != NULL;
    c.uid = pw ? pw->pw_uid : (uid_t)-1;
    c.gid = pw ? pw->pw_gid : (gid_t)-1;
    if (!pw)
        missing(&c, "there is no user %s: run systemd-sysusers", c.user);
    check_read(&c, w->model->tree->root->file, "the configuration");
    for (const struct opt_file *file = w->model->opts.files; file; file = file->next)
        check_read(&c, file->path, "the secret");
    if (!unit_writes(u, w->model->state))
        missing(&c, "state: %s is outside of what the unit may write: add ReadWritePaths=%s", w->model->state,
                w->model->state);
    for (enum fl_kind kind = FL_KIND_DNS; kind <= FL_KIND_SINK; kind++)
        check_instances(&c, w, kind);
    return c.found;
}
