/* SPDX-License-Identifier: Apache-2.0 */
/* test_opt.c - option tables: every type, defaults, what is said of mistakes, names, secrets. */
#include "conf/opt.h"

#include "base/log.h"
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- help ---- */

static struct diag *diag;
static struct conf_tree *tree;
static struct opt_ctx ctx;
static char folder[] = "/tmp/test_opt.XXXXXX";

static int enter(void **state)
{
    (void)state;
    umask(022);
    return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}
static int leave(void **state)
{
    (void)state;
    log_forget_secrets();
    return chdir("/") == 0 && rmdir(folder) == 0 ? 0 : -1;
}
static int begin(void **state)
{
    (void)state;
    diag = diag_new();
    tree = NULL;
    return diag ? 0 : -1;
}
static int end(void **state)
{
    (void)state;
    conf_tree_free(tree);
    diag_free(diag);
    return 0;
}
static const struct conf_node *parsed(const char *source)
{
    tree = conf_tree_text("x", source, diag);
    assert_non_null(tree);
    assert_int_equal(diag_errors(diag), 0);
    ctx = (struct opt_ctx){ .diag = diag, .arena = &tree->arena };
    return tree->root;
}
static void assert_said(const char *expected)
{
    char *text = NULL;
    size_t len;
    FILE *f = open_memstream(&text, &len);
    assert_non_null(f);
    diag_print(diag, f);
    fclose(f);
    assert_string_equal(text, expected);
    free(text);
}

static const char *const colours[] = { "red", "green", "blue", NULL };
struct inner {
    const char *user;
    int64_t size;
};
struct conf {
    const char *text, *secret, *url, *path, *address, *bare, *domain, *ref, *old;
    int64_t number, duration, size;
    bool flag;
    int colour;
    const char *const *texts, *const *colours, *const *addresses, *const *refs, *const *needed;
    struct inner inner;
};
static const struct fl_option inner_table[] = {
    FL_STRING(struct inner, user, FL_REQUIRED, NULL, "who"),
    FL_SIZE(struct inner, size, 0, "64k", 1, 1 << 20, "how much"),
    FL_END,
};
static const struct fl_option table[] = {
    FL_STRING(struct conf, text, 0, "hello", "a text"),
    FL_SECRET(struct conf, secret, 0, "a secret"),
    FL_URL(struct conf, url, 0, NULL, "a URL"),
    FL_PATH(struct conf, path, 0, NULL, "a path"),
    FL_ADDRESS(struct conf, address, 0, NULL, 53, "an address"),
    FL_ADDRESS(struct conf, bare, 0, NULL, 0, "an address with its port"),
    FL_DOMAIN(struct conf, domain, 0, NULL, "a domain"),
    FL_REF(struct conf, ref, 0, "dns", "a dns instance"),
    FL_STRING(struct conf, old, FL_DEPRECATED, NULL, "use text"),
    FL_INT(struct conf, number, 0, "7", 1, 10, "a number"),
    FL_DURATION(struct conf, duration, 0, "90s", 1000, 86400000, "a duration"),
    FL_SIZE(struct conf, size, 0, NULL, 0, 0, "a size"),
    FL_BOOL(struct conf, flag, "true", "a flag"),
    FL_ENUM(struct conf, colour, 0, "green", colours, "a colour"),
    FL_LISTOF(struct conf, texts, FL_T_STRING, 0, "one, two", "texts"),
    FL_ENUMS(struct conf, colours, 0, NULL, colours, "colours"),
    FL_ADDRESSES(struct conf, addresses, 0, NULL, 80, "addresses"),
    FL_REFS(struct conf, refs, 0, "dns", "dns instances"),
    FL_LISTOF(struct conf, needed, FL_T_DOMAIN, FL_REQUIRED, NULL, "domains"),
    FL_GROUP(struct conf, inner, struct inner, inner_table, "a group"),
    FL_END,
};

/* ---- filling ---- */

