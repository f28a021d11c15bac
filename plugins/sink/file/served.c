/* SPDX-License-Identifier: Apache-2.0 */
/* served.c - is what was delivered also served? */
#include "served.h"

#include <fl/tls.h>

#include <string.h>
#include <sys/stat.h>
#include <time.h>

/* A server that was told to load takes some moments to do so. */
enum { FRESH_MS = 15000, SOON_MS = 500, PROBE_MS = 5000 };

static int64_t pause_ms(struct fl_ctx *ctx, int dir)
{
    struct stat st;
    int64_t age_ms = fstat(dir, &st) == 0 ? fl_now_ms(ctx) - (int64_t)st.st_mtim.tv_sec * 1000 : FRESH_MS;

    return age_ms >= 0 && age_ms < FRESH_MS ? SOON_MS : 0;
}
static const char *day(struct fl_ctx *ctx, int64_t at)
{
    struct tm tm;
    time_t t = (time_t)at;
    char text[32] = "?";

    if (gmtime_r(&t, &tm))
        (void)strftime(text, sizeof text, "%Y-%m-%d", &tm);
    return fl_printf(ctx, "%s", text);
}
static int other(struct fl_ctx *ctx, const struct fl_tls_probe *p, const struct fl_tls_served *got,
                 const struct layout *l, int dir, const struct fl_cert *c)
{
    return fl_again(
        ctx, pause_ms(ctx, dir),
        "%s serves another certificate for %s (serial %s, until %s) than serial %s in %s/%s: see "
        "that the server there uses the files in that folder, and that `reload` makes it load them",
        p->address, p->sni, got->serial, day(ctx, got->not_after_at), c->serial, l->directory, l->name);
}
static int look(struct fl_ctx *ctx, struct fl_tls_probe *p, const struct layout *l, int dir,
                const struct fl_cert *c)
{
    struct fl_tls_served got;
    int rc;

    p->key_type = c->key_type;
    rc = fl_tls_probe(ctx, p, &got);
    if (rc == FL_EREJECT) {
        /* Perhaps it has a certificate, but with another type of key. */
        p->key_type = NULL;
        rc = fl_tls_probe(ctx, p, &got);
    }
    if (rc == FL_EREJECT)
        return fl_again(
            ctx, pause_ms(ctx, dir),
            "%s has no certificate for %s: see that the server there is configured for that name, "
            "with the files in %s/%s, and that `reload` makes it load them",
            p->address, p->sni, l->directory, l->name);
    if (rc != FL_OK)
        return rc;
    return strcmp(got.serial, c->serial) ? other(ctx, p, &got, l, dir, c) : FL_OK;
}
int served_check(struct fl_ctx *ctx, const char *const *addresses, const struct layout *l, int dir,
                 const struct fl_cert *certs, size_t n)
{
    int rc = FL_OK;

    for (; addresses && *addresses && rc == FL_OK; addresses++)
        for (size_t i = 0; i < n && rc == FL_OK; i++)
            for (const char *const *id = certs[i].identifiers; *id && rc == FL_OK; id++) {
                struct fl_tls_probe p = { .address = *addresses, .sni = *id, .timeout_ms = PROBE_MS };
                if (!strncmp(*id, "*.", 2))
                    p.sni = fl_printf(ctx, "fairlead-check%s", *id + 1);
                rc = look(ctx, &p, l, dir, &certs[i]);
            }
    return rc;
}
