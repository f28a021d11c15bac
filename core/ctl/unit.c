/* SPDX-License-Identifier: Apache-2.0 */
/* unit.c - reads a systemd unit with its drop-ins. */
#include "ctl/unit.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"

#include <fcntl.h>
#include <glob.h>
#include <string.h>

enum { UNIT_MAX = 256 * 1024 };
static const char name[] = "fairlead.service";
static const char *const folders[] = { "/etc/systemd/system",           "/run/systemd/system",
                                       "/usr/local/lib/systemd/system", "/usr/lib/systemd/system",
                                       "/lib/systemd/system",           NULL };

static void set(json_t *service, const char *key, const char *value)
{
    json_t *list = json_object_get(service, key);

    if (!list && json_object_set_new(service, key, list = json_array()) != 0)
        return;
    if (*value)
        json_array_append_new(list, json_string(value));
    else
        json_array_clear(list);
}

static void take_line(json_t *service, char *line, bool *inside)
{
    char *equals = strchr(line, '=');

    if (*line == '[') {
        *inside = strncmp(line, "[Service]", 9) == 0;
        return;
    }
    if (!*inside || !equals || *line == '#' || *line == ';')
        return;
    *equals = '\0';
    set(service, line, equals + 1 + strspn(equals + 1, " \t"));
}

static bool take_file(json_t *service, const char *path)
{
    auto_free char *text = NULL;
    size_t len = 0;
    char *at, *line, *end;
    bool inside = false;

    if (file_read(AT_FDCWD, path, UNIT_MAX, &text, &len) != 0)
        return false;
    for (at = text; (line = at) && *line; at = end ? end + 1 : NULL) {
        end = strchr(line, '\n');
        if (end)
            *end = '\0';
        line += strspn(line, " \t");
        for (size_t n = strlen(line); n && (line[n - 1] == ' ' || line[n - 1] == '\r'); n--)
            line[n - 1] = '\0';
        take_line(service, line, &inside);
    }
    return true;
}

static void take_drop_ins(json_t *service, const char *unit)
{
    char pattern[600];
    glob_t found = { 0 };

    snprintf(pattern, sizeof pattern, "%s.d/*.conf", unit);
    if (glob(pattern, 0, NULL, &found) == 0)
        for (size_t i = 0; i < found.gl_pathc; i++)
            take_file(service, found.gl_pathv[i]);
    globfree(&found);
}

static bool take_installed(struct unit *u)
{
    char path[512];
    bool found = false;

    for (const char *const *f = folders; *f && !found; f++) {
        snprintf(path, sizeof path, "%s/%s", *f, name);
        found = take_file(u->service, path) && text_copy(u->path, sizeof u->path, path);
    }
    for (const char *const *f = folders; *f && found; f++) {
        snprintf(path, sizeof path, "%s/%s", *f, name);
        take_drop_ins(u->service, path);
    }
    return found;
}

bool unit_read(const char *path, struct unit *out, FILE *f)
{
    bool ok;

    *out = (struct unit){ .service = json_object() };
    if (path) {
        ok = text_copy(out->path, sizeof out->path, path) && take_file(out->service, path);
        if (ok)
            take_drop_ins(out->service, path);
    } else {
        ok = take_installed(out);
    }
    if (!ok)
        fprintf(f, "error: %s is not there: name the unit's file, --unit=FILE\n", path ? path : name);
    return ok;
}

void unit_done(struct unit *u)
{
    json_decref(u->service);
    u->service = NULL;
}

const char *unit_value(const struct unit *u, const char *key, const char *dflt)
{
    const json_t *list = json_list(u->service, key);
    size_t n = json_array_size(list);

    return n ? json_string_value(json_array_get(list, n - 1)) : dflt;
}

/* Calls f for each word of all values until it says true. */
static bool any_word(const struct unit *u, const char *key, bool (*f)(const char *word, const char *arg),
                     const char *arg)
{
    const json_t *item;
    size_t i;

    json_array_foreach(json_list(u->service, key), i, item)
    {
        auto_free char *copy = strdup(json_string_value(item));
        for (char *rest = copy, *word; (word = strsep(&rest, " \t"));)
            if (*word && f(word, arg))
                return true;
    }
    return false;
}

static bool is(const char *word, const char *arg) { return strcmp(word, arg) == 0; }

bool unit_has(const struct unit *u, const char *key, const char *word) { return any_word(u, key, is, word); }

/* "-" and "+" in front of a path mean something else. */
static bool below(const char *word, const char *path)
{
    word += strspn(word, "-+");
    size_t len = strlen(word);
    while (len > 1 && word[len - 1] == '/')
        len--;
    return strncmp(word, path, len) == 0 && (path[len] == '/' || !path[len] || len == 1);
}

static bool below_state(const char *word, const char *path)
{
    char full[512];
    snprintf(full, sizeof full, "/var/lib/%s", word);
    return below(full, path);
}

static bool below_runtime(const char *word, const char *path)
{
    char full[512];
    snprintf(full, sizeof full, "/run/%s", word);
    return below(full, path);
}

bool unit_writes(const struct unit *u, const char *path)
{
    return strcmp(unit_value(u, "ProtectSystem", "no"), "strict") != 0 ||
           any_word(u, "ReadWritePaths", below, path) || any_word(u, "StateDirectory", below_state, path) ||
           any_word(u, "RuntimeDirectory", below_runtime, path);
}
