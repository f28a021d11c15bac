/* SPDX-License-Identifier: Apache-2.0 */
/* test_sink_haproxy.c - the sink `haproxy` and what a runtime socket may say: every command, and what becomes of each answer. */
#include "base/mem.h"
#include "sink_rig.h"
#include "tmpdir.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- the other side: one command a connection, as HAProxy has it --------------------------- */

enum { ROWS = 8, TEXT = 512 };
struct row {
    const char *command; /* what comes begins so; $P is the file's path, $D its folder. NULL: the end */
    const char *answer;  /* NULL: nothing, until the other side goes */
};
struct runtime_socket {
    char path[96], file[192], folder[128];
    const struct row *rows;
    int fd, served;
    char wrong[2 * TEXT]; /* the first command that was another one */
    pthread_t thread;
};
static void expand(const struct runtime_socket *s, const char *text, char out[TEXT])
{
    size_t n = 0;

    for (; *text && n + 1 < TEXT; text++) {
        const char *put = !strncmp(text, "$P", 2) ? s->file : !strncmp(text, "$D", 2) ? s->folder : NULL;
        if (put)
            n += (size_t)snprintf(out + n, TEXT - n, "%s", put), text++;
        else
            out[n++] = *text;
    }
    out[n] = '\0';
}
static void answer_one(struct runtime_socket *s, int fd)
{
    const struct row *row = &s->rows[s->served];
    char came[4096], wanted[TEXT], said[TEXT];
    ssize_t n = recv(fd, came, sizeof came - 1, 0);

    came[n > 0 ? n : 0] = '\0';
    expand(s, row->command ? row->command : "(nothing)", wanted);
    if (!row->command || strncmp(came, wanted, strlen(wanted)) != 0) {
        if (!s->wrong[0])
            snprintf(s->wrong, sizeof s->wrong, "\"%.400s\" and not \"%.400s\"", came, wanted);
        return;
    }
    s->served++;
    if (row->answer) {
        expand(s, row->answer, said);
        (void)!send(fd, said, strlen(said), MSG_NOSIGNAL);
        return;
    }
    while (recv(fd, came, sizeof came, 0) > 0) {
    }
}
static void *serve(void *arg)
{
    struct runtime_socket *s = arg;
    int fd;

    while ((fd = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
        answer_one(s, fd);
        close(fd);
    }
    return NULL;
}
static void socket_start(struct runtime_socket *s, const struct row *rows)
{
    struct sockaddr_un at = { .sun_family = AF_UNIX };

    s->rows = rows;
    s->served = 0;
    s->wrong[0] = '\0';
    snprintf(at.sun_path, sizeof at.sun_path, "%s", s->path);
    unlink(s->path);
    s->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(s->fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(s->fd, 8), 0);
    assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
}
/* How many commands came; what should not have come is complained about by the caller. */
static int socket_stop(struct runtime_socket *s)
{
    shutdown(s->fd, SHUT_RDWR);
    pthread_join(s->thread, NULL);
    close(s->fd);
    unlink(s->path);
    return s->served;
}

/* ---- the sink ----------------------------------------------------------------------------- */

struct rig {
    struct sink_rig r;
    struct runtime_socket s;
};
static void rig_open(struct rig *g, bool list)
{
    char option[128], crt_list[160];
    const char *extra[] = { option, list ? crt_list : NULL, NULL };

    /* The folder's name is known only behind the first opening. */
    static const char *const first[] = { "socket=/nowhere/admin.sock", NULL };
    sink_rig_open(&g->r, first);
    snprintf(g->s.path, sizeof g->s.path, "%s/admin.sock", g->r.folder);
    snprintf(g->s.folder, sizeof g->s.folder, "%s", g->r.live);
    snprintf(g->s.file, sizeof g->s.file, "%s/web.pem", g->r.live);
    snprintf(option, sizeof option, "socket=%s", g->s.path);
    snprintf(crt_list, sizeof crt_list, "crt_list=%s", g->r.live);
    char state[96];
    snprintf(state, sizeof state, "%s/state", g->r.folder);
    (void)!mkdir(state, 0700);
    sink_rig_reopen(&g->r, extra);
}

#define USED(serial) "Filename: $P\nStatus: Used\nSerial: " serial "\nnotBefore: x\n"
#define LOOK(answer)                                                                                         \
    {                                                                                                        \
        "show ssl cert $P\n", answer                                                                         \
    }
#define OLD LOOK(USED("07"))
#define UNKNOWN LOOK("Can't display the certificate: Not found or the certificate is a bundle!\n")
#define FREE                                                                                                 \
    {                                                                                                        \
        "show ssl cert\n", "# filename\n$P\n/other.pem\n"                                                    \
    }
#define SET                                                                                                  \
    {                                                                                                        \
        "set ssl cert $P <<\nkey 1 ec256\n-----BEGIN CERTIFICATE-----\nleaf\nchain 1\n\n",                   \
            "Transaction created for certificate $P!\n\n"                                                    \
    }
#define COMMIT                                                                                               \
    {                                                                                                        \
        "commit ssl cert $P\n", "Committing $P.\nSuccess!\n\n"                                               \
    }
#define ABORT                                                                                                \
    {                                                                                                        \
        "abort ssl cert $P\n", "Transaction aborted for certificate '$P'!\n"                                 \
    }
#define NEW                                                                                                  \
    {                                                                                                        \
        "new ssl cert $P\n", "New empty certificate store '$P'!\n"                                           \
    }
#define ADD                                                                                                  \
    {                                                                                                        \
        "add ssl crt-list $D $P\n", "Inserting certificate '$P' in crt-list '$D'.\nSuccess!\n"               \
    }
#define DEL                                                                                                  \
    {                                                                                                        \
        "del ssl cert $P\n", "Certificate '$P' deleted!\n"                                                   \
    }

struct sink_case {
    const char *what;
    struct row rows[ROWS];
    bool list;
    int code;
    const char *words;
};
static const struct sink_case deploys[] = {
    { "it is there already", { LOOK(USED("AB0001")) }, false, FL_OK, NULL },
    { "renewed", { OLD, FREE, SET, COMMIT }, false, FL_OK, NULL },
    { "renewed, with a list that has it", { OLD, FREE, SET, COMMIT }, true, FL_OK, NULL },
    { "not known yet", { UNKNOWN, NEW, FREE, SET, COMMIT, ADD }, true, FL_OK, NULL },
    { "made by somebody else meanwhile",
      { UNKNOWN, { "new ssl cert $P\n", "Certificate '$P' already exists!\n" }, FREE, SET, COMMIT, ADD },
      true,
      FL_OK,
      NULL },
    { "known, the same, and used nowhere",
      { LOOK("Filename: $P\nStatus: Unused\nSerial: AB0001\n"), FREE, SET, COMMIT, ADD },
      true,
      FL_OK,
      NULL },
    { "on the list already",
      { UNKNOWN,
        NEW,
        FREE,
        SET,
        COMMIT,
        { "add ssl crt-list $D $P\n", "Can't edit the crt-list: entry already exists!\n" } },
      true,
      FL_OK,
      NULL },
    { "our own transaction, of before a crash",
      { OLD, { "show ssl cert\n", "# transaction\n*$P\n# filename\n$P\n" }, ABORT, SET, COMMIT },
      false,
      FL_OK,
      NULL },
    { "somebody else's transaction",
      { OLD, { "show ssl cert\n", "# transaction\n*/other.pem\n# filename\n$P\n" } },
      false,
      FL_ETEMP,
      "somebody else is changing /other.pem" },
    { "not known, and no list", { UNKNOWN }, false, FL_ETEMP, "HAProxy does not use it" },
    { "the text is refused",
      { OLD,
        FREE,
        { "set ssl cert $P <<\n", "unable to load certificate chain\nCan't update $P!\n" },
        ABORT },
      false,
      FL_EREJECT,
      "the transaction was aborted: unable to load certificate chain" },
    { "the answer to the text is cut off",
      { OLD, FREE, { "set ssl cert $P <<\n", "Transac" }, ABORT },
      false,
      FL_EREJECT,
      "Transac" },
    { "the text may not be set",
      { OLD, FREE, { "set ssl cert $P <<\n", "Permission denied\n" } },
      false,
      FL_ECONF,
      "level admin" },
    { "the commit is refused",
      { OLD, FREE, SET, { "commit ssl cert $P\n", "Can't commit $P!\n(inconsistent)\n" }, ABORT },
      false,
      FL_EREJECT,
      "Can't commit" },
    { "the commit is cut off",
      { OLD, FREE, SET, { "commit ssl cert $P\n", "Committing" }, ABORT },
      false,
      FL_EREJECT,
      "Committing" },
    { "the commit has no answer",
      { OLD, FREE, SET, { "commit ssl cert $P\n", NULL } },
      false,
      FL_ETEMP,
      NULL },
    { "refused, and the abort has no answer",
      { OLD, FREE, { "set ssl cert $P <<\n", "Can't update $P!\n" }, { "abort ssl cert $P\n", NULL } },
      false,
      FL_EREJECT,
      "Can't update" },
    { "the new one is refused and unmade",
      { UNKNOWN, NEW, FREE, { "set ssl cert $P <<\n", "Can't update $P!\n" }, ABORT, DEL },
      true,
      FL_EREJECT,
      "Can't update" },
    { "no new one is made",
      { UNKNOWN, { "new ssl cert $P\n", "unable to allocate memory.\n" } },
      true,
      FL_EREJECT,
      "HAProxy does not make" },
    { "the list does not take it",
      { UNKNOWN,
        NEW,
        FREE,
        SET,
        COMMIT,
        { "add ssl crt-list $D $P\n", "Can't edit the crt-list: no such list!\n" },
        DEL },
      true,
      FL_EREJECT,
      "no such list" },
    { "no rights to look", { LOOK("Permission denied\n") }, false, FL_ECONF, "level admin" },
    { "no rights, in other words", { LOOK("Can't allocate memory!\n") }, false, FL_ECONF, "level admin" },
    { "one without TLS",
      { LOOK("Unknown command: 'show ssl', but maybe one of these:\n") },
      false,
      FL_EPROTO,
      "does not know `ssl cert`" },
    { "another service", { LOOK("220 mail.example.org ESMTP\n") }, false, FL_EPROTO, "does not tell of" },
    { "an empty answer", { LOOK("") }, false, FL_EPROTO, "does not tell of" },
    { "an answer that is cut off", { LOOK("Filename: $P\nSta") }, false, FL_EPROTO, "does not tell of" },
    { "no answer", { LOOK(NULL) }, false, FL_EAGAIN, "is written and waits for HAProxy" },
};
static const struct sink_case verifies[] = {
    { "all is well", { LOOK(USED("AB0001")) }, false, FL_OK, NULL },
    { "another serial", { OLD }, false, FL_EAGAIN, "HAProxy has serial 7 for" },
    { "not known", { UNKNOWN }, false, FL_EAGAIN, "HAProxy has nothing for" },
    { "used nowhere", { LOOK("Status: Unused\nSerial: AB0001\n") }, false, FL_EAGAIN, "uses it nowhere" },
    { "no answer", { LOOK(NULL) }, false, FL_EAGAIN, "waits for HAProxy" },
    { "no rights", { LOOK("Permission denied\n") }, false, FL_ECONF, "level admin" },
};
static const struct sink_case retires[] = {
    { "it goes", { OLD, DEL }, false, FL_OK, NULL },
    { "it goes from the list, too",
      { OLD, { "del ssl crt-list $D $P\n", "Entry '$P' deleted!\n" }, DEL },
      true,
      FL_OK,
      NULL },
    { "not known any more", { UNKNOWN }, false, FL_OK, NULL },
    { "gone between two commands",
      { OLD, { "del ssl cert $P\n", "Can't remove the certificate: certificate '$P' doesn't exist!\n" } },
      false,
      FL_OK,
      NULL },
    { "in use",
      { OLD,
        { "del ssl cert $P\n",
          "Can't remove the certificate: certificate '$P' in use, can't be deleted!\n" } },
      false,
      FL_ETEMP,
      "HAProxy still uses" },
    { "no answer", { OLD, { "del ssl cert $P\n", NULL } }, false, FL_ETEMP, NULL },
};

/* The key is not given to a look. */
static int deploy_or_verify(struct sink_rig *r, bool deploys_it)
{
    const struct fl_sink_ops *ops = fl_plugin_entry.ops.sink;
    struct sink_cert room;
    struct fl_cert cert = sink_rig_cert("web", "ec256", 1, &room);

    cert.leaf_pem = "-----BEGIN CERTIFICATE-----\nleaf\n";
    if (!deploys_it)
        cert.key_pem = "";
    return deploys_it ? ops->deploy(fake_call(r->f), &cert, 1) : ops->verify(fake_call(r->f), &cert, 1);
}
static int deploy(struct sink_rig *r) { return deploy_or_verify(r, true); }
static int verify(struct sink_rig *r) { return deploy_or_verify(r, false); }

static void one_case(const struct sink_case *c, int (*call)(struct sink_rig *r), bool brought, bool stays)
{
    static struct rig g; /* its socket's thread is joined before the next */
    bool slow = false;
    int n = 0, served, code;

    g = (struct rig){ .s = { .fd = -1 } };
    rig_open(&g, c->list);
    if (brought) /* nobody answers: the file alone */
        assert_int_equal(deploy(&g.r), FL_EAGAIN);
    for (; c->rows[n].command; n++)
        slow = slow || !c->rows[n].answer;
    socket_start(&g.s, c->rows);
    if (slow)
        g.r.f->left_ms = 1000;
    code = call(&g.r);
    served = socket_stop(&g.s);
    if (g.s.wrong[0] || served != n)
        fail_msg("%s: %d commands of %d; %s", c->what, served, n, g.s.wrong);
    if (code != c->code)
        fail_msg("%s: %d: %s", c->what, code, fake_outcome(g.r.f)->msg);
    if (c->words && !strstr(fake_outcome(g.r.f)->msg, c->words))
        fail_msg("%s: %s", c->what, fake_outcome(g.r.f)->msg);
    auto_free char *text = sink_rig_read(&g.r, "web.pem");
    if (stays)
        assert_string_equal(text, "key 1 ec256\n-----BEGIN CERTIFICATE-----\nleaf\nchain 1\n");
    else
        assert_null(text);
    if (strstr(fake_outcome(g.r.f)->msg, "key 1"))
        fail_msg("%s: tells the key", c->what);
    sink_rig_close(&g.r);
}

static int retire(struct sink_rig *r) { return sink_rig_retire(r, "web"); }

static void what_becomes_of_each_answer_to_a_delivery(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof deploys / sizeof *deploys; i++)
        one_case(&deploys[i], deploy, false, true);
}
static void what_a_look_at_it_finds(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof verifies / sizeof *verifies; i++)
        one_case(&verifies[i], verify, true, true);
}
static void what_is_in_use_stays_on_disk(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof retires / sizeof *retires; i++)
        one_case(&retires[i], retire, true, retires[i].code != FL_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_becomes_of_each_answer_to_a_delivery),
        cmocka_unit_test(what_a_look_at_it_finds),
        cmocka_unit_test(what_is_in_use_stays_on_disk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
