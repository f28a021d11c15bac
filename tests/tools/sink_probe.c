/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sink_probe.c - works one sink plugin from the command line, through the loader and the deliver door, for tests.
 *
 *     sink_probe PLUGDIR PLUGIN CONF deploy|verify|retire NAME FOLDER...
 *     sink_probe PLUGDIR PLUGIN CONF held NAME KEY_TYPE
 *
 * CONF holds the plugin's options at its top level. Each FOLDER is a lineage of the certificate NAME: chain.pem (the leaf
 * first) and key.pem. `held` prints the chain. On failure `CODE MESSAGE` on stderr; the exit status is minus the code.
 */
#include "base/file.h"
#include "base/mem.h"
#include "conf/opt.h"
#include "crypto/chain.h"
#include "crypto/leaf.h"
#include "plugin/deliver.h"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

static char *read_file(const char *folder, const char *name)
{
    auto_free char *path = NULL;
    char *text = NULL;
    size_t len;
    if (asprintf(&path, "%s/%s", folder, name) < 0 || file_read(AT_FDCWD, path, 1 << 18, &text, &len) != 0)
        fprintf(stderr, "cannot read %s/%s\n", folder, name);
    return text;
}
static int add(struct deliver_request *req, const char *name, const char *folder, struct outcome *o)
{
    cleanup_(chain_done) struct chain chain = { 0 };
    auto_free char *pem = read_file(folder, "chain.pem"), *key = read_file(folder, "key.pem");
    const char *type = "";
    int code = pem && key ? chain_parse(pem, strlen(pem), &chain, o) : FL_ECONF;
    if (code == FL_OK)
        code = leaf_key_type(pem, strlen(pem), &type, o);
    if (code != FL_OK)
        return code;
    const struct fl_cert cert = { .name = name,
                                  .file_name = name,
                                  .key_type = type,
                                  .serial = chain.serial,
                                  .identifiers = (const char *const *)chain.names,
                                  .leaf_pem = chain.leaf_pem,
                                  .chain_pem = chain.chain_pem,
                                  .key_pem = key,
                                  .not_before_at = chain.not_before_at,
                                  .not_after_at = chain.not_after_at,
                                  .ref = "" };
    return deliver_request_add(req, &cert) ? FL_OK : outcome_fail(o, FL_ECONF, "%s does not fit", folder);
}
static int held(struct deliver *d, char **argv, struct outcome *o)
{
    const char *const names[] = { argv[1], NULL };
    const struct fl_cert cert = {
        .name = argv[1], .file_name = argv[1], .key_type = argv[2] ? argv[2] : "", .identifiers = names
    };
    struct deliver_request *req = deliver_request_new(DELIVER_HELD, "probe");
    auto_free char *chain = NULL;
    struct deliver_reply reply;
    int code = req && deliver_request_add(req, &cert) ? deliver_held(d, req, &reply, &chain) : FL_ENOMEM;
    if (code != FL_ENOMEM)
        *o = reply.outcome;
    printf("%s", chain ? chain : "");
    deliver_request_free(req);
    return code;
}
static int run(struct deliver *d, char **argv, struct outcome *o)
{
    static const char *const ops[] = { "", "deploy", "verify", "retire" };
    struct deliver_request *req;
    struct deliver_reply reply;
    int op = 0, code = FL_OK;
    if (!strcmp(argv[0], "held"))
        return held(d, argv, o);
    for (int i = 1; i <= 3; i++)
        if (!strcmp(argv[0], ops[i]))
            op = i;
    req = deliver_request_new((enum deliver_op)op, "probe");
    for (char **folder = argv + 2; req && code == FL_OK && *folder; folder++)
        code = add(req, argv[1], *folder, o);
    if (req && code == FL_OK) {
        code = deliver_call(d, req, &reply);
        *o = reply.outcome;
    }
    deliver_request_free(req);
    return req ? code : FL_ENOMEM;
}
static int work(struct instance *i, char **argv, struct outcome *o)
{
    struct deliver *d = NULL;
    int code = instance_open(i, o);
    if (code == FL_OK)
        code = deliver_new(&i, 1, &d);
    if (code == FL_OK)
        code = run(d, argv, o);
    deliver_free(d);
    return code;
}

int main(int argc, char **argv)
{
    struct diag *d = diag_new();
    struct outcome o = { 0 };
    struct plugin *plugin = NULL;
    struct host host = { 0 };
    struct conf_tree *tree = argc >= 6 ? conf_tree_load(argv[3], d) : NULL;
    if (!tree)
        return 64;
    struct opt_ctx opts = { .diag = d, .arena = &tree->arena };
    struct instance_conf conf = { .name = "probe", .node = tree->root, .crowd = 1, .timeout_ms = 20000 };
    int code = plugin_load(argv[1], FL_KIND_SINK, argv[2], &plugin, &o);
    struct instance *i = code == FL_OK ? instance_new(plugin, &conf, &opts, &host) : NULL;
    diag_print(d, stderr);
    if (i && diag_errors(d) == 0)
        code = work(i, argv + 4, &o);
    else if (code == FL_OK)
        code = FL_ECONF;
    if (code != FL_OK)
        fprintf(stderr, "%s %s\n", outcome_code_name(code), o.msg);
    instance_free(i);
    plugin_free(plugin);
    conf_tree_free(tree);
    diag_free(d);
    return -code;
}
