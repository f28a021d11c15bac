/* SPDX-License-Identifier: Apache-2.0 */
/* client.h - a command's way to the state: by the daemon that holds it, or by itself. */
#ifndef CTL_CLIENT_H
#define CTL_CLIENT_H

#include "ctl/cli.h"
#include "ctl/control_socket.h"
#include "ctl/serve.h"

enum client_need {
    CLIENT_READ,  /* looks at what is on disk; no lock */
    CLIENT_WRITE, /* changes it, works on nothing */
    CLIENT_WORK   /* runs the engine: everything is opened */
};
struct client {
    const struct cli *cli;
    struct diag *diag;
    struct model *model; /* to find the socket by; and the state, where no plugin is needed */
    char path[CONTROL_PATH];
    bool daemon; /* somebody answers there */
    /* alone */
    struct world *world;
    struct store *store;
    struct keeper *keeper;
    int signals;
    struct serve serve;
};
/* EXIT_DONE: c->daemon says which way. Otherwise the words are out, and the status is the command's. client_end() it in any case;
 * `c` need not be zeroed. */
int client_begin(struct client *c, const struct cli *cli, enum client_need need);
/* Only looks for the daemon: nothing is opened, and a configuration that is wrong is no failure yet. */
int client_find(struct client *c, const struct cli *cli);
void client_end(struct client *c); /* for cleanup_() */
/* Takes the request. The reply is the caller's; never NULL: what keeps it from coming is a reply, too. */
json_t *client_ask(struct client *c, json_t *req);
/* The same for status: line() is called for every line but the last, which is returned. */
json_t *client_lines(struct client *c, json_t *req, void (*line)(void *arg, const json_t *line), void *arg);
/* Prints its words, to stderr unless it went well; returns its status, and frees it. */
int client_said(json_t *reply);
/* Waits until these tasks rest or have to wait for longer than `wait_ms` in all: with a daemon by looking, alone by running the
 * engine for the certificates in `only` (NULL: all). False: it could not, and the words are out. */
bool client_wait(struct client *c, const json_t *tasks, const char *const *only, int64_t wait_ms);

#endif
