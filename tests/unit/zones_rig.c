/* SPDX-License-Identifier: Apache-2.0 */
/* zones_rig.c - the DNS core with providers, servers and a store of tests, and what the engine does with it. */
#include "zones_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void zone_due(void *arg, const char *key, int64_t when_ms)
{
    struct rig *r = arg;
    (void)key;
    (void)when_ms;
    pthread_mutex_lock(&r->lock);
    r->zone_dues++;
    pthread_mutex_unlock(&r->lock);
}

static void owner_due(void *arg, const char *owner)
{
    struct rig *r = arg;
    (void)owner;
    pthread_mutex_lock(&r->lock);
    r->owner_dues++;
    pthread_mutex_unlock(&r->lock);
}

static void make(struct rig *r)
{
    if (zones_new(&r->conf, &r->z, &r->o) != FL_OK)
        abort();
}

void rig_start(struct rig *r, uint32_t flags)
{
    static const char *const names[] = { "one", "two" }, *const apexes[] = { "example.org", "example.net" };
    memset(r, 0, sizeof *r);
    pthread_mutex_init(&r->lock, NULL);
    for (int i = 0; i < 2; i++) {
        r->dns[i] = fake_dns_start();
        r->addresses[i] = fake_dns_address(r->dns[i]);
    }
    for (int i = 0; i < RIG_PROVIDERS; i++) {
        fake_provider_init(&r->p[i], names[i], flags, apexes[i]);
        r->p[i].servers[0] = r->dns[0];
        r->p[i].servers[1] = r->dns[1];
        r->providers[i] = (struct zones_provider){ .instance = &r->p[i].instance,
                                                   .caps = { .flags = flags },
                                                   .query_servers = r->addresses,
                                                   .ttl = 60,
                                                   .visible_wait_ms = 60000 };
    }
    r->conf = (struct zones_conf){ .providers = r->providers,
                                   .nproviders = RIG_PROVIDERS,
                                   .roots = { .timeout_ms = 60 },
                                   .store = fake_store_new(),
                                   .zone_due = zone_due,
                                   .owner_due = owner_due,
                                   .arg = r };
    make(r);
}

void rig_stop(struct rig *r)
{
    if (r->ticking) {
        pthread_mutex_lock(&r->lock);
        r->stop = true;
        pthread_mutex_unlock(&r->lock);
        pthread_join(r->ticker, NULL);
    }
    zones_free(r->z);
    fake_store_free(r->conf.store);
    for (int i = 0; i < RIG_PROVIDERS; i++)
        fake_provider_done(&r->p[i]);
    for (int i = 0; i < 2; i++)
        fake_dns_stop(r->dns[i]);
    pthread_mutex_destroy(&r->lock);
}

int rig_restart(struct rig *r)
{
    zones_free(r->z);
    r->z = NULL;
    r->zone_dues = r->owner_dues = 0;
    make(r);
    return zones_load(r->z, &r->o);
}

static void *tick(void *arg)
{
    struct rig *r = arg;
    for (bool stop = false; !stop;) {
        usleep(1000);
        fake_clock_advance(r->tick_ms);
        pthread_mutex_lock(&r->lock);
        stop = r->stop;
        pthread_mutex_unlock(&r->lock);
    }
    return NULL;
}

void rig_tick(struct rig *r, int64_t ms)
{
    r->tick_ms = ms;
    r->ticking = true;
    if (pthread_create(&r->ticker, NULL, tick, r) != 0)
        abort();
}

static struct fl_record record(const char *name, const char *value, char full[300])
{
    snprintf(full, 300, "_acme-challenge.%s", name);
    return (struct fl_record){ .name = full, .type = FL_RR_TXT, .value = value };
}

int rig_want(struct rig *r, const char *owner, const char *name, const char *value)
{
    char full[300];
    struct fl_record one = record(name, value, full);
    return zones_want(r->z, owner, &one, 1, NULL, true, &r->o);
}

int rig_unwant(struct rig *r, const char *owner, const char *name, const char *value)
{
    char full[300];
    struct fl_record one = record(name, value, full);
    return zones_want(r->z, owner, &one, 1, NULL, false, &r->o);
}

int rig_published(struct rig *r, const char *owner, const char *name, const char *value)
{
    char full[300];
    struct fl_record one = record(name, value, full);
    return zones_published(r->z, owner, &one, 1, NULL, &r->o);
}

int rig_round(struct rig *r, const char *key)
{
    static int (*const steps[])(struct zones *, const char *,
                                struct outcome *) = { zone_write_step, zone_settle_step, zone_look_step };
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        int code = steps[i](r->z, key, &r->o);
        if (code != FL_OK && code != FL_EAGAIN)
            return code;
    }
    return FL_OK;
}

int rig_settle(struct rig *r, const char *key, int64_t most_ms)
{
    int64_t until = clock_wall_ms() + most_ms, next = 0;
    int code = FL_OK;
    while (code == FL_OK && clock_wall_ms() <= until) {
        next = 0;
        if (zone_idle(r->z, key, &next)) {
            if (next == 0 || next > until)
                return FL_OK;
            if (next > clock_wall_ms())
                fake_clock_advance(next - clock_wall_ms());
        }
        code = rig_round(r, key);
    }
    return code;
}
