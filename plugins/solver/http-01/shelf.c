/* SPDX-License-Identifier: Apache-2.0 */
/* shelf.c - proofs in memory, by their token. */
#include "http_01.h"

#include <stdlib.h>
#include <string.h>

enum { SLOTS = 1024 };

struct proof {
    struct proof *next;
    char *key_auth;
    char token[];
};
struct shelf {
    struct proof *slots[SLOTS];
};

/* FNV-1a. Who chooses tokens is the authority, and a bad one only slows its own validation. */
static size_t slot(const char *token, size_t len)
{
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ (unsigned char)token[i]) * 16777619u;
    return hash % SLOTS;
}
/* Where the pointer to the proof stands, or would. */
static struct proof **place(struct shelf *s, const char *token, size_t len)
{
    struct proof **at = &s->slots[slot(token, len)];
    while (*at && (strncmp((*at)->token, token, len) != 0 || (*at)->token[len]))
        at = &(*at)->next;
    return at;
}
static void drop(struct proof *p)
{
    free(p->key_auth);
    free(p);
}
struct shelf *shelf_new(void) { return calloc(1, sizeof(struct shelf)); }
void shelf_free(struct shelf *s)
{
    for (size_t i = 0; s && i < SLOTS; i++)
        while (s->slots[i]) {
            struct proof *p = s->slots[i];
            s->slots[i] = p->next;
            drop(p);
        }
    free(s);
}
bool shelf_put(struct shelf *s, const char *token, const char *key_auth)
{
    size_t len = strlen(token);
    struct proof *p = calloc(1, sizeof *p + len + 1);

    if (!p || !(p->key_auth = strdup(key_auth))) {
        free(p);
        return false;
    }
    memcpy(p->token, token, len);
    shelf_remove(s, token);
    p->next = s->slots[slot(token, len)];
    s->slots[slot(token, len)] = p;
    return true;
}
const char *shelf_find(const struct shelf *s, const char *token, size_t len)
{
    for (const struct proof *p = s->slots[slot(token, len)]; p; p = p->next)
        if (strncmp(p->token, token, len) == 0 && !p->token[len])
            return p->key_auth;
    return NULL;
}
void shelf_remove(struct shelf *s, const char *token)
{
    struct proof **at = place(s, token, strlen(token)), *p = *at;
    if (!p)
        return;
    *at = p->next;
    drop(p);
}
