/* SPDX-License-Identifier: Apache-2.0 */
/* notify.c - the one door to libsystemd. */
#include "proc/notify.h"

#ifdef HAVE_SYSTEMD
#include <inttypes.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <time.h>

/* systemd's own clock: not one that a test may have changed. */
static uint64_t monotonic_us(void)
{
    struct timespec ts = { 0 };

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

void notify_ready(void) { sd_notify(0, "READY=1"); }

void notify_stopping(void) { sd_notify(0, "STOPPING=1"); }

void notify_reloading(void) { sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, monotonic_us()); }

void notify_alive(void) { sd_notify(0, "WATCHDOG=1"); }

void notify_patience(int64_t ms) { sd_notifyf(0, "EXTEND_TIMEOUT_USEC=%" PRId64, ms * 1000); }

void notify_status(const char *text) { sd_notifyf(0, "STATUS=%.*s", (int)strcspn(text, "\n"), text); }

int64_t notify_interval_ms(void)
{
    uint64_t us = 0;

    return sd_watchdog_enabled(0, &us) > 0 ? (int64_t)(us / 2000) : 0;
}
#else
void notify_ready(void) {}

void notify_stopping(void) {}

void notify_reloading(void) {}

void notify_alive(void) {}

void notify_patience(int64_t ms) { (void)ms; }

void notify_status(const char *text) { (void)text; }

int64_t notify_interval_ms(void) { return 0; }
#endif
