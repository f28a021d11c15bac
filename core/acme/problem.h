/* SPDX-License-Identifier: Apache-2.0 */
/* problem.h - problem documents (RFC 8555 6.7, RFC 7807) that stand inside other objects. */
#ifndef ACME_PROBLEM_H
#define ACME_PROBLEM_H

#include "base/json.h"
#include "base/outcome.h"

/*
 * The `error` of an order or challenge: why it is dead. The code is FL_EREJECT whatever the type, for only a
 * new order helps; whose fault it was is told by `problem`. NULL or no object: `out` is FL_OK.
 */
void problem_embedded(const json_t *doc, struct outcome *out);
/* Which identifiers it is about (6.7.1), each once: allocated list and texts, NULL-terminated, at most 100; NULL:
 * it does not say (or no memory is left to say it with). What is no identifier is left out. */
char **problem_refused(const json_t *doc);

#endif
