/* SPDX-License-Identifier: Apache-2.0 */
/* test_keeper_wire.c - the keeper's socket fed with garbage, and many callers at once. */
#include "base/mem.h"
#include "crypto/digest.h"
#include "keeper_rig.h"
#include "tmpdir.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

/* ---- frames ---- */

/* What keeper_serve() makes of these bytes followed by the end of the connection. */
static int served(struct rig *r, const void *bytes, size_t len, size_t *replied)
{
    int pair[2];
    void *how;
    char sink[4096];
    ssize_t n;

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    r->far = pair[1];
    assert_int_equal(pthread_create(&r->server, NULL, rig_serve, r), 0);
    for (const char *p = bytes; len > 0; p += n, len -= (size_t)n)
        if ((n = send(pair[0], p, len, MSG_NOSIGNAL)) <= 0)
            break;
    shutdown(pair[0], SHUT_WR);
    pthread_join(r->server, &how);
    close(pair[1]);
    *replied = 0;
    while ((n = read(pair[0], sink, sizeof sink)) > 0)
        *replied += (size_t)n;
    close(pair[0]);
    return (int)(intptr_t)how;
}
static size_t frame(uint32_t len, const struct keeper_request *req, char *out)
{
    size_t head = offsetof(struct keeper_request, payload);

    memcpy(out, &len, 4);
    memcpy(out + 4, req, head);
    memcpy(out + 4 + head, req->payload, req->payload_len % KEEPER_TEXT);
    return 4 + head + req->payload_len % KEEPER_TEXT;
}
static void garbage_frames_end_the_connection_and_nothing_else(void **state)
{
    struct rig *r = *state;
    const uint32_t head = offsetof(struct keeper_request, payload);
    struct keeper_request *req = calloc(1, sizeof *req);
    auto_free char *bytes = calloc(1, 2 * sizeof *req);
    size_t replied, n;

    req->op = KEEPER_MAKE;
    n = frame(head, req, bytes);
    assert_int_equal(served(r, bytes, n, &replied), FL_OK);
    assert_int_equal(replied, 4 + offsetof(struct keeper_reply, text));
    assert_int_equal(served(r, bytes, 0, &replied), FL_OK);
    for (size_t cut = 1; cut < n; cut += cut < 8 ? 1 : 211) {
        assert_int_equal(served(r, bytes, cut, &replied), FL_EPROTO);
        assert_int_equal(replied, 0);
    }
    /* lengths: too small, too large, not what the struct says */
    for (int i = 0; i < 6; i++) {
        const uint32_t lens[] = { 0, head - 1, head + 1, UINT32_MAX, 1 << 20, head + KEEPER_TEXT };
        n = frame(lens[i], req, bytes);
        assert_int_equal(served(r, bytes, n, &replied), FL_EPROTO);
        assert_int_equal(replied, 0);
    }
    req->payload_len = KEEPER_TEXT + 1;
    n = frame(head + 1, req, bytes);
    assert_int_equal(served(r, bytes, n, &replied), FL_EPROTO);
    req->payload_len = UINT32_MAX, req->names_len = 2; /* wraps to 1 */
    n = frame(head + 1, req, bytes);
    assert_int_equal(served(r, bytes, n, &replied), FL_EPROTO);
    assert_int_equal(tmpdir_count(r->dir), 1);
    free(req);
}
static void random_frames_of_right_length_get_refusals(void **state)
{
    struct rig *r = *state;
    const uint32_t head = offsetof(struct keeper_request, payload);
    auto_free char *bytes = malloc(head + 4);
    size_t replied;

    for (int i = 0; i < 200; i++) {
        struct keeper_request *req = (struct keeper_request *)(void *)(bytes + 4);
        assert_true(digest_random(bytes, head + 4));
        memcpy(bytes, &head, 4);
        memset((char *)req + offsetof(struct keeper_request, payload_len), 0, 8);
        if (i % 2)
            memset((char *)req + 1, 0, 3);
        int rc = served(r, bytes, head + 4, &replied);
        assert_int_equal(rc, FL_OK);
        assert_int_equal(replied, 4 + offsetof(struct keeper_reply, text));
        assert_true(digest_random(bytes, head + 4));
        assert_int_equal(served(r, bytes, head + 4, &replied), FL_EPROTO);
    }
    assert_int_equal(tmpdir_count(r->dir), 0);
}
static void *answer_garbage(void *arg)
{
    const struct rig *r = arg;
    auto_free char *bytes = calloc(1, 1 << 18);
    uint32_t len = offsetof(struct keeper_reply, text);
    ssize_t got = recv(r->far, bytes, 1 << 18, 0);

    if (r->o.http == 1) /* a reply whose texts have no end */
        memset(bytes + 4, 'a', len);
    else if (r->o.http == 2) /* a length over the field */
        len = UINT32_MAX;
    else if (r->o.http == 3) /* more text than the frame has */
        memset(bytes + 4 + offsetof(struct keeper_reply, text_len), 0x7f, 4);
    memcpy(bytes, &len, 4);
    (void)!send(r->far, bytes, r->o.http == 4 ? 100 : offsetof(struct keeper_reply, text) + 4, MSG_NOSIGNAL);
    shutdown(r->far, SHUT_RDWR);
    return (void *)(intptr_t)got;
}
static void a_remote_keeper_that_talks_nonsense_is_a_temporary_failure(void **state)
{
    struct rig *r = *state;

    for (int how = 1; how <= 4; how++) {
        int pair[2];
        struct keeper *k;
        char sealed[KEEPER_SEALED] = "untouched";
        struct outcome o;
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
        r->far = pair[1];
        r->o.http = how;
        assert_int_equal(keeper_remote(pair[0], &k), FL_OK);
        assert_int_equal(pthread_create(&r->server, NULL, answer_garbage, r), 0);
        assert_int_equal(keeper_make(k, KEY_EC256, sealed, &o), FL_ETEMP);
        assert_string_equal(sealed, "untouched");
        pthread_join(r->server, NULL);
        close(pair[1]);
        assert_int_equal(keeper_make(k, KEY_EC256, sealed, &o), FL_ETEMP);
        keeper_free(k);
    }
}

