/* SPDX-License-Identifier: Apache-2.0 */
/* test_tree.c - configuration files: reading, including, merging, and what is refused. */
#include "conf/tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- help ---- */

static struct diag *diag;
static struct conf_tree *tree;
static char folder[] = "/tmp/test_tree.XXXXXX";

static int enter(void **state)
{
    (void)state;
    umask(022);
    return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}
static int leave(void **state)
{
    (void)state;
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
static void put(const char *name, const char *text)
{
    FILE *f = fopen(name, "we");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, strlen(text), f), strlen(text));
    assert_int_equal(fclose(f), 0);
}
/* What was said, as one text; freed by the caller. */
static char *said(void)
{
    char *text = NULL;
    size_t len;
    FILE *f = open_memstream(&text, &len);
    assert_non_null(f);
    diag_print(diag, f);
    fclose(f);
    return text;
}
static void assert_said(const char *expected)
{
    char *text = said();
    assert_string_equal(text, expected);
    free(text);
}
static const struct conf_node *text_of(const char *source)
{
    tree = conf_tree_text("x", source, diag);
    assert_non_null(tree);
    return tree->root;
}
static const struct conf_node *file_of(const char *path)
{
    tree = conf_tree_load(path, diag);
    assert_non_null(tree);
    return tree->root;
}

/* ---- values and lines ---- */

static void every_kind_of_value_is_read(void **state)
{
    const struct conf_node *n = text_of("a = \"te\\x41\\\"xt\";\nb = -5; c : true\nd = 1.5, e = 0x1F;\n"
                                        "f = [ \"x\",\n \"y\" ]; g = ( { h = 1L; } );");
    (void)state;
    assert_int_equal(diag_errors(diag), 0);
    assert_string_equal(conf_get(n, "a")->text, "teA\"xt");
    assert_int_equal(conf_get(n, "b")->number, -5);
    assert_true(conf_get(n, "c")->flag);
    assert_int_equal(conf_get(n, "d")->kind, CONF_FLOAT);
    assert_int_equal(conf_get(n, "e")->number, 31);
    assert_string_equal(conf_get(n, "e")->text, "0x1F");
    assert_int_equal(conf_get(n, "f")->kind, CONF_LIST);
    assert_int_equal(conf_get(conf_get(n, "g")->first, "h")->number, 1);
    assert_null(conf_get(n, "h"));
    assert_null(conf_get(NULL, "h"));
}
static void lines_are_those_of_names_and_elements(void **state)
{
    const struct conf_node *n = text_of("# one\na\n=\n1\n;/* five\nsix */ b = (\n\"x\",\n{ c = 1; } );");
    (void)state;
    assert_int_equal(conf_get(n, "a")->line, 2);
    assert_int_equal(conf_get(n, "b")->line, 6);
    assert_int_equal(conf_get(n, "b")->first->line, 7);
    assert_int_equal(conf_get(n, "b")->last->line, 8);
}
static void numbers_beyond_int32_are_marked(void **state)
{
    static const char *const big[] = { "4294967356", "2147483648",  "-2147483649",
                                       "0x80000000", "3000000000L", "99999999999999999999" };
    static const char *const fit[] = { "2147483647", "-2147483648", "0x7fffffff", "+7L", "0xffLL" };
    (void)state;
    for (size_t i = 0; i < sizeof big / sizeof *big + sizeof fit / sizeof *fit; i++) {
        size_t n = sizeof big / sizeof *big;
        char source[64];
        snprintf(source, sizeof source, "a = %s;", i < n ? big[i] : fit[i - n]);
        assert_int_equal(conf_get(text_of(source), "a")->overflow, i < n);
        assert_string_equal(conf_get(tree->root, "a")->text, i < n ? big[i] : fit[i - n]);
        conf_tree_free(tree);
    }
    tree = NULL;
    assert_int_equal(diag_errors(diag), 0);
}

/* ---- form ---- */

