/* SPDX-License-Identifier: Apache-2.0 */
/* log.h - one line per event: level, event, key=value fields. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <fl/code.h>
#include <stdbool.h>

/* Only the engine, main and the commands log failures, each once; everybody else
 * returns an outcome. `log_debug` is for anyone. Thread-safe.
 *
 *     log_event(LOG_WARN, "step-failed", "cert", name, "code", "rate", "msg", text, NULL);
 *
 * text:  2026-11-22T23:10:00Z warn step-failed cert=example.org code=rate msg="..."
 * json:  one object a line. A NULL value leaves the field out. Secrets that were
 * registered are replaced by "***" wherever they stand; control characters are escaped. */
enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARN, LOG_LEVEL_ERROR };
enum log_format { LOG_TEXT, LOG_JSON, LOG_JOURNAL };

void log_setup(enum log_level least, enum log_format format, int fd);
/* With format LOG_JOURNAL events go to journald as entries with fields (MESSAGE, PRIORITY, SYSLOG_IDENTIFIER, FAIRLEAD_EVENT,
 * FAIRLEAD_CERT, FAIRLEAD_STEP, ...): JOURNAL_SOCKET, or another path in tests; NULL: not any more. When nobody listens there, or it is
 * never called, they are lines with a priority in front (sd-daemon(3)) on log_setup()'s descriptor. False: it cannot be. */
#define JOURNAL_SOCKET "/run/systemd/journal/socket"
bool log_journal(const char *path);
bool log_wants(enum log_level level);
void log_event(enum log_level level, const char *event, ...) __attribute__((sentinel));
void log_debug(const char *who, const char *fmt, ...) FL_PRINTF(2, 3);
/* Copies it; texts under 6 bytes are not registered. False: out of memory. */
bool log_secret(const char *secret);
void log_forget_secrets(void);
/* Replaces registered secrets in place-or-shorter ("***"). */
void log_redact(char *text);

#endif
