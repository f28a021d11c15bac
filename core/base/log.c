/* SPDX-License-Identifier: Apache-2.0 */
/* log.c - one line per event: level, event, key=value fields. */
#include "base/log.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/log_journal.h"
#include "base/mem.h"
#include "base/text.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* One write() of at most PIPE_BUF bytes is whole on a pipe, so lines need no lock while they are written. */
enum { LINE_ROOM = 4096, VALUE_ROOM = 2000, ENTRY_ROOM = 32768, SECRET_MIN = 6 };

static struct {
    pthread_mutex_t lock;
    enum log_level least;
    enum log_format format;
    int fd;
    int journal; /* socket; -1: lines for whoever reads `fd` */
    char journal_path[108];
    char **secrets; /* longest first, so that one inside another does not leave its rest */
    size_t count, cap;
} state = {
    .lock = PTHREAD_MUTEX_INITIALIZER,
    .least = LOG_LEVEL_INFO,
    .format = LOG_TEXT,
    .fd = STDERR_FILENO,
    .journal = -1,
};

static const char *const level_names[] = { "debug", "info", "warn", "error" };
static const int level_priorities[] = { 7, 6, 4, 3 }; /* sd-daemon(3) */

void log_setup(enum log_level least, enum log_format format, int fd)
{
    pthread_mutex_lock(&state.lock);
    state.least = least;
    state.format = format;
    state.fd = fd;
    pthread_mutex_unlock(&state.lock);
}
bool log_journal(const char *path)
{
    bool ok = true;

    pthread_mutex_lock(&state.lock);
    if (path && state.journal < 0)
        state.journal = journal_open();
    ok = text_copy(state.journal_path, sizeof state.journal_path, path ? path : "") && state.journal >= 0;
    pthread_mutex_unlock(&state.lock);
    return ok;
}
bool log_wants(enum log_level level)
{
    bool wants;
    pthread_mutex_lock(&state.lock);
    wants = level >= state.least;
    pthread_mutex_unlock(&state.lock);
    return wants;
}

/* ---- secrets ---- */

static bool known(const char *secret, size_t *place_out)
{
    size_t len = strlen(secret);
    *place_out = 0;
    for (size_t i = 0; i < state.count; i++) {
        if (!strcmp(state.secrets[i], secret))
            return true;
        if (strlen(state.secrets[i]) >= len)
            *place_out = i + 1;
    }
    return false;
}
static bool insert(char *copy)
{
    size_t place;
    if (known(copy, &place)) {
        mem_wipe_free(copy);
        return true;
    }
    if (!mem_grow(&state.secrets, &state.cap, state.count + 1, sizeof *state.secrets)) {
        mem_wipe_free(copy);
        return false;
    }
    memmove(state.secrets + place + 1, state.secrets + place, (state.count - place) * sizeof *state.secrets);
    state.secrets[place] = copy;
    state.count++;
    return true;
}
bool log_secret(const char *secret)
{
    bool ok;
    char *copy;
    if (!secret || strlen(secret) < SECRET_MIN)
        return true;
    copy = strdup(secret);
    if (!copy)
        return false;
    pthread_mutex_lock(&state.lock);
    ok = insert(copy);
    pthread_mutex_unlock(&state.lock);
    return ok;
}
void log_forget_secrets(void)
{
    pthread_mutex_lock(&state.lock);
    for (size_t i = 0; i < state.count; i++)
        mem_wipe_free(state.secrets[i]);
    free(state.secrets);
    state.secrets = NULL;
    state.count = state.cap = 0;
    pthread_mutex_unlock(&state.lock);
}
static size_t secret_at(const char *text)
{
    for (size_t i = 0; i < state.count; i++)
        if (text_starts(text, state.secrets[i]))
            return strlen(state.secrets[i]);
    return 0;
}
void log_redact(char *text)
{
    char *to = text;
    pthread_mutex_lock(&state.lock);
    while (*text) {
        size_t n = secret_at(text);
        if (n > 0) {
            memcpy(to, "***", 3);
            to += 3;
            text += n;
        } else
            *to++ = *text++;
    }
    *to = '\0';
    pthread_mutex_unlock(&state.lock);
}

/* ---- one line ---- */

