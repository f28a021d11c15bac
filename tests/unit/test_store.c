/* SPDX-License-Identifier: Apache-2.0 */
/* test_store.c - values, versions, keys, races. */
#include "base/file.h"
#include "base/mem.h"
#include "store/store.h"
#include "tmpdir.h"

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

struct rig {
    char base[64], dir[96];
    struct store *s;
    struct outcome o;
};
static int rig_new(void **state)
{
    struct rig *r = calloc(1, sizeof *r);

    tmpdir_make(r->base);
    snprintf(r->dir, sizeof r->dir, "%s/state", r->base);
    assert_int_equal(store_open(r->dir, &r->s, &r->o), FL_OK);
    *state = r;
    return 0;
}
static int rig_free(void **state)
{
    struct rig *r = *state;

    store_close(r->s);
    tmpdir_remove(r->base);
    free(r);
    return 0;
}
static int put(struct rig *r, enum store_group g, const char *key, const char *text, uint64_t read,
               uint64_t *now)
{
    return store_put(r->s, g, key, text, strlen(text), read, now, &r->o);
}
static void assert_value(struct rig *r, enum store_group g, const char *key, const char *wanted,
                         uint64_t version)
{
    auto_free char *data = NULL;
    size_t len;
    uint64_t found;

    assert_int_equal(store_get(r->s, g, key, &data, &len, &found, &r->o), FL_OK);
    assert_true(found == version);
    if (!wanted) {
        assert_null(data);
        return;
    }
    assert_int_equal(len, strlen(wanted));
    assert_string_equal(data, wanted);
}
static void plant(struct rig *r, const char *path, const void *data, size_t len)
{
    char full[512], *slash;

    snprintf(full, sizeof full, "%s/%s", r->dir, path);
    slash = strrchr(full, '/');
    *slash = '\0';
    assert_int_equal(file_mkdirs(AT_FDCWD, full, 0700), 0);
    *slash = '/';
    assert_int_equal(file_write_durable(AT_FDCWD, full, 0600, data, len), 0);
}

/* ---- values and versions ---- */

