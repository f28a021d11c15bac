/* SPDX-License-Identifier: Apache-2.0 */
/* revoke.h - certificates that are to be revoked: a task of the cleanup kind each, with a record of its own. */
#ifndef ENGINE_REVOKE_H
#define ENGINE_REVOKE_H

#include "base/json.h"
#include "base/outcome.h"
#include "store/store.h"
#include <stdbool.h>

/*
 * Reasons are RFC 5280's words (5.3.1); those of a subscriber are taken.
 *
 *   unspecified, superseded   a replacement is ordered and delivered to every sink first, then the old one is revoked
 *   keyCompromise             the same, with a new key, also where `reuse_key` says otherwise
 *   affiliationChanged, cessationOfOperation, privilegeWithdrawn
 *                             revoked at once, and not replaced until somebody asks to renew it or changes what is asked for
 *
 * `now` revokes the first three at once, too; the replacement is ordered at the same time. What is not in the configuration any
 * more is revoked at once and not replaced.
 *
 * The record "cleanup:revoke@SERIAL": owner (task of the lineage), serial, leaf, key (sealed), authority, not_after, reason
 * (number), by_key, replace, stay. It holds everything that is needed, whatever becomes of the certificate's own record. Steps: tell
 * (asks the certificate for the replacement) -> replaced (waits until every sink has it) -> revoke; done, it goes.
 */
enum { REVOKE_KEY_COMPROMISE = 1 };
/* Number of a reason; -1: none that is taken here, and `words_out` says which are. */
int revoke_reason(const char *word, const char **words_out);
const char *revoke_reason_name(int reason);

struct revoke {
    int reason;
    bool by_key, now;
};
/* Puts it down for that certificate of the task `owner` ("certificate:NAME"): its record's `live`, or one of revoke_all(). On disk when
 * FL_OK; *task_out is the cleanup task. Asked again while it is under way, `now` counts. One that is not live is revoked when every
 * sink has what is. FL_ECONF: there is nothing that could be revoked. */
int revoke_put(struct store *s, const char *owner, const json_t *live, bool known, const struct revoke *how,
               char task_out[400], struct outcome *o);
/* All that could be revoked of that task: array of what is live, of the one before and of earlier ones that have not
 * expired (those have no key any more), the newest first. NULL: no memory. */
json_t *revoke_all(struct store *s, const char *owner, const json_t *rec);
/* What the archive is to keep of `old`, which was archived so far, and of those before it: `earlier` of `to`. False: no memory. */
bool revoke_keep(json_t *to, const json_t *old);
/* Hexadecimal in any spelling. */
bool revoke_same_serial(const char *a, const char *b);
/* Revocations under way of that certificate (its lineages included): array of {task, serial, reason, step, code, msg, due}. */
json_t *revoke_list(struct store *s, const char *certificate);

#endif
