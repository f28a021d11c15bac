/* SPDX-License-Identifier: Apache-2.0 */
/* fl/option.h - option tables: how a group of the configuration file becomes a struct. */
#ifndef FL_OPTION_H
#define FL_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A table describes the options of one group: their names, types, ranges,
 * defaults and one line of help. The host reads the file by it, complains with
 * file and line, fills the struct, and prints the manual, `fairlead describe`
 * and the sample configuration from it. The struct is ready, complete and
 * constant when open() is called; its strings live as long as the instance.
 *
 *     struct conf { const char *server; int64_t timeout; };
 *     static const struct fl_option options[] = {
 *         FL_ADDRESS(struct conf, server, FL_REQUIRED, NULL, 53, "server to send updates to"),
 *         FL_DURATION(struct conf, timeout, 0, "10s", 100, 60000, "how long an answer may take"),
 *         FL_END,
 *     };
 *
 * A member of the wrong C type is a compile-time error. The loader looks through
 * the table as well and refuses an object whose table has no FL_END, an offset
 * outside the struct, a default that is not of its type, or a name twice.
 *
 * Names: lower-case letters, digits and `_`, a letter first. Those that the core
 * keeps for itself cannot be used; dns: plugin, zones, create_zones, delegation,
 * registrar, query_servers, resolver, visible, rate, parallel, timeout, ca_file,
 * proxy, ttl, owner_id; solver and sink: plugin, rate, parallel, timeout, ca_file,
 * proxy.
 */
enum fl_type {
    FL_T_END,
    FL_T_STRING,   /* const char *: any text */
    FL_T_SECRET,   /* const char *: inline, "file:PATH", "env:NAME" or "credential:NAME"; never printed */
    FL_T_URL,      /* const char *: http:// or https://, with a host, without user or fragment */
    FL_T_PATH,     /* const char *: an absolute path */
    FL_T_ADDRESS,  /* const char *: "192.0.2.1", "192.0.2.1:53", "[2001:db8::1]:53"; kept with its port, which
                      is `max` where the file gives none */
    FL_T_DOMAIN,   /* const char *: a host or zone name; U-labels become A-labels, lower case, no final dot */
    FL_T_INT,      /* int64_t, within min..max */
    FL_T_DURATION, /* int64_t, milliseconds, written "500ms", "90s", "10m", "12h", "30d", "2w" */
    FL_T_SIZE,     /* int64_t, bytes, written "512", "64k", "1M", "2G" (powers of 1024), always a string */
    FL_T_BOOL,     /* bool */
    FL_T_ENUM,     /* int: index into `choices` */
    FL_T_REF,      /* const char *: name of an instance in the section named by `section` */
    FL_T_GROUP     /* an embedded struct, filled by the table `group` (offsets relative to it) */
};

/* Flags. With FL_LIST the member is `const char *const *`, NULL-terminated (NULL
 * itself when the option is absent and has no default); the file may give a
 * single value, [..] or (..). Only the string-like types and FL_T_ENUM (kept as
 * its text) can be lists. */
enum { FL_REQUIRED = 1u << 0, FL_DEPRECATED = 1u << 1, FL_LIST = 1u << 2 };

struct fl_option {
    const char *name;
    uint16_t type; /* enum fl_type */
    uint16_t flags;
    uint32_t offset;               /* of the member that receives the value */
    int64_t min, max;              /* FL_T_INT: the values; _DURATION: ms; _SIZE: bytes; both 0: no range */
    const char *dflt;              /* as written in the file, without quotes; NULL: zero/NULL */
    const char *const *choices;    /* FL_T_ENUM: NULL-terminated */
    const char *section;           /* FL_T_REF: "authorities", "dns", "solvers", "sinks" or "clusters" */
    const struct fl_option *group; /* FL_T_GROUP */
    const char *help;              /* one line, no final stop, for the manual and for messages */
};

