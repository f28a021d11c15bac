/* SPDX-License-Identifier: Apache-2.0 */
/* notify.c - the one door to libsystemd. */
#include "proc/notify.h"

#ifdef HAVE_SYSTEMD
#include <systemd/sd-daemon.h>

void notify_ready(void) { sd_notify(0, "READY=1"); }

void notify_stopping(void) { sd_notify(0, "STOPPING=1"); }

void notify_alive(void) { sd_notify(0, "WATCHDOG=1"); }

int64_t notify_interval_ms(void)
{
    uint64_t us = 0;

    return sd_watchdog_enabled(0, &us) > 0 ? (int64_t)(us / 2000) : 0;
}
#else
void notify_ready(void) {}

void notify_stopping(void) {}

void notify_alive(void) {}

int64_t notify_interval_ms(void) { return 0; }
#endif
