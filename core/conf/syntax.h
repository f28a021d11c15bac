/* SPDX-License-Identifier: Apache-2.0 */
/* syntax.h - says in words what is wrong with the form of a configuration file. */
#ifndef CONF_SYNTAX_H
#define CONF_SYNTAX_H

#include "conf/diag.h"

enum { SYNTAX_DEPTH = 32, SYNTAX_NAMES = 1024 };
/* The first mistake of form goes to `d`, as one error: false then. Takes what libconfig takes, but for: `@include` (it
 * is refused with a sentence that shows ours), comments without an end, two texts in a list without a comma between
 * them (libconfig would join them), unknown escapes, NUL, groups within groups over SYNTAX_DEPTH, over SYNTAX_NAMES
 * names in one group (libconfig looks through all of them for each). No value is ever shown, for it may be a secret. */
bool syntax_check(const char *file, const char *text, struct diag *d);

#endif
