/* SPDX-License-Identifier: Apache-2.0 */
/* acme_walk.h - for acme_probe: everything that an account can do beside getting certificates. */
#ifndef TESTS_ACME_WALK_H
#define TESTS_ACME_WALK_H

#include "acme/acme.h"

struct acme_walk {
    struct acme *acme; /* with the account in use */
    struct keeper *keeper;
    const char *kid, *account_key;
    const char *cert_key, *pem; /* of a certificate of that account */
    const char *const *names;   /* a name in it is first */
};
/* Prints a line about each thing done; the first failure ends it. The account is gone then. */
int acme_walk(const struct acme_walk *w, struct outcome *o);

#endif
