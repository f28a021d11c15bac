/* SPDX-License-Identifier: Apache-2.0 */
/* shelf.c - whose proof is shown for which server name. */
#include "tls_alpn_01.h"

#include <stdlib.h>
#include <string.h>

enum { SLOTS = 256 };

struct proof {
    struct proof *next;
    char *name, *token, *digest, *cert_pem;
};
struct shelf {
    struct proof *slots[SLOTS];
};

static void drop(struct proof *p)
{
    if (!p)
        return;
    free(p->name);
    free(p->token);
    free(p->digest);
    free(p->cert_pem);
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
/* FNV-1a: the names are the user's own. */
static size_t slot(const char *name)
{
    uint32_t hash = 2166136261u;
    for (; *name; name++)
        hash = (hash ^ (unsigned char)*name) * 16777619u;
    return hash % SLOTS;
}
static const struct proof *find(const struct shelf *s, const char *name)
{
    const struct proof *p = s->slots[slot(name)];
    while (p && strcmp(p->name, name))
        p = p->next;
    return p;
}
static void take_out(struct shelf *s, const char *name)
{
    struct proof **at = &s->slots[slot(name)], *p;
    while (*at && strcmp((*at)->name, name))
        at = &(*at)->next;
    p = *at;
    if (p)
        *at = p->next;
    drop(p);
}
enum shelf_place shelf_look(const struct shelf *s, const char *name, const struct fl_challenge *ch)
{
    const struct proof *p = find(s, name);

    if (!p)
        return SHELF_FREE;
    if (strcmp(p->token, ch->token))
        return SHELF_TAKEN;
    return strcmp(p->digest, ch->digest) ? SHELF_FREE : SHELF_OURS;
}
bool shelf_put(struct shelf *s, const char *name, const struct fl_challenge *ch, const char *cert_pem)
{
    struct proof *p = calloc(1, sizeof *p);

    if (!p || !(p->name = strdup(name)) || !(p->token = strdup(ch->token)) ||
        !(p->digest = strdup(ch->digest)) || !(p->cert_pem = strdup(cert_pem))) {
        drop(p);
        return false;
    }
    take_out(s, name);
    p->next = s->slots[slot(name)];
    s->slots[slot(name)] = p;
    return true;
}
const char *shelf_find(const struct shelf *s, const char *name)
{
    const struct proof *p = find(s, name);

    return p ? p->cert_pem : NULL;
}
bool shelf_remove(struct shelf *s, const char *name, const struct fl_challenge *ch)
{
    if (shelf_look(s, name, ch) == SHELF_TAKEN || !find(s, name))
        return false;
    take_out(s, name);
    return true;
}
