/* SPDX-License-Identifier: Apache-2.0 */
/* sim_block.c - memory for what lies on sim_store.c's disk: the parts of one record beside each other. */
#include "sim.h"

#include <jansson.h>
#include <stdlib.h>
#include <sys/mman.h>

/* Ten thousand records are more than a processor's caches hold. Scattered as malloc() leaves them after a year, fetching them from memory
 * was half of what a run cost; a disk's blocks are not scattered either. */
enum { BLOCK = 8192, ALIGN = 16 };
static const size_t REGION = (size_t)4 << 30;

struct block {
    struct block *next; /* free ones */
    size_t used, alive; /* bytes; allocations in it */
};
static struct {
    char *region; /* NULL: none, all is malloc()'s */
    size_t blocks;
    struct block *free, *filling;
    bool on;
    json_malloc_t take;
    json_free_t give_back;
} mem;

static struct block *another(void)
{
    struct block *b = mem.free;

    if (b)
        mem.free = b->next;
    else if ((mem.blocks + 1) * BLOCK <= REGION)
        b = (struct block *)(void *)(mem.region + mem.blocks++ * BLOCK);
    if (b)
        *b = (struct block){ .used = (sizeof *b + ALIGN - 1) / ALIGN * ALIGN };
    return b;
}

static void release(struct block *b)
{
    if (!b || b->alive)
        return;
    b->next = mem.free;
    mem.free = b;
}

static void *take(size_t size)
{
    size_t room = (size + ALIGN - 1) / ALIGN * ALIGN;

    if (!mem.on || room > BLOCK / 2)
        return mem.take(size);
    if (!mem.filling || mem.filling->used + room > BLOCK) {
        struct block *next = another();
        release(mem.filling);
        mem.filling = next;
    }
    if (!mem.filling)
        return mem.take(size);
    void *p = (char *)mem.filling + mem.filling->used;
    mem.filling->used += room;
    mem.filling->alive++;
    return p;
}

static void give_back(void *p)
{
    if (!sim_block_has(p)) {
        mem.give_back(p);
        return;
    }
    struct block *b =
        (struct block *)(void *)(mem.region + ((size_t)((char *)p - mem.region) / BLOCK) * BLOCK);
    if (--b->alive == 0 && b != mem.filling)
        release(b);
}

bool sim_block_has(const void *p)
{
    return mem.region && (const char *)p >= mem.region && (const char *)p < mem.region + REGION;
}

void sim_block_begin(void)
{
    if (!mem.take) {
        json_get_alloc_funcs(&mem.take, &mem.give_back);
        void *region =
            mmap(NULL, REGION, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        mem.region = region == MAP_FAILED ? NULL : region;
        (void)madvise(region, REGION, MADV_HUGEPAGE);
        json_set_alloc_funcs(take, give_back);
    }
    mem.on = mem.region != NULL;
}

void sim_block_end(void)
{
    release(mem.filling);
    mem.filling = NULL;
    mem.on = false;
}
