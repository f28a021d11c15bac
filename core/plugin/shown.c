/* SPDX-License-Identifier: Apache-2.0 */
/* shown.c - which certificate an instance's TLS listeners show for a name. */
#include "plugin/shown.h"
#include "base/mem.h"

#include <pthread.h>
#include <string.h>

enum { SLOTS = 256 };

struct show {
    struct show *next;
    char *name, *cert_pem, *key_pem;
};
struct shown {
    pthread_mutex_t lock; /* of all of it */
    struct show *slots[SLOTS];
};

static void drop(struct show *p)
{
    if (!p)
        return;
    free(p->name);
    free(p->cert_pem);
    mem_wipe_free(p->key_pem);
    free(p);
}
struct shown *shown_new(void)
{
    struct shown *s = calloc(1, sizeof *s);

    if (s)
        pthread_mutex_init(&s->lock, NULL);
    return s;
}
void shown_free(struct shown *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < SLOTS; i++)
        while (s->slots[i]) {
            struct show *p = s->slots[i];
            s->slots[i] = p->next;
            drop(p);
        }
    pthread_mutex_destroy(&s->lock);
    free(s);
}
/* Where the pointer to it stands, or would. With the lock held. */
static struct show **place(struct shown *s, const char *name)
{
    uint32_t hash = 2166136261u; /* FNV-1a: the names are the user's own */
    struct show **at;

    for (const char *c = name; *c; c++)
        hash = (hash ^ (unsigned char)*c) * 16777619u;
    at = &s->slots[hash % SLOTS];
    while (*at && strcmp((*at)->name, name))
        at = &(*at)->next;
    return at;
}
static struct show *show_new(const char *name, const char *cert_pem, const char *key_pem)
{
    struct show *p = calloc(1, sizeof *p);

    if (p && (p->name = strdup(name)) && (p->cert_pem = strdup(cert_pem)) && (p->key_pem = strdup(key_pem)))
        return p;
    drop(p);
    return NULL;
}
bool shown_put(struct shown *s, const char *name, const char *cert_pem, const char *key_pem)
{
    struct show *fresh = cert_pem ? show_new(name, cert_pem, key_pem) : NULL, *old, **at;

    if (cert_pem && !fresh)
        return false;
    pthread_mutex_lock(&s->lock);
    at = place(s, name);
    old = *at;
    if (fresh) {
        fresh->next = old ? old->next : NULL;
        *at = fresh;
    } else if (old)
        *at = old->next;
    pthread_mutex_unlock(&s->lock);
    drop(old);
    return true;
}
bool shown_find(struct shown *s, const char *name, struct alpn_identity *out)
{
    const struct show *p;

    pthread_mutex_lock(&s->lock);
    p = *place(s, name);
    if (p)
        *out = (struct alpn_identity){ .cert_pem = strdup(p->cert_pem), .key_pem = strdup(p->key_pem) };
    pthread_mutex_unlock(&s->lock);
    return p != NULL;
}
