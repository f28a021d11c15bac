/* SPDX-License-Identifier: Apache-2.0 */
/* deliver_impl.h - what the files of the door share. Internal to plugin/. */
#ifndef PLUGIN_DELIVER_IMPL_H
#define PLUGIN_DELIVER_IMPL_H

#include "plugin/deliver.h"

#include <pthread.h>

struct deliver {
    struct instance **sinks;
    size_t n;
    int fd;               /* remote: the socket; else -1 */
    pthread_mutex_t lock; /* of the conversation on fd */
    bool broken;
};
/* Sends the request through d->fd and waits for its reply. */
void deliver_forward(struct deliver *d, const struct deliver_request *req, struct deliver_reply *reply,
                     char **chain_out);
/* Either kind of request, as it comes through a door; `chain_out` gets NULL where there is no chain. */
int deliver_any(struct deliver *d, const struct deliver_request *req, struct deliver_reply *reply,
                char **chain_out);

#endif