static void every_type_is_filled(void **state)
{
    struct conf c = { 0 };
    (void)state;
    opt_fill(
        &ctx, "it",
        parsed(
            "text = \"t\"; secret = \"s3cret!\"; url = \"https://a.example:8443/x?y\"; path = \"/x\";\n"
            "address = \"2001:DB8::1\"; bare = \"192.0.2.1:5353\"; domain = \"_ACME.B\xc3\xbc"
            "cher.example.\"; ref = \"gcp\"; number = 10; duration = \"2h\"; size = \"3M\"; flag = false;\n"
            "colour = \"blue\"; texts = \"single\"; colours = ( \"red\", \"blue\" );\n"
            "addresses = [ \"192.0.2.1\", \"[::]:443\" ]; refs = [ \"a\", \"b\" ]; needed = [ \"x.example\" ];\n"
            "inner = { user = \"u\"; size = \"1k\"; };"),
        table, NULL, &c);
    assert_said("");
    assert_string_equal(c.text, "t");
    assert_string_equal(c.secret, "s3cret!");
    assert_string_equal(c.url, "https://a.example:8443/x?y");
    assert_string_equal(c.address, "[2001:db8::1]:53");
    assert_string_equal(c.bare, "192.0.2.1:5353");
    assert_string_equal(c.domain, "_acme.xn--bcher-kva.example");
    assert_int_equal(c.number, 10);
    assert_int_equal(c.duration, 7200000);
    assert_int_equal(c.size, 3 << 20);
    assert_false(c.flag);
    assert_int_equal(c.colour, 2);
    assert_string_equal(c.texts[0], "single");
    assert_null(c.texts[1]);
    assert_string_equal(c.colours[1], "blue");
    assert_string_equal(c.addresses[0], "192.0.2.1:80");
    assert_string_equal(c.addresses[1], "[::]:443");
    assert_string_equal(c.needed[0], "x.example");
    assert_int_equal(c.inner.size, 1024);
    assert_string_equal(ctx.refs->who, "it: refs");
    assert_string_equal(ctx.refs->name, "b");
    assert_string_equal(ctx.refs->next->next->name, "gcp");
    assert_int_equal(ctx.refs->line, 4);
}
static void what_is_absent_has_its_default(void **state)
{
    struct conf c = { 0 };
    (void)state;
    opt_fill(&ctx, "it", parsed("needed = ( );"), table, NULL, &c);
    assert_said("x:1: error: it: needed: the list is empty: domains\n");
    assert_string_equal(c.text, "hello");
    assert_null(c.secret);
    assert_int_equal(c.number, 7);
    assert_int_equal(c.duration, 90000);
    assert_true(c.flag);
    assert_int_equal(c.colour, 1);
    assert_string_equal(c.texts[1], "two");
    assert_null(c.texts[2]);
    assert_null(c.addresses);
    assert_non_null(c.needed);
    assert_int_equal(c.inner.size, 65536);
    assert_null(ctx.refs);
}
static void nothing_is_missing_without_a_group(void **state)
{
    struct conf c = { 0 };
    (void)state;
    parsed("");
    opt_fill(&ctx, "it", NULL, table, NULL, &c);
    assert_said("");
    assert_int_equal(c.number, 7);
}
static void what_is_wrong_keeps_its_default_and_is_said(void **state)
{
    struct conf c = { 0 };
    (void)state;
    opt_fill(
        &ctx, "it",
        parsed(
            "number = 4294967356;\nduration = 30;\nflag = 1;\ncolour = \"gren\";\ntext = [ \"x\" ];\n"
            "texts = [ 1, 2 ];\nsize = \"1T\";\nbare = \"192.0.2.1\";\ninner = { usr = \"u\"; };\nold = \"x\";\n"
            "domain = \"*.x.example\";\nsecret = 12345678;\nrefs = { };\nneedd = \"x.example\";\nzzz = 1;"),
        table, (const char *const[]){ "zones", NULL }, &c);
    assert_said(
        "x:1: error: it: number: 4294967356 is beyond the whole numbers that are taken: they go to 2147483647\n"
        "x:2: error: it: duration: 30 has no unit: write \"30s\", \"30m\", \"30h\" or \"30d\", in quotes\n"
        "x:3: error: it: flag: wants true or false without quotes, not a whole number\n"
        "x:4: error: it: colour: \"gren\" is not known: did you mean \"green\"?\n"
        "x:5: error: it: text: wants one value, text in quotes, such as \"hello\", not a list\n"
        "x:6: error: it: texts: wants text in quotes, not a whole number\n"
        "x:7: error: it: size: \"1T\" is no size: write bytes, or a whole number and k, M or G, \"512\", \"64k\", "
        "\"1M\"\n"
        "x:8: error: it: bare: \"192.0.2.1\" has no port: write \"192.0.2.1:53\" or \"[2001:db8::1]:53\"\n"
        "x:9: error: it: inner: unknown option 'usr': did you mean 'user'?\n"
        "x:10: warning: it: old: this option will go away: use text\n"
        "x:11: error: it: domain: \"*.x.example\" holds a *: a wildcard has no place here\n"
        "x:12: error: it: secret: wants text in quotes, not a whole number\n"
        "x:13: error: it: refs: wants a name from the section dns in quotes, not a group { }\n"
        "x:14: error: it: unknown option 'needd': did you mean 'needed'?\n"
        "x:15: error: it: unknown option 'zzz': there are text, secret, url, path, address, bare, domain, ref, old, "
        "number, duration, size, flag, colour, texts, colours, addresses, refs, needed, inner and zones\n");
    assert_int_equal(c.number, 7);
    assert_int_equal(c.duration, 90000);
    assert_true(c.flag);
    assert_int_equal(c.colour, 1);
    assert_string_equal(c.text, "hello");
    assert_null(c.domain);
}
static void reserved_names_are_passed_over(void **state)
{
    struct inner c = { 0 };
    (void)state;
    opt_fill(&ctx, "it", parsed("user = \"u\"; zones = 1; other = 2;"), inner_table,
             (const char *const[]){ "zones", "other", NULL }, &c);
    opt_fill(&ctx, "it", tree->root, inner_table, opt_any, &c);
    assert_said("");
}
static void what_is_absent_is_inherited(void **state)
{
    struct conf from = {
        .text = "from", .number = 3, .flag = true, .colour = 2, .inner = { .user = "root" }
    };
    struct conf c = { .text = "own", .number = 9, .inner = { .user = "me", .size = 5 } };
    (void)state;
    opt_inherit(parsed("number = 9; inner = { size = \"5\"; };"), table, &from, &c);
    assert_string_equal(c.text, "from");
    assert_int_equal(c.number, 9);
    assert_true(c.flag);
    assert_int_equal(c.colour, 2);
    assert_string_equal(c.inner.user, "root");
    assert_int_equal(c.inner.size, 5);
}
static void a_password_in_a_url_is_not_shown(void **state)
{
    struct conf c = { 0 };
    (void)state;
    opt_fill(&ctx, "it", parsed("needed = \"a.example\"; url = \"https://me:hunter2@a.example/\";"), table,
             NULL, &c);
    assert_said("x:1: error: it: url: the URL holds a user name: a URL here has none\n");
}

