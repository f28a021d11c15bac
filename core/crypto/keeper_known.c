/* SPDX-License-Identifier: Apache-2.0 */
/* keeper_known.c - the few keys that were used last, so that not every signature reads and decodes a file. */
#include "base/text.h"
#include "crypto/keeper_impl.h"
#include "crypto/key.h"

#include <openssl/evp.h>
#include <string.h>

/* The file is looked at each time: one that was put in its place, or taken away, counts at once. */
static bool same_file(const struct keeper_known *a, const struct stat *st)
{
    return a->dev == st->st_dev && a->ino == st->st_ino && a->size == st->st_size &&
           a->mtime.tv_sec == st->st_mtim.tv_sec && a->mtime.tv_nsec == st->st_mtim.tv_nsec &&
           a->ctime.tv_sec == st->st_ctim.tv_sec && a->ctime.tv_nsec == st->st_ctim.tv_nsec;
}
static void clear(struct keeper_known *a)
{
    EVP_PKEY_free(a->key);
    *a = (struct keeper_known){ .key = NULL };
}

EVP_PKEY *keeper_known_find(struct keeper *k, const char *sealed, const struct stat *st)
{
    EVP_PKEY *key = NULL;

    pthread_mutex_lock(&k->lock);
    for (size_t i = 0; i < KEEPER_KNOWN && !key; i++) {
        struct keeper_known *a = &k->known[i];
        if (a->key && strcmp(a->sealed, sealed) == 0 && same_file(a, st) && EVP_PKEY_up_ref(a->key) == 1) {
            key = a->key;
            a->used = ++k->uses;
        }
    }
    pthread_mutex_unlock(&k->lock);
    return key;
}

void keeper_known_add(struct keeper *k, const char *sealed, const struct stat *st, EVP_PKEY *key)
{
    pthread_mutex_lock(&k->lock);
    struct keeper_known *to = &k->known[0];
    for (size_t i = 0; i < KEEPER_KNOWN; i++) {
        struct keeper_known *a = &k->known[i];
        if (a->key && strcmp(a->sealed, sealed) == 0) {
            to = a;
            break;
        }
        to = a->used < to->used ? a : to;
    }
    clear(to);
    if (EVP_PKEY_up_ref(key) == 1) {
        *to = (struct keeper_known){ .key = key,
                                     .used = ++k->uses,
                                     .dev = st->st_dev,
                                     .ino = st->st_ino,
                                     .size = st->st_size,
                                     .mtime = st->st_mtim,
                                     .ctime = st->st_ctim };
        if (!text_copy(to->sealed, sizeof to->sealed, sealed))
            clear(to);
    }
    pthread_mutex_unlock(&k->lock);
}

/* libcrypto counts references inside itself, where a sanitizer does not see that the last use comes before the end. */
void keeper_known_release(struct keeper *k, EVP_PKEY *key)
{
    pthread_mutex_lock(&k->lock);
    EVP_PKEY_free(key);
    pthread_mutex_unlock(&k->lock);
}

void keeper_known_forget(struct keeper *k, const char *sealed)
{
    pthread_mutex_lock(&k->lock);
    for (size_t i = 0; i < KEEPER_KNOWN; i++)
        if (k->known[i].key && (!sealed || strcmp(k->known[i].sealed, sealed) == 0))
            clear(&k->known[i]);
    pthread_mutex_unlock(&k->lock);
}
