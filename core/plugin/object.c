/* SPDX-License-Identifier: Apache-2.0 */
/* object.c - a shared object, loaded from its descriptor, and what of the memory is its own. */
#include "plugin/object.h"
#include "base/text.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HEADERS_MAX = 64, LINK_NAME = 320 };

/* ---- before it is mapped ---- */

/* The linker's name for our own first page. */
extern const ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));

static bool ours(const ElfW(Ehdr) * h)
{
    return h->e_ident[EI_CLASS] == __ehdr_start.e_ident[EI_CLASS] &&
           h->e_ident[EI_DATA] == __ehdr_start.e_ident[EI_DATA] && h->e_machine == __ehdr_start.e_machine;
}
/* dlopen() maps what the headers promise; beyond the file's end every look at that is a SIGBUS. */
static int look_at(int fd, const char *path, struct outcome *o)
{
    ElfW(Ehdr) head = { 0 };
    ElfW(Phdr) parts[HEADERS_MAX];
    struct stat st;
    ssize_t len;

    if (fstat(fd, &st) != 0 || pread(fd, &head, sizeof head, 0) != (ssize_t)sizeof head ||
        memcmp(head.e_ident, ELFMAG, SELFMAG) != 0)
        return outcome_fail(o, FL_ECONF, "%s is no shared object: build the plugin with -shared", path);
    if (!ours(&head))
        return outcome_fail(o, FL_ECONF, "%s was built for another machine: build it for this one", path);
    len = (ssize_t)(head.e_phnum * sizeof *parts);
    if (head.e_type != ET_DYN || head.e_phentsize != sizeof *parts || head.e_phnum > HEADERS_MAX)
        return outcome_fail(o, FL_ECONF,
                            "%s is no shared object but another ELF file: build the plugin with "
                            "-shared",
                            path);
    if (pread(fd, parts, (size_t)len, (off_t)head.e_phoff) != len)
        return outcome_fail(o, FL_ECONF, "%s is cut short: install it again", path);
    for (size_t i = 0; i < head.e_phnum; i++)
        if (parts[i].p_type == PT_LOAD && (parts[i].p_offset > (uintmax_t)st.st_size ||
                                           parts[i].p_filesz > (uintmax_t)st.st_size - parts[i].p_offset))
            return outcome_fail(o, FL_ECONF, "%s is cut short: install it again", path);
    return FL_OK;
}

/* ---- mapping it ---- */

/* The dynamic linker knows objects by the names they were opened by and does not look twice: through a descriptor of
 * the same number another file would be taken for the one before. So the name says which file it is, in a way that
 * leads nowhere else: "/." for each bit of its number that is set, "/" for the others. */
static char *spell(char *to, uint64_t number)
{
    for (unsigned bit = 64; bit-- > 0;) {
        *to++ = '/';
        if (number >> bit & 1)
            *to++ = '.';
    }
    return to;
}
static bool link_name(int fd, char name[LINK_NAME])
{
    static const char folder[] = "/proc/self/fd";
    struct stat st;
    char *to = name + sizeof folder - 1;

    if (fstat(fd, &st) != 0)
        return false;
    memcpy(name, folder, sizeof folder);
    to = spell(spell(to, st.st_dev), st.st_ino);
    snprintf(to, (size_t)(name + LINK_NAME - to), "/%d", fd);
    return true;
}
static int explain(const char *path, const char *name, const char *why, struct outcome *o)
{
    const char *symbol = strstr(why, "undefined symbol: ");
    int len;

    if (text_starts(why, name))
        why += strlen(name) + strspn(why + strlen(name), ": ");
    if (!symbol)
        return outcome_fail(o, FL_ECONF, "%s cannot be loaded: %s", path, why);
    symbol += strlen("undefined symbol: ");
    len = (int)strcspn(symbol, ", ");
    if (text_starts(symbol, "fl_"))
        return outcome_fail(o, FL_ECONF,
                            "%s calls %.*s(), which this fairlead does not have: the plugin was built for a "
                            "newer one, so upgrade fairlead",
                            path, len, symbol);
    return outcome_fail(o, FL_ECONF,
                        "%s needs the symbol %.*s, which none of its libraries has: link the plugin with the "
                        "one that does",
                        path, len, symbol);
}
static int map(int fd, const char *path, void **handle_out, struct outcome *o)
{
    char name[LINK_NAME];
    void *handle;

    if (!link_name(fd, name))
        return outcome_fail(o, FL_ECONF, "%s cannot be loaded: %s", path, strerror(errno));
    handle = dlopen(name, RTLD_NOW | RTLD_LOCAL);
    if (!handle)
        return explain(path, name, dlerror(), o);
    *handle_out = handle;
    return FL_OK;
}