/* ---- secrets ---- */

static void put(const char *name, mode_t mode, const char *text)
{
    FILE *f = fopen(name, "we");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    assert_int_equal(chmod(name, mode), 0);
}
static const char *secret(const char *text)
{
    const struct conf_node *n = parsed("s = \"x\";")->first;
    return opt_secret(&ctx, "it: s", n, text);
}
static void secrets_come_from_where_they_say(void **state)
{
    char line[] = "one from-a-file two";
    (void)state;
    put("key", 0640, "from-a-file\r\n\n");
    assert_string_equal(secret("file:key"), "from-a-file");
    end(NULL), begin(NULL);
    setenv("TEST_OPT", "from-env", 1);
    assert_string_equal(secret("env:TEST_OPT"), "from-env");
    end(NULL), begin(NULL);
    setenv("CREDENTIALS_DIRECTORY", folder, 1);
    chmod("key", 0444);
    assert_string_equal(secret("credential:key"), "from-a-file");
    end(NULL), begin(NULL);
    assert_string_equal(secret("plain:text"), "plain:text");
    assert_said("");
    log_redact(line);
    assert_string_equal(line, "one *** two");
    unsetenv("CREDENTIALS_DIRECTORY");
    unsetenv("TEST_OPT");
    assert_int_equal(remove("key"), 0);
}
static void secrets_are_refused_where_others_see_them(void **state)
{
    static const mode_t bad[] = { 0644, 0660, 0602, 0607, 0604 };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        put("key", bad[i], "hunter2\n");
        assert_null(secret("file:key"));
        assert_int_equal(diag_errors(diag), 1);
        end(NULL), begin(NULL);
    }
    put("key", 0600, "");
    assert_null(secret("file:key"));
    assert_said("x:1: error: it: s: file key is empty\n");
    assert_int_equal(remove("key"), 0);
}
static void an_inline_secret_in_an_open_file_is_warned_of(void **state)
{
    struct opt_ctx c;
    const struct conf_node *n;
    (void)state;
    put("main", 0644, "s = \"hunter2\";");
    tree = conf_tree_load("main", diag);
    assert_non_null(tree);
    c = (struct opt_ctx){ .diag = diag, .arena = &tree->arena };
    n = tree->root->first;
    assert_string_equal(opt_secret(&c, "it: s", n, n->text), "hunter2");
    assert_said(
        "main:1: warning: it: s: a secret stands in a file that others may read: chmod o= main, or write "
        "\"file:PATH\"\n");
    assert_int_equal(remove("main"), 0);
}

