/* SPDX-License-Identifier: Apache-2.0 */
/* http_site.h - an HTTP service and a server that answers it well and badly, for its tests. */
#ifndef TEST_HTTP_SITE_H
#define TEST_HTTP_SITE_H

#include "net/http_priv.h"
#include "web.h"

struct fixture {
    struct web *web;
    struct http *http;
    struct http_lane *lane; /* 64 transfers at once */
    char base[64];          /* "http://127.0.0.1:PORT" */
    char url[256];
};
int http_site_set_up(void **state);
int http_site_tear_down(void **state);
struct http_lane *lane_with(struct fixture *f, struct http_lane_conf conf);
const char *url(struct fixture *f, const char *path); /* kept in f->url */
int get(struct fixture *f, const char *path, struct http_answer *out, struct outcome *o);
void assert_contains(const char *text, const char *part);
/* A request that must end so, with these words. */
void assert_fails(struct fixture *f, struct http_request req, int code, const char *words);
uint16_t dead_port(void); /* nobody listens there */
void nap(int ms);

#endif
