/* SPDX-License-Identifier: Apache-2.0 */
/* drop_who.c - which names it is that keep an order from coming through. */
#include "base/mem.h"
#include "base/text.h"
#include "engine/steps.h"
#include "plugin/lane.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const char *const *names_of(const struct turn *t)
{
    const struct subject *s = t->task->subject;
    return s->cert->names;
}

/* ---- proofs -------------------------------------------------------------------------------- */

void drop_identifier(struct turn *t, const char *identifier, bool wildcard, const char *why)
{
    char name[260];

    snprintf(name, sizeof name, "%s%.253s", wildcard ? "*." : "", identifier);
    drop_note(t, name, why);
}

/* What says nothing about the one proof that it was asked for. */
static bool tells_nothing(const struct turn *t, int code)
{
    return code == FL_OK || code == FL_ERATE || code == FL_ENOMEM || code == FL_ECANCEL ||
           (code == FL_EAGAIN && (t->task->step == CERT_DEPLOY || strcmp(t->out.problem, LANE_CROWDED) == 0));
}

static void ask_one(struct turn *t, json_t *proof, enum proof_op op)
{
    cleanup_(json_freep) json_t *alone = json_array();

    if (!alone || json_array_append(alone, proof) != 0)
        return;
    if (!tells_nothing(t, proofs_call(t, alone, t->task->name, op)))
        drop_identifier(t, json_str(proof, "identifier", ""), json_flag(proof, "wildcard", false),
                        t->out.msg);
}

int drop_ask(struct turn *t, int code)
{
    const struct subject *s = t->task->subject;
    const json_t *proofs = json_list(t->rec, "proofs");
    bool deploys = t->task->step == CERT_DEPLOY, looks = t->task->step == CERT_VISIBLE;
    struct outcome o = t->out;
    char held[sizeof t->held];

    if (!names_of(t)[1] || !s->cert->on_bad_name || !(deploys || looks) ||
        (code != FL_EREJECT && code != FL_ECONF && code != FL_EAUTH))
        return code;
    memcpy(held, t->held, sizeof held);
    for (size_t i = 0; i < json_array_size(proofs); i++)
        ask_one(t, json_array_get(proofs, i), deploys ? PROOF_DEPLOY : PROOF_READY);
    memcpy(t->held, held, sizeof held);
    t->out = o;
    return drop_instead(t, code);
}

int drop_instead(struct turn *t, int code)
{
    if (code == FL_ECONF && drop_can_go_on(t))
        code = t->out.code = FL_EREJECT;
    return code;
}

/* ---- refusals ------------------------------------------------------------------------------ */

static bool in_name(char c) { return isalnum((unsigned char)c) || c == '-' || c == '_' || c == '*'; }

/* As a whole: not as the end or the beginning of a longer name. */
static bool says(const char *words, const char *name)
{
    size_t n = strlen(name);

    for (const char *at = strcasestr(words, name); at; at = strcasestr(at + 1, name)) {
        bool starts = at == words || !(in_name(at[-1]) || at[-1] == '.');
        bool ends = !in_name(at[n]) && !(at[n] == '.' && in_name(at[n + 1]));
        if (starts && ends)
            return true;
    }
    return false;
}

/* Only what is said about a name counts: an account's or a profile's refusal may mention names as well. */
static bool is_about_names(const struct outcome *o)
{
    static const char *const problems[] = { "rejectedIdentifier", "unsupportedIdentifier", "caa", "dns",
                                            NULL };

    return text_in(o->problem, problems);
}

void drop_refused(struct turn *t, char *const *refused, const struct outcome *why)
{
    for (char *const *name = refused; name && *name; name++)
        drop_note(t, *name, why->msg);
    for (const char *const *name = names_of(t); !refused && is_about_names(why) && *name; name++)
        if (says(why->msg, *name))
            drop_note(t, *name, why->msg);
}
