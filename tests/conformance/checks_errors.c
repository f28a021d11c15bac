/* SPDX-License-Identifier: Apache-2.0 */
/* checks_errors.c - refusals: what is wrong decides the code, and nothing is half done. */
#include "suite.h"
#include <string.h>

static void zone_unknown(struct suite *s)
{
    struct outcome o = { 0 };
    const char *below = arena_printf(&s->memory, "nothing.%s", s->apex);
    const char *part = s->apex[1] && s->apex[1] != '.' ? s->apex + 1 : "nothing-such.example";
    suite_code(s, "zone() of a name below the zone", suite_zone(s, s->i, below, &o), FL_EREJECT, &o);
    suite_code(s, "zone() of part of the zone's name", suite_zone(s, s->i, part, &o), FL_EREJECT, &o);
}

static void bad_value(struct suite *s)
{
    struct outcome o = { 0 };
    const char *name = suite_name(s, "bad");
    const struct fl_change c = suite_change(s, name, FL_RR_A, NOTHING, TEXTS("not-an-address"), NULL);
    if (suite_code(s, "an A record that is no address", suite_apply(s, &c, 1, &o), FL_EREJECT, &o))
        suite_stands(s, name, FL_RR_A, NOTHING);
}

static void atomic(struct suite *s)
{
    struct outcome o = { 0 };
    if (!suite_can(s, FL_CAP_ATOMIC)) {
        s->not_applicable = "claims no FL_CAP_ATOMIC";
        return;
    }
    const char *one = suite_name(s, "atomic-1"), *two = suite_name(s, "atomic-2");
    const struct fl_change c[] = {
        suite_change(s, one, FL_RR_TXT, NOTHING, TEXTS("good"), NULL),
        suite_change(s, suite_name(s, "atomic-bad"), FL_RR_A, NOTHING, TEXTS("not-an-address"), NULL),
        suite_change(s, two, FL_RR_TXT, NOTHING, TEXTS("good"), NULL),
    };
    if (suite_apply(s, c, 3, &o) == FL_OK)
        suite_complain(s, "a batch with a value that is none succeeds");
    suite_stands(s, one, FL_RR_TXT, NOTHING);
    suite_stands(s, two, FL_RR_TXT, NOTHING);
}

/* Beside an alias nothing else may stand (RFC 1034 3.6.2): servers that pass over it are no excuse. */
static void beside_alias(struct suite *s)
{
    struct outcome o = { 0 };
    const char *name = suite_name(s, "beside");
    if (!suite_put(s, name, FL_RR_CNAME, TEXTS("target.example.net")))
        return;
    const struct fl_change c = suite_change(s, name, FL_RR_TXT, NOTHING, TEXTS("lost"), NULL);
    int code = suite_apply(s, &c, 1, &o);
    if (code == FL_OK && !suite_lists(s, name, FL_RR_TXT, TEXTS("lost")))
        suite_complain(s, "a text beside an alias is written with FL_OK, and is not there");
    else if (code != FL_OK)
        suite_code(s, "a text beside an alias", code, FL_EREJECT, &o);
    suite_stands(s, name, FL_RR_CNAME, TEXTS("target.example.net"));
}

static void no_zone(struct suite *s)
{
    struct outcome o = { 0 };
    struct fl_zone mine = s->zone;
    const struct fl_change c = suite_change(s, "x", FL_RR_TXT, NOTHING, TEXTS("x"), NULL);
    const char *apex = arena_printf(&s->memory, "nothing-%s.example", s->prefix);
    s->zone = (struct fl_zone){ .apex = apex, .id = mine.id ? "nothing-such" : NULL };
    int code = suite_apply(s, &c, 1, &o);
    s->zone = mine;
    if (code != FL_EAUTH)
        suite_code(s, "apply() to a zone that is not held", code, FL_EREJECT, &o);
}

static int test(struct instance *i, struct outcome *o)
{
    struct call c;
    int code = call_begin(&c, i, "", 0, o);
    return code == FL_OK ? call_end(&c, i->plugin->ops.dns.test(c.ctx), o) : code;
}

static void right_credentials(struct suite *s)
{
    struct outcome o = { 0 };
    if (!s->ops->test)
        s->not_applicable = "has no test()";
    else
        suite_code(s, "test()", test(s->i, &o), FL_OK, &o);
}

static void wrong_credentials(struct suite *s)
{
    struct outcome o = { 0 };
    if (!s->wrong) {
        s->not_applicable = "no instance with wrong credentials was given (--wrong)";
        return;
    }
    int code = instance_open(s->wrong, &o);
    if (code == FL_OK)
        code = suite_zone(s, s->wrong, s->apex, &o);
    suite_code(s, "zone() with wrong credentials", code, FL_EAUTH, &o);
    if (code == FL_EAUTH && o.msg[0] == '\0')
        suite_complain(s, "the refusal has no words");
    if (!s->wrong->open || !s->ops->test)
        return;
    suite_code(s, "test() with wrong credentials", test(s->wrong, &o), FL_EAUTH, &o);
    struct instance *right = s->i;
    const struct fl_change c = suite_change(s, suite_name(s, "wrong"), FL_RR_TXT, NOTHING, TEXTS("x"), NULL);
    s->i = s->wrong;
    code = suite_apply(s, &c, 1, &o);
    s->i = right;
    suite_code(s, "apply() with wrong credentials", code, FL_EAUTH, &o);
    suite_stands(s, c.name, FL_RR_TXT, NOTHING);
}

const struct check checks_errors[] = {
    { "test", "test() with the right credentials is FL_OK and changes nothing", right_credentials },
    { "credentials", "credentials that are refused are FL_EAUTH in every call", wrong_credentials },
    { "zone-unknown", "zone() of what the account does not hold is FL_EREJECT; nothing is cut or guessed",
      zone_unknown },
    { "bad-value", "a value that the service refuses is FL_EREJECT, and nothing is written", bad_value },
    { "atomic", "FL_CAP_ATOMIC: a batch is applied whole or not at all", atomic },
    { "beside-alias", "what cannot stand beside an alias is FL_EREJECT, never a success that writes nothing",
      beside_alias },
    { "no-zone", "apply() to a zone that the account does not hold is FL_EREJECT or FL_EAUTH", no_zone },
    { NULL, NULL, NULL },
};
