/* SPDX-License-Identifier: Apache-2.0 */
/* url.h - which URLs of a server we are willing to follow. */
#ifndef ACME_URL_H
#define ACME_URL_H

#include "crypto/keeper.h"
#include <stdbool.h>

enum { URL_MAX = KEEPER_URL, URL_ORIGIN = 280 };

/*
 * The origin (RFC 6454) of an absolute URL: "https://host" or "https://host:port", lower case, a default
 * port left out. False, and nothing is to be sent there, unless it is https (or http to a loopback address,
 * RFC 8555 section 6.1 leaves no other choice), has a host of plain characters, no user, no fragment, no
 * white space, control or non-ASCII character, no backslash, no path segment "..", and is shorter than
 * URL_MAX.
 */
bool url_origin(const char *url, char out[URL_ORIGIN]);
/* An absolute URL out of what a header field says (RFC 9110 10.2.2: a path alone is relative to the URL that
 * was asked, `base`). False: it is neither, or too long. */
bool url_join(const char *base, const char *ref, char out[URL_MAX]);

#endif
