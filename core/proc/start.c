/* SPDX-License-Identifier: Apache-2.0 */
/* start.c - once, in main, before the first thread. */
#include "proc/start.h"

#include "base/json.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static bool standard_descriptors(void)
{
    int fd;

    do
        fd = open("/dev/null", O_RDWR); /* on purpose without O_CLOEXEC: 0-2 are inherited */
    while (fd >= 0 && fd <= 2);
    if (fd > 2)
        close(fd);
    return fd >= 0;
}

bool start_process(void)
{
    const struct rlimit none = { 0, 0 };

    if (!standard_descriptors())
        return false;
    umask(077);
    signal(SIGPIPE, SIG_IGN);
    json_object_seed(0);
    return setrlimit(RLIMIT_CORE, &none) == 0;
}
