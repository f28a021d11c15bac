/* SPDX-License-Identifier: Apache-2.0 */
/* test_deliver_held.c - the door to the sinks: what stands at a sink, asked from either side. */
#include "plugin/deliver.h"
#include "plugin_rig.h"
#include "test_ca.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- a sink that holds what it is told ---- */

static struct {
    const char *chain;
    unsigned asked;
    int say;
} holds;
static int held(struct fl_ctx *ctx, const struct fl_cert *cert, const char **chain_pem_out)
{
    holds.asked++;
    assert_string_equal(cert->name, "example.org");
    assert_string_equal(cert->serial, "");
    assert_string_equal(cert->key_pem, "");
    *chain_pem_out = holds.chain;
    return holds.say ? fl_fail(ctx, holds.say, "cannot look") : FL_OK;
}
static int deploy(struct fl_ctx *ctx, const struct fl_cert *certs, size_t n)
{
    (void)certs, (void)n;
    return fl_fail(ctx, FL_ECONF, "deployed");
}
static const struct fl_sink_ops ops = { .size = sizeof ops, .deploy = deploy, .held = held };
static const struct fl_plugin entry = {
    .magic = FL_ABI_MAGIC,
    .size = sizeof entry,
    .minor = FL_ABI_MINOR,
    .kind = FL_KIND_SINK,
    .name = "hold",
    .version = "1",
    .summary = "holds",
    .ops.sink = &ops,
};

/* ---- both sides ---- */

