/* SPDX-License-Identifier: Apache-2.0 */
/* fake_store.h - the store of tests: in memory, and it can break. */
#ifndef TEST_FAKE_STORE_H
#define TEST_FAKE_STORE_H

#include "store/store.h"

/* Linked ahead of the core, fake_store.c takes the place of core/store/. Thread-safe. */
struct store *fake_store_new(void);
void fake_store_free(struct store *s);
/* The n-th write from now (1: the next), and all after it, fail as if the process had died there; 0: none. */
void fake_store_break(struct store *s, unsigned nth);
bool fake_store_broken(struct store *s);     /* one of them was tried */
unsigned fake_store_writes(struct store *s); /* that succeeded */
/* Borrowed until the next call; NULL: none. */
const char *fake_store_text(struct store *s, enum store_group g, const char *key);
/* Bytes that are no journal. */
void fake_store_damage(struct store *s, enum store_group g, const char *key);

#endif
