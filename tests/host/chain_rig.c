/* SPDX-License-Identifier: Apache-2.0 */
/* chain_rig.c - an authority with its certificates, for tests of chains. */
#include "chain_rig.h"

#include <stdlib.h>

const char *const leaf_names[] = { "example.org", "*.example.org", NULL };
const struct test_cert_spec root_spec = { .cn = "Test Root", .ca = true },
                            mid_spec = { .cn = "Test R3", .ca = true, .pathlen = 1 },
                            leaf_spec = { .names = leaf_names };

int authority_new(void **state)
{
    struct authority *a = calloc(1, sizeof *a);

    a->root = test_cert_new(&root_spec, NULL);
    a->mid = test_cert_new(&mid_spec, a->root);
    a->leaf = test_cert_new(&leaf_spec, a->mid);
    a->other_root = test_cert_new(&root_spec, NULL);
    *state = a;
    return 0;
}
int authority_free(void **state)
{
    struct authority *a = *state;

    test_cert_free(a->root);
    test_cert_free(a->mid);
    test_cert_free(a->leaf);
    test_cert_free(a->other_root);
    free(a);
    return 0;
}
