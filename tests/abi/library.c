/* SPDX-License-Identifier: Apache-2.0 */
/* library.c - a library that a plugin of bad.c is linked with; it shows an entry of its own. */
#include <fl/dns.h>

FL_EXPORT int from_the_library(void);
int from_the_library(void) { return 0; }

FL_EXPORT extern const struct fl_plugin fl_plugin_entry;
const struct fl_plugin fl_plugin_entry = { .magic = FL_ABI_MAGIC,
                                           .size = sizeof fl_plugin_entry,
                                           .minor = FL_ABI_MINOR,
                                           .kind = FL_KIND_DNS,
                                           .name = "foreign-entry" };
