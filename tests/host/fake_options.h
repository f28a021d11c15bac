/* SPDX-License-Identifier: Apache-2.0 */
/* fake_options.h - a plugin's options from texts, for fake_host.c. */
#ifndef TESTS_FAKE_OPTIONS_H
#define TESTS_FAKE_OPTIONS_H

#include <fl/plugin.h>

void *fake_options(const struct fl_option *table, size_t size, const char *const *texts);
void fake_options_free(const struct fl_option *table, void *conf);

#endif
