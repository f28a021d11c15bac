/* SPDX-License-Identifier: Apache-2.0 */
/* test_deliver.c - the door to the sinks: what goes through it whole, and what is turned away. */
#include "plugin/deliver.h"
#include "plugin_rig.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- a sink that notes what it gets ---- */

static struct {
    unsigned deploys, verifies;
    char text[2048];
    int say;
} sunk;

static void note(const struct fl_cert *c)
{
    size_t n = strlen(sunk.text);
    n += (size_t)snprintf(sunk.text + n, sizeof sunk.text - n, "%s %s %s %s %s|%s|%s %lld %lld <%s>", c->name,
                          c->file_name, c->key_type, c->serial, c->leaf_pem, c->chain_pem, c->key_pem,
                          (long long)c->not_before_at, (long long)c->not_after_at, c->ref);
    for (const char *const *id = c->identifiers; *id; id++)
        n += (size_t)snprintf(sunk.text + n, sizeof sunk.text - n, " %s", *id);
    snprintf(sunk.text + n, sizeof sunk.text - n, "\n");
}
static int deploy(struct fl_ctx *ctx, const struct fl_cert *certs, size_t n)
{
    sunk.deploys++;
    sunk.text[0] = '\0';
    for (size_t i = 0; i < n; i++)
        note(&certs[i]);
    return sunk.say ? fl_fail(ctx, sunk.say, "was told to") : FL_OK;
}
static int verify(struct fl_ctx *ctx, const struct fl_cert *certs, size_t n)
{
    (void)n;
    sunk.verifies++;
    assert_string_equal(certs->key_pem, "");
    return fl_again(ctx, 700, "not served yet");
}
static const struct fl_sink_ops ops = { .size = sizeof ops, .deploy = deploy, .verify = verify };
static const struct fl_plugin entry = {
    .magic = FL_ABI_MAGIC,
    .size = sizeof entry,
    .minor = FL_ABI_MINOR,
    .kind = FL_KIND_SINK,
    .name = "note",
    .version = "1",
    .summary = "notes",
    .ops.sink = &ops,
};

static const char *const names[] = { "example.org", "*.example.org", NULL };
static const struct fl_cert ec = {
    .name = "example.org",
    .file_name = "example.org",
    .key_type = "ec256",
    .serial = "0a1b",
    .identifiers = names,
    .leaf_pem = "LEAF",
    .chain_pem = "CHAIN",
    .key_pem = "KEY",
    .not_before_at = 1700000000,
    .not_after_at = 1707776000,
    .ref = "",
};
static const char ec_text[] = "example.org example.org ec256 0a1b LEAF|CHAIN|KEY 1700000000 1707776000 <> "
                              "example.org *.example.org\n";

/* ---- both sides ---- */

