/* SPDX-License-Identifier: Apache-2.0 */
/* hints.h - where the tree of names begins. */
#ifndef NET_DNS_HINTS_H
#define NET_DNS_HINTS_H

/* Addresses of the root servers (IANA, named.root of 2025), NULL-terminated. */
extern const char *const hints_root[];

#endif
