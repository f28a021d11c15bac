/* SPDX-License-Identifier: Apache-2.0 */
/* domain.h - registered domains, by the Public Suffix List: the only file that knows libpsl. */
#ifndef ZONE_DOMAIN_H
#define ZONE_DOMAIN_H

#include <stdbool.h>

enum { REGISTERED_DOMAIN = 256 };
/* example.org of www.example.org and of *.example.org, example.co.uk of a.example.co.uk; the name itself, without "*.",
 * when it is an address, a public suffix, or the library has no list. `name` is an A-label name in lower case.
 * What does not fit is cut. Any thread: the list is constant. */
void registered_domain(const char *name, char out[REGISTERED_DOMAIN]);
/* Could somebody register this very domain: is it right below a public suffix? */
bool domain_registrable(const char *name);

#endif
