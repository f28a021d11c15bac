/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz.h - what a fuzz target is: one function that takes anything. */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* The target's. Ends by abort() where something does not hold; what it allocates it frees. */
void fuzz_one(const uint8_t *data, size_t size);

/* Cuts inputs of several parts: takes the bytes up to the next 0xFF (which is in no UTF-8), or all that are left, as a
 * copy with a NUL behind it. The caller frees it; *len_out may be NULL. */
char *fuzz_part(const uint8_t **data, size_t *size, size_t *len_out);

#endif
