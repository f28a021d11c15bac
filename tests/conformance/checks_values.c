/* SPDX-License-Identifier: Apache-2.0 */
/* checks_values.c - what becomes of the values of one RRset. */
#include "suite.h"
#include <string.h>

static bool apply(struct suite *s, const char *what, const struct fl_change *c, int want)
{
    struct outcome o = { 0 };
    return suite_code(s, what, suite_apply(s, c, 1, &o), want, &o);
}

static const struct fl_rrset *now(struct suite *s, const char *name, uint32_t type)
{
    struct outcome o = { 0 };
    struct shelf shelf;
    (void)suite_list(s, name, type, &shelf, &o);
    return shelf_find(&shelf, name, type);
}

static void nothing_there(struct suite *s)
{
    struct outcome o = { 0 };
    struct shelf shelf;
    int code = suite_list(s, suite_name(s, "nobody"), FL_RR_TXT, &shelf, &o);
    if (suite_code(s, "list of a name without records", code, FL_OK, &o) && shelf.n > 0)
        suite_complain(s, "list of a name without records gives %zu RRsets", shelf.n);
}

static void add(struct suite *s)
{
    static const char proof[] = "q3_kZ-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZa";
    const char *name = suite_name(s, "_acme-challenge.add");
    const struct fl_change c = suite_change(s, name, FL_RR_TXT, NOTHING, TEXTS(proof), NULL);
    if (apply(s, "adding a value", &c, FL_OK))
        suite_stands(s, name, FL_RR_TXT, TEXTS(proof));
}

static void again(struct suite *s)
{
    const char *name = suite_name(s, "again");
    const struct fl_change c = suite_change(s, name, FL_RR_TXT, NOTHING, TEXTS("one"), NULL);
    if (apply(s, "adding a value", &c, FL_OK) && apply(s, "the same change again", &c, FL_OK))
        suite_stands(s, name, FL_RR_TXT, TEXTS("one"));
}

static void take_away(struct suite *s)
{
    const char *name = suite_name(s, "gone");
    if (!suite_put(s, name, FL_RR_TXT, TEXTS("one")))
        return;
    const struct fl_change c =
        suite_change(s, name, FL_RR_TXT, TEXTS("one"), NOTHING, now(s, name, FL_RR_TXT));
    struct outcome o = { 0 };
    struct shelf shelf;
    if (!apply(s, "removing the last value", &c, FL_OK) || !suite_stands(s, name, FL_RR_TXT, NOTHING))
        return;
    if (suite_list(s, name, 0, &shelf, &o) == FL_OK && shelf.n > 0)
        suite_complain(s, "an empty RRset is listed");
}

static void gone_again(struct suite *s)
{
    const char *name = suite_name(s, "gone-again");
    if (!suite_put(s, name, FL_RR_TXT, TEXTS("one")))
        return;
    const struct fl_change c =
        suite_change(s, name, FL_RR_TXT, TEXTS("one"), NOTHING, now(s, name, FL_RR_TXT));
    if (apply(s, "removing a value", &c, FL_OK) && apply(s, "the same removal again", &c, FL_OK))
        suite_stands(s, name, FL_RR_TXT, NOTHING);
}

static void two_values(struct suite *s)
{
    const char *name = suite_name(s, "_acme-challenge.two");
    struct fl_change c = suite_change(s, name, FL_RR_TXT, NOTHING, TEXTS("one", "two"), NULL);
    if (!apply(s, "adding two values", &c, FL_OK) || !suite_stands(s, name, FL_RR_TXT, TEXTS("one", "two")))
        return;
    c = suite_change(s, name, FL_RR_TXT, TEXTS("one", "two"), TEXTS("one", "two", "three"),
                     now(s, name, FL_RR_TXT));
    if (!apply(s, "adding a third", &c, FL_OK) ||
        !suite_stands(s, name, FL_RR_TXT, TEXTS("one", "two", "three")))
        return;
    c = suite_change(s, name, FL_RR_TXT, TEXTS("one", "two", "three"), TEXTS("one", "three"),
                     now(s, name, FL_RR_TXT));
    if (!apply(s, "removing one of three", &c, FL_OK) ||
        !suite_stands(s, name, FL_RR_TXT, TEXTS("one", "three")))
        return;
    c = suite_change(s, name, FL_RR_TXT, TEXTS("one", "three"), TEXTS("three", "four"),
                     now(s, name, FL_RR_TXT));
    if (apply(s, "one for another", &c, FL_OK))
        suite_stands(s, name, FL_RR_TXT, TEXTS("three", "four"));
}