static void a_value_comes_back_with_the_version_it_was_put_with(void **state)
{
    struct rig *r = *state;
    uint64_t first = 0, second = 0;

    for (int g = 0; g < STORE_GROUPS; g++) {
        assert_value(r, (enum store_group)g, "x", NULL, 0);
        assert_int_equal(put(r, (enum store_group)g, "x", "one", 0, &first), FL_OK);
        assert_true(first != 0);
        assert_value(r, (enum store_group)g, "x", "one", first);
        assert_int_equal(put(r, (enum store_group)g, "x", "two", first, &second), FL_OK);
        assert_true(second != first && second != 0);
        assert_value(r, (enum store_group)g, "x", "two", second);
        assert_int_equal(store_delete(r->s, (enum store_group)g, "x", second, &r->o), FL_OK);
        assert_value(r, (enum store_group)g, "x", NULL, 0);
    }
}
static void who_read_something_else_is_told_so_and_changes_nothing(void **state)
{
    struct rig *r = *state;
    uint64_t first, second, none = 77;

    assert_int_equal(put(r, STORE_CERTS, "x", "one", 12345, &none), FL_ESTALE);
    assert_value(r, STORE_CERTS, "x", NULL, 0);
    assert_int_equal(put(r, STORE_CERTS, "x", "one", 0, &first), FL_OK);
    assert_int_equal(put(r, STORE_CERTS, "x", "two", 0, &none), FL_ESTALE);
    assert_non_null(strstr(r->o.msg, "changed in between"));
    assert_int_equal(put(r, STORE_CERTS, "x", "two", first, &second), FL_OK);
    assert_int_equal(put(r, STORE_CERTS, "x", "three", first, &none), FL_ESTALE);
    assert_int_equal(store_delete(r->s, STORE_CERTS, "x", first, &r->o), FL_ESTALE);
    assert_int_equal(store_delete(r->s, STORE_CERTS, "x", 0, &r->o), FL_ESTALE);
    assert_value(r, STORE_CERTS, "x", "two", second);
    assert_int_equal(store_delete(r->s, STORE_CERTS, "x", second, &r->o), FL_OK);
    assert_int_equal(store_delete(r->s, STORE_CERTS, "x", second, &r->o), FL_ESTALE);
    assert_int_equal(store_delete(r->s, STORE_CERTS, "x", 0, &r->o), FL_OK);
    assert_true(none == 77);
}
static void values_are_bytes_from_none_to_the_limit(void **state)
{
    struct rig *r = *state;
    const size_t most = 8 * 1024 * 1024;
    auto_free char *large = calloc(1, most + 1), *data = NULL, *empty = NULL;
    uint64_t version, again;
    size_t len;

    large[most / 2] = 'x';
    assert_int_equal(store_put(r->s, STORE_PLUGINS, "large", large, most, 0, &version, &r->o), FL_OK);
    assert_int_equal(store_get(r->s, STORE_PLUGINS, "large", &data, &len, &again, &r->o), FL_OK);
    assert_int_equal(len, most);
    assert_memory_equal(data, large, most);
    assert_true(again == version);
    assert_int_equal(store_put(r->s, STORE_PLUGINS, "large", large, most + 1, version, &again, &r->o),
                     FL_ECONF);
    assert_int_equal(store_put(r->s, STORE_PLUGINS, "empty", "", 0, 0, &version, &r->o), FL_OK);
    assert_true(version != 0);
    assert_int_equal(store_get(r->s, STORE_PLUGINS, "empty", &empty, &len, &again, &r->o), FL_OK);
    assert_non_null(empty);
    assert_int_equal(len, 0);
    assert_true(again == version);
}
static void json_comes_back_and_damage_names_its_file(void **state)
{
    static const char *const bad[] = { "",         "{",   "[1]", "1", "{\"a\":1}x", "{\"a\":1,\"a\":2}",
                                       "\xff\xfe", "null" };
    struct rig *r = *state;
    cleanup_(json_freep) json_t *in = json_object(), *out = NULL;
    uint64_t version, found;

    json_put_int(in, "n", 7);
    json_put_str(in, "s", "\xc3\xa4\"");
    assert_int_equal(store_get_json(r->s, STORE_ACCOUNTS, "le", &out, &found, &r->o), FL_OK);
    assert_null(out);
    assert_true(found == 0);
    assert_int_equal(store_put_json(r->s, STORE_ACCOUNTS, "le", in, 0, &version, &r->o), FL_OK);
    assert_int_equal(store_get_json(r->s, STORE_ACCOUNTS, "le", &out, &found, &r->o), FL_OK);
    assert_true(found == version && json_equal(in, out));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        json_t *none = NULL;
        plant(r, "accounts/le", bad[i], strlen(bad[i]));
        assert_int_equal(store_get_json(r->s, STORE_ACCOUNTS, "le", &none, &found, &r->o), FL_EPROTO);
        assert_non_null(strstr(r->o.msg, "/accounts/le is damaged"));
        assert_null(none);
        found = 0;
        assert_int_equal(store_salvage_json(r->s, STORE_ACCOUNTS, "le", &none, &found, &r->o), FL_OK);
        assert_true(!none && found != 0);
    }
    assert_int_equal(store_put_json(r->s, STORE_ACCOUNTS, "le", in, found, &version, &r->o), FL_OK);
}
static void what_is_no_file_of_ours_is_said(void **state)
{
    struct rig *r = *state;
    auto_free char *huge = calloc(1, 9 * 1024 * 1024);
    char *data = NULL, path[256];
    uint64_t version;
    size_t len;

    plant(r, "accounts/huge", huge, 9 * 1024 * 1024);
    assert_int_equal(store_get(r->s, STORE_ACCOUNTS, "huge", &data, &len, &version, &r->o), FL_ETEMP);
    assert_non_null(strstr(r->o.msg, "/accounts/huge"));
    snprintf(path, sizeof path, "%s/accounts/folder", r->dir);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(store_get(r->s, STORE_ACCOUNTS, "folder", &data, &len, &version, &r->o), FL_ECONF);
    snprintf(path, sizeof path, "%s/accounts/pipe", r->dir);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(store_get(r->s, STORE_ACCOUNTS, "pipe", &data, &len, &version, &r->o), FL_ECONF);
    assert_null(data);
}

/* ---- keys ---- */

