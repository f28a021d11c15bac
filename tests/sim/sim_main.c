/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sim_main.c - sim [CERTIFICATES DAYS [FOLDER]]: renewal in time.
 *
 * Without arguments it is the small run of `make check`: two months of 200 certificates, in which something goes wrong
 * every third day. The big one is tests/sim/test_years.sh. SIM_LOG=1 shows the errors that the engine logs.
 */
#include "base/log.h"
#include "sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Under valgrind every run is forty times as long. */
static bool watched(void)
{
    const char *preload = getenv("LD_PRELOAD");
    return preload && strstr(preload, "vgpreload");
}

int main(int argc, char **argv)
{
    struct sim_conf conf = { .certificates = watched() ? 20 : 200, .days = 60, .per_hour = 100 };

    if (argc > 2) {
        conf.certificates = strtoul(argv[1], NULL, 10);
        conf.days = (int)strtol(argv[2], NULL, 10);
    }
    log_setup(LOG_LEVEL_ERROR, LOG_TEXT, getenv("SIM_LOG") ? 2 : -1);
    return sim_run(&conf, argc > 3 ? argv[3] : ".") ? 1 : 0;
}
