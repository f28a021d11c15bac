/* SPDX-License-Identifier: Apache-2.0 */
/* keeper_rig.c - a keeper for a test, called directly or through a socket. */
#include "keeper_rig.h"
#include "base/encode.h"
#include "base/mem.h"
#include "tmpdir.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

void *rig_serve(void *rig)
{
    const struct rig *r = rig;
    return (void *)(intptr_t)keeper_serve(r->local, r->far);
}
int rig_local(void **state)
{
    struct rig *r = calloc(1, sizeof *r);

    assert_non_null(r);
    tmpdir_make(r->base);
    snprintf(r->dir, sizeof r->dir, "%s/state/keys", r->base);
    assert_int_equal(keeper_new(r->dir, &r->local, &r->o), FL_OK);
    r->k = r->local;
    *state = r;
    return 0;
}
int rig_wired(void **state)
{
    struct rig *r;
    int pair[2];

    rig_local(state);
    r = *state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    r->far = pair[1];
    r->wired = true;
    assert_int_equal(keeper_remote(pair[0], &r->k), FL_OK);
    assert_int_equal(pthread_create(&r->server, NULL, rig_serve, r), 0);
    return 0;
}
int rig_done(void **state)
{
    struct rig *r = *state;
    void *how = NULL;

    if (r->wired) {
        keeper_free(r->k);
        pthread_join(r->server, &how);
        close(r->far);
        assert_int_equal((intptr_t)how, FL_OK);
    }
    keeper_free(r->local);
    tmpdir_remove(r->base);
    free(r);
    return 0;
}
json_t *rig_header(const char *jws)
{
    char why[128];
    cleanup_(json_freep) json_t *all = json_parse(jws, strlen(jws), why);
    auto_free uint8_t *text = NULL;
    size_t len;

    assert_non_null(all);
    assert_true(decode_base64(json_str(all, "protected", "?"), &text, &len));
    return json_parse((const char *)text, len, why);
}
