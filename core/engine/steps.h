/* SPDX-License-Identifier: Apache-2.0 */
/* steps.h - the functions behind the step tables, and what they share. Internal to engine/. */
#ifndef ENGINE_STEPS_H
#define ENGINE_STEPS_H

#include "crypto/chain.h"
#include "engine/calm.h"
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
int authority_contact(struct turn *t);
int authority_new_key(struct turn *t);
int authority_rollover(struct turn *t);
int authority_deactivate(struct turn *t);
int authority_idle(struct turn *t);
/* At the engine's start: accounts whose contact was changed in the configuration, or whose key is being changed, do not sleep. */
void authority_wake(struct engine *e);

int zone_task_find(struct turn *t);
int zone_task_create(struct turn *t);
int zone_task_write(struct turn *t);
int zone_task_settle(struct turn *t);
int zone_task_look(struct turn *t);
int zone_task_delegation(struct turn *t);
int zone_task_registrar(struct turn *t);
int zone_task_idle(struct turn *t);

int host_owner(struct turn *t);
int host_publish(struct turn *t);
int host_visible(struct turn *t);
int host_leave(struct turn *t);
int host_idle(struct turn *t);

/* FL_EAGAIN: a name can only be proved by records, in a zone that has to be made or delegated first. */
int zones_in_order(struct turn *t);
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
bool cert_still(struct turn *t); /* in calm.c */
/* A key that is not in the keeper any more cannot be delivered again. */
bool key_lost(struct turn *t, const char *sealed);
/* When to look at a resting certificate again, ms: when it is to be renewed, or at `look_at` where that is earlier; 0: there is nothing else to look after. */
int64_t rest_look_ms(const struct turn *t, int64_t renew_at, int64_t look_at);

int delivery_deploy(struct turn *t);
int delivery_verify(struct turn *t);
int delivery_idle(struct turn *t);
bool delivery_still(struct turn *t);
int delivery_retire(struct turn *t);

int cleanup_withdraw(struct turn *t);
int cleanup_release(struct turn *t);
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
/* Makes the cleanup task of what a certificate's record holds of an order: its proofs, and with `open` also the
 * authorizations that may still be pending at the authority. Its record is on disk when this returns; nothing is made where there is
 * nothing. */
int cleanup_start(struct engine *e, const char *owner, const json_t *rec, bool open, struct outcome *o);
/* The issued order's chain: the one that the authority offers first, or the alternate that `preferred_chain` names, parsed, checked
 * against the order's names and key. Where no chain is of that name, the first, with an event that lists what there is. */
int cert_take_chain(struct turn *t, struct acme *acme, struct chain *out);
/* Where an order goes on from, by its status (RFC 8555 7.1.6): FL_OK and perhaps t->go, or FL_EREJECT when it is dead. */
int order_by_status(struct turn *t, const struct acme_order *order);
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

/*
 * The authority that this certificate's next order goes to: the first of its list that is not set aside; where all are, the one that was
 * so first, so that they take turns. Borrowed from the model. An order under way stays where it is.
 *
 * An authority is set aside after 3 failures of its own (BLAME_AUTHORITY) over an hour, when half of the time is gone that the live
 * certificate had when they began, or when it wants to be left alone for longer than that. It comes back when the time that it named
 * is over, or after one success of its task since, though not to the same renewal within the hour; at the latest after a day. What it
 * refuses for this certificate alone (caa, rejectedIdentifier, unsupportedIdentifier, invalidProfile) stands until another authority has
 * issued and a day has passed; then one more such refusal is enough. One whose account was deactivated on purpose is passed over.
 *
 * Record of a certificate: aside { NAME: { tries, first_at, aside_at, until_at, own, why } }. Record of an authority: failing { tries,
 * first_at, until_at, why }, tested_at.
 */
const char *choose_authority(struct turn *t);
/* After every step, before its verdict is carried out: notes what was the authority's fault or came through, of certificates and of
 * authorities. A certificate whose authority was set aside by this, with no order there and another authority left, plans anew at once. */
void choose_note(struct turn *t, struct verdict *v);
/* Nothing of it stands at an authority, and it may go to another: it is not held up with the one that it was about to ask. */
bool choose_is_free(const struct turn *t);

/* ---- drop.c: names that keep an order from coming through (on_bad_name = "drop") ---- */

/*
 * Record of a certificate: bad { NAME: { fails, at, why, dropped_at } }, tried_at. A name that failed five times is dropped:
 * orders are made without it, but for one a day with all names (and one for each "renew" that is asked for), whose failure is noted and
 * costs nothing else: what is live stays. When that one is issued the name is back and its failures are forgotten. The first name is never
 * dropped, nor is anything where on_bad_name is "keep".
 */
/* The names that an order is made for now: the certificate's but those dropped, all of them when drop_due(). free() the list. NULL: no memory. */
const char **wanted_names(const struct turn *t);
/* A dropped name is to be tried again now. */
bool drop_due(const struct turn *t);
/* When it is; 0: no name is dropped. */
int64_t drop_try_at(const json_t *rec, const struct subject *s);
/* Names of the certificate that what is live need not have. */
bool drop_is(const json_t *rec, const struct subject *s, const char *name);
/* An order with all names begins: it is today's try. */
bool drop_tried(struct turn *t);
/*
 * One rule for what counts: an order that is given up, or barred by refused credentials, is one failure for each of the names that it
 * failed for, whichever step it was: those that newOrder or finalize refused, that no solver can prove, whose zone is not
 * found, whose proof cannot be put in place or seen, whose validation failed. Where the first name is among them none counts.
 */
/* This step failed for that identifier ("*." included where it was asked for so). In the step `valid` it also counts against the
 * authority's budget of failed validations. */