struct doors {
    struct plugin_rig rig;
    struct deliver *here, *there; /* with the sink; over a socket */
    int fd;
    pthread_t thread;
};
static void *serve(void *arg)
{
    struct doors *d = arg;
    (void)deliver_serve(d->here, d->fd);
    close(d->fd);
    return NULL;
}
static int set_up(void **state)
{
    struct doors *d = calloc(1, sizeof *d);
    int ends[2];
    memset(&holds, 0, sizeof holds);
    plugin_rig_init(&d->rig, &entry);
    plugin_rig_open(&d->rig);
    assert_int_equal(deliver_new(&d->rig.instance, 1, &d->here), FL_OK);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    d->fd = ends[0];
    assert_int_equal(pthread_create(&d->thread, NULL, serve, d), 0);
    assert_int_equal(deliver_remote(ends[1], &d->there), FL_OK);
    *state = d;
    return 0;
}
static int tear_down(void **state)
{
    struct doors *d = *state;
    deliver_free(d->there);
    pthread_join(d->thread, NULL);
    deliver_free(d->here);
    plugin_rig_done(&d->rig);
    free(d);
    return 0;
}
static const char *const names[] = { "example.org", NULL };
static struct deliver_request *request(enum deliver_op op, const char *key_type)
{
    const struct fl_cert c = { .name = "example.org",
                               .file_name = "example.org",
                               .key_type = key_type,
                               .serial = op == DELIVER_HELD ? "" : "0a",
                               .identifiers = names,
                               .leaf_pem = "LEAF",
                               .chain_pem = "",
                               .key_pem = "KEY",
                               .ref = "" };
    struct deliver_request *req = deliver_request_new(op, "try");
    assert_non_null(req);
    assert_true(deliver_request_add(req, &c));
    return req;
}
static char *chain_of(size_t n)
{
    static const char *const subject[] = { "example.org", NULL };
    const struct test_cert_spec root = { .cn = "root", .ca = true }, leaf = { .names = subject };
    struct test_cert *all[10] = { NULL, test_cert_new(&root, NULL) };
    char *pem;
    all[0] = test_cert_new(&leaf, all[1]);
    for (size_t i = 2; i < n; i++)
        all[i] = all[1];
    pem = test_cert_chain((const struct test_cert *const *)all, n);
    test_cert_free(all[0]);
    test_cert_free(all[1]);
    return pem;
}
static void what_a_sink_holds_comes_back_whole(void **state)
{
    struct doors *d = *state;
    struct deliver_request *req = request(DELIVER_HELD, "ec256");
    struct deliver_reply reply;
    char *longest = chain_of(10), *chain = NULL;
    holds.chain = longest;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(deliver_held(i ? d->there : d->here, req, &reply, &chain), FL_OK);
        assert_non_null(chain);
        assert_string_equal(chain, longest);
        assert_int_equal(reply.chain_len, strlen(longest));
        free(chain);
    }
    holds.chain = NULL;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(deliver_held(i ? d->there : d->here, req, &reply, &chain), FL_OK);
        assert_null(chain);
    }
    assert_int_equal(holds.asked, 4);
    free(longest);
    deliver_request_free(req);
}
static void what_is_no_chain_of_that_type_counts_as_none(void **state)
{
    struct doors *d = *state;
    struct deliver_request *req = request(DELIVER_HELD, "rsa2048");
    struct deliver_reply reply;
    char *pem = chain_of(2), *chain = NULL, *big = malloc(DELIVER_CHAIN + 2);
    memset(big, '\n', DELIVER_CHAIN + 1);
    memcpy(big, pem, strlen(pem));
    big[DELIVER_CHAIN + 1] = '\0';
    const char *const wrong[] = { pem, "", "not PEM at all", "-----BEGIN PRIVATE KEY-----", big };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        holds.chain = wrong[i];
        assert_int_equal(deliver_held(d->there, req, &reply, &chain), FL_OK);
        assert_null(chain);
    }
    free(big);
    free(pem);
    deliver_request_free(req);
}
static void a_question_that_fails_is_told(void **state)
{
    struct doors *d = *state;
    struct deliver_request *req = request(DELIVER_HELD, "ec256");
    struct deliver_reply reply;
    char *pem = chain_of(2), *chain = NULL;
    holds.chain = pem;
    holds.say = FL_ETEMP;
    assert_int_equal(deliver_held(d->there, req, &reply, &chain), FL_ETEMP);
    assert_string_equal(reply.outcome.msg, "sink try: cannot look");
    assert_null(chain);
    free(pem);
    deliver_request_free(req);
}
static void many_certs(struct deliver_request *r)
{
    r->certs[1] = r->certs[0];
    r->ncerts = 2;
}
static void no_certs(struct deliver_request *r) { r->ncerts = 0; }
static void no_key_type(struct deliver_request *r) { r->certs[0].key_type = 0; }
static void big_op(struct deliver_request *r) { r->op = 5; }
static void path(struct deliver_request *r) { memcpy(r->text + r->certs[0].file_name, "a/b", 3); }
static void with_key(struct deliver_request *r) { r->certs[0].key = r->certs[0].leaf; }
static void with_odd_serial(struct deliver_request *r) { r->certs[0].serial = r->certs[0].leaf; }
static void questions_that_are_malformed_reach_no_sink(void **state)
{
    static void (*const spoils[])(struct deliver_request *) = { many_certs,     no_key_type, no_certs,
                                                                big_op,         path,        with_key,
                                                                with_odd_serial };
    struct doors *d = *state;
    struct deliver_reply reply;
    char *chain = NULL;
    for (size_t i = 0; i < sizeof spoils / sizeof *spoils; i++) {
        struct deliver_request *req = request(DELIVER_HELD, "ec256");
        spoils[i](req);
        assert_int_equal(deliver_held(d->there, req, &reply, &chain), FL_ECONF);
        assert_null(chain);
        deliver_request_free(req);
    }
    struct deliver_request *req = request(DELIVER_VERIFY, "ec256");
    assert_int_equal(deliver_held(d->there, req, &reply, &chain), FL_ECONF);
    deliver_request_free(req);
    assert_int_equal(holds.asked, 0);
}
static void *answer_with_a_chain(void *arg)
{
    int fd = *(int *)arg;
    char sink[4096];
    struct deliver_reply reply = { .chain_len = 4 };
    const uint32_t len = sizeof reply + 4;
    (void)!recv(fd, sink, sizeof sink, 0);
    (void)!send(fd, &len, sizeof len, MSG_NOSIGNAL);
    (void)!send(fd, &reply, sizeof reply, MSG_NOSIGNAL);
    (void)!send(fd, "PEM!", 4, MSG_NOSIGNAL);
    return NULL;
}
static void a_chain_that_nobody_asked_for_breaks_the_door(void **state)
{
    struct deliver_request *req = request(DELIVER_DEPLOY, "ec256");
    struct deliver_reply reply;
    struct deliver *door;
    pthread_t thread;
    int ends[2];
    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    assert_int_equal(deliver_remote(ends[1], &door), FL_OK);
    assert_int_equal(pthread_create(&thread, NULL, answer_with_a_chain, &ends[0]), 0);
    assert_int_equal(deliver_call(door, req, &reply), FL_ETEMP);
    pthread_join(thread, NULL);
    close(ends[0]);
    deliver_free(door);
    deliver_request_free(req);
}

int main(void)
{
#define WITH_DOORS(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH_DOORS(what_a_sink_holds_comes_back_whole),
        WITH_DOORS(what_is_no_chain_of_that_type_counts_as_none),
        WITH_DOORS(a_question_that_fails_is_told),
        WITH_DOORS(questions_that_are_malformed_reach_no_sink),
        cmocka_unit_test(a_chain_that_nobody_asked_for_breaks_the_door),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
