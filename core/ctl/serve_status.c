/* SPDX-License-Identifier: Apache-2.0 */
/* serve_status.c - a status, line by line, so that ten thousand certificates need no more room than one. */
#include "base/mem.h"
#include "ctl/cli.h"
#include "ctl/report.h"
#include "ctl/serve.h"
#include "engine/revoke.h"

#include <string.h>

static json_t *line_of(const char *what, json_t *value)
{
    json_t *line = json_object();

    if (line && value && json_put(line, what, json_incref(value))) {
        json_decref(value);
        return line;
    }
    json_decref(value);
    json_decref(line);
    return NULL;
}

static json_t *one(const struct serve *s, const char *name, bool last)
{
    json_t *no = NULL, *cert;

    if (last)
        return serve_reply(EXIT_DONE, "%s", "");
    const struct model_certificate *mc = serve_find(s, name, &no);
    cert = mc ? report_full(s->store, s->model, mc) : report_orphan(s->store, s->model, name);
    if (!cert)
        return no;
    json_decref(no);
    return line_of("certificate", cert);
}

json_t *serve_next(const struct serve *s, const json_t *req, size_t *at)
{
    const char *name = json_str(req, "name", NULL);
    size_t i = (*at)++, n = s->model->ncertificates;

    if (name)
        return one(s, name, i > 0);
    if (i < n) {
        cleanup_(json_freep) json_t *cert = report_certificate(s->store, &s->model->certificates[i]);
        return line_of("certificate",
                       json_flag(req, "brief", false) ? report_brief(cert) : json_incref(cert));
    }
    if (i == n)
        return line_of("orphans", report_orphans(s->store, s->model));
    if (i == n + 1)
        return line_of("revocations", revoke_list(s->store, NULL));
    if (i == n + 2)
        return line_of("zones", report_zones(s->store, s->model));
    return serve_reply(EXIT_DONE, "%s", "");
}