void drop_note(struct turn *t, const char *identifier, const char *why);
void drop_identifier(struct turn *t, const char *identifier, bool wildcard, const char *why);
/* All identifiers of a refusal, `refused` of struct acme_order; NULL: those of which its words speak. */
void drop_refused(struct turn *t, char *const *refused, const struct outcome *why);
/* The proofs as a whole came to `code` in deploy or visible: each by itself is asked again, to note which ones it is. Returns the code,
 * as drop_instead() does; t->out and t->held stay. Nothing where names are kept. */
int drop_ask(struct turn *t, int code);
/* FL_ECONF would wait for a reload: where the order can do without those noted it is FL_EREJECT, in t->out as well. */
int drop_instead(struct turn *t, int code);
/* Names were noted in this step, and the first is not one of them. */
bool drop_can_go_on(const struct turn *t);
/* After every step, before its verdict is carried out: counts. A name was dropped, so its pause is over, or it was only a try. */
void drop_settle(struct turn *t, struct verdict *v);
/* The names of what is live are in order; called when it was issued. */
void drop_forget(struct turn *t);

/* ---- trust.c: is our clock one to decide by? ---- */

/*
 * FL_OK, or FL_EAGAIN with problem "clock" and the alarm's words: before the release's date (RELEASE_AT), or a day off the authority's.
 * Nothing is ordered or deleted then. An authority that has not told its time yet is asked (its directory); one that is off is
 * asked again, once a minute at most, for the clock may have been set since. `acme` NULL: every authority that has told its time.
 */
int clock_trusted(struct turn *t, struct acme *acme);
/* Called before every step: the same for steps that order, delete or decide by the time; FL_OK for all others. */
int clock_gate(struct turn *t);

/* ---- budget.c: what an authority allows, counted here ---- */

/*
 * Buckets of tokens in the store's group `budget`: new orders of the account, certificates of each registered domain (or address), of each
 * set of names, failed validations of each name; sizes from the authority's `limits` or, where it is known, built in. A bucket that is full
 * is not stored. An order with `replaces` costs nothing; a renewal for the same names only from its set.
 * Names that have no certificate yet leave a fifth of orders and domains alone; of what is left the share that a renewal leaves alone
 * shrinks with the time that its certificate has left. Who has to wait stands in line, see order_line.c.
 */
/* Before newOrder: FL_OK and taken (noted in the intent), or FL_EAGAIN with words and the time when there may be enough. */
int budget_take(struct turn *t, const char *const *names, bool replaces);
/* The order is over and nothing was issued: domains and sets were not used up. */
void budget_return(struct turn *t);
/* One validation of that name failed. */
void budget_failed(struct turn *t, const char *name);
/* For people: array of { what ("orders", "domain", "same", "failed"), of (domain, name; absent: the account), left, most, per_s, full_at } of all buckets
 * that are not full, as of now. Any store that can be read; NULL: no memory. */
json_t *budget_report(struct store *s, const struct model_authority *a, const char *directory,
                      int64_t now_ms);
/* What stands for a set of names in the `of` of "same". False: no memory. */
enum { BUDGET_SET = 33 };
bool budget_set(const char *const *names, char out[BUDGET_SET]);
/* Removes buckets that are full again. */
void budget_tidy(struct turn *t);

/* ---- order_line.c: whose turn it is, where an authority takes no more new orders for a while ---- */

/*
 * Those that wait for the same (t->limited, set by `order`) stand in one line (line.h), the certificate that ends first in front; names that
 * have none yet come last, in the order in which they came. Only the first comes back when it may; when it is through, or has another
 * reason to wait, it wakes the next.
 */
/* Somebody more urgent waits there, though it may be free just now. */
bool order_line_before(const struct turn *t, const char *key);
/* After every step of a certificate, when its verdict is known: stands in line, leaves it, wakes who is next. */
void order_line(struct turn *t, const struct verdict *v, struct turned *end);

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
/* For cert_still(), which asks too if it is time, and notes nothing: true when what is known of the window is still so, and when to
 * look next (0: never). What it heard is in t->heard for ari_look(), which notes it. */
bool ari_still(struct turn *t, int64_t *look_at_out);
void ari_answer_free(struct ari_answer *a); /* NULL is fine */
/* When the live certificate is to be renewed: the moment in ARI's window where there is one, else by its lifetime; the
 * earlier of the two where `renew` is configured or the authority did not answer the last time, and never later than
 * half of the time that the lifetime's rule leaves. Of a fleet the first renewal comes earlier by live.spread. *next_look_at_out (may be NULL): when `plan` is to call ari_look()
 * again, 0: never. Pure. */
int64_t ari_renew_at(const json_t *rec, const struct subject *s, int64_t *next_look_at_out);
/* live.spread of a certificate that is being issued: thousandths of the time until its first renewal to be left out. */
int64_t ari_spread(const struct turn *t);

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

/* A state that was restored from an old copy knows less than its sinks. */
struct held {
    bool
        newer; /* it is newer than the record's `live`, for the same names and type of key, holds, and is not yet due */
    int64_t due_at;
    char serial[64], until[32];
};
/* Of the lineage of `s` (cert and key) at that sink, beside that lineage's record; without `live` the state knows none. A sink that
 * cannot tell or fails: not newer. FL_OK, FL_ENOMEM, or for a while FL_EAGAIN: others are with the sink. */
int held_at(struct turn *t, const struct subject *s, const char *sink, const json_t *rec, struct held *out);
/* For `plan`, where an order would be due and nobody asked for one in person: *newer_out when a sink holds a newer one
 * than the record's (every sink, where the record has none); then it is to rest until *until_at_out, and the event `held`
 * is in the history. Codes as held_at(). */
int held_newer(struct turn *t, bool *newer_out, int64_t *until_at_out);

#endif
