/* SPDX-License-Identifier: Apache-2.0 */
/* test_sink_file.c - the plugin `file`: what it writes, what it leaves alone, what it refuses. */
#include "base/mem.h"
#include "sink_rig.h"
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <cmocka.h>

static int set_up(void **state)
{
    struct sink_rig *r = calloc(1, sizeof *r);

    sink_rig_open(r, NULL);
    *state = r;
    return 0;
}
static int tear_down(void **state)
{
    sink_rig_close(*state);
    free(*state);
    return 0;
}
static void holds(const struct sink_rig *r, const char *path, const char *expected)
{
    auto_free char *text = sink_rig_read(r, path);

    if (!text || strcmp(text, expected))
        fail_msg("%s holds %s", path, text ? text : "nothing");
}
static void lists(const struct sink_rig *r, const char *path, const char *expected)
{
    auto_free char *text = sink_rig_list(r, path);

    assert_string_equal(text, expected);
}
static void leads(const struct sink_rig *r, const char *path, const char *expected)
{
    auto_free char *text = sink_rig_link(r, path);

    assert_string_equal(text ? text : "nothing", expected);
}
static struct stat look(const struct sink_rig *r, const char *path)
{
    char full[256];
    struct stat st = { 0 };

    if (lstat(sink_rig_path(r, path, full), &st) != 0)
        fail_msg("%s is not there", full);
    return st;
}
static mode_t mode_of(const struct sink_rig *r, const char *path) { return look(r, path).st_mode & 07777; }