static void mistakes_of_form_have_words_and_lines(void **state)
{
    static const struct {
        const char *source, *said;
    } cases[] = {
        { "a = 30d;",
          "x:1: error: 30d stands without quotes: durations and sizes are written in quotes, \"30d\"\n" },
        { "a = yes;", "x:1: error: write true, without quotes, instead of yes or on\n" },
        { "a = {\nb = word; };",
          "x:2: error: the value of 'b' stands without quotes: text is written b = \"...\"\n" },
        { "a = 'x';", "x:1: error: text is written in double quotes, not in single ones\n" },
        { "a = ;", "x:1: error: 'a' has no value: write a = VALUE\n" },
        { "a = 1;;", "x:1: error: this ; ends nothing: one behind each value is enough\n" },
        { "\ndns {x=1}", "x:2: error: = is missing behind 'dns'\n" },
        { "a.b = 1;",
          "x:1: error: a dot stands in a name: names begin with a letter and hold letters, digits, - and _\n" },
        { "3a = 1;",
          "x:1: error: this is no name: names begin with a letter and hold letters, digits, - and _\n" },
        { "\"a\" = 1;",
          "x:1: error: a name stands in quotes: write NAME = VALUE, the name without quotes\n" },
        { "a = {\n b = [ 1,\n 2 };", "x:3: error: } stands here, but the [ of line 2 is open\n" },
        { "a = 1 }", "x:1: error: this } closes nothing: there is one too many\n" },
        { "\na = {\nb = 1;\n", "x:2: error: the { of this line is never closed\n" },
        { "a = [\"x\" \"y\"];", "x:1: error: a comma is missing between two values of a list\n" },
        { "a = [\"x\", ];",
          "x:1: error: a comma stands before the ]: the last value of a list has none behind it\n" },
        { "a = [ { b = 1; } ];",
          "x:1: error: [ ] holds plain values only: write ( ) around a list of groups or lists\n" },
        { "a = [ 1, \"x\" ];",
          "x:1: error: [ ] holds values of one type only: write ( ) around values of several types\n" },
        { "a = ( b = 1 );",
          "x:1: error: NAME = VALUE stands between the values of a list: put braces around it, "
          "( { ... } )\n" },
        { "a = { \"x\", \"y\" };",
          "x:1: error: { } holds NAME = VALUE: write [ ] around a list of values\n" },
        { "a = 1;\na = 2;", "x:2: error: 'a' stands twice in this group, first in line 1\n" },
        { "a = \"x\n", "x:1: error: a text begins here and never ends: its closing quote is missing\n" },
        { "b = 1;\na = \"x;\nc = \"y\";\nd = \"z\";\n",
          "x:2: error: a text begins here and ends in line 3: its closing quote is missing\n" },
        { "a = 1; /* b = 2;", "x:1: error: a comment begins here and never ends: its */ is missing\n" },
        { "a = \"x\\q\";",
          "x:1: error: a backslash in a text begins one of \\\\ \\\" \\n \\r \\t \\a \\b \\f \\v or "
          "\\xHH (not \\x00): write \\\\ for the backslash itself\n" },
        { "@include \"y.conf\"",
          "x:1: error: @include is not taken: write include = [ \"...\" ]; at the top level\n" },
        { "include = [ \"y\" ];", "x:1: error: include: only files include others\n" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        text_of(cases[i].source);
        assert_said(cases[i].said);
        end(NULL);
        begin(NULL);
    }
}
static void no_value_is_shown(void **state)
{
    static const char *const sources[] = { "token = hunter2;",   "token = \"se\"hunter2\";",
                                           "token hunter2;",     "token = 1 hunter2;",
                                           "token = 'hunter2';", "a = [ hunter2 ];" };
    (void)state;
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
        char *text;
        text_of(sources[i]);
        text = said();
        assert_non_null(strstr(text, "error"));
        assert_null(strstr(text, "hunter2"));
        free(text);
        end(NULL);
        begin(NULL);
    }
}
static void include_marks_in_texts_and_comments_are_text(void **state)
{
    const struct conf_node *n =
        text_of("# @include \"a\"\n/*\n@include \"b\"\n*/\nc = \"\n@include \\\"d\\\"\";");
    (void)state;
    assert_int_equal(diag_errors(diag), 0);
    assert_string_equal(conf_get(n, "c")->text, "\n@include \"d\"");
}
static void the_last_line_needs_no_end(void **state)
{
    (void)state;
    assert_non_null(conf_get(text_of("a = 1; # the end"), "a"));
    assert_said("");
}
static void depth_and_width_have_limits(void **state)
{
    char *many = malloc(65536);
    size_t len = 0;
    char *text;
    (void)state;
    assert_non_null(many);
    for (int i = 0; i < 33; i++)
        len += (size_t)snprintf(many + len, 65536 - len, "a = {");
    text_of(many);
    assert_said("x:1: error: groups and lists stand more than 32 deep in each other\n");
    end(NULL);
    begin(NULL);
    len = 0;
    for (int i = 0; i < 1025; i++)
        len += (size_t)snprintf(many + len, 65536 - len, "a%d = 1;\n", i);
    text_of(many);
    text = said();
    assert_non_null(strstr(text, "x:1025: error: more than 1024 names"));
    free(text);
    free(many);
}

