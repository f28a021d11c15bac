/* SPDX-License-Identifier: Apache-2.0 */
/* signals.h - signals as something to ask about, not something that happens. */
#ifndef PROC_SIGNALS_H
#define PROC_SIGNALS_H

#include <stdbool.h>

/* Blocks SIGTERM, SIGINT and SIGHUP (before the first thread) and opens a descriptor that tells of them; -1 with errno. */
int signals_open(void);
/* The number of a signal that came since or comes within `wait_ms`, or 0. */
int signals_next(int fd, int wait_ms);

#endif
