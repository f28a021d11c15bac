/* SPDX-License-Identifier: Apache-2.0 */
/* opt_value.h - one value of one type, from its text. */
#ifndef CONF_OPT_VALUE_H
#define CONF_OPT_VALUE_H

#include "conf/opt.h"

union opt_value {
    const char *text; /* owned by the arena, or a constant of the table */
    int64_t number;
    bool flag;
    int choice;
};
/* NULL: fine, *out is set (of a list of FL_T_ENUM: .text). Else what is wrong with it, to stand behind the value: "has no
 * unit: ..."; owned by the arena. FL_T_SECRET and FL_T_GROUP have no text of this kind. */
const char *opt_value(struct arena *a, const struct fl_option *o, const char *text, union opt_value *out);
/* What is wrong with a number for that option's range, or NULL. */
const char *opt_range(struct arena *a, const struct fl_option *o, int64_t number);
/* Writes the value where the option's member is (not of lists). */
void opt_store(const struct fl_option *o, const union opt_value *v, void *conf);
/* "a, b or c" */
const char *opt_words(struct arena *a, const char *const *words, const char *last);

#endif
