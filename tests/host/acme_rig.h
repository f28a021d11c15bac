/* SPDX-License-Identifier: Apache-2.0 */
/* acme_rig.h - a test's own authority, with keeper, HTTP service and account in front of it. */
#ifndef HOST_ACME_RIG_H
#define HOST_ACME_RIG_H

#include "acme/acme.h"
#include "stub_acme.h"

struct acme_rig {
    char folder[64];
    struct stub_acme *ca;
    struct keeper *keeper;
    struct http *http;
    struct http_lane *lane;
    struct acme *acme;
    char sealed[KEEPER_SEALED];
    struct outcome o;
};
/* Everything made; `conf` NULL: terms accepted, no binding. Aborts when that cannot be. */
void acme_rig_open(struct acme_rig *r, const struct stub_acme_conf *ca, const struct acme_conf *conf);
/* Takes everything down; fails the test when the client did something wrong that no script asked for. */
void acme_rig_close(struct acme_rig *r);
/* The account made and in use, the counts back to nothing. */
void acme_rig_register(struct acme_rig *r);
/* From newOrder to the chain, with `looks` looks at the order before finalize; FL_OK or the first failure. */
int acme_rig_issue(struct acme_rig *r, const char *const *names, int looks, struct outcome *o);
/* One scripted answer, with only the usual parts. */
void acme_rig_script(struct acme_rig *r, const char *at, int status, const char *body);

#endif