static bool same_time(struct timespec a, struct timespec b)
{
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

/* ---- writing ---- */

static void a_certificate_becomes_five_files_behind_one_link(void **state)
{
    struct sink_rig *r = *state;
    mode_t mask = umask(077);

    assert_int_equal(sink_rig_deploy(r, "example.test", 1), FL_OK);
    umask(mask);
    leads(r, "example.test", ".example.test.d/00ab0001-1");
    lists(r, "", ".example.test.d example.test");
    lists(r, "example.test", "cert.pem chain.pem combined.pem fullchain.pem privkey.pem");
    holds(r, "example.test/cert.pem", "leaf 1 ec256\n");
    holds(r, "example.test/chain.pem", "chain 1\n");
    holds(r, "example.test/fullchain.pem", "leaf 1 ec256\nchain 1\n");
    holds(r, "example.test/privkey.pem", "key 1 ec256\n");
    holds(r, "example.test/combined.pem", "key 1 ec256\nleaf 1 ec256\nchain 1\n");
    assert_int_equal(mode_of(r, "example.test/privkey.pem"), 0600);
    assert_int_equal(mode_of(r, "example.test/combined.pem"), 0600);
    assert_int_equal(mode_of(r, "example.test/cert.pem"), 0644);
    assert_int_equal(mode_of(r, ".example.test.d"), 0755);
    assert_int_equal(mode_of(r, ".example.test.d/00ab0001-1"), 0755);
    assert_int_equal(mode_of(r, ""), 0755);
    assert_int_equal(sink_rig_verify(r, "example.test", 1), FL_OK);
    assert_int_equal(sink_rig_verify(r, "example.test", 2), FL_EAGAIN);
}
static void the_same_again_touches_nothing(void **state)
{
    struct sink_rig *r = *state;
    struct stat link, file, folder;

    assert_int_equal(sink_rig_deploy(r, "example.test", 1), FL_OK);
    link = look(r, "example.test");
    file = look(r, "example.test/privkey.pem");
    folder = look(r, ".example.test.d/00ab0001-1");
    assert_int_equal(sink_rig_deploy(r, "example.test", 1), FL_OK);
    sink_rig_reopen(r, NULL);
    assert_int_equal(sink_rig_deploy(r, "example.test", 1), FL_OK);
    assert_int_equal(look(r, "example.test").st_ino, link.st_ino);
    assert_int_equal(look(r, "example.test/privkey.pem").st_ino, file.st_ino);
    assert_true(same_time(look(r, "example.test/privkey.pem").st_ctim, file.st_ctim));
    assert_true(same_time(look(r, ".example.test.d/00ab0001-1").st_mtim, folder.st_mtim));
}
static void what_went_out_of_use_stays_for_a_while(void **state)
{
    struct sink_rig *r = *state;
    int64_t start = 1800000000000;

    r->f->now_ms = start;
    assert_int_equal(sink_rig_deploy(r, "example.test", 1), FL_OK);
    r->f->now_ms = start + 60000;
    assert_int_equal(sink_rig_deploy(r, "example.test", 2), FL_OK);
    leads(r, "example.test", ".example.test.d/00ab0002-1");
    lists(r, ".example.test.d", "00ab0001-1 00ab0002-1");
    r->f->now_ms = start + 9 * 60000;
    assert_int_equal(sink_rig_deploy(r, "example.test", 2), FL_OK);
    lists(r, ".example.test.d", "00ab0001-1 00ab0002-1");
    r->f->now_ms = start + 12 * 60000;
    assert_int_equal(sink_rig_deploy(r, "example.test", 2), FL_OK);
    lists(r, ".example.test.d", "00ab0002-1");
    /* The one in use is not old, however long it is in use. */
    r->f->now_ms = start + 1000LL * 86400 * 1000;
    assert_int_equal(sink_rig_deploy(r, "example.test", 2), FL_OK);
    holds(r, "example.test/cert.pem", "leaf 2 ec256\n");
}
static void what_was_lost_or_changed_is_written_anew(void **state)
{
    struct sink_rig *r = *state;
    char path[256], away[128];
    int fd;

    assert_int_equal(sink_rig_deploy(r, "example.test", 1), FL_OK);
    assert_int_equal(unlink(sink_rig_path(r, "example.test/cert.pem", path)), 0);
    assert_int_equal(sink_rig_verify(r, "example.test", 1), FL_EAGAIN);
    assert_int_equal(sink_rig_deploy(r, "example.test", 1), FL_OK);
    leads(r, "example.test", ".example.test.d/00ab0001-2");
    holds(r, "example.test/cert.pem", "leaf 1 ec256\n");
    fd = open(sink_rig_path(r, "example.test/privkey.pem", path), O_WRONLY | O_APPEND | O_CLOEXEC);
    assert_int_equal(write(fd, "x", 1), 1);
    close(fd);
    assert_int_equal(sink_rig_deploy(r, "example.test", 1), FL_OK);
    leads(r, "example.test", ".example.test.d/00ab0001-3");
    holds(r, "example.test/privkey.pem", "key 1 ec256\n");
    /* The link alone. */
    assert_int_equal(unlink(sink_rig_path(r, "example.test", path)), 0);
    assert_int_equal(sink_rig_deploy(r, "example.test", 1), FL_OK);
    holds(r, "example.test/privkey.pem", "key 1 ec256\n");
    /* The version alone. */
    assert_int_equal(sink_rig_deploy(r, "example.test", 2), FL_OK);
    sink_rig_path(r, ".example.test.d", path);
    snprintf(away, sizeof away, "%s/away", r->folder);
    assert_int_equal(rename(path, away), 0);
    assert_int_equal(sink_rig_verify(r, "example.test", 2), FL_EAGAIN);
    assert_int_equal(sink_rig_deploy(r, "example.test", 2), FL_OK);
    holds(r, "example.test/privkey.pem", "key 2 ec256\n");
}
static void a_mode_that_was_lost_is_given_back_in_place(void **state)
{
    static const char *const group_reads[] = { "mode=0640", NULL };
    struct sink_rig *r = *state;
    char path[256];
    ino_t ino;

    assert_int_equal(sink_rig_deploy(r, "example.test", 1), FL_OK);
    ino = look(r, "example.test/privkey.pem").st_ino;
    assert_int_equal(chmod(sink_rig_path(r, "example.test/privkey.pem", path), 0444), 0);
    assert_int_equal(chmod(sink_rig_path(r, "example.test/cert.pem", path), 0400), 0);
    assert_int_equal(sink_rig_deploy(r, "example.test", 1), FL_OK);
    assert_int_equal(mode_of(r, "example.test/privkey.pem"), 0600);
    assert_int_equal(mode_of(r, "example.test/cert.pem"), 0644);
    sink_rig_reopen(r, group_reads);
    assert_int_equal(sink_rig_deploy(r, "example.test", 1), FL_OK);
    assert_int_equal(mode_of(r, "example.test/combined.pem"), 0640);
    assert_int_equal(look(r, "example.test/privkey.pem").st_ino, ino);
}
static void owner_and_group_are_as_configured(void **state)
{
    static const char *const names[] = { "owner=nobody", "group=12345", "mode=0640", NULL };
    static const char *const wrong[] = { "owner=no-such-user-here", NULL };
    struct sink_rig *r = *state;
    char path[256];

    sink_rig_reopen(r, wrong);
    assert_int_equal(sink_rig_deploy(r, "example.test", 1), FL_ECONF);
    assert_non_null(strstr(fake_outcome(r->f)->msg, "no-such-user-here"));
    sink_rig_reopen(r, names);
    if (geteuid() != 0) {
        assert_int_equal(sink_rig_deploy(r, "example.test", 1), FL_ECONF);
        assert_non_null(strstr(fake_outcome(r->f)->msg, "root"));
        lists(r, ".example.test.d", "");
        return;
    }
    assert_int_equal(sink_rig_deploy(r, "example.test", 1), FL_OK);
    assert_int_equal(look(r, "example.test/privkey.pem").st_gid, 12345);
    assert_int_not_equal(look(r, "example.test/privkey.pem").st_uid, 0);
    assert_int_equal(look(r, ".example.test.d/00ab0001-1").st_uid, 0);
    assert_int_equal(lchown(sink_rig_path(r, "example.test/privkey.pem", path), 0, 0), 0);
    assert_int_equal(sink_rig_deploy(r, "example.test", 1), FL_OK);
    assert_int_equal(look(r, "example.test/privkey.pem").st_gid, 12345);
    assert_int_equal(mode_of(r, "example.test/privkey.pem"), 0640);
}
static void only_the_files_that_are_asked_for_are_there(void **state)
{
    static const char *const two[] = { "files=fullchain,key", NULL };
    struct sink_rig *r = *state;

    sink_rig_reopen(r, two);
    assert_int_equal(sink_rig_deploy(r, "example.test", 1), FL_OK);
    lists(r, "example.test", "fullchain.pem privkey.pem");
    assert_int_equal(sink_rig_verify(r, "example.test", 1), FL_OK);
    sink_rig_reopen(r, NULL);
    assert_int_equal(sink_rig_verify(r, "example.test", 1), FL_EAGAIN);
    assert_int_equal(sink_rig_deploy(r, "example.test", 1), FL_OK);
    lists(r, "example.test", "cert.pem chain.pem combined.pem fullchain.pem privkey.pem");
    sink_rig_reopen(r, two);
    assert_int_equal(sink_rig_deploy(r, "example.test", 1), FL_OK);
    lists(r, "example.test", "fullchain.pem privkey.pem");
}
static void several_lineages_stand_in_one_folder(void **state)
{
    struct sink_rig *r = *state;
    struct sink_cert rooms[2];
    const struct fl_cert both[] = { sink_rig_cert("example.test", "ec256", 1, &rooms[0]),
                                    sink_rig_cert("example.test", "rsa2048", 2, &rooms[1]) };

    /* One comes first, the other later: the plain names go on to mean the first. */
    assert_int_equal(sink_rig_deploy(r, "example.test", 1), FL_OK);
    assert_int_equal(fl_plugin_entry.ops.sink->deploy(fake_call(r->f), both, 2), FL_OK);
    leads(r, "example.test", ".example.test.d/00ab0001-2");
    lists(r, "example.test",
          "cert-ec256.pem cert-rsa2048.pem cert.pem chain-ec256.pem chain-rsa2048.pem chain.pem "
          "combined-ec256.pem combined-rsa2048.pem combined.pem fullchain-ec256.pem fullchain-rsa2048.pem "
          "fullchain.pem privkey-ec256.pem privkey-rsa2048.pem privkey.pem");
    holds(r, "example.test/privkey.pem", "key 1 ec256\n");
    holds(r, "example.test/privkey-ec256.pem", "key 1 ec256\n");
    holds(r, "example.test/combined-rsa2048.pem", "key 2 rsa2048\nleaf 2 rsa2048\nchain 2\n");
    assert_int_equal(mode_of(r, "example.test/privkey-rsa2048.pem"), 0600);
    assert_int_equal(fl_plugin_entry.ops.sink->deploy(fake_call(r->f), both, 2), FL_OK);
    leads(r, "example.test", ".example.test.d/00ab0001-2");
    assert_int_equal(fl_plugin_entry.ops.sink->verify(fake_call(r->f), both, 2), FL_OK);
}
static void a_certificate_without_intermediates_has_an_empty_chain(void **state)
{
    struct sink_rig *r = *state;
    struct sink_cert room;
    struct fl_cert cert = sink_rig_cert("_.example.test", "ec256", 1, &room);

    cert.chain_pem = "";
    assert_int_equal(fl_plugin_entry.ops.sink->deploy(fake_call(r->f), &cert, 1), FL_OK);
    holds(r, "_.example.test/chain.pem", "");
    holds(r, "_.example.test/fullchain.pem", "leaf 1 ec256\n");
}

/* ---- failing ---- */

static void a_write_that_fails_leaves_the_old_version_in_use_and_nothing_half_done(void **state)
{
    struct sink_rig *r = *state;
    struct rlimit old, none = { 0, 0 };

    assert_int_equal(sink_rig_deploy(r, "example.test", 1), FL_OK);
    getrlimit(RLIMIT_FSIZE, &old);
    none.rlim_max = old.rlim_max;
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &none);
    int rc = sink_rig_deploy(r, "example.test", 2);
    setrlimit(RLIMIT_FSIZE, &old);
    assert_int_equal(rc, FL_ETEMP);
    assert_non_null(strstr(fake_outcome(r->f)->msg, "cert.pem"));
    lists(r, ".example.test.d", "00ab0001-1");
    holds(r, "example.test/privkey.pem", "key 1 ec256\n");
    assert_int_equal(sink_rig_deploy(r, "example.test", 2), FL_OK);
    holds(r, "example.test/privkey.pem", "key 2 ec256\n");
}
static void leftovers_of_a_crash_are_no_hindrance(void **state)
{
    struct sink_rig *r = *state;
    char path[256];

    assert_int_equal(sink_rig_deploy(r, "example.test", 1), FL_OK);
    assert_int_equal(mkdir(sink_rig_path(r, ".example.test.d/00ab0002-1", path), 0755), 0);
    assert_int_equal(symlink("anywhere", sink_rig_path(r, ".example.test.d/next", path)), 0);
    assert_int_equal(sink_rig_deploy(r, "example.test", 2), FL_OK);
    leads(r, "example.test", ".example.test.d/00ab0002-2");
    lists(r, ".example.test.d", "00ab0001-1 00ab0002-1 00ab0002-2");
}
static void without_memory_nothing_is_switched(void **state)
{
    struct sink_rig *r = *state;

    assert_int_equal(sink_rig_deploy(r, "example.test", 1), FL_OK);
    r->f->starve = true;
    assert_int_not_equal(sink_rig_deploy(r, "example.test", 2), FL_OK);
    r->f->starve = false;
    holds(r, "example.test/privkey.pem", "key 1 ec256\n");
    assert_int_equal(sink_rig_deploy(r, "example.test", 2), FL_OK);
}
static void a_folder_without_permission_is_told(void **state)
{
    struct sink_rig *r = *state;
    char path[256];
    int status;

    assert_int_equal(sink_rig_deploy(r, "example.test", 1), FL_OK);
    assert_int_equal(chmod(sink_rig_path(r, "", path), 0555), 0);
    assert_int_equal(chmod(r->folder, 0755), 0);
    if (geteuid() != 0) {
        assert_int_equal(sink_rig_deploy(r, "other.test", 1), FL_ECONF);
        assert_int_equal(chmod(path, 0755), 0);
        return;
    }
    pid_t child = fork();
    if (child == 0) {
        if (setresuid(65534, 65534, 65534) != 0)
            _exit(99);
        _exit(-sink_rig_deploy(r, "other.test", 1));
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(WEXITSTATUS(status), -FL_ECONF);
}

/* ---- other people's things ---- */

static void what_others_put_there_is_neither_followed_nor_replaced(void **state)
{
    struct sink_rig *r = *state;
    char path[256], elsewhere[128];
    int fd;

    snprintf(elsewhere, sizeof elsewhere, "%s/elsewhere", r->folder);
    assert_int_equal(mkdir(elsewhere, 0755), 0);
    assert_int_equal(sink_rig_deploy(r, "first.test", 1), FL_OK);
    /* A folder, a file, a link to somewhere else, a link that only looks like ours. */
    assert_int_equal(mkdir(sink_rig_path(r, "a.test", path), 0755), 0);
    fd = open(sink_rig_path(r, "b.test", path), O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
    close(fd);
    assert_int_equal(symlink(elsewhere, sink_rig_path(r, "c.test", path)), 0);
    assert_int_equal(symlink(".d.test.d/../../../elsewhere", sink_rig_path(r, "d.test", path)), 0);
    /* The place of the versions is a link. */
    assert_int_equal(symlink(elsewhere, sink_rig_path(r, ".e.test.d", path)), 0);
    for (const char *name = "abcde"; *name; name++) {
        char certificate[] = "x.test";
        certificate[0] = *name;
        if (sink_rig_deploy(r, certificate, 1) != FL_ECONF)
            fail_msg("%s was taken", certificate);
        assert_non_null(strstr(fake_outcome(r->f)->msg, "move it away"));
        if (*name != 'e' && sink_rig_retire(r, certificate) != FL_ECONF)
            fail_msg("%s was retired", certificate);
    }
    assert_int_equal(mode_of(r, "a.test"), 0755);
    leads(r, "c.test", elsewhere);
    assert_int_equal(rmdir(elsewhere), 0); /* empty still */
}
static void links_on_the_way_are_followed_only_when_they_are_ours(void **state)
{
    struct sink_rig *r = *state;
    char link[128], real[128];

    snprintf(real, sizeof real, "%s/real", r->folder);
    snprintf(link, sizeof link, "%s/state", r->folder);
    assert_int_equal(mkdir(real, 0755), 0);
    assert_int_equal(symlink(real, link), 0);
    assert_int_equal(sink_rig_deploy(r, "example.test", 1), FL_OK);
    holds(r, "example.test/cert.pem", "leaf 1 ec256\n");
    if (geteuid() != 0)
        return;
    assert_int_equal(lchown(link, 65534, 65534), 0);
    assert_int_equal(sink_rig_deploy(r, "example.test", 2), FL_ECONF);
    assert_non_null(strstr(fake_outcome(r->f)->msg, "symbolic link of another user"));
}
static void names_that_lead_away_are_refused(void **state)
{
    static const char *const names[] = { "", ".", "..", "../x", "a/b", "/etc", ".hidden" };
    struct sink_rig *r = *state;

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        assert_int_equal(sink_rig_deploy(r, names[i], 1), FL_ECONF);
        assert_int_equal(sink_rig_retire(r, names[i]), FL_ECONF);
    }
}
static void retiring_removes_what_is_ours_and_only_that(void **state)
{
    struct sink_rig *r = *state;
    char path[256];
    int fd;

    assert_int_equal(sink_rig_retire(r, "never.test"), FL_OK); /* not even the folder is there */
    assert_int_equal(sink_rig_deploy(r, "a.test", 1), FL_OK);
    assert_int_equal(sink_rig_deploy(r, "a.test", 2), FL_OK);
    assert_int_equal(sink_rig_deploy(r, "b.test", 1), FL_OK);
    assert_int_equal(sink_rig_deploy(r, "c.test", 1), FL_OK);
    assert_int_equal(sink_rig_retire(r, "a.test"), FL_OK);
    lists(r, "", ".b.test.d .c.test.d b.test c.test");
    fd = open(sink_rig_path(r, "b.test/dhparam.pem", path), O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
    close(fd);
    assert_int_equal(sink_rig_retire(r, "b.test"), FL_OK);
    lists(r, "", ".b.test.d .c.test.d c.test");
    lists(r, ".b.test.d/00ab0001-1", "dhparam.pem");
    assert_int_equal(sink_rig_retire(r, "b.test"), FL_OK);
    holds(r, "c.test/privkey.pem", "key 1 ec256\n");
}
static void options_that_make_no_sense_are_told(void **state)
{
    static const char *const modes[] = { "0644", "0601",  "0700",  "0040", "rw",
                                         "",     "06400", "0o640", "-1",   "0888" };
    struct sink_rig *r = *state;

    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        char directory[128], mode[32];
        const char *const options[] = { directory, mode, NULL };
        snprintf(directory, sizeof directory, "directory=%s", r->live);
        snprintf(mode, sizeof mode, "mode=%s", modes[i]);
        struct fake *f = fake_new(&fl_plugin_entry, options);
        if (fake_check(f) != FL_ECONF)
            fail_msg("mode %s was taken", modes[i]);
        fake_free(f);
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
/* ---- what is held ---- */

static void what_is_held_is_what_the_link_leads_to(void **state)
{
    struct sink_rig *r = *state;
    struct sink_cert rooms[2];
    const struct fl_cert both[2] = { sink_rig_cert("example.test", "ec256", 3, &rooms[0]),
                                     sink_rig_cert("example.test", "rsa2048", 4, &rooms[1]) };

    assert_int_equal(sink_rig_deploy(r, "example.test", 1), FL_OK);
    assert_int_equal(sink_rig_deploy(r, "example.test", 2), FL_OK);
    assert_string_equal(sink_rig_held(r, "example.test", "ec256"), "leaf 2 ec256\nchain 2\n");
    assert_int_equal(fl_plugin_entry.ops.sink->deploy(fake_call(r->f), both, 2), FL_OK);
    assert_string_equal(sink_rig_held(r, "example.test", "ec256"), "leaf 3 ec256\nchain 3\n");
    assert_string_equal(sink_rig_held(r, "example.test", "rsa2048"), "leaf 4 rsa2048\nchain 4\n");
}
static void what_is_held_is_read_from_whichever_files_there_are(void **state)
{
    struct sink_rig *r = *state;
    struct sink_cert room;
    struct fl_cert cert = sink_rig_cert("example.test", "ec256", 5, &room);

    sink_rig_reopen(r, (const char *const[]){ "files=leaf,chain,key", NULL });
    assert_int_equal(sink_rig_deploy(r, "example.test", 5), FL_OK);
    assert_string_equal(sink_rig_held(r, "example.test", "ec256"), "leaf 5 ec256\nchain 5\n");
    sink_rig_reopen(r, (const char *const[]){ "files=combined", NULL });
    cert.leaf_pem = "-----BEGIN CERTIFICATE-----\nleaf\n";
    assert_int_equal(fl_plugin_entry.ops.sink->deploy(fake_call(r->f), &cert, 1), FL_OK);
    assert_string_equal(sink_rig_held(r, "example.test", "ec256"),
                        "-----BEGIN CERTIFICATE-----\nleaf\nchain 5\n");
    sink_rig_reopen(r, (const char *const[]){ "files=key", NULL });
    assert_int_equal(sink_rig_deploy(r, "example.test", 6), FL_OK);
    assert_string_equal(sink_rig_held(r, "example.test", "ec256"), "none");
}
static void nothing_is_held_where_nothing_stands(void **state)
{
    struct sink_rig *r = *state;

    assert_string_equal(sink_rig_held(r, "example.test", "ec256"), "none");
    lists(r, "..", ""); /* asking made no folder */
    assert_int_equal(sink_rig_deploy(r, "other.test", 1), FL_OK);
    assert_string_equal(sink_rig_held(r, "example.test", "ec256"), "none");
    assert_int_equal(sink_rig_retire(r, "other.test"), FL_OK);
    assert_string_equal(sink_rig_held(r, "other.test", "ec256"), "none");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_certificate_becomes_five_files_behind_one_link),
        TEST(the_same_again_touches_nothing),
        TEST(what_went_out_of_use_stays_for_a_while),
        TEST(what_was_lost_or_changed_is_written_anew),
        TEST(a_mode_that_was_lost_is_given_back_in_place),
        TEST(owner_and_group_are_as_configured),
        TEST(only_the_files_that_are_asked_for_are_there),
        TEST(several_lineages_stand_in_one_folder),
        TEST(a_certificate_without_intermediates_has_an_empty_chain),
        TEST(a_write_that_fails_leaves_the_old_version_in_use_and_nothing_half_done),
        TEST(leftovers_of_a_crash_are_no_hindrance),
        TEST(without_memory_nothing_is_switched),
        TEST(a_folder_without_permission_is_told),
        TEST(what_others_put_there_is_neither_followed_nor_replaced),
        TEST(links_on_the_way_are_followed_only_when_they_are_ours),
        TEST(names_that_lead_away_are_refused),
        TEST(retiring_removes_what_is_ours_and_only_that),
        TEST(options_that_make_no_sense_are_told),
        TEST(what_is_held_is_what_the_link_leads_to),
        TEST(what_is_held_is_read_from_whichever_files_there_are),
        TEST(nothing_is_held_where_nothing_stands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
