/* SPDX-License-Identifier: Apache-2.0 */
/* load.c - opens a shared object, and says in one sentence why not. */
#include "plugin/load.h"
#include "base/mem.h"
#include "plugin/negotiate.h"
#include "plugin/safe.h"

#include <sys/stat.h>

int plugin_load(const char *dir, enum fl_kind kind, const char *name, struct plugin **out, struct outcome *o)
{
    auto_free struct plugin *p = calloc(1, sizeof *p);
    struct object ob = { .handle = NULL };
    auto_close int fd = -1;
    struct stat st = { .st_size = 0 };
    int code;

    if (!p)
        return outcome_nomem(o);
    code = safe_open(dir, plugin_kind_names[kind], name, p->path, sizeof p->path, &fd, o);
    if (code == FL_OK)
        code = object_load(fd, p->path, &ob, o);
    if (code != FL_OK)
        return code;
    if (fstat(fd, &st) == 0)
        p->file = stamp_of_stat(&st);
    code = negotiate(&ob, kind, name, p, o);
    if (code != FL_OK) {
        object_unload(&ob);
        return code;
    }
    p->handle = ob.handle;
    *out = take_ptr(p);
    return outcome_ok(o);
}
struct plugin *plugin_share(struct plugin *p)
{
    p->shares++;
    return p;
}
const char *plugin_aged(const struct plugin *p)
{
    const struct stamp none = { .dev = 0 }, now = stamp_of(p->path);

    if (stamp_same(&now, &p->file))
        return NULL;
    return stamp_same(&now, &none) ? "is not there any more" : "has changed on disk";
}
/* The object stays: instances of another engine may be in it. */
void plugin_free(struct plugin *p)
{
    if (p && p->shares > 0)
        p->shares--;
    else
        free(p);
}
