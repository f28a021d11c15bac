/* SPDX-License-Identifier: Apache-2.0 */
/* notify.h - telling systemd how the service is; nothing without systemd (sd_notify(3)). */
#ifndef PROC_NOTIFY_H
#define PROC_NOTIFY_H

#include <stdint.h>

void notify_ready(void); /* also at the end of a reload, whatever came of it */
void notify_reloading(void);
void notify_stopping(void);
/* Pats the watchdog, when the unit has one. */
void notify_alive(void);
/* What is under way (start, reload, stop) may take so much longer, from now on. */
void notify_patience(int64_t ms);
/* One line for `systemctl status`; what is behind a line end is left out. */
void notify_status(const char *text);
/* How often notify_alive() is expected at most, ms; 0: no watchdog. */
int64_t notify_interval_ms(void);

#endif