/* offsetof() that refuses a member of another type than `ctype`. */
#define FL_TYPED_(T, member, ctype)                                                                          \
    ((uint32_t)(offsetof(T, member) + 0 * sizeof(struct {                                                    \
                                          char unused_;                                                      \
                                          _Static_assert(_Generic(((T *)0)->member, ctype : 1, default : 0), \
                                                         "option `" #member                                  \
                                                         "` needs a member of type " #ctype);                \
                                      })))
#define FL_OPTION_(T, m, ty, ct, fl, ...)                                                                    \
    {                                                                                                        \
        .name = #m, .type = ty, .flags = fl, .offset = FL_TYPED_(T, m, ct), __VA_ARGS__                      \
    }

#define FL_STRING(T, m, fl, df, hp) FL_OPTION_(T, m, FL_T_STRING, const char *, fl, .dflt = df, .help = hp)
#define FL_SECRET(T, m, fl, hp) FL_OPTION_(T, m, FL_T_SECRET, const char *, fl, .help = hp)
#define FL_URL(T, m, fl, df, hp) FL_OPTION_(T, m, FL_T_URL, const char *, fl, .dflt = df, .help = hp)
#define FL_PATH(T, m, fl, df, hp) FL_OPTION_(T, m, FL_T_PATH, const char *, fl, .dflt = df, .help = hp)
#define FL_ADDRESS(T, m, fl, df, port, hp)                                                                   \
    FL_OPTION_(T, m, FL_T_ADDRESS, const char *, fl, .max = port, .dflt = df, .help = hp)
#define FL_DOMAIN(T, m, fl, df, hp) FL_OPTION_(T, m, FL_T_DOMAIN, const char *, fl, .dflt = df, .help = hp)
#define FL_INT(T, m, fl, df, lo, hi, hp)                                                                     \
    FL_OPTION_(T, m, FL_T_INT, int64_t, fl, .min = lo, .max = hi, .dflt = df, .help = hp)
#define FL_DURATION(T, m, fl, df, lo, hi, hp)                                                                \
    FL_OPTION_(T, m, FL_T_DURATION, int64_t, fl, .min = lo, .max = hi, .dflt = df, .help = hp)
#define FL_SIZE(T, m, fl, df, lo, hi, hp)                                                                    \
    FL_OPTION_(T, m, FL_T_SIZE, int64_t, fl, .min = lo, .max = hi, .dflt = df, .help = hp)
#define FL_BOOL(T, m, df, hp) FL_OPTION_(T, m, FL_T_BOOL, bool, 0, .dflt = df, .help = hp)
#define FL_ENUM(T, m, fl, df, ch, hp)                                                                        \
    FL_OPTION_(T, m, FL_T_ENUM, int, fl, .dflt = df, .choices = ch, .help = hp)
#define FL_REF(T, m, fl, sec, hp) FL_OPTION_(T, m, FL_T_REF, const char *, fl, .section = sec, .help = hp)
#define FL_GROUP(T, m, ct, tab, hp) FL_OPTION_(T, m, FL_T_GROUP, ct, 0, .group = tab, .help = hp)
/* Lists; `ty` is one of the string-like types, FL_T_ENUM or FL_T_REF. Defaults are written "a, b". */
#define FL_LISTOF(T, m, ty, fl, df, hp)                                                                      \
    FL_OPTION_(T, m, ty, const char *const *, (fl) | FL_LIST, .dflt = df, .help = hp)
#define FL_ADDRESSES(T, m, fl, df, port, hp)                                                                 \
    FL_OPTION_(T, m, FL_T_ADDRESS, const char *const *, (fl) | FL_LIST, .max = port, .dflt = df, .help = hp)
#define FL_ENUMS(T, m, fl, df, ch, hp)                                                                       \
    FL_OPTION_(T, m, FL_T_ENUM, const char *const *, (fl) | FL_LIST, .dflt = df, .choices = ch, .help = hp)
#define FL_REFS(T, m, fl, sec, hp)                                                                           \
    FL_OPTION_(T, m, FL_T_REF, const char *const *, (fl) | FL_LIST, .section = sec, .help = hp)
#define FL_END                                                                                               \
    {                                                                                                        \
        .name = NULL, .type = FL_T_END                                                                       \
    }

#endif