static void other_types(struct suite *s)
{
    const char *name = suite_name(s, "host"), *alias = suite_name(s, "alias");
    struct shelf shelf;
    struct outcome o = { 0 };
    bool ok = suite_put(s, name, FL_RR_A, TEXTS("192.0.2.1", "192.0.2.2")) &&
              suite_put(s, name, FL_RR_AAAA, TEXTS("2001:db8::1")) &&
              suite_put(s, name, FL_RR_TXT, TEXTS("beside")) &&
              suite_put(s, alias, FL_RR_CNAME, TEXTS("target.example.net"));
    ok = ok && suite_stands(s, name, FL_RR_A, TEXTS("192.0.2.1", "192.0.2.2")) &&
         suite_stands(s, name, FL_RR_AAAA, TEXTS("2001:db8::1")) &&
         suite_stands(s, name, FL_RR_TXT, TEXTS("beside")) &&
         suite_stands(s, alias, FL_RR_CNAME, TEXTS("target.example.net"));
    if (!ok || suite_list(s, alias, FL_RR_CNAME, &shelf, &o) != FL_OK)
        return;
    const struct fl_rrset *r = shelf_find(&shelf, alias, FL_RR_CNAME);
    if (r && strcmp(r->values[0].text, "target.example.net") != 0)
        suite_complain(s,
                       "the target of an alias is listed as %s: names are in lower case, without a final dot",
                       r->values[0].text);
    if (suite_put(s, alias, FL_RR_CNAME, TEXTS("other.example.net")))
        suite_stands(s, alias, FL_RR_CNAME, TEXTS("other.example.net"));
}

/* A listing that was asked for one thing gives that one thing. */
static void list_one(struct suite *s)
{
    const char *name = suite_name(s, "listed"), *longer = suite_name(s, "a.listed"),
               *other = suite_name(s, "unlisted");
    struct shelf shelf;
    struct outcome o = { 0 };
    if (!suite_put(s, name, FL_RR_TXT, TEXTS("this")) || !suite_put(s, name, FL_RR_A, TEXTS("192.0.2.3")) ||
        !suite_put(s, longer, FL_RR_TXT, TEXTS("below")) || !suite_put(s, other, FL_RR_TXT, TEXTS("beside")))
        return;
    int code = suite_list(s, name, FL_RR_TXT, &shelf, &o);
    if (!suite_code(s, "list", code, FL_OK, &o))
        return;
    for (size_t i = 0; i < shelf.n; i++)
        if (shelf.at[i].type != FL_RR_TXT || strcmp(shelf.at[i].name, name) != 0)
            suite_complain(s, "list of TXT at %s gives type %u at %s too", name, shelf.at[i].type,
                           shelf.at[i].name);
    if (shelf.n != 1)
        suite_complain(s, "list of one RRset gives %zu", shelf.n);
    suite_stands(s, name, FL_RR_TXT, TEXTS("this"));
}

static void ttl(struct suite *s)
{
    const char *name = suite_name(s, "ttl");
    if (!suite_put(s, name, FL_RR_TXT, TEXTS("one", "two")))
        return;
    const struct fl_rrset *r = now(s, name, FL_RR_TXT);
    struct fl_change c = suite_change(s, name, FL_RR_TXT, TEXTS("one", "two"), TEXTS("one", "two"), r);
    c.ttl = 7200;
    if (!apply(s, "another TTL for the same values", &c, FL_OK) ||
        !suite_stands(s, name, FL_RR_TXT, TEXTS("one", "two")))
        return;
    r = now(s, name, FL_RR_TXT);
    if (r && r->ttl != 7200)
        suite_complain(s, "the RRset was given a TTL of 7200 and is listed with %u", r->ttl);
}

/* ---- others write there too ---- */

static bool sees_others(struct suite *s)
{
    if (suite_can(s, FL_CAP_VALUES) || suite_can(s, FL_CAP_PRECONDITION))
        return true;
    s->not_applicable =
        "claims neither FL_CAP_VALUES nor FL_CAP_PRECONDITION: the core lists before it writes";
    return false;
}

/* FL_OK with the one, or FL_ESTALE with the other. */
static bool done_or_stale(struct suite *s, const char *what, const struct fl_change *c,
                          const char *const *done, const char *const *stale)
{
    struct outcome o = { 0 };
    int code = suite_apply(s, c, 1, &o);
    if (code != FL_OK && code != FL_ESTALE)
        return suite_code(s, what, code, FL_OK, &o);
    return suite_stands(s, c->name, c->type, code == FL_OK ? done : stale);
}