static void add_escaped(struct buf *b, const char *s, bool json)
{
    size_t len = strlen(s);
    while (len > 0 && b->len < VALUE_ROOM) {
        size_t n = text_utf8_next(s, len);
        unsigned char c = (unsigned char)*s;
        if (n == 0)
            json ? buf_adds(b, "\xef\xbf\xbd") : buf_addf(b, "\\x%02x", c);
        else if (c == '"' || c == '\\')
            buf_addf(b, "\\%c", c);
        else if (c == '\n')
            buf_adds(b, "\\n");
        else if (c < 0x20 || c == 0x7f)
            buf_addf(b, json ? "\\u%04x" : "\\x%02x", c);
        else
            buf_add(b, s, n);
        s += n ? n : 1;
        len -= n ? n : 1;
    }
    if (len > 0)
        buf_adds(b, "...");
}
static bool plain(const char *s)
{
    if (!*s)
        return false;
    for (; *s; s++)
        if (*s <= ' ' || *s == '"' || *s == '\\' || *s == '=' || *s == 0x7f)
            return false;
    return true;
}
/* A field that no longer fits is left out whole, so that the line stays readable for programs. */
static void add_field(struct buf *line, enum log_format format, const char *key, const char *value)
{
    cleanup_(buf_done) struct buf text = BUF(VALUE_ROOM + 16);
    auto_free char *copy = strdup(value);
    bool json = format == LOG_JSON;

    if (!copy)
        return;
    log_redact(copy);
    add_escaped(&text, copy, json);
    if (text.failed || line->len + strlen(key) + text.len + 8 > LINE_ROOM)
        return;
    if (json)
        buf_addf(line, "%s\"%s\":\"%s\"", line->len > 1 ? "," : "", key, buf_text(&text));
    else if (plain(copy) && !text_ends(buf_text(&text), "..."))
        buf_addf(line, " %s=%s", key, buf_text(&text));
    else
        buf_addf(line, " %s=\"%s\"", key, buf_text(&text));
}
static void add_head(struct buf *line, enum log_format format, enum log_level level, const char *event)
{
    char now[32];
    clock_format(clock_wall_ms() / 1000, now);
    switch (format) {
    case LOG_JSON:
        buf_adds(line, "{");
        add_field(line, format, "time", now);
        add_field(line, format, "level", level_names[level]);
        add_field(line, format, "event", event);
        break;
    case LOG_JOURNAL: buf_addf(line, "<%d>%s", level_priorities[level], event); break;
    case LOG_TEXT: buf_addf(line, "%s %s %s", now, level_names[level], event); break;
    }
}
static void put_line(int fd, const struct buf *line)
{
    const char *p = buf_text(line);
    size_t left = line->len;
    while (left > 0) {
        ssize_t n = write(fd, p, left);
        if (n < 0 && errno == EINTR)
            continue;
        /* Nobody is left to tell. */
        if (n < 0)
            return;
        p += n;
        left -= (size_t)n;
    }
}
/* Where an event goes, as it was when the event happened. */
struct target {
    enum log_format format;
    int fd, journal;
    char path[108];
};
static bool target_of(enum log_level level, struct target *out)
{
    pthread_mutex_lock(&state.lock);
    out->format = state.format;
    out->fd = level >= state.least ? state.fd : -1;
    memcpy(out->path, state.journal_path, sizeof out->path);
    out->journal = state.format == LOG_JOURNAL && out->path[0] ? state.journal : -1;
    pthread_mutex_unlock(&state.lock);
    return out->fd >= 0;
}
/* A field of the journal's has its value as it is, but for secrets. */
static void add_entry(struct buf *entry, const char *key, const char *value)
{
    auto_free char *copy = strndup(value, VALUE_ROOM);
    char name[64];

    if (!copy)
        return;
    log_redact(copy);
    journal_name(key, name);
    journal_add(entry, name, copy);
}
/* What people read of it is the line, without its priority. */
static bool send_entry(const struct target *to, struct buf *entry, enum log_level level, const char *event,
                       const char *line)
{
    char priority[] = { (char)('0' + level_priorities[level]), '\0' };

    return journal_add(entry, "MESSAGE", strchr(line, '>') + 1) && journal_add(entry, "PRIORITY", priority) &&
           journal_add(entry, "SYSLOG_IDENTIFIER", "fairlead") &&
           journal_add(entry, "FAIRLEAD_EVENT", event) && journal_send(to->journal, to->path, entry);
}
void log_event(enum log_level level, const char *event, ...)
{
    cleanup_(buf_done) struct buf line = BUF(LINE_ROOM + 256), entry = BUF(ENTRY_ROOM);
    struct target to;
    va_list ap;

    if (!target_of(level, &to))
        return;
    add_head(&line, to.format, level, event);
    va_start(ap, event);
    for (const char *key; (key = va_arg(ap, const char *));) {
        const char *value = va_arg(ap, const char *);
        if (value)
            add_field(&line, to.format, key, value);
        if (value && to.journal >= 0)
            add_entry(&entry, key, value);
    }
    va_end(ap);
    if (to.journal >= 0 && !line.failed && send_entry(&to, &entry, level, event, buf_text(&line)))
        return;
    buf_adds(&line, to.format == LOG_JSON ? "}\n" : "\n");
    put_line(to.fd, &line);
}
void log_debug(const char *who, const char *fmt, ...)
{
    auto_free char *text = NULL;
    va_list ap;
    int n;

    if (!log_wants(LOG_LEVEL_DEBUG))
        return;
    va_start(ap, fmt);
    n = vasprintf(&text, fmt, ap);
    va_end(ap);
    if (n < 0)
        text = NULL;
    log_event(LOG_LEVEL_DEBUG, "detail", "who", who, "msg", text, NULL);
}
