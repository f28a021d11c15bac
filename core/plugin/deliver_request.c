/* SPDX-License-Identifier: Apache-2.0 */
/* deliver_request.c - builds a request to the sinks. */
#include "base/mem.h"
#include "base/text.h"
#include "plugin/deliver.h"

#include <string.h>

struct deliver_request *deliver_request_new(enum deliver_op op, const char *sink)
{
    struct deliver_request *req = calloc(1, sizeof *req);

    if (!req)
        return NULL;
    req->op = op;
    req->text_len = 1;
    if (text_copy(req->sink, sizeof req->sink, sink))
        return req;
    free(req);
    return NULL;
}
void deliver_request_free(struct deliver_request *req)
{
    if (req)
        mem_wipe(req, sizeof *req);
    free(req);
}
/* Always at a place of its own, so that texts can stand one after the other. */
static bool put(struct deliver_request *req, const char *s, uint32_t *at_out)
{
    size_t len = strlen(s ? s : "") + 1;

    if (len > sizeof req->text - req->text_len)
        return false;
    memcpy(req->text + req->text_len, s ? s : "", len);
    *at_out = req->text_len;
    req->text_len += (uint32_t)len;
    return true;
}
static bool put_names(struct deliver_request *req, const char *const *names, struct deliver_cert *c)
{
    for (; names && names[c->nnames]; c->nnames++) {
        uint32_t at = 0;
        if (c->nnames >= DELIVER_NAMES || !put(req, names[c->nnames], &at))
            return false;
        if (c->nnames == 0)
            c->names = at;
    }
    return true;
}
bool deliver_request_add(struct deliver_request *req, const struct fl_cert *cert)
{
    struct deliver_cert c = { .not_before_at = cert->not_before_at, .not_after_at = cert->not_after_at };
    const char *key = req->op == DELIVER_DEPLOY ? cert->key_pem : "";

    if (req->ncerts >= DELIVER_CERTS || !put(req, cert->name, &c.name) ||
        !put(req, cert->file_name, &c.file_name) || !put(req, cert->key_type, &c.key_type) ||
        !put(req, cert->serial, &c.serial) || !put(req, cert->leaf_pem, &c.leaf) ||
        !put(req, cert->chain_pem, &c.chain) || !put(req, key, &c.key) || !put(req, cert->ref, &c.ref) ||
        !put_names(req, cert->identifiers, &c))
        return false;
    req->certs[req->ncerts++] = c;
    return true;
}
