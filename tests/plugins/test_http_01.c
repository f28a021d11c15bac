/* SPDX-License-Identifier: Apache-2.0 */
/* test_http_01.c - the http-01 solver shows proofs, and nothing else, by a listener or in a webroot. */
#include "fake_host.h"
#include "tmpdir.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static const struct fl_challenge proofs[] = {
    { .type = "http-01", .identifier = "example.org", .token = "tok-A_1", .key_auth = "tok-A_1.thumb" },
    { .type = "http-01",
      .identifier = "192.0.2.7",
      .ip = true,
      .token = "tok-B_2",
      .key_auth = "tok-B_2.thumb" },
};
static const struct fl_from somebody = { .address = "192.0.2.1", .port = 4711 };

static int deploy(struct fake *f, size_t n)
{
    return fl_plugin_entry.ops.solver->deploy(fake_call(f), proofs, n);
}
static int ready(struct fake *f, size_t n)
{
    return fl_plugin_entry.ops.solver->ready(fake_call(f), proofs, n);
}
static int withdraw(struct fake *f, size_t n)
{
    return fl_plugin_entry.ops.solver->withdraw(fake_call(f), proofs, n);
}

/* ---- the listener ---- */

static struct fake *listening(const char *option)
{
    const char *const options[] = { option, NULL };
    struct fake *f = fake_new(&fl_plugin_entry, options);
    assert_int_equal(fake_check(f), FL_OK);
    assert_int_equal(fake_open(f), FL_OK);
    return f;
}
/* Status of the answer; its body in `body`. */
static int ask(struct fake *f, const char *method, const char *path, char body[64])
{
    const struct fl_http_request req = { .method = method, .path = path, .host = "EXAMPLE.org:8080" };
    struct fl_http_answer answer;
    assert_int_equal(fake_http(f, 0, &somebody, &req, &answer), FL_OK);
    snprintf(body, 64, "%.*s", (int)answer.body.len, answer.body.len ? (const char *)answer.body.data : "");
    if (answer.status == 200)
        assert_string_equal(answer.type, "application/octet-stream");
    return answer.status ? answer.status : 404;
}
#define PATH_A "/.well-known/acme-challenge/tok-A_1"

