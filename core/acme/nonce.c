/* SPDX-License-Identifier: Apache-2.0 */
/* nonce.c - the pool of anti-replay nonces (RFC 8555 6.5). */
#include "acme/authority.h"
#include "acme/directory.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"

#include <string.h>

static bool pool_take(struct acme *a, char out[NONCE_MAX])
{
    struct nonces *pool = &a->nonces;
    int64_t now = clock_mono_ms();
    bool found = false;

    pthread_mutex_lock(&a->lock);
    if (pool->n > 0) {
        const struct nonce *newest = &pool->pool[pool->n - 1];
        found = now - newest->at_ms <= NONCE_AGE_MS;
        if (found)
            text_copy(out, NONCE_MAX, newest->text);
        pool->n = found ? pool->n - 1 : 0; /* all below are older still */
    }
    pthread_mutex_unlock(&a->lock);
    return found;
}
void nonce_put(struct acme *a, const char *nonce)
{
    struct nonces *pool = &a->nonces;
    int64_t now = clock_mono_ms();

    pthread_mutex_lock(&a->lock);
    if (pool->n == NONCE_POOL)
        memmove(&pool->pool[0], &pool->pool[1], --pool->n * sizeof pool->pool[0]);
    text_copy(pool->pool[pool->n].text, NONCE_MAX, nonce);
    pool->pool[pool->n++].at_ms = now;
    pthread_mutex_unlock(&a->lock);
}
bool nonce_of(const struct http_answer *answer, char out[NONCE_MAX])
{
    char nonce[NONCE_MAX];
    size_t len;

    if (!http_header(answer, "replay-nonce", nonce, sizeof nonce))
        return false;
    len = strspn(nonce, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");
    return len > 0 && nonce[len] == '\0' && text_copy(out, NONCE_MAX, nonce);
}
int nonce_take(struct acme *a, const struct directory *d, char out[NONCE_MAX], struct outcome *o)
{
    struct http_request req = { .method = "HEAD", .url = d->new_nonce, .no_body = true };
    cleanup_(http_answer_done) struct http_answer answer = { 0 };
    int rc;

    if (pool_take(a, out))
        return FL_OK;
    rc = acme_ask(a, &req, &answer, o);
    if (rc == FL_OK && answer.status / 100 != 2)
        rc = acme_judge(&answer, o);
    if (rc == FL_OK && !nonce_of(&answer, out))
        rc = outcome_fail(o, FL_EPROTO, "the answer has no usable Replay-Nonce");
    if (rc != FL_OK)
        return outcome_context(o, "%s: new nonce", a->name);
    return FL_OK;
}
