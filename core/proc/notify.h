/* SPDX-License-Identifier: Apache-2.0 */
/* notify.h - telling systemd how the service is; nothing without systemd. */
#ifndef PROC_NOTIFY_H
#define PROC_NOTIFY_H

#include <stdint.h>

void notify_ready(void);
void notify_stopping(void);
/* Pats the watchdog, when the unit has one. */
void notify_alive(void);
/* How often notify_alive() is expected at most, ms; 0: no watchdog. */
int64_t notify_interval_ms(void);

#endif