static int by_text(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }
static void any_name_is_a_key_and_stays_in_its_group(void **state)
{
    struct rig *r = *state;
    char longest[401], hard[401];
    const char *keys[] = { "*.example.org",
                           ".",
                           "..",
                           "../accounts/x",
                           "/",
                           "/etc/passwd",
                           "a/b",
                           "A",
                           "a",
                           "%2A",
                           "%",
                           "~",
                           "a~",
                           "a~/b",
                           ".tmp-0123456789abcdef",
                           " ",
                           "\xc3\xa4.example",
                           "-x",
                           "zone:a.b",
                           "2001:db8::1",
                           "dns/gcp",
                           longest,
                           hard };
    size_t n = sizeof keys / sizeof *keys;
    uint64_t version;

    memset(longest, 'l', 400);
    memset(hard, '*', 400);
    longest[400] = hard[400] = '\0';
    int before = tmpdir_count(r->dir);
    for (int g = STORE_ACCOUNTS; g <= STORE_CERTS; g++) { /* one that is spread and one that is not */
        char **listed;
        for (size_t i = 0; i < n; i++)
            if (put(r, (enum store_group)g, keys[i], keys[i], 0, &version) != FL_OK)
                fail_msg("\"%s\": %s", keys[i], r->o.msg);
        for (size_t i = 0; i < n; i++) {
            auto_free char *data = NULL;
            size_t len;
            assert_int_equal(store_get(r->s, (enum store_group)g, keys[i], &data, &len, &version, &r->o),
                             FL_OK);
            assert_string_equal(data, keys[i]);
        }
        qsort(keys, n, sizeof *keys, by_text);
        assert_int_equal(store_list(r->s, (enum store_group)g, &listed, &r->o), FL_OK);
        for (size_t i = 0; i < n; i++)
            assert_string_equal(listed[i], keys[i]);
        assert_null(listed[n]);
        store_keys_free(listed);
    }
    assert_int_equal(tmpdir_count(r->dir), before);
    assert_int_equal(tmpdir_count(r->base), 1);
}
static void names_that_are_none_are_refused(void **state)
{
    struct rig *r = *state;
    char longer[402], *data = NULL;
    uint64_t version;
    size_t len;

    memset(longer, 'l', 401);
    longer[401] = '\0';
    const char *const bad[] = { "", longer, "a\nb", "\x7f", "\x01" };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(put(r, STORE_CERTS, bad[i], "x", 0, &version), FL_ECONF);
        assert_int_equal(store_get(r->s, STORE_CERTS, bad[i], &data, &len, &version, &r->o), FL_ECONF);
        assert_int_equal(store_delete(r->s, STORE_CERTS, bad[i], 0, &r->o), FL_ECONF);
    }
    assert_null(data);
}
static void the_list_leaves_out_what_is_not_ours(void **state)
{
    static const char *const foreign[] = {
        "accounts/.hidden", "accounts/%41", "accounts/%2a",
        "accounts/a~b",     "accounts/%zz", "accounts/sub/x",
        "certs/x",          "certs/zz/x",   "certs/00/not-of-this-digest"
    };
    struct rig *r = *state;
    uint64_t version;
    char **keys;

    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++)
        plant(r, foreign[i], "x", 1);
    for (int g = STORE_ACCOUNTS; g <= STORE_CERTS; g++) {
        assert_int_equal(put(r, (enum store_group)g, "own", "x", 0, &version), FL_OK);
        assert_int_equal(store_list(r->s, (enum store_group)g, &keys, &r->o), FL_OK);
        assert_non_null(keys[0]);
        assert_string_equal(keys[0], "own");
        assert_null(keys[1]);
        store_keys_free(keys);
    }
    assert_int_equal(store_list(r->s, STORE_BUDGET, &keys, &r->o), FL_OK);
    assert_null(keys[0]);
    store_keys_free(keys);
}

/* ---- races ---- */

enum { WRITERS = 6, ROUNDS = 25 };
struct racer {
    struct store *s;
    int number;
    int failed, lost;
};
static void *count_up(void *arg)
{
    struct racer *me = arg;
    char own[16];
    uint64_t own_version = 0;

    snprintf(own, sizeof own, "own-%d", me->number);
    for (int done = 0; done < ROUNDS && me->failed == 0;) {
        cleanup_(json_freep) json_t *counter = NULL;
        uint64_t version;
        struct outcome o;
        int rc = store_get_json(me->s, STORE_BUDGET, "shared", &counter, &version, &o);
        if (!counter)
            counter = json_object();
        json_put_int(counter, "n", json_int(counter, "n", 0) + 1);
        if (rc == FL_OK)
            rc = store_put_json(me->s, STORE_BUDGET, "shared", counter, version, &version, &o);
        done += rc == FL_OK;
        me->lost += rc == FL_ESTALE;
        me->failed += rc != FL_OK && rc != FL_ESTALE;
        /* nobody else writes this one: it never loses */
        rc = store_put_json(me->s, STORE_BUDGET, own, counter, own_version, &own_version, &o);
        me->failed += rc != FL_OK;
    }
    return NULL;
}
static void no_write_of_a_race_is_lost(void **state)
{
    struct rig *r = *state;
    pthread_t threads[WRITERS];
    struct racer racers[WRITERS];
    cleanup_(json_freep) json_t *counter = NULL;
    uint64_t version;

    for (int i = 0; i < WRITERS; i++) {
        racers[i] = (struct racer){ .s = r->s, .number = i };
        assert_int_equal(pthread_create(&threads[i], NULL, count_up, &racers[i]), 0);
    }
    for (int i = 0; i < WRITERS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(racers[i].failed, 0);
    }
    assert_int_equal(store_get_json(r->s, STORE_BUDGET, "shared", &counter, &version, &r->o), FL_OK);
    assert_int_equal(json_int(counter, "n", 0), WRITERS * ROUNDS);
}
static void one_of_those_who_create_wins(void **state)
{
    struct rig *r = *state;
    uint64_t version;

    assert_int_equal(put(r, STORE_CERTS, "x", "first", 0, &version), FL_OK);
    assert_int_equal(put(r, STORE_CERTS, "x", "first", 0, &version),
                     FL_ESTALE); /* even with the same words */
    assert_value(r, STORE_CERTS, "x", "first", version);
}
#define RIG(f) cmocka_unit_test_setup_teardown(f, rig_new, rig_free)
int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG(a_value_comes_back_with_the_version_it_was_put_with),
        RIG(who_read_something_else_is_told_so_and_changes_nothing),
        RIG(values_are_bytes_from_none_to_the_limit),
        RIG(json_comes_back_and_damage_names_its_file),
        RIG(what_is_no_file_of_ours_is_said),
        RIG(any_name_is_a_key_and_stays_in_its_group),
        RIG(names_that_are_none_are_refused),
        RIG(the_list_leaves_out_what_is_not_ours),
        RIG(no_write_of_a_race_is_lost),
        RIG(one_of_those_who_create_wins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
