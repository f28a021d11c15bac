/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - what must happen before the first thread; then the command line. */
#include "crypto/digest.h"
#include "ctl/cli.h"
#include "net/http.h"
#include "proc/start.h"

#include <stdio.h>

int main(int argc, char **argv)
{
    if (!start_process() || !digest_init() || http_prepare() != FL_OK) {
        fputs("error: the process cannot be set up\n", stderr);
        return EXIT_FAILED;
    }
    return cli_main(argc, argv);
}
