/* SPDX-License-Identifier: Apache-2.0 */
/* link.h - what an answer links to (RFC 8288). */
#ifndef ACME_LINK_H
#define ACME_LINK_H

#include "acme/directory.h"
#include "net/http.h"
#include <stddef.h>

/* Adds to list[*n ...], up to list[max - 1], copies of the URLs whose relation is `rel`, made absolute by what was
 * asked, `base`. Those that are not this authority's (directory_owns()) are left out. False: out of memory; what is
 * there by then stays. */
bool link_urls(const struct directory *d, const char *base, const struct http_answer *answer, const char *rel,
               char **list, size_t max, size_t *n);

#endif