/* ---- files ---- */

static void files_are_merged_in_order(void **state)
{
    const struct conf_node *n;
    (void)state;
    mkdir("d", 0755);
    put("main", "include = \"d/*.conf\"; dns = { a = { x = 1; }; }; list = [ \"one\" ];");
    put("d/2.conf", "list = ( \"three\" ); dns = { c = { x = 3; }; };");
    put("d/1.conf", "list = [ \"two\" ]; dns = { b = { x = 2; }; }; include = [ \"more\" ];");
    put("d/more", "only = 1;");
    n = file_of("main");
    assert_said("");
    assert_string_equal(conf_get(n, "list")->first->text, "one");
    assert_string_equal(conf_get(n, "list")->first->next->text, "two");
    assert_string_equal(conf_get(n, "list")->last->text, "three");
    assert_string_equal(conf_get(n, "list")->last->file, "d/2.conf");
    assert_int_equal(conf_get(conf_get(conf_get(n, "dns"), "c"), "x")->number, 3);
    assert_non_null(conf_get(n, "only"));
    assert_null(conf_get(n, "include"));
    assert_false(tree->broken);
    assert_int_equal(
        remove("main") | remove("d/2.conf") | remove("d/1.conf") | remove("d/more") | remove("d"), 0);
}
static void what_cannot_be_merged_names_both_places(void **state)
{
    (void)state;
    put("main", "include = [ \"other\" ];\nstate = \"/a\";\ndns = { a = { }; };\nlist = [ 1 ];");
    put("other", "state = \"/b\";\n\ndns = { a = { }; b = { }; };\nlist = 1;");
    file_of("main");
    assert_said(
        "other:1: error: 'state' stands twice, first at main:2: only groups and lists are merged\n"
        "other:3: error: dns: 'a' stands twice, first at main:3\n"
        "other:4: error: 'list' is a whole number here and a list at main:4: write both in the same way\n");
    assert_non_null(conf_get(conf_get(tree->root, "dns"), "b"));
    assert_int_equal(remove("main") | remove("other"), 0);
}
static void a_broken_file_does_not_hide_the_others(void **state)
{
    (void)state;
    put("main", "include = [ \"a\", \"b\", \"c\", \"none*\" ];");
    put("a", "x = ;\ny = ;");
    put("b", "z = 1;");
    file_of("main");
    assert_said("main:1: error: include: c does not exist\na:1: error: 'x' has no value: write x = VALUE\n");
    assert_non_null(conf_get(tree->root, "z"));
    assert_true(tree->broken);
    assert_int_equal(remove("main") | remove("a") | remove("b"), 0);
}
static void no_file_is_read_twice(void **state)
{
    (void)state;
    put("main", "include = [ \"a\",\n \"a\",\n \"link\", \"b\" ];");
    put("a", "x = [ 1 ];");
    put("b", "y = 1;\ninclude = [ \"main\" ];");
    assert_int_equal(symlink("a", "link"), 0);
    file_of("main");
    assert_said("main:2: error: include: a is included twice, first at main:1\n"
                "main:3: error: include: link is included twice, first at main:1\n"
                "b:2: error: include: main includes itself this way: take one of the includes out\n");
    assert_ptr_equal(conf_get(tree->root, "x")->first, conf_get(tree->root, "x")->last);
    assert_int_equal(remove("main") | remove("a") | remove("b") | remove("link"), 0);
}
static void includes_end_after_five_levels(void **state)
{
    char name[16], text[64];
    (void)state;
    for (int i = 0; i < 7; i++) {
        snprintf(name, sizeof name, "f%d", i);
        snprintf(text, sizeof text, "include = \"f%d\"; x%d = 1;", i + 1, i);
        put(name, text);
    }
    file_of("f0");
    assert_said("f5:1: error: include: files include each other more than 5 deep\n");
    assert_non_null(conf_get(tree->root, "x5"));
    assert_null(conf_get(tree->root, "x6"));
    for (int i = 0; i < 7; i++) {
        snprintf(name, sizeof name, "f%d", i);
        assert_int_equal(remove(name), 0);
    }
}
static void odd_files_are_refused(void **state)
{
    static const struct {
        const char *text, *said;
    } cases[] = { { "a = 1;\nb = \"\xff\";",
                    "odd:2: error: this line is no text: configuration files are UTF-8\n" },
                  { "a = \"\\xff\";", "odd:1: error: a text holds bytes that are not UTF-8\n" },
                  { "\xef\xbb\xbf"
                    "a = 1;",
                    "" } };
    FILE *f;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        put("odd", cases[i].text);
        file_of("odd");
        assert_said(cases[i].said);
        end(NULL);
        begin(NULL);
    }
    f = fopen("odd", "we");
    assert_non_null(f);
    assert_int_equal(ftruncate(fileno(f), 1024 * 1024 + 1), 0);
    fclose(f);
    file_of("odd");
    assert_said("odd: error: the file is larger than 1 MiB: spread it over several files by `include`\n");
    end(NULL);
    begin(NULL);
    assert_int_equal(remove("odd") | mkfifo("odd", 0600), 0);
    file_of("odd");
    assert_said("odd: error: the file is not a regular file\n");
    end(NULL);
    begin(NULL);
    assert_int_equal(remove("odd"), 0);
    file_of("odd");
    assert_said("odd: error: the file does not exist\n");
    assert_true(tree->broken);
}
static void a_file_that_others_may_write_is_warned_of(void **state)
{
    (void)state;
    put("main", "a = 1;");
    chmod("main", 0666);
    file_of("main");
    assert_said(
        "main: warning: others may write this file, and it says which commands run: chmod o-w main\n");
    assert_int_equal(remove("main"), 0);
}