/* ---- for people ---- */

static void options_are_described(void **state)
{
    static const struct {
        const char *name, *words;
    } cases[] = {
        { "text", "text, default hello" },
        { "address", "address, port 53 if none" },
        { "number", "number, 1 to 10, default 7" },
        { "duration", "duration, 1s to 1d, default 90s" },
        { "colour", "red | green | blue, default green" },
        { "refs", "list of names of dns" },
        { "needed", "list of names, required" },
        { "old", "text, deprecated" },
        { "inner", "group" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct fl_option *o = table;
        char out[256];
        while (strcmp(o->name, cases[i].name) != 0)
            o++;
        opt_describe(o, out, sizeof out);
        assert_string_equal(out, cases[i].words);
    }
}
static void a_sample_without_its_marks_is_a_configuration(void **state)
{
    char *text = NULL, *to;
    size_t len;
    FILE *f = open_memstream(&text, &len);
    struct conf c = { 0 };
    (void)state;
    assert_non_null(f);
    opt_sample(f, table, 2, (const char *const[]){ "user", "\"root\"", NULL });
    fclose(f);
    to = text;
    for (const char *p = text; *p; p++)
        if (*p != '#' || (p > text && p[-1] != '\n'))
            *to++ = *p;
    *to = '\0';
    opt_fill(&ctx, "it", parsed(text), table, NULL, &c);
    assert_said("x:18: warning: it: old: this option will go away: use text\n");
    assert_string_equal(c.inner.user, "root");
    assert_int_equal(c.number, 7);
    free(text);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(every_type_is_filled),
        TEST(what_is_absent_has_its_default),
        TEST(nothing_is_missing_without_a_group),
        TEST(what_is_wrong_keeps_its_default_and_is_said),
        TEST(reserved_names_are_passed_over),
        TEST(what_is_absent_is_inherited),
        TEST(a_password_in_a_url_is_not_shown),
        TEST(secrets_come_from_where_they_say),
        TEST(secrets_are_refused_where_others_see_them),
        TEST(an_inline_secret_in_an_open_file_is_warned_of),
        TEST(options_are_described),
        TEST(a_sample_without_its_marks_is_a_configuration),
    };
    return cmocka_run_group_tests(tests, enter, leave);
}
