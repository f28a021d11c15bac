/* SPDX-License-Identifier: Apache-2.0 */
/* parse.c - libconfig reads the values, our own words give lines and literals. */
#include "conf/parse.h"

#include "base/mem.h"
#include "base/text.h"
#include "conf/scan.h"
#include "conf/syntax.h"

#include <errno.h>
#include <libconfig.h>
#include <stdlib.h>
#include <string.h>

/* Both readings in step: the settings as libconfig has them, and the words of the same text. */
struct reader {
    struct arena *arena;
    struct diag *diag;
    const char *file;
    struct scan scan;
    struct scan_token t;
    bool lost; /* they differ, or there is no memory */
};

static struct conf_node *value(struct reader *r, const config_setting_t *s, const char *name, int line);

void parse_append(struct conf_node *parent, struct conf_node *child)
{
    if (parent->last)
        parent->last->next = child;
    else
        parent->first = child;
    parent->last = child;
    child->next = NULL;
}
static void next(struct reader *r) { r->t = scan_next(&r->scan); }
static void expect(struct reader *r, bool right)
{
    if (!right)
        r->lost = true;
    next(r);
}
static struct conf_node *node_new(struct reader *r, const char *name, int line, enum conf_kind kind)
{
    struct conf_node *n = arena_alloc(r->arena, sizeof *n);
    if (!n) {
        r->lost = true;
        return NULL;
    }
    n->name = name ? arena_strdup(r->arena, name) : NULL;
    n->file = r->file;
    n->line = line;
    n->kind = kind;
    return n;
}
/* libconfig 1.5 keeps the low 32 bits of any literal, so the literal itself is read again. Hexadecimal ones are
 * numbers like others: 0xffffffff is 4294967295 and too large, not -1. */
static void integer(struct reader *r, struct conf_node *n)
{
    long long number;

    n->text = arena_strndup(r->arena, r->t.at, r->t.len);
    errno = 0;
    number = strtoll(n->text, NULL, text_starts(n->text, "0x") || text_starts(n->text, "0X") ? 16 : 10);
    n->overflow = errno || number < INT32_MIN || number > INT32_MAX;
    n->number = n->overflow ? 0 : number;
    expect(r, r->t.kind == SCAN_NUMBER);
}
static void text(struct reader *r, struct conf_node *n, const char *content)
{
    n->text = arena_secret(r->arena, content ? content : "");
    if (!text_utf8(n->text, strlen(n->text))) {
        diag_error(r->diag, r->file, r->t.line, "a text holds bytes that are not UTF-8");
        r->lost = true;
    }
    do
        expect(r, r->t.kind == SCAN_STRING);
    while (r->t.kind == SCAN_STRING);
}
static void list(struct reader *r, const config_setting_t *s, struct conf_node *n)
{
    unsigned count = (unsigned)config_setting_length(s);

    expect(r, scan_is(&r->t, '(') || scan_is(&r->t, '['));
    for (unsigned i = 0; i < count && !r->lost; i++) {
        struct conf_node *child =
            value(r, config_setting_get_elem((config_setting_t *)s, i), NULL, r->t.line);
        if (child)
            parse_append(n, child);
        if (i + 1 < count)
            expect(r, scan_is(&r->t, ','));
    }
    expect(r, scan_is(&r->t, ')') || scan_is(&r->t, ']'));
}
static void members(struct reader *r, const config_setting_t *s, struct conf_node *n)
{
    unsigned count = (unsigned)config_setting_length(s);

    for (unsigned i = 0; i < count && !r->lost; i++) {
        const config_setting_t *member = config_setting_get_elem((config_setting_t *)s, i);
        const char *name = config_setting_name(member);
        int line = r->t.line;
        struct conf_node *child;
        expect(r, r->t.kind == SCAN_NAME && strlen(name) == r->t.len && !memcmp(name, r->t.at, r->t.len));
        expect(r, scan_is(&r->t, '='));
        child = value(r, member, name, line);
        if (child)
            parse_append(n, child);
        if (scan_is(&r->t, ';') || scan_is(&r->t, ','))
            next(r);
    }
}
static void scalar(struct reader *r, const config_setting_t *s, struct conf_node *n)
{
    switch (n->kind) {
    case CONF_STRING: text(r, n, config_setting_get_string(s)); break;
    case CONF_INT: integer(r, n); break;
    case CONF_FLOAT:
        n->text = arena_strndup(r->arena, r->t.at, r->t.len);
        expect(r, r->t.kind == SCAN_NUMBER);
        break;
    default:
        n->flag = config_setting_get_bool(s) != 0;
        n->text = n->flag ? "true" : "false";
        expect(r, r->t.kind == SCAN_NAME);
        break;
    }
}
static struct conf_node *value(struct reader *r, const config_setting_t *s, const char *name, int line)
{
    static const enum conf_kind kinds[] = {
        [CONFIG_TYPE_GROUP] = CONF_GROUP, [CONFIG_TYPE_INT] = CONF_INT,       [CONFIG_TYPE_INT64] = CONF_INT,
        [CONFIG_TYPE_FLOAT] = CONF_FLOAT, [CONFIG_TYPE_STRING] = CONF_STRING, [CONFIG_TYPE_BOOL] = CONF_BOOL,
        [CONFIG_TYPE_ARRAY] = CONF_LIST,  [CONFIG_TYPE_LIST] = CONF_LIST,
    };
    struct conf_node *n = node_new(r, name, line, kinds[config_setting_type(s)]);

