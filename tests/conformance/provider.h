/* SPDX-License-Identifier: Apache-2.0 */
/* provider.h - an instance of a configuration, through the daemon's own loader, with real services behind it. */
#ifndef CONFORMANCE_PROVIDER_H
#define CONFORMANCE_PROVIDER_H

#include "model/model.h"
#include "plugin/instance.h"

enum { PROVIDER_INSTANCES = 2 };
struct provider {
    struct diag *diag;
    struct model *model;
    struct host host;
    struct plugin *plugins[PROVIDER_INSTANCES];
    struct instance *instances[PROVIDER_INSTANCES];
    size_t n;
};
struct provider_conf {
    const char *conf_file, *plugin_dir, *record_dir, *replay_dir;
    bool listens; /* who answers itself does so, on what its options say */
};
/* Reads the file; of its mistakes those count that are in the instances asked for. False: the words are on stderr. */
bool provider_init(struct provider *p, const struct provider_conf *conf);
/* Made, not opened. NULL: the words are on stderr. */
struct instance *provider_instance(struct provider *p, const struct provider_conf *conf, const char *name);
void provider_done(struct provider *p);

#endif
