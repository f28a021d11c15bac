/* SPDX-License-Identifier: Apache-2.0 */
/* web.h - a web server inside a test: HTTP/1.1 on a free port of 127.0.0.1, a thread a connection. */
#ifndef TEST_WEB_H
#define TEST_WEB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct web;
struct web_request {
    const char *method, *target; /* as in the first line */
    const char *head;            /* all header lines, as they came */
    const char *body;            /* NUL-terminated */
    size_t len;
};
/* Writes what it likes to `fd`; false ends the connection. Called by many threads at once. */
typedef bool web_handler(void *arg, const struct web_request *req, int fd);

struct web *web_start(web_handler *handler, void *arg); /* NULL: no socket */
/* That header field of a request, cut to size; false: it has none. */
bool web_field(const struct web_request *req, const char *name, char *out, size_t size);
uint16_t web_port(const struct web *w);
unsigned web_connections(struct web *w);  /* accepted so far */
unsigned web_most_at_once(struct web *w); /* requests that were being handled at the same time */
bool web_send(int fd, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void web_stop(struct web *w); /* cuts every connection and joins every thread */

#endif
