/* SPDX-License-Identifier: Apache-2.0 */
/* account.h - what account.c and account_update.c share. */
#ifndef ACME_ACCOUNT_H
#define ACME_ACCOUNT_H

#include "acme/post.h"

/* `doc`: the contact of the configuration, in an array; nothing when there is none and not `always`. False: out of
 * memory. */
bool account_add_contact(const struct acme *a, bool always, json_t *doc);
/* FL_EAUTH when the account object in the answer (7.1.2) has been put out of use; FL_OK also when there is none. */
int account_check(const struct acme *a, const struct http_answer *answer, struct outcome *o);

#endif
