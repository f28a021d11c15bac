/* SPDX-License-Identifier: Apache-2.0 */
/* start.h - the process: what it promises the system before it does anything else. */
#ifndef PROC_START_H
#define PROC_START_H

#include <stdbool.h>

/* No core dumps (they would hold keys), umask 077, SIGPIPE ignored, descriptors 0-2 open,
 * the JSON library's seed fixed before threads. False: something of it failed. */
bool start_process(void);

#endif
