/* SPDX-License-Identifier: Apache-2.0 */
/* sim_report.c - what was measured, and whether it is what was promised. */
#include "sim.h"

#include <stdarg.h>
#include <stdio.h>
#include <fl/code.h>

static int wrong;

static void FL_PRINTF(2, 3) expect(bool met, const char *fmt, ...)
{
    va_list ap;

    if (met)
        return;
    wrong++;
    printf("NOT MET: ");
    va_start(ap, fmt);
    vprintf(fmt, ap);
    va_end(ap);
    printf("\n");
}

/* Orders an hour from `from` on: the mean, and the busiest stretch of so many hours; of calm times only, or of all. */
static double mean(size_t from, bool calm)
{
    unsigned long sum = 0, n = 0;

    for (size_t i = from; i < sim.nhours; i++)
        if (!calm || !sim.rough[i]) {
            sum += sim.hours[i];
            n++;
        }
    return (double)sum / (double)(n ? n : 1);
}
static double busiest(size_t from, size_t hours, bool calm)
{
    unsigned long sum = 0, most = 0;

    for (size_t i = from, n = 0; i < sim.nhours; i++) {
        if (calm && sim.rough[i]) {
            sum = n = 0;
            continue;
        }
        sum += sim.hours[i];
        if (n >= hours)
            sum -= sim.hours[i - hours];
        n++;
        most = n >= hours && sum > most ? sum : most;
    }
    return (double)most / (double)hours;
}

static void load(void)
{
    /* The first of all are asked for at once: the flatness is that of what comes after a third of the time. */
    size_t from = sim.nhours / 3;
    double usual = mean(from, true), day = busiest(from, 24, true);

    printf("new orders an hour: mean %.1f, busiest hour %.0f, busiest day %.1f, busiest week %.1f\n",
           mean(from, false), busiest(from, 1, false), busiest(from, 24, false), busiest(from, 168, false));
    printf("the same where nothing was wrong for three days: mean %.1f, busiest day %.1f\n", usual, day);
    /* Twice the mean, and four times what chance adds to a day's number. */
    double over = 24 * (day - 2 * usual), chance = 24 * usual;
    if (sim.conf.days >= 365)
        expect(over <= 0 || over * over <= 16 * chance, "the busiest calm day has %.1f times the mean",
               day / usual);
}

static void certificates(void)
{
    unsigned late = 0, none = 0;

    for (size_t i = 0; i < sim.conf.certificates; i++) {
        none += sim.certs[i].served == 0;
        late += sim.certs[i].served && sim.certs[i].served_until_at < sim_true_at();
    }
    for (int c = 0; c < SIM_CLASSES; c++)
        printf("certificates of %-6s at least %4.1f %% of the lifetime left when the next one came\n",
               sim_classes[c].name, sim.least_left[c] * 100);
    expect(none == 0, "%u certificates never came", none);
    expect(late == 0 && sim.expired == 0, "%u certificates expired, %u are expired now", sim.expired, late);
}

int sim_report(double cpu_s)
{
    wrong = 0;
    printf("%zu certificates, %d days, %d clock jumps\n", sim.conf.certificates, sim.conf.days, sim.jumps);
    printf("%lu new orders, %lu refused, %lu issued, %u left behind, %lu validations failed\n", sim.orders,
           sim.refused, sim.issued, sim.ordered_twice, sim.failed_validations);
    printf("%lu requests (%.1f a certificate), %lu renewal looks, %lu deliveries, %lu verified\n",
           sim.requests, (double)sim.requests / (double)(sim.issued ? sim.issued : 1), sim.looks,
           sim.delivered, sim.verified);
    printf("%lu turns, %lu writes, %u keys, %.1f s of CPU\n", sim.turns, sim.writes, sim.keys, cpu_s);
    certificates();
    load();
    expect(sim.keys <= 2 * sim.conf.certificates + 1, "%u keys for %zu certificates", sim.keys,
           sim.conf.certificates);
    expect(sim.unproved == 0, "%u answers without a proof", sim.unproved);
    return wrong;
}
