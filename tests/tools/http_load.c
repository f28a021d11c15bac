/* SPDX-License-Identifier: Apache-2.0 */
/* http_load.c - many threads ask the same URL through one HTTP service, for tests.
 *
 *     http_load [-t THREADS] [-n REQUESTS] [-l LANES] [-a CA] [-c CERT -k KEY] [-p PROXY] [-w MS]
 *               [-b BYTES] URL
 *
 * Each thread asks REQUESTS times; threads are dealt to the lanes in turn. Prints
 *
 *     requests N connections N ms N
 *     STATUS N         a line for each status that came, or
 *     CODE N MESSAGE   for each way to fail, with one of the messages
 *     body TEXT        the last answer's
 *
 * Exit status: 0 when every request had an answer. */
#include "base/clock.h"
#include "base/mem.h"
#include "net/http.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { THREADS = 512, LANES = 16, KINDS = 16, STACK = 256 * 1024 };

struct kind {
    int status, code;
    unsigned count;
    char msg[OUTCOME_MSG];
};
struct load {
    struct http *http;
    struct http_lane_conf conf;
    const char *url;
    size_t threads, requests, lanes, limit;
    struct http_lane *lane[LANES];
    pthread_mutex_t lock;
    struct kind kinds[KINDS];
    char *body;
};
struct asker {
    struct load *load;
    size_t number;
    pthread_t thread;
};

static void note(struct load *l, int code, struct http_answer *a, const struct outcome *o)
{
    int status = code == FL_OK ? a->status : 0;
    pthread_mutex_lock(&l->lock);
    for (size_t i = 0; i < KINDS; i++) {
        struct kind *k = &l->kinds[i];
        if (k->count && (k->status != status || k->code != code))
            continue;
        k->status = status;
        k->code = code;
        if (k->count++ == 0)
            memcpy(k->msg, o->msg, sizeof k->msg);
        break;
    }
    if (code == FL_OK) {
        free(l->body);
        l->body = take_ptr(a->body);
    }
    pthread_mutex_unlock(&l->lock);
}
static void *ask(void *arg)
{
    struct asker *self = arg;
    struct load *l = self->load;
    for (size_t i = 0; i < l->requests; i++) {
        struct http_answer a = { 0 };
        struct outcome o;
        struct http_request req = { .url = l->url, .limit = l->limit };
        int code = http_do(l->lane[self->number % l->lanes], &req, &a, &o);
        note(l, code, &a, &o);
        http_answer_done(&a);
    }
    return NULL;
}
static bool run(struct load *l)
{
    static struct asker askers[THREADS];
    pthread_attr_t attr;
    bool ok = true;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, STACK);
    for (size_t i = 0; i < l->lanes; i++)
        ok = ok && (l->lane[i] = http_lane_new(l->http, &l->conf)) != NULL;
    for (size_t i = 0; ok && i < l->threads; i++) {
        askers[i] = (struct asker){ .load = l, .number = i };
        if (pthread_create(&askers[i].thread, &attr, ask, &askers[i]) != 0)
            return false;
    }
    for (size_t i = 0; ok && i < l->threads; i++)
        pthread_join(askers[i].thread, NULL);
    pthread_attr_destroy(&attr);
    return ok;
}
static int report(struct load *l, int64_t ms)
{
    struct http_counts counts;
    bool all = true;
    http_counts(l->http, &counts);
    printf("requests %lu connections %lu ms %lld\n", counts.requests, counts.connections, (long long)ms);
    for (const struct kind *k = l->kinds; k < l->kinds + KINDS && k->count; k++) {
        if (k->status)
            printf("%d %u\n", k->status, k->count);
        else
            printf("%s %u %s\n", outcome_code_name(k->code), k->count, k->msg);
        all = all && k->status;
    }
    if (l->body)
        printf("body %s\n", l->body);
    return all ? 0 : 1;
}
static size_t number(const char *text, size_t most)
{
    size_t n = strtoul(text, NULL, 10);
    return n > most ? most : n;
}
static bool read_options(int argc, char **argv, struct load *l)
{
    for (int c; (c = getopt(argc, argv, "t:n:l:a:c:k:p:w:b:")) != -1;)
        switch (c) {
        case 't': l->threads = number(optarg, THREADS); break;
        case 'n': l->requests = number(optarg, SIZE_MAX); break;
        case 'l': l->lanes = number(optarg, LANES); break;
        case 'a': l->conf.ca_file = optarg; break;
        case 'c': l->conf.cert_file = optarg; break;
        case 'k': l->conf.key_file = optarg; break;
        case 'p': l->conf.proxy = optarg; break;
        case 'w': l->conf.timeout_ms = (int64_t)number(optarg, 600000); break;
        case 'b': l->limit = number(optarg, SIZE_MAX); break;
        default: return false;
        }
    l->url = optind + 1 == argc ? argv[optind] : NULL;
    return l->url && l->lanes > 0;
}
int main(int argc, char **argv)
{
    struct load l = { .threads = 1, .requests = 1, .lanes = 1, .lock = PTHREAD_MUTEX_INITIALIZER };
    int64_t start;
    int status = 2;

    l.conf = (struct http_lane_conf){ .name = "load", .parallel = THREADS };
    if (!read_options(argc, argv, &l) || http_prepare() != FL_OK ||
        http_new(&(struct http_conf){ .user_agent = "http_load" }, &l.http) != FL_OK)
        return status;
    start = clock_mono_ms();
    if (run(&l))
        status = report(&l, clock_mono_ms() - start);
    for (size_t i = 0; i < l.lanes; i++)
        http_lane_free(l.lane[i]);
    http_free(l.http);
    free(l.body);
    return status;
}
