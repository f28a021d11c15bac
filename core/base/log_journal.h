/* SPDX-License-Identifier: Apache-2.0 */
/* log_journal.h - entries for journald in its own protocol. Of log.c alone. */
#ifndef BASE_LOG_JOURNAL_H
#define BASE_LOG_JOURNAL_H

#include "base/buf.h"

/* systemd.io/JOURNAL_NATIVE_PROTOCOL: a datagram an entry, fields as NAME=value lines, or with a length where the value has lines
 * of its own. No library is needed for it. */

/* The field's name for a key of log_event(): "step" -> FAIRLEAD_STEP; certificates are FAIRLEAD_CERT whatever they are called. */
void journal_name(const char *key, char out[64]);
bool journal_add(struct buf *entry, const char *name, const char *value);
/* A socket to send entries by, or -1 with errno. */
int journal_open(void);
/* False: nobody listens at `path`, or it is too long for one datagram. */
bool journal_send(int fd, const char *path, const struct buf *entry);

#endif
