/* SPDX-License-Identifier: Apache-2.0 */
/* steps.h - the functions behind the step tables, and what they share. Internal to engine/. */
#ifndef ENGINE_STEPS_H
#define ENGINE_STEPS_H

#include "engine/turn.h"
#include "zone/domain.h"

/* What certificate, delivery and host tasks are about; made by setup.c, const. */
struct subject {
    const struct model_certificate *cert;
    const char *key;  /* of certificate tasks: the lineage's key type */
    const char *sink; /* of delivery tasks */
    struct subject *next;
};

int authority_directory(struct turn *t);
int authority_account(struct turn *t);
int authority_idle(struct turn *t);

int zone_task_find(struct turn *t);
int zone_task_write(struct turn *t);
int zone_task_settle(struct turn *t);
int zone_task_look(struct turn *t);
int zone_task_idle(struct turn *t);

int host_owner(struct turn *t);
int host_publish(struct turn *t);
int host_visible(struct turn *t);
int host_idle(struct turn *t);

int cert_plan(struct turn *t);
int cert_key(struct turn *t);
int cert_order(struct turn *t);
int cert_authorize(struct turn *t);
int cert_deploy(struct turn *t);
int cert_visible(struct turn *t);
int cert_answer(struct turn *t);
int cert_valid(struct turn *t);
int cert_finalize(struct turn *t);
int cert_fetch(struct turn *t);
int cert_rest(struct turn *t);

int delivery_deploy(struct turn *t);
int delivery_verify(struct turn *t);
int delivery_idle(struct turn *t);
int delivery_retire(struct turn *t);

int cleanup_withdraw(struct turn *t);
int cleanup_tell(struct turn *t);
int cleanup_replaced(struct turn *t);
int cleanup_revoke(struct turn *t);

/* ---- shared ------------------------------------------------------------------- */

/* Name of the certificate task of that lineage: the first key type has the plain name. */
bool lineage_name(const struct model_certificate *mc, const char *key, char out[400]);
/* The order's account is in use by `*out`; FL_EAGAIN (and the authority is asked to hurry) when it is not ready yet. */
int use_authority(struct turn *t, const char *name, struct acme **out);
/* What is wrong with the live certificate as measured by the configuration; NULL: nothing, and it rests until *renew_at_out. */
const char *live_lacks(const json_t *rec, const struct subject *s, int64_t now_at, int64_t *renew_at_out);
/* The order is over: its challenges go to a cleanup task, the order leaves the record. `keep_key`: the key is in use;
 * else the record is written before the key is removed. t->out stays as it was on FL_OK; otherwise the order is still there. */
int order_over(struct turn *t, bool keep_key);
/* Removes keys of orders that are over, after a crash those that the record still lists. */
void forget_waste(struct turn *t);
/* The proofs leave the record for a cleanup task. */
int proofs_over(struct turn *t);
/* Makes the cleanup task of a certificate's proofs; its record is on disk when this returns. */
int cleanup_start(struct engine *e, const char *owner, json_t *proofs, int64_t at_ms, struct outcome *o);
/* The proofs of one solver as the plugin's array, in memory of the caller's; see proofs.c. */
struct proofs {
    struct fl_challenge *at;
    size_t n;
};
bool proofs_of(const json_t *list, const char *solver, struct proofs *out);
void proofs_done(struct proofs *p);
enum proof_op { PROOF_DEPLOY, PROOF_READY, PROOF_WITHDRAW };
/* Calls the op once per solver instance. The worst code wins; words of the first that was not FL_OK. */
int proofs_call(struct turn *t, const json_t *list, const char *owner, enum proof_op op);
/* The host's record says that the addresses which the certificate has now are given by every server. */
bool host_is_out(const json_t *rec, const struct model_certificate *mc);
/* JSON array of texts -> NULL-terminated array of borrowed texts; free() it. NULL: no memory. */
const char **json_strv(const json_t *list);
json_t *strv_json(const char *const *v);

/* ---- choose.c: which authority of the list, and what its failures mean for it ---- */

/* The authority that this certificate's next order goes to: the first of its list that is not set aside. Borrowed from the model. */
const char *choose_authority(struct turn *t);
/* After a turn of a certificate's order that failed (blame BLAME_AUTHORITY) or came through (FL_OK at fetch). */
void choose_note(struct turn *t, const struct verdict *v);

/* ---- drop.c: names that keep an order from coming through (on_bad_name = "drop") ---- */

/* The names that an order is made for now: the certificate's but those dropped, the first always. free() the list. NULL: no memory. */
const char **wanted_names(const struct turn *t);
/* A validation or a newOrder failed for that identifier ("*." included where it was asked for so). */
void drop_note(struct turn *t, const char *identifier, const char *why);

/* ---- trust.c: is our clock one to decide by? ---- */

/* FL_OK, or FL_EAGAIN with the alarm's words: before the build's date, or a day off the authority's. Nothing is ordered or deleted then. */
int clock_trusted(struct turn *t, struct acme *acme);

/* ---- ari.c: when to renew (RFC 9773) ---- */

/*
 * Called by `plan` before it looks whether renewal is due, and when one was issued. Asks the authority that issued the
 * live certificate if that is due and it offers renewal information: one unsigned GET, no account (and the directory,
 * where this process has not read it). A moment inside the window is drawn once per window. FL_OK, FL_ENOMEM or
 * FL_ECANCEL: whatever else goes wrong only moves the next look, is logged by itself, and leaves t->out alone.
 * Kept in the record's live.ari: look_at (when to ask next; 0 where there is nothing to ask), tries (failed in a row), start_at, end_at,
 * moment_at, url (the authority's explanation, shown once a window as event `renewal-window`).
 */
int ari_look(struct turn *t);
/* When the live certificate is to be renewed: the moment in ARI's window where there is one, else by its lifetime; the
 * earlier of the two where `renew` is configured or the authority did not answer the last time, and never later than
 * half of the time that the lifetime's rule leaves. *next_look_at_out (may be NULL): when `plan` is to call ari_look()
 * again, 0: never. Pure. */
int64_t ari_renew_at(const json_t *rec, const struct subject *s, int64_t *next_look_at_out);

/* ---- settle.c: an intent without a URL ---- */

/*
 * Called by `order` where a newOrder may have arrived whose answer is not on disk: after a crash, or when the record says
 * `unsettled`. Looks in the account's orders list, where the authority keeps one, for an order that fits the intent
 * (identifiers, profile, pending or ready, nobody else's in this state) and puts its URL into the record. FL_OK also when there is none;
 * else as acme_orders() and acme_order() say.
 */
int settle_intent(struct turn *t, struct acme *acme);
/* A certificate task whose record has that order URL too: authorities may give the same order twice (RFC 8555 7.4 does not say that
 * they must not), and only one key can be certified by it. */
bool order_is_elsewhere(const struct turn *t, const char *url);

/* ---- held.c: what stands at the sinks already ---- */

/* A state that was restored from an old copy knows less than its sinks: *newer_out when one of them holds a newer certificate for
 * exactly the wanted names than the record's, not yet due, until *until_at_out; `plan` then rests until that. The event `held` is in the
 * history then. Sinks that cannot tell or fail are passed over: FL_OK or FL_ENOMEM. */
int held_newer(struct turn *t, bool *newer_out, int64_t *until_at_out);

#endif