    if (!n)
        return NULL;
    if (n->kind == CONF_GROUP) {
        expect(r, scan_is(&r->t, '{'));
        members(r, s, n);
        expect(r, scan_is(&r->t, '}'));
    } else if (n->kind == CONF_LIST) {
        list(r, s, n);
    } else {
        scalar(r, s, n);
    }
    return n;
}
static void wipe(const config_setting_t *s)
{
    if (config_setting_type(s) == CONFIG_TYPE_STRING && s->value.sval)
        mem_wipe(s->value.sval, strlen(s->value.sval));
    if (config_setting_is_aggregate(s))
        for (int i = config_setting_length(s); i > 0; i--)
            wipe(config_setting_get_elem((config_setting_t *)s, (unsigned)i - 1));
}
/* syntax_check() has the better words; these are for what it takes and libconfig does not. */
static void refused(const config_t *c, const char *file, struct diag *d)
{
    const char *why = config_error_text(c);

    if (why && strstr(why, "mismatched"))
        diag_error(d, file, config_error_line(c),
                   "[ ] holds values of one type only: write ( ) around values of several types");
    else
        diag_error(d, file, config_error_line(c), "%s", why ? why : "syntax error");
}
/* libconfig takes no comment in a last line that has no end. */
static bool read_string(config_t *c, const char *source)
{
    size_t len = strlen(source);
    char *ended = malloc(len + 2);
    bool ok = false;

    if (ended) {
        memcpy(ended, source, len);
        memcpy(ended + len, "\n", 2);
        ok = config_read_string(c, ended);
    }
    mem_wipe_free(ended);
    return ok;
}
struct conf_node *parse_text(struct arena *a, const char *file, const char *source, struct diag *d)
{
    struct reader r = { .arena = a, .diag = d, .file = arena_strdup(a, file) };
    unsigned before = diag_errors(d);
    struct conf_node *root = NULL;
    config_t c;

    if (!syntax_check(file, source, d))
        return NULL;
    config_init(&c);
    if (read_string(&c, source)) {
        scan_init(&r.scan, source);
        next(&r);
        root = node_new(&r, NULL, 0, CONF_GROUP);
        if (root)
            members(&r, config_root_setting(&c), root);
        wipe(config_root_setting(&c));
    } else {
        refused(&c, file, d);
    }
    config_destroy(&c);
    if (r.lost && diag_errors(d) == before)
        diag_error(d, file, r.t.line,
                   a->starved ? "out of memory" : "libconfig reads this file in another way");
    return r.lost ? NULL : root;
}