static void foreign(struct suite *s)
{
    const char *name = suite_name(s, "foreign");
    if (!sees_others(s) || !suite_put(s, name, FL_RR_TXT, TEXTS("theirs")))
        return;
    const struct fl_change c = suite_change(s, name, FL_RR_TXT, NOTHING, TEXTS("ours"), NULL);
    if (!done_or_stale(s, "adding beside a value that `before` does not know", &c, TEXTS("theirs", "ours"),
                       TEXTS("theirs")) ||
        !suite_put(s, name, FL_RR_TXT, TEXTS("theirs", "ours")))
        return;
    const struct fl_change r =
        suite_change(s, name, FL_RR_TXT, TEXTS("ours"), NOTHING, now(s, name, FL_RR_TXT));
    done_or_stale(s, "removing beside a value that `before` does not know", &r, TEXTS("theirs"),
                  TEXTS("theirs", "ours"));
}

static void foreign_known(struct suite *s)
{
    const char *name = suite_name(s, "neighbour");
    if (suite_put(s, name, FL_RR_TXT, TEXTS("theirs")) &&
        suite_put(s, name, FL_RR_TXT, TEXTS("theirs", "ours")) &&
        suite_stands(s, name, FL_RR_TXT, TEXTS("theirs", "ours")) &&
        suite_put(s, name, FL_RR_TXT, TEXTS("theirs")))
        suite_stands(s, name, FL_RR_TXT, TEXTS("theirs"));
}

/* Of an alias there is one: writing it is replacing it. */
static void stale(struct suite *s)
{
    const char *name = suite_name(s, "stale");
    if (!sees_others(s) || !suite_put(s, name, FL_RR_CNAME, TEXTS("theirs.example.net")))
        return;
    struct fl_change c = suite_change(s, name, FL_RR_CNAME, NOTHING, TEXTS("ours.example.net"), NULL);
    if (!apply(s, "an alias where another stands, `before` empty", &c, FL_ESTALE) ||
        !suite_stands(s, name, FL_RR_CNAME, TEXTS("theirs.example.net")))
        return;
    c = suite_change(s, name, FL_RR_CNAME, TEXTS("older.example.net"), TEXTS("ours.example.net"), NULL);
    if (!apply(s, "an alias for one that does not stand there any more", &c, FL_ESTALE))
        return;
    suite_stands(s, name, FL_RR_CNAME, TEXTS("theirs.example.net"));
}

static void stale_done(struct suite *s)
{
    const char *name = suite_name(s, "stale-done");
    if (!suite_put(s, name, FL_RR_CNAME, TEXTS("old.example.net")))
        return;
    const struct fl_change c = suite_change(s, name, FL_RR_CNAME, TEXTS("old.example.net"),
                                            TEXTS("new.example.net"), now(s, name, FL_RR_CNAME));
    if (apply(s, "an alias for another", &c, FL_OK) && apply(s, "the same change again", &c, FL_OK))
        suite_stands(s, name, FL_RR_CNAME, TEXTS("new.example.net"));
}

const struct check checks_values[] = {
    { "nothing-there", "list() of a name without records is FL_OK and gives nothing", nothing_there },
    { "add", "apply() makes an RRset that did not exist (nbefore == 0)", add },
    { "again", "repeating an applied batch is a success and changes nothing", again },
    { "remove", "an RRset without values after the change (nafter == 0) is gone, and not listed", take_away },
    { "remove-again", "removing what is gone is a success", gone_again },
    { "two-values",
      "an RRset has several values (apex and wildcard share _acme-challenge); each comes and goes alone",
      two_values },
    { "types", "A, AAAA, CNAME and TXT are written and listed; several types stand at one name",
      other_types },
    { "list-one", "list() with a name and a type gives that RRset alone, names compared as a whole",
      list_one },
    { "ttl", "a change of the TTL alone is a change", ttl },
    { "foreign",
      "values that `before` does not know are somebody else's: they stay, or the change is FL_ESTALE",
      foreign },
    { "foreign-known", "values that stand in `before` and in `after` stay", foreign_known },
    { "stale", "FL_ESTALE, and nothing changed, when what stands there is not `before` and would be lost",
      stale },
    { "stale-done", "a `before` that is gone because `after` stands there already is a success", stale_done },
    { NULL, NULL, NULL },
};