struct doors {
    struct plugin_rig rig;
    struct deliver *here, *there; /* with the sinks; over a socket */
    int fd;
    pthread_t thread;
    int served;
};
static void *serve(void *arg)
{
    struct doors *d = arg;
    d->served = deliver_serve(d->here, d->fd);
    close(d->fd);
    return NULL;
}
static int set_up(void **state)
{
    struct doors *d = calloc(1, sizeof *d);
    struct instance *sinks[2] = { NULL, NULL };
    int ends[2];
    memset(&sunk, 0, sizeof sunk);
    plugin_rig_init(&d->rig, &entry);
    plugin_rig_open(&d->rig);
    sinks[1] = d->rig.instance;
    assert_int_equal(deliver_new(sinks, 2, &d->here), FL_OK);
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
static struct deliver_request *request(enum deliver_op op)
{
    struct deliver_request *req = deliver_request_new(op, "try");
    assert_non_null(req);
    assert_true(deliver_request_add(req, &ec));
    return req;
}

static void a_certificate_goes_through_whole(void **state)
{
    struct doors *d = *state;
    struct deliver_request *req = request(DELIVER_DEPLOY);
    struct fl_cert rsa = ec;
    struct deliver_reply reply;
    rsa.key_type = "rsa2048", rsa.serial = "ff", rsa.chain_pem = "", rsa.ref = "gw/x";
    assert_true(deliver_request_add(req, &rsa));
    for (int i = 0; i < 2; i++) {
        assert_int_equal(deliver_call(i ? d->there : d->here, req, &reply), FL_OK);
        assert_int_equal(sunk.deploys, i + 1);
        assert_memory_equal(sunk.text, ec_text, sizeof ec_text - 1);
        assert_string_equal(
            sunk.text + sizeof ec_text - 1,
            "example.org example.org rsa2048 ff LEAF||KEY 1700000000 1707776000 <gw/x> example.org "
            "*.example.org\n");
    }
    deliver_request_free(req);
}
static void what_the_sink_says_comes_back(void **state)
{
    struct doors *d = *state;
    struct deliver_request *req = request(DELIVER_DEPLOY);
    struct deliver_reply reply;
    sunk.say = FL_EREJECT;
    assert_int_equal(deliver_call(d->there, req, &reply), FL_EREJECT);
    assert_string_equal(reply.outcome.msg, "sink try: was told to");
    deliver_request_free(req);
    req = request(DELIVER_VERIFY);
    assert_int_equal(deliver_call(d->there, req, &reply), FL_EAGAIN);
    assert_int_equal(reply.outcome.retry_after_ms, 700);
    assert_int_equal(sunk.verifies, 1);
    deliver_request_free(req);
}
static void what_a_sink_does_not_have_is_done(void **state)
{
    struct doors *d = *state;
    struct deliver_request *req = request(DELIVER_RETIRE);
    struct deliver_reply reply;
    assert_int_equal(deliver_call(d->there, req, &reply), FL_OK);
    deliver_request_free(req);
}
static void only_a_deployment_carries_the_key(void **state)
{
    struct deliver_request *req = request(DELIVER_VERIFY);
    (void)state;
    for (size_t i = 0; i + 3 < sizeof req->text; i++)
        assert_memory_not_equal(req->text + i, "KEY", 3);
    deliver_request_free(req);
}
static void what_does_not_fit_is_not_added(void **state)
{
    struct deliver_request *req = deliver_request_new(DELIVER_DEPLOY, "try");
    const char **many = calloc(DELIVER_NAMES + 2, sizeof *many);
    char *big = malloc(DELIVER_TEXT), sink[65];
    struct fl_cert c = ec;
    (void)state;
    memset(big, 'x', DELIVER_TEXT);
    big[DELIVER_TEXT - 1] = '\0';
    c.chain_pem = big;
    assert_false(deliver_request_add(req, &c));
    c = ec;
    for (size_t i = 0; i <= DELIVER_NAMES; i++)
        many[i] = "x";
    c.identifiers = many;
    assert_false(deliver_request_add(req, &c));
    deliver_request_free(req);
    req = deliver_request_new(DELIVER_DEPLOY, "try");
    for (int i = 0; i < DELIVER_CERTS; i++)
        assert_true(deliver_request_add(req, &ec));
    assert_false(deliver_request_add(req, &ec));
    deliver_request_free(req);
    memset(sink, 's', 64);
    sink[64] = '\0';
    assert_null(deliver_request_new(DELIVER_DEPLOY, sink));
    free(big);
    free(many);
}

/* ---- malformed requests ---- */

static void no_op(struct deliver_request *r) { r->op = 0; }
static void big_op(struct deliver_request *r) { r->op = 5; }
static void other_call(struct deliver_request *r) { r->op = DELIVER_HELD; }
static void no_certs(struct deliver_request *r) { r->ncerts = 0; }
static void many_certs(struct deliver_request *r) { r->ncerts = DELIVER_CERTS + 1; }
static void no_text(struct deliver_request *r) { r->text_len = 0; }
static void huge_text(struct deliver_request *r) { r->text_len = DELIVER_TEXT + 1; }
static void endless_text(struct deliver_request *r) { r->text[r->text_len - 1] = 'x'; }
static void no_first_nul(struct deliver_request *r) { r->text[0] = 'x'; }
static void endless_sink(struct deliver_request *r) { memset(r->sink, 'x', sizeof r->sink); }
static void name_outside(struct deliver_request *r) { r->certs[0].name = r->text_len; }
static void file_outside(struct deliver_request *r) { r->certs[0].file_name = 0xffffffff; }
static void type_outside(struct deliver_request *r) { r->certs[0].key_type = DELIVER_TEXT; }
static void serial_outside(struct deliver_request *r) { r->certs[0].serial = 0x80000000; }
static void leaf_outside(struct deliver_request *r) { r->certs[0].leaf = r->text_len + 7; }
static void chain_outside(struct deliver_request *r) { r->certs[0].chain = r->text_len; }
static void key_outside(struct deliver_request *r) { r->certs[0].key = r->text_len; }
static void ref_outside(struct deliver_request *r) { r->certs[0].ref = r->text_len; }
static void names_outside(struct deliver_request *r) { r->certs[0].names = r->text_len; }
static void names_over_the_end(struct deliver_request *r) { r->certs[0].nnames = 50; }
static void names_overflow(struct deliver_request *r) { r->certs[0].names = 0xffffffff; }
static void no_names(struct deliver_request *r) { r->certs[0].nnames = 0; }
static void many_names(struct deliver_request *r) { r->certs[0].nnames = DELIVER_NAMES + 1; }
static void empty_names(struct deliver_request *r) { r->certs[0].names = 0; }
static void no_name(struct deliver_request *r) { r->certs[0].name = 0; }
static void no_leaf(struct deliver_request *r) { r->certs[0].leaf = 0; }
static void no_key(struct deliver_request *r) { r->certs[0].key = 0; }
static void no_key_type(struct deliver_request *r) { r->certs[0].key_type = 0; }
static void no_serial(struct deliver_request *r) { r->certs[0].serial = 0; }
static void no_hex(struct deliver_request *r) { r->text[r->certs[0].serial] = 'G'; }
static void path(struct deliver_request *r) { memcpy(r->text + r->certs[0].file_name, "a/b", 3); }
static void dots(struct deliver_request *r) { memcpy(r->text + r->certs[0].file_name, "..", 3); }
static void key_for_verify(struct deliver_request *r) { r->op = DELIVER_VERIFY; }
static void second_name(struct deliver_request *r)
{
    r->certs[1] = r->certs[0];
    r->certs[1].name = r->certs[0].serial;
    r->ncerts = 2;
}
static void unused_second(struct deliver_request *r) { r->ncerts = 2; }
static void malformed_requests_reach_no_sink(void **state)
{
    static void (*const spoils[])(struct deliver_request *) = {
        no_op,          big_op,       other_call,     no_certs,       many_certs,
        no_text,        huge_text,    endless_text,   no_first_nul,   endless_sink,
        name_outside,   file_outside, type_outside,   serial_outside, leaf_outside,
        chain_outside,  key_outside,  ref_outside,    names_outside,  names_over_the_end,
        names_overflow, no_names,     many_names,     empty_names,    no_name,
        no_leaf,        no_key,       no_key_type,    no_serial,      no_hex,
        path,           dots,         key_for_verify, second_name,    unused_second,
    };
    struct doors *d = *state;
    struct deliver_reply reply;
    for (size_t i = 0; i < sizeof spoils / sizeof *spoils; i++) {
        for (int remote = 0; remote < 2; remote++) {
            struct deliver_request *req = request(DELIVER_DEPLOY);
            spoils[i](req);
            int code = deliver_call(remote ? d->there : d->here, req, &reply);
            if (code != FL_ECONF || strncmp(reply.outcome.msg, "a malformed delivery: ", 22) != 0)
                fail_msg("spoil %zu: %d %s", i, code, reply.outcome.msg);
            deliver_request_free(req);
        }
    }
    assert_int_equal(sunk.deploys + sunk.verifies, 0);
    /* The conversation has not suffered. */
    struct deliver_request *req = request(DELIVER_DEPLOY);
    assert_int_equal(deliver_call(d->there, req, &reply), FL_OK);
    deliver_request_free(req);
}
static void an_unknown_sink_is_named(void **state)
{
    struct doors *d = *state;
    struct deliver_request *req = deliver_request_new(DELIVER_DEPLOY, "other");
    struct deliver_reply reply;
    assert_true(deliver_request_add(req, &ec));
    assert_int_equal(deliver_call(d->there, req, &reply), FL_ECONF);
    assert_string_equal(reply.outcome.msg, "there is no sink \"other\"");
    deliver_request_free(req);
}

/* ---- garbage on the wire ---- */

static int serve_bytes(struct doors *d, const void *data, size_t len)
{
    int ends[2], code;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    if (len > 0)
        assert_int_equal(send(ends[1], data, len, MSG_NOSIGNAL), (ssize_t)len);
    assert_int_equal(shutdown(ends[1], SHUT_WR), 0);
    code = deliver_serve(d->here, ends[0]);
    close(ends[0]);
    close(ends[1]);
    return code;
}
static void frames_that_do_not_add_up_end_the_conversation(void **state)
{
    struct doors *d = *state;
    const size_t head = offsetof(struct deliver_request, text);
    struct deliver_request *req = request(DELIVER_DEPLOY);
    size_t whole = sizeof(uint32_t) + head + req->text_len;
    char *frame = calloc(1, whole + 1);
    uint32_t len = (uint32_t)(whole - sizeof len);
    memcpy(frame + sizeof len, req, whole - sizeof len);
    assert_int_equal(serve_bytes(d, "", 0), FL_OK);
    memcpy(frame, &len, sizeof len);
    /* Cut off everywhere around the seams. */
    const size_t cuts[] = { 1, 3, 4, 5, head, head + 3, head + 4, head + 5, whole - 1 };
    for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++)
        assert_int_equal(serve_bytes(d, frame, cuts[i]), FL_EPROTO);
    const uint32_t lengths[] = { 0,
                                 1,
                                 (uint32_t)head - 1,
                                 (uint32_t)head,
                                 len - 1,
                                 len + 1,
                                 sizeof(struct deliver_request) + 1,
                                 0x7fffffff,
                                 0xffffffff };
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        memcpy(frame, &lengths[i], sizeof lengths[i]);
        assert_int_equal(serve_bytes(d, frame, whole), FL_EPROTO);
    }
    memset(frame, 0xff, whole);
    assert_int_equal(serve_bytes(d, frame, whole), FL_EPROTO);
    assert_int_equal(sunk.deploys, 0);
    free(frame);
    deliver_request_free(req);
}
static void *answer_badly(void *arg)
{
    int fd = *(int *)arg;
    char sink[4096];
    const uint32_t len = sizeof(struct deliver_reply);
    struct deliver_reply reply;
    memset(&reply, 'x', sizeof reply);
    (void)!recv(fd, sink, sizeof sink, 0);
    (void)!send(fd, &len, sizeof len, MSG_NOSIGNAL);
    (void)!send(fd, &reply, sizeof reply, MSG_NOSIGNAL);
    return NULL;
}
static void an_answer_that_makes_no_sense_breaks_the_door(void **state)
{
    struct deliver_request *req = request(DELIVER_DEPLOY);
    struct deliver_reply reply;
    struct deliver *door;
    pthread_t thread;
    int ends[2];
    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    assert_int_equal(deliver_remote(ends[1], &door), FL_OK);
    assert_int_equal(pthread_create(&thread, NULL, answer_badly, &ends[0]), 0);
    assert_int_equal(deliver_call(door, req, &reply), FL_ETEMP);
    pthread_join(thread, NULL);
    assert_string_equal(reply.outcome.msg,
                        "the process that holds the sinks does not answer: restart fairlead");
    close(ends[0]);
    assert_int_equal(deliver_call(door, req, &reply), FL_ETEMP);
    deliver_free(door);
    deliver_free(NULL);
    deliver_request_free(req);
}

int main(void)
{
#define WITH_DOORS(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH_DOORS(a_certificate_goes_through_whole),
        WITH_DOORS(what_the_sink_says_comes_back),
        WITH_DOORS(what_a_sink_does_not_have_is_done),
        cmocka_unit_test(only_a_deployment_carries_the_key),
        cmocka_unit_test(what_does_not_fit_is_not_added),
        WITH_DOORS(malformed_requests_reach_no_sink),
        WITH_DOORS(an_unknown_sink_is_named),
        WITH_DOORS(frames_that_do_not_add_up_end_the_conversation),
        cmocka_unit_test(an_answer_that_makes_no_sense_breaks_the_door),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