static void without_options_it_listens_on_port_80(void **state)
{
    struct fake *f = listening(NULL);
    (void)state;
    assert_int_equal(f->nlisteners, 1);
    assert_string_equal(f->listeners[0].address, "[::]:80");
    fake_free(f);
}
static void it_listens_on_every_address_that_is_given(void **state)
{
    struct fake *f = listening("listen=192.0.2.1,[2001:db8::1]:8080");
    (void)state;
    assert_int_equal(f->nlisteners, 2);
    assert_string_equal(f->listeners[0].address, "192.0.2.1:80");
    assert_string_equal(f->listeners[1].address, "[2001:db8::1]:8080");
    fake_free(f);
}
static void a_known_token_is_answered_as_often_as_it_is_asked_for(void **state)
{
    struct fake *f = listening(NULL);
    char body[64];
    (void)state;
    assert_int_equal(deploy(f, 2), FL_OK);
    assert_int_equal(ready(f, 2), FL_OK);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(ask(f, i % 2 ? "GET" : "HEAD", PATH_A, body), 200);
        assert_string_equal(body, "tok-A_1.thumb");
    }
    assert_int_equal(ask(f, "GET", "/.well-known/acme-challenge/tok-B_2", body), 200);
    assert_string_equal(body, "tok-B_2.thumb");
    fake_free(f);
}
static void everything_else_is_not_found(void **state)
{
    static const char *const paths[] = {
        "/",
        "",
        "/.well-known/acme-challenge",
        "/.well-known/acme-challenge/",
        "/.well-known/acme-challenge/tok-A_",
        "/.well-known/acme-challenge/tok-A_12",
        "/.well-known/acme-challenge/tok-A_1/",
        "/.well-known/acme-challenge/tok-a_1",
        "/.well-known/acme-challenge//tok-A_1",
        "/.well-known/acme-challenge/../acme-challenge/tok-A_1",
        "/.well-known/acme-challenge/tok%2DA_1",
        "x/.well-known/acme-challenge/tok-A_1",
    };
    struct fake *f = listening(NULL);
    char body[64];
    (void)state;
    assert_int_equal(deploy(f, 1), FL_OK);
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        assert_int_equal(ask(f, "GET", paths[i], body), 404);
        assert_string_equal(body, "");
    }
    assert_int_equal(ask(f, "POST", PATH_A, body), 404);
    fake_free(f);
}
static void a_withdrawn_token_is_gone_and_others_stay(void **state)
{
    struct fake *f = listening(NULL);
    char body[64];
    (void)state;
    assert_int_equal(deploy(f, 2), FL_OK);
    assert_int_equal(withdraw(f, 1), FL_OK);
    assert_int_equal(withdraw(f, 1), FL_OK);
    assert_int_equal(ask(f, "GET", PATH_A, body), 404);
    assert_int_equal(ask(f, "GET", "/.well-known/acme-challenge/tok-B_2", body), 200);
    fake_free(f);
}
static void after_a_restart_ready_shows_the_proofs_again(void **state)
{
    struct fake *f = listening(NULL);
    char body[64];
    (void)state;
    assert_int_equal(ready(f, 1), FL_OK);
    assert_int_equal(ask(f, "GET", PATH_A, body), 200);
    fake_free(f);
}
static void thousands_of_proofs_find_their_places(void **state)
{
    struct fake *f = listening(NULL);
    char tokens[3000][16], auths[3000][24], path[64], body[64];
    (void)state;
    for (size_t i = 0; i < 3000; i++) {
        snprintf(tokens[i], sizeof tokens[i], "t%zu", i);
        snprintf(auths[i], sizeof auths[i], "t%zu.k", i);
        struct fl_challenge ch = { .token = tokens[i], .key_auth = auths[i] };
        assert_int_equal(fl_plugin_entry.ops.solver->deploy(fake_call(f), &ch, 1), FL_OK);
        assert_int_equal(fl_plugin_entry.ops.solver->deploy(fake_call(f), &ch, 1), FL_OK);
        if (i % 3 == 0)
            assert_int_equal(fl_plugin_entry.ops.solver->withdraw(fake_call(f), &ch, 1), FL_OK);
    }
    for (size_t i = 0; i < 3000; i++) {
        snprintf(path, sizeof path, "/.well-known/acme-challenge/%s", tokens[i]);
        assert_int_equal(ask(f, "GET", path, body), i % 3 == 0 ? 404 : 200);
    }
    fake_free(f);
}
static int in_use(struct fake *f, const struct fl_listen *spec, uint16_t *port_out, struct outcome *o)
{
    (void)f, (void)port_out;
    return outcome_fail(o, FL_ECONF, "%s is in use by nginx", spec->address);
}
static void an_address_that_cannot_be_had_is_told(void **state)
{
    const char *const options[] = { NULL };
    struct fake *f = fake_new(&fl_plugin_entry, options);
    (void)state;
    f->listen = in_use;
    assert_int_equal(fake_open(f), FL_ECONF);
    assert_string_equal(fake_outcome(f)->msg, "[::]:80 is in use by nginx");
    fake_free(f);
}

/* ---- the webroot ---- */

