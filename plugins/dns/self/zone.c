/* SPDX-License-Identifier: Apache-2.0 */
/* zone.c - the records of a zone, in memory. */
#include "zone.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BUCKETS = 64 };

static size_t bucket(const struct zone *z, const struct wire_name *name)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (size_t i = 0; i < name->len; i++)
        h = (h ^ name->data[i]) * 0x100000001b3u;
    return (size_t)(h ^ h >> 32) & (z->nbuckets - 1);
}

struct zone_node *zone_find(const struct zone *z, const struct wire_name *name)
{
    for (struct zone_node *n = z->buckets[bucket(z, name)]; n; n = n->next)
        if (wire_same(&n->name, name))
            return n;
    return NULL;
}

const struct zone_set *zone_set(const struct zone_node *node, uint16_t type)
{
    for (const struct zone_set *s = node ? node->sets : NULL; s; s = s->next)
        if (s->type == type)
            return s;
    return NULL;
}

/* The name below the apex as text, with escapes; NULL: no memory. */
static char *relative(const struct zone *z, const struct wire_name *name)
{
    char text[4 * WIRE_NAME_MAX + 1];
    size_t n = 0, end = name->len - z->name.len;
    for (size_t p = 0; p < end; p += 1u + name->data[p]) {
        if (p > 0)
            text[n++] = '.';
        for (size_t i = 1; i <= name->data[p]; i++) {
            uint8_t c = name->data[p + i];
            if (c > ' ' && c < 0x7f && c != '.' && c != '\\')
                text[n++] = (char)c;
            else
                n += (size_t)snprintf(text + n, sizeof text - n, "\\%03u", c);
        }
    }
    text[n] = '\0';
    return strdup(text);
}

/* Twice the buckets when there are more nodes than that; without memory it goes on as it is. */
static void grow(struct zone *z)
{
    size_t before = z->nbuckets;
    struct zone_node **old = z->buckets, **more = calloc(2 * before, sizeof(struct zone_node *));
    if (!more)
        return;
    z->buckets = more;
    z->nbuckets = 2 * before;
    for (size_t i = 0; i < before; i++)
        while (old[i]) {
            struct zone_node *n = old[i];
            old[i] = n->next;
            size_t at = bucket(z, &n->name);
            n->next = more[at];
            more[at] = n;
        }
    free(old);
}

static struct zone_node *add(struct zone *z, const struct wire_name *name)
{
    struct zone_node *n = calloc(1, sizeof *n);
    char *text = n ? relative(z, name) : NULL;
    if (!text) {
        free(n);
        return NULL;
    }
    if (z->nnodes >= z->nbuckets)
        grow(z);
    n->name = *name;
    n->relative = text;
    size_t at = bucket(z, name);
    n->next = z->buckets[at];
    z->buckets[at] = n;
    z->nnodes++;
    return n;
}

/* The node of that name, made with all between it and the apex if need be. */
static struct zone_node *make(struct zone *z, const struct wire_name *name)
{
    struct zone_node *first = zone_find(z, name), *child = first;
    struct wire_name at = *name;
    if (first)
        return first;
    do {
        struct zone_node *n = zone_find(z, &at);
        bool known = n != NULL;
        n = known ? n : add(z, &at);
        if (!n)
            return NULL; /* prune() takes back what was made */
        if (child && child != n)
            n->below++;
        first = first ? first : n;
        child = n;
        if (known)
            break;
        wire_parent(&at, &at);
    } while (wire_below(&at, &z->name));
    return first;
}

/* Removes the name, and those above it, as far as nothing is left there. */
static void prune(struct zone *z, const struct wire_name *name)
{
    struct wire_name at = *name;
    while (!wire_same(&at, &z->name) && wire_below(&at, &z->name)) {
        struct zone_node **slot = &z->buckets[bucket(z, &at)], *parent;
        while (*slot && !wire_same(&(*slot)->name, &at))
            slot = &(*slot)->next;
        struct zone_node *n = *slot;
        if (!n || n->sets || n->below > 0)
            return;
        *slot = n->next;
        free(n->relative);
        free(n);
        z->nnodes--;
        wire_parent(&at, &at);
        parent = zone_find(z, &at);
        if (parent && parent->below > 0)
            parent->below--;
    }
}

