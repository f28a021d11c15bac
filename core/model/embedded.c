/* SPDX-License-Identifier: Apache-2.0 */
/* embedded.c - what there is when the configuration does not say otherwise. */
#include "model/model.h"

#include "base/buf.h"
#include "base/mem.h"

/* Each section stands for a section of that name that no file has; they are not mixed. */
static const char head[] = "authorities = { letsencrypt = { }; };\n"
                           "dns = { self = { plugin = \"self\"; }; };\n"
                           "solvers = { txt = { plugin = \"dns-01\"; }; web = { plugin = \"http-01\"; }; };\n"
                           "sinks = { disk = { plugin = \"file\"; directory = \"";
static const char tail[] = "/live\"; }; };\n";

const char *model_embedded(struct arena *a, const char *state)
{
    cleanup_(buf_done) struct buf b = BUF(16384);

    buf_adds(&b, head);
    for (; *state; state++) {
        if (*state == '"' || *state == '\\')
            buf_adds(&b, "\\");
        buf_add(&b, state, 1);
    }
    buf_adds(&b, tail);
    return arena_strdup(a, buf_text(&b));
}
