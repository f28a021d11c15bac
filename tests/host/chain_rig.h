/* SPDX-License-Identifier: Apache-2.0 */
/* chain_rig.h - an authority with its certificates, for tests of chains. */
#ifndef HOST_CHAIN_RIG_H
#define HOST_CHAIN_RIG_H

#include "base/outcome.h"
#include "test_ca.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* Root, an intermediate below it, a leaf below that; another root of the same name. */
struct authority {
    struct test_cert *root, *mid, *leaf, *other_root;
};
extern const char *const leaf_names[]; /* of the leaf: example.org, *.example.org */
extern const struct test_cert_spec root_spec, mid_spec, leaf_spec;
/* Setup and teardown of a cmocka group; *state is a struct authority. */
int authority_new(void **state);
int authority_free(void **state);

#define assert_says(o, words)                                                                                \
    do {                                                                                                     \
        if (!strstr((o).msg, words))                                                                         \
            fail_msg("\"%s\" does not say \"%s\"", (o).msg, words);                                          \
    } while (0)

#endif