struct site {
    char root[64], well_known[96], folder[128], file[160];
    struct fake *f;
};
static void site_make(struct site *s)
{
    char option[80];
    const char *const options[] = { option, NULL };
    tmpdir_make(s->root);
    snprintf(s->well_known, sizeof s->well_known, "%s/.well-known", s->root);
    snprintf(s->folder, sizeof s->folder, "%s/acme-challenge", s->well_known);
    snprintf(s->file, sizeof s->file, "%s/tok-A_1", s->folder);
    snprintf(option, sizeof option, "webroot=%s", s->root);
    s->f = fake_new(&fl_plugin_entry, options);
    assert_int_equal(fake_check(s->f), FL_OK);
    assert_int_equal(fake_open(s->f), FL_OK);
}
static void site_remove(struct site *s)
{
    fake_free(s->f);
    tmpdir_remove(s->root);
}
static void assert_file(const char *path, const char *text)
{
    char found[64] = "";
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_int_equal(fread(found, 1, sizeof found - 1, file), strlen(text));
    assert_string_equal(found, text);
    fclose(file);
}
static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}
static void proofs_are_files_that_the_web_server_may_read(void **state)
{
    struct site s;
    struct stat st;
    mode_t before = umask(077);
    (void)state;
    site_make(&s);
    assert_int_equal(s.f->nlisteners, 0);
    assert_int_equal(deploy(s.f, 2), FL_OK);
    umask(before);
    assert_file(s.file, "tok-A_1.thumb");
    assert_int_equal(stat(s.file, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0644);
    assert_int_equal(stat(s.folder, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0755);
    assert_int_equal(stat(s.well_known, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0755);
    assert_int_equal(tmpdir_count(s.folder), 2);
    assert_int_equal(withdraw(s.f, 2), FL_OK);
    assert_int_equal(tmpdir_count(s.folder), 0);
    assert_int_equal(withdraw(s.f, 2), FL_OK);
    site_remove(&s);
}
static void withdrawing_makes_no_folders(void **state)
{
    struct site s;
    (void)state;
    site_make(&s);
    assert_int_equal(withdraw(s.f, 2), FL_OK);
    assert_int_equal(tmpdir_count(s.root), 0);
    site_remove(&s);
}
static void a_file_that_was_tidied_away_comes_back(void **state)
{
    struct site s;
    (void)state;
    site_make(&s);
    assert_int_equal(deploy(s.f, 1), FL_OK);
    assert_int_equal(unlink(s.file), 0);
    assert_int_equal(ready(s.f, 1), FL_OK);
    assert_file(s.file, "tok-A_1.thumb");
    site_remove(&s);
}
static void a_proof_that_stands_is_not_written_again(void **state)
{
    struct site s;
    struct stat before, after;
    (void)state;
    site_make(&s);
    assert_int_equal(deploy(s.f, 1), FL_OK);
    assert_int_equal(stat(s.file, &before), 0);
    assert_int_equal(deploy(s.f, 1), FL_OK);
    assert_int_equal(stat(s.file, &after), 0);
    assert_int_equal(before.st_ino, after.st_ino);
    site_remove(&s);
}
static void what_a_killed_process_left_goes_with_the_proof(void **state)
{
    struct site s;
    char half[192];
    (void)state;
    site_make(&s);
    snprintf(half, sizeof half, "%s/.tmp-tok-A_1", s.folder);
    for (int again = 0; again < 2; again++) {
        assert_int_equal(deploy(s.f, 1), FL_OK);
        assert_int_equal(rename(s.file, half), 0);
        assert_int_equal(again ? deploy(s.f, 1) : withdraw(s.f, 1), FL_OK);
        assert_int_not_equal(access(half, F_OK), 0);
        assert_int_equal(withdraw(s.f, 1), FL_OK);
        assert_int_equal(tmpdir_count(s.folder), 0);
    }
    site_remove(&s);
}
static void what_is_not_our_proof_is_left_alone(void **state)
{
    struct site s;
    (void)state;
    site_make(&s);
    assert_int_equal(deploy(s.f, 1), FL_OK);
    write_file(s.file, "somebody else's");
    assert_int_equal(withdraw(s.f, 1), FL_OK);
    assert_file(s.file, "somebody else's");
    site_remove(&s);
}
static void links_are_not_followed(void **state)
{
    struct site s;
    char elsewhere[64];
    (void)state;
    site_make(&s);
    tmpdir_make(elsewhere);
    assert_int_equal(symlink(elsewhere, s.well_known), 0);
    assert_int_equal(deploy(s.f, 1), FL_ECONF);
    assert_non_null(strstr(fake_outcome(s.f)->msg, ".well-known in webroot "));
    assert_int_equal(withdraw(s.f, 1), FL_ECONF);
    assert_int_equal(tmpdir_count(elsewhere), 0);
    assert_int_equal(unlink(s.well_known), 0);
    /* A link in place of the file is replaced; what it leads to stays. */
    char victim[96];
    snprintf(victim, sizeof victim, "%s/victim", elsewhere);
    write_file(victim, "precious");
    assert_int_equal(mkdir(s.well_known, 0755), 0);
    assert_int_equal(mkdir(s.folder, 0755), 0);
    assert_int_equal(symlink(victim, s.file), 0);
    assert_int_equal(deploy(s.f, 1), FL_OK);
    assert_file(victim, "precious");
    assert_file(s.file, "tok-A_1.thumb");
    tmpdir_remove(elsewhere);
    site_remove(&s);
}
static void a_webroot_that_does_not_exist_is_a_mistake_of_the_configuration(void **state)
{
    struct site s;
    (void)state;
    site_make(&s);
    assert_int_equal(rmdir(s.root), 0);
    assert_int_equal(deploy(s.f, 1), FL_ECONF);
    assert_non_null(strstr(fake_outcome(s.f)->msg, "No such file"));
    fake_free(s.f);
}
static void a_token_that_is_a_path_is_refused_everywhere(void **state)
{
    static const char *const bad[] = { "", "..", "../x", "a/b", "a.b", ".tmp-1", "a b", "t\xc3\xb6" };
    struct site s;
    (void)state;
    site_make(&s);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const struct fl_challenge ch = { .token = bad[i], .key_auth = "x" };
        assert_int_equal(fl_plugin_entry.ops.solver->deploy(fake_call(s.f), &ch, 1), FL_EPROTO);
        assert_int_equal(fl_plugin_entry.ops.solver->withdraw(fake_call(s.f), &ch, 1), FL_OK);
    }
    assert_int_equal(tmpdir_count(s.root), 0);
    site_remove(&s);
}
static void listening_and_a_webroot_exclude_each_other(void **state)
{
    const char *const options[] = { "listen=127.0.0.1", "webroot=/srv", NULL };
    struct fake *f = fake_new(&fl_plugin_entry, options);
    (void)state;
    assert_int_equal(fake_check(f), FL_ECONF);
    assert_string_equal(fake_outcome(f)->msg,
                        "listen and webroot exclude each other: keep the one that answers on port 80");
    fake_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_options_it_listens_on_port_80),
        cmocka_unit_test(it_listens_on_every_address_that_is_given),
        cmocka_unit_test(a_known_token_is_answered_as_often_as_it_is_asked_for),
        cmocka_unit_test(everything_else_is_not_found),
        cmocka_unit_test(a_withdrawn_token_is_gone_and_others_stay),
        cmocka_unit_test(after_a_restart_ready_shows_the_proofs_again),
        cmocka_unit_test(thousands_of_proofs_find_their_places),
        cmocka_unit_test(an_address_that_cannot_be_had_is_told),
        cmocka_unit_test(proofs_are_files_that_the_web_server_may_read),
        cmocka_unit_test(withdrawing_makes_no_folders),
        cmocka_unit_test(a_file_that_was_tidied_away_comes_back),
        cmocka_unit_test(a_proof_that_stands_is_not_written_again),
        cmocka_unit_test(what_is_not_our_proof_is_left_alone),
        cmocka_unit_test(links_are_not_followed),
        cmocka_unit_test(what_a_killed_process_left_goes_with_the_proof),
        cmocka_unit_test(a_webroot_that_does_not_exist_is_a_mistake_of_the_configuration),
        cmocka_unit_test(a_token_that_is_a_path_is_refused_everywhere),
        cmocka_unit_test(listening_and_a_webroot_exclude_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
