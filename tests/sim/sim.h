/* SPDX-License-Identifier: Apache-2.0 */
/* sim.h - years of a daemon in minutes: the real engine over an authority, keys, sinks and a disk that are functions. */
#ifndef SIM_SIM_H
#define SIM_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What is real: the tables of steps and their functions, judge, turn, record, queue, hold, renew, pace, setup, resume,
 * and what they use of the DNS core and the plugin layer. What is not: the clock (tests/host/fake_clock.c), the
 * authority (sim_acme.c), private keys, chains and the door to the sinks (sim_doors.c), and in one of the two programs
 * the disk (sim_store.c). The linker takes those in place of the core's.
 *
 * There are two clocks: the true one, by which certificates expire and outages come and go, never jumps; the wall clock
 * of the daemon does, now and then.
 */
enum sim_class { SIM_90D, SIM_64D, SIM_45D, SIM_160H, SIM_CLASSES };
extern const struct sim_class_conf {
    const char *name;
    int64_t life_s;
    unsigned share; /* of 20 */
} sim_classes[SIM_CLASSES];

/* What does not work for a while; one at a time. */
enum sim_outage {
    SIM_FINE,
    SIM_CA_SILENT,  /* the authority: connections time out */
    SIM_CA_BROKEN,  /* 500 serverInternal */
    SIM_CA_BUSY,    /* its front door: 503, Retry-After an hour */
    SIM_CA_SLOW,    /* orders stay `processing` */
    SIM_DNS_WRITE,  /* the provider takes no changes */
    SIM_DNS_UNSEEN, /* changes are taken, and nobody sees them */
    SIM_DNS_REMOTE, /* the authority sees other records: validations fail */
    SIM_SINK,       /* deliveries fail */
    SIM_SINK_STALE, /* deliveries are taken, and something else is served */
    SIM_DISK,       /* full: 3 h at most */
    SIM_OUTAGES
};

struct sim_cert {
    enum sim_class class;
    bool proof; /* stands in the zone */
    /* the authority's side of the last order */
    unsigned orders;
    int status; /* enum acme_status */
    int64_t ready_ms, valid_ms, from_at, until_at;
    /* the sink's */
    unsigned served;
    int64_t served_until_at;
};
struct sim_conf {
    size_t certificates;
    int days;
    unsigned per_hour; /* new orders that the authority takes: a bucket of three hours */
};
/* The whole of it; tests have one. */
struct sim {
    struct sim_conf conf;
    struct sim_cert *certs;
    int64_t true_start_ms, mono_start_ms;
    double tokens; /* of new orders */
    int64_t tokens_ms;
    unsigned *hours; /* new orders in each hour since the start */
    bool *rough;     /* the hours of outages and wrong clocks, and the three days after each */
    size_t nhours;
    bool stores;  /* the disk is sim_store.c */
    bool started; /* the first certificate of all is there */
    /* counted */
    unsigned long orders, issued, refused, requests, looks, delivered, verified, failed_validations, turns,
        writes;
    unsigned expired, keys, ordered_twice, unproved;
    double least_left[SIM_CLASSES]; /* of the lifetime, when the next one came to the sink */
    int jumps;
};
extern struct sim sim;

/* Seconds and milliseconds of the true clock. */
int64_t sim_true_ms(void);
int64_t sim_true_at(void);
/* What does not work now. */
enum sim_outage sim_outage(void);
extern const char *const sim_outage_names[SIM_OUTAGES];
/* Which certificate has that name ("c00007..."); NULL: none. */
struct sim_cert *sim_cert_named(const char *name);
/* Around what the stand-ins count. */
void sim_lock(void);
void sim_unlock(void);

/* In sim_block.c: between these two what jansson takes lies beside each other. One thread. */
void sim_block_begin(void);
void sim_block_end(void);
bool sim_block_has(const void *p);

/* Runs it. `dir`: of the state. Prints what it measured; returns how many expectations were not met. */
int sim_run(const struct sim_conf *conf, const char *dir);
/* The last part of it, in sim_report.c. */
int sim_report(double cpu_s);

#endif