/* ---- messages ---- */

static void messages_are_sorted_counted_and_said_once(void **state)
{
    char counts[64];
    (void)state;
    diag_main(diag, "main");
    diag_error(diag, "b", 2, "two");
    diag_warning(diag, "a", 9, "nine\n");
    diag_error(diag, "b", 1, "one");
    diag_error(diag, "main", 5, "five");
    diag_error(diag, "main", 5, "five");
    diag_error(diag, "main", 5, "again");
    diag_error(diag, "main", 0, "whole");
    assert_said("main: error: whole\nmain:5: error: five\nmain:5: error: again\na:9: warning: nine?\n"
                "b:1: error: one\nb:2: error: two\n");
    diag_counts(diag, counts);
    assert_string_equal(counts, "5 errors, 1 warning");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(every_kind_of_value_is_read),
        TEST(lines_are_those_of_names_and_elements),
        TEST(numbers_beyond_int32_are_marked),
        TEST(mistakes_of_form_have_words_and_lines),
        TEST(no_value_is_shown),
        TEST(include_marks_in_texts_and_comments_are_text),
        TEST(the_last_line_needs_no_end),
        TEST(depth_and_width_have_limits),
        TEST(files_are_merged_in_order),
        TEST(what_cannot_be_merged_names_both_places),
        TEST(a_broken_file_does_not_hide_the_others),
        TEST(no_file_is_read_twice),
        TEST(includes_end_after_five_levels),
        TEST(odd_files_are_refused),
        TEST(a_file_that_others_may_write_is_warned_of),
        TEST(messages_are_sorted_counted_and_said_once),
    };
    return cmocka_run_group_tests(tests, enter, leave);
}