/* ---- what is in it ---- */

struct search {
    struct object *ob;
    const struct link_map *map;
};
static int add_spans(struct dl_phdr_info *info, size_t size, void *arg)
{
    const struct search *s = arg;
    struct object *ob = s->ob;

    (void)size;
    if (info->dlpi_addr != s->map->l_addr || strcmp(info->dlpi_name, s->map->l_name) != 0)
        return 0;
    for (size_t i = 0; i < info->dlpi_phnum && ob->nspans < OBJECT_SPANS; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];
        if (part->p_type != PT_LOAD || !(part->p_flags & PF_R))
            continue;
        ob->spans[ob->nspans].from = info->dlpi_addr + part->p_vaddr;
        ob->spans[ob->nspans].to = info->dlpi_addr + part->p_vaddr + part->p_memsz;
        ob->nspans++;
    }
    return 1;
}
/* dlsym() looks into the object's libraries too; the entry must be its own. */
static bool find_entry(struct object *ob)
{
    struct search s = { .ob = ob };
    struct link_map *home = NULL;
    const ElfW(Sym) *symbol = NULL;
    void *entry = dlsym(ob->handle, "fl_plugin_entry");
    Dl_info info;

    if (!entry || dlinfo(ob->handle, RTLD_DI_LINKMAP, &s.map) != 0 ||
        !dladdr1(entry, &info, (void **)&home, RTLD_DL_LINKMAP) || home != s.map ||
        !dladdr1(entry, &info, (void **)&symbol, RTLD_DL_SYMENT) || !symbol ||
        (symbol->st_info & 0xf) != STT_OBJECT)
        return false;
    dl_iterate_phdr(add_spans, &s);
    ob->entry = entry;
    ob->room = symbol->st_size;
    return true;
}
int object_load(int fd, const char *path, struct object *out, struct outcome *o)
{
    struct object ob = { .handle = NULL };
    int code = look_at(fd, path, o);

    if (code == FL_OK)
        code = map(fd, path, &ob.handle, o);
    if (code != FL_OK)
        return code;
    if (!find_entry(&ob)) {
        object_unload(&ob);
        return outcome_fail(
            o, FL_ECONF,
            "%s shows no fl_plugin_entry: end its source with FL_DNS_PLUGIN, FL_SOLVER_PLUGIN "
            "or FL_SINK_PLUGIN",
            path);
    }
    *out = ob;
    return FL_OK;
}
void object_unload(struct object *ob)
{
    if (ob->handle)
        dlclose(ob->handle);
    ob->handle = NULL;
}
bool object_holds(const struct object *ob, const void *p, size_t len)
{
    uintptr_t at = (uintptr_t)p;
    for (size_t i = 0; p && i < ob->nspans; i++)
        if (at >= ob->spans[i].from && at < ob->spans[i].to && len <= ob->spans[i].to - at)
            return true;
    return false;
}
bool object_text(const struct object *ob, const char *s, size_t max)
{
    for (size_t n = 0; n <= max && object_holds(ob, s, n + 1); n++)
        if (!s[n])
            return true;
    return false;
}