/* ---- many callers ---- */

enum { CALLERS = 6, CALLS = 20 };
static void *call_often(void *arg)
{
    struct rig *r = arg;
    intptr_t wrong = 0;

    for (int i = 0; i < CALLS; i++) {
        char sealed[KEEPER_SEALED], kid[64];
        char *jws = NULL;
        struct outcome o;
        snprintf(kid, sizeof kid, "https://ca/%p/%d", (void *)&o, i);
        if (keeper_make(r->k, KEY_EC256, sealed, &o) != FL_OK ||
            keeper_jws(r->k, sealed, "https://ca/", "n", kid, "{}", &jws, &o) != FL_OK) {
            wrong++;
            continue;
        }
        json_t *header = rig_header(jws);
        wrong += strcmp(json_str(header, "kid", ""), kid) != 0;
        json_decref(header);
        free(jws);
        wrong += keeper_forget(r->k, sealed, &o) != FL_OK;
    }
    return (void *)wrong;
}
static void any_number_of_threads_may_call(void **state)
{
    struct rig *r = *state;
    pthread_t threads[CALLERS];

    for (int i = 0; i < CALLERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, call_often, r), 0);
    for (int i = 0; i < CALLERS; i++) {
        void *wrong;
        pthread_join(threads[i], &wrong);
        assert_int_equal((intptr_t)wrong, 0);
    }
    assert_int_equal(tmpdir_count(r->dir), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        DIRECT(garbage_frames_end_the_connection_and_nothing_else),
        DIRECT(random_frames_of_right_length_get_refusals),
        DIRECT(a_remote_keeper_that_talks_nonsense_is_a_temporary_failure),
        BOTH(any_number_of_threads_may_call),
    };
    return digest_init() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