bool zone_init(struct zone *z, const char *apex)
{
    memset(z, 0, sizeof *z);
    z->apex = apex;
    z->nbuckets = BUCKETS;
    z->buckets = calloc(BUCKETS, sizeof(struct zone_node *));
    return z->buckets && wire_from_text(apex, &z->name) && add(z, &z->name);
}

static void free_node(struct zone_node *n)
{
    while (n->sets) {
        struct zone_set *s = n->sets;
        n->sets = s->next;
        zone_set_free(s);
    }
    free(n->relative);
    free(n);
}

void zone_done(struct zone *z)
{
    for (size_t i = 0; z->buckets && i < z->nbuckets; i++)
        while (z->buckets[i]) {
            struct zone_node *n = z->buckets[i];
            z->buckets[i] = n->next;
            free_node(n);
        }
    free(z->buckets);
    free(z->name_servers);
    free(z->made);
    memset(z, 0, sizeof *z);
}

static void swap(struct zone_node *node, uint16_t type, struct zone_set *set)
{
    struct zone_set **at = &node->sets;
    while (*at && (*at)->type != type)
        at = &(*at)->next;
    struct zone_set *old = *at;
    if (old)
        *at = old->next;
    zone_set_free(old);
    if (set) {
        set->next = node->sets;
        node->sets = set;
    }
}

/* Would that name hold a CNAME and something else when the batch is in (RFC 1034 section 3.6.2)? */
static bool clash(const struct zone_node *node, const struct zone_plan *plans, size_t n,
                  const struct wire_name *name)
{
    bool alias = false, other = false;
    for (const struct zone_set *s = node ? node->sets : NULL; s; s = s->next) {
        bool replaced = false;
        for (size_t i = 0; i < n && !replaced; i++)
            replaced = plans[i].type == s->type && wire_same(&plans[i].name, name);
        alias = alias || (!replaced && s->type == FL_RR_CNAME);
        other = other || (!replaced && s->type != FL_RR_CNAME);
    }
    for (size_t i = 0; i < n; i++) {
        if (!plans[i].set || !wire_same(&plans[i].name, name))
            continue;
        alias = alias || plans[i].type == FL_RR_CNAME;
        other = other || plans[i].type != FL_RR_CNAME;
    }
    return alias && other;
}

static int allowed(const struct zone *z, const struct zone_plan *plans, size_t n, char why[160])
{
    for (size_t i = 0; i < n; i++) {
        const struct zone_node *node = zone_find(z, &plans[i].name);
        const struct zone_set *set = zone_set(node, plans[i].type);
        if (set && set->own) {
            snprintf(why, 160, "the addresses of a name server come from the option `addresses`");
            return FL_EREJECT;
        }
        if (plans[i].set && clash(node, plans, n, &plans[i].name)) {
            snprintf(why, 160, "a CNAME cannot stand beside other records of its name");
            return FL_EREJECT;
        }
    }
    return FL_OK;
}

int zone_put(struct zone *z, struct zone_plan *plans, size_t n, char why[160])
{
    int rc = allowed(z, plans, n, why);
    if (rc != FL_OK)
        return rc;
    /* Nodes first, so that nothing can fail any more when sets change. */
    for (size_t i = 0; i < n && rc == FL_OK; i++)
        if (plans[i].set && !make(z, &plans[i].name))
            rc = FL_ENOMEM;
    for (size_t i = 0; i < n && rc == FL_OK; i++) {
        struct zone_node *node = zone_find(z, &plans[i].name);
        if (node)
            swap(node, plans[i].type, plans[i].set);
        plans[i].set = NULL;
    }
    for (size_t i = 0; i < n; i++)
        prune(z, &plans[i].name);
    return rc;
}

bool zone_put_own(struct zone *z, const struct wire_name *name, struct zone_set *set)
{
    struct zone_node *node = make(z, name);
    if (!node)
        return false;
    set->own = true;
    swap(node, set->type, set);
    return true;
}
