/* SPDX-License-Identifier: Apache-2.0 */
/* signals.c - signalfd. */
#include "proc/signals.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

int signals_open(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    if (pthread_sigmask(SIG_BLOCK, &set, NULL) != 0)
        return -1;
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int signals_next(int fd, int wait_ms)
{
    struct signalfd_siginfo info;
    struct pollfd wait = { .fd = fd, .events = POLLIN };

    if (poll(&wait, 1, wait_ms) <= 0)
        return 0;
    return read(fd, &info, sizeof info) == sizeof info ? (int)info.ssi_signo : 0;
}
