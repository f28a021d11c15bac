/* SPDX-License-Identifier: Apache-2.0 */
/* test_starve.c - every allocation of a call fails once: it always ends in FL_ENOMEM, with nothing lost. */
#include "base/mem.h"
#include "plugin/deliver.h"
#include "plugin_rig.h"
#include "test_ca.h"
#include "tmpdir.h"
#include <fl/json.h>
#include <fl/listen.h>
#include <fl/solver.h>
#include <fl/talk.h>
#include <fl/tls.h>

#include <netinet/in.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- memory that runs out: linked with --wrap for each of these ---- */

static struct {
    bool armed, for_good; /* for_good: nothing works from then on */
    unsigned count, at;   /* the how-manieth fails; 0: none */
} ration;

static bool denied(void)
{
    if (!ration.armed)
        return false;
    ration.count++;
    return ration.at && (ration.for_good ? ration.count >= ration.at : ration.count == ration.at);
}
void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
char *__real_strdup(const char *s);
int __real_vasprintf(char **out, const char *fmt, va_list ap);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);
char *__wrap_strdup(const char *s);
int __wrap_vasprintf(char **out, const char *fmt, va_list ap) FL_PRINTF(2, 0);

void *__wrap_malloc(size_t size) { return denied() ? NULL : __real_malloc(size); }
void *__wrap_calloc(size_t n, size_t size) { return denied() ? NULL : __real_calloc(n, size); }
void *__wrap_realloc(void *p, size_t size) { return denied() ? NULL : __real_realloc(p, size); }
char *__wrap_strdup(const char *s) { return denied() ? NULL : __real_strdup(s); }
int __wrap_vasprintf(char **out, const char *fmt, va_list ap)
{
    return denied() ? -1 : __real_vasprintf(out, fmt, ap);
}

/* Starves `body` at every allocation in turn, once and for good. It says FL_OK or FL_ENOMEM. */
static void torture(int (*body)(void *arg), void *arg)
{
    for (int for_good = 0; for_good < 2; for_good++) {
        unsigned at = 1;
        int code;
        do {
            ration.count = 0;
            ration.at = at++;
            ration.for_good = for_good;
            ration.armed = true;
            code = body(arg);
            ration.armed = false;
            if (code != FL_OK && code != FL_ENOMEM)
                fail_msg("allocation %u: %d", at - 1, code);
            if (code == FL_OK && ration.count >= ration.at)
                fail_msg("allocation %u failed and nobody said so", at - 1);
        } while (code == FL_ENOMEM && at < 500);
        assert_int_equal(code, FL_OK);
        assert_true(at > 3);
    }
}

/* ---- a call that uses everything ---- */

static int uses_all(struct fl_ctx *ctx)
{
    static const char *const servers[] = { "ns1.example.net", NULL };
    const char *const argv[] = { "/bin/echo", "one", "two", NULL }, *const env[] = { "A=b", NULL };
    const struct fl_run run = { .argv = argv, .env = env, .input = "in", .input_len = 2 };
    const struct fl_value values[] = { { .text = "v", .id = "1" }, { .text = "w" } };
    const struct fl_zone zone = { .apex = "example.org", .id = "z", .name_servers = servers };
    const struct fl_rrset set = { .name = "a", .type = FL_RR_TXT, .values = values, .n = 2, .etag = "e" };
    const struct fl_http req = { .url = "http://127.0.0.1/" };
    static const char long_text[] =
        "{\"a text that grows while it is read\": \"and another one of more than 32 bytes\"}";
    const uint8_t *bytes;
    json_t *answer = NULL, *body;
    struct fl_ran ran;
    size_t len;

    (void)fl_alloc(ctx, 100);
    assert_non_null(fl_printf(ctx, "%s %d", "text", 7));
    assert_non_null(fl_base64(ctx, "data", 4, true));
    (void)fl_unbase64(ctx, "ZGF0YQ", &bytes, &len);
    body = fl_json_pack(ctx, "{s:s,s:[i,i,i],s:{s:b}}", "name", "value", "list", 1, 2, 3, "inner", "flag", 1);
    assert_true(json_is_object(body));
    (void)fl_http_json(ctx, &req, body, &answer); /* no service here: it ends before anything is sent */
    assert_true(json_is_object(answer));
    (void)fl_json_parse(ctx, "this", long_text, strlen(long_text), &body);
    assert_true(json_is_object(body));
    (void)fl_emit_zone(ctx, &zone);
    (void)fl_emit_rrset(ctx, &set);
    (void)fl_run(ctx, &run, &ran);
    assert_non_null(ran.output);
    fl_debug(ctx, "%s", ran.output);
    return FL_OK;
}
static int call_body(void *arg)
{
    struct outcome o = { .code = FL_OK };
    int code = plugin_rig_call(arg, uses_all, &o);
    assert_int_equal(code, o.code);
    if (code == FL_ENOMEM)
        assert_non_null(strstr(o.msg, "out of memory"));
    return code;
}
static void every_allocation_of_a_call_may_fail(void **state)
{
    struct plugin_rig r;
    (void)state;
    plugin_rig_init(&r, &plugin_rig_entry);
    plugin_rig_open(&r);
    torture(call_body, &r);
    plugin_rig_done(&r);
}

/* ---- services that ask others: a server that itself needs no memory of ours ---- */

struct server {
    SSL_CTX *tls; /* NULL: one line in, one out */
    int fd;
    char address[32];
    pthread_t thread;
};
static void answer_one(const struct server *s, int fd)
{
    char text[64];
    SSL *ssl = s->tls ? SSL_new(s->tls) : NULL;

    if (ssl) {
        SSL_set_fd(ssl, fd);
        if (SSL_accept(ssl) == 1)
            SSL_shutdown(ssl);
    } else if (recv(fd, text, sizeof text, 0) > 0)
        (void)!send(fd, "answer\n", 7, MSG_NOSIGNAL);
    SSL_free(ssl);
    close(fd);
}
static void *serve(void *arg)
{
    const struct server *s = arg;
    int fd;

    while ((fd = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC)) >= 0)
        answer_one(s, fd);
    return NULL;
}
static void server_start(struct server *s, const char *pem, const char *key_pem)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof at;

    *s = (struct server){ .tls = pem ? SSL_CTX_new(TLS_server_method()) : NULL };
    if (pem) {
        BIO *bio = BIO_new_mem_buf(pem, -1), *key_bio = BIO_new_mem_buf(key_pem, -1);
        X509 *cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);
        EVP_PKEY *key = PEM_read_bio_PrivateKey(key_bio, NULL, NULL, NULL);
        assert_int_equal(SSL_CTX_use_certificate(s->tls, cert), 1);
        assert_int_equal(SSL_CTX_use_PrivateKey(s->tls, key), 1);
        X509_free(cert);
        EVP_PKEY_free(key);
        BIO_free(bio);
        BIO_free(key_bio);
    }
    s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(s->fd, (struct sockaddr *)&at, len), 0);
    assert_int_equal(listen(s->fd, 64), 0);
    assert_int_equal(getsockname(s->fd, (struct sockaddr *)&at, &len), 0);
    snprintf(s->address, sizeof s->address, "127.0.0.1:%u", (unsigned)ntohs(at.sin_port));
    assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
}
static void server_stop(struct server *s)
{
    shutdown(s->fd, SHUT_RDWR);
    pthread_join(s->thread, NULL);
    close(s->fd);
    SSL_CTX_free(s->tls);
}
static struct {
    const char *address;
    char *pem, *key_pem;
} given; /* to the calls */

static int talks(struct fl_ctx *ctx)
{
    const struct fl_talk what = { .address = given.address, .data = "hello\n", .len = 6 };
    const char *answer;
    size_t len;
    int code = fl_talk(ctx, &what, &answer, &len);

    if (code == FL_OK)
        assert_string_equal(answer, "answer\n");
    return code;
}
static int looks(struct fl_ctx *ctx)
{
    const struct fl_tls_probe probe = { .address = given.address, .sni = "a.test" };
    struct fl_tls_served served;
    int code = fl_tls_probe(ctx, &probe, &served);

    if (code == FL_OK)
        assert_string_equal(served.names[0], "a.test");
    return code;
}
static int stores(struct fl_ctx *ctx)
{
    const struct fl_pkcs12 what = {
        .key_pem = given.key_pem, .chain_pem = given.pem, .passphrase = "p", .name = "n"
    };
    const uint8_t *der;
    bool fits = false;
    size_t len;
    int code = fl_pkcs12(ctx, &what, &der, &len);

    if (code == FL_OK)
        code = fl_pkcs12_fits(ctx, &what, der, len, &fits);
    assert_int_equal(fits, code == FL_OK);
    return code;
}
static int proves(struct fl_ctx *ctx)
{
    const struct fl_challenge ch = { .type = "tls-alpn-01",
                                     .identifier = "a.test",
                                     .digest = "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU" };
    struct fl_identity id;

    return fl_prove_tls(ctx, &ch, &id);
}
static int (*body_of_call)(struct fl_ctx *ctx);
static int call_that(void *arg)
{
    struct outcome o = { .code = FL_OK };
    int code = plugin_rig_call(arg, body_of_call, &o);

    if (code != FL_OK && code != FL_ENOMEM)
        print_error("%s\n", o.msg);
    return code;
}
static void starve_call(int (*body)(struct fl_ctx *ctx), struct keeper *keeper)
{
    struct plugin_rig r;

    plugin_rig_init(&r, &plugin_rig_entry);
    r.host.keeper = keeper;
    plugin_rig_open(&r);
    body_of_call = body;
    torture(call_that, &r);
    plugin_rig_done(&r);
}
static void every_allocation_of_the_services_may_fail(void **state)
{
    static const char *const names[] = { "a.test", NULL };
    const struct test_cert_spec spec = { .names = names };
    struct test_cert *cert = test_cert_new(&spec, NULL);
    struct keeper *keeper = NULL;
    struct outcome o;
    struct server s;
    char folder[64];

    (void)state;
    given.pem = test_cert_pem(cert);
    given.key_pem = test_cert_key_pem(cert);
    test_cert_free(cert);
    given.address = s.address;
    server_start(&s, NULL, NULL);
    starve_call(talks, NULL);
    server_stop(&s);
    server_start(&s, given.pem, given.key_pem);
    starve_call(looks, NULL);
    server_stop(&s);
    starve_call(stores, NULL);
    tmpdir_make(folder);
    assert_int_equal(keeper_new(folder, &keeper, &o), FL_OK);
    starve_call(proves, keeper);
    keeper_free(keeper);
    tmpdir_remove(folder);
    free(given.pem);
    free(given.key_pem);
}

/* ---- open ---- */

static int opened_well(struct fl_ctx *ctx, void **self_out)
{
    (void)fl_alloc(ctx, 10);
    *self_out = malloc(10);
    return *self_out ? FL_OK : FL_ENOMEM;
}
static void close_it(void *self) { free(self); }
static int open_body(void *arg)
{
    struct plugin_rig *r = arg;
    struct outcome o = { .code = FL_OK };
    int code = instance_open(r->instance, &o);
    bool armed = ration.armed;
    ration.armed = false;
    instance_close(r->instance);
    ration.armed = armed;
    return code;
}
static void every_allocation_of_open_may_fail(void **state)
{
    struct fl_dns_ops ops = plugin_rig_dns_ops;
    struct fl_plugin entry = plugin_rig_entry;
    struct plugin_rig r;
    (void)state;
    ops.open = opened_well;
    ops.close = close_it;
    entry.ops.dns = &ops;
    plugin_rig_init(&r, &entry);
    torture(open_body, &r);
    plugin_rig_done(&r);
}

static int listens_for_handshakes(struct fl_ctx *ctx, void **self_out)
{
    const struct fl_listen spec = { .address = "127.0.0.1:0", .alpn = "acme-tls/1" };
    const struct fl_identity id = { .cert_pem = "a certificate", .key_pem = "its key" };
    uint16_t port;
    int code = fl_listen(ctx, &spec, &port);

    *self_out = NULL;
    return code == FL_OK ? fl_tls_show(ctx, "a.test", &id) : code;
}
static void every_allocation_of_a_listener_may_fail(void **state)
{
    struct fl_dns_ops ops = plugin_rig_dns_ops;
    struct fl_plugin entry = plugin_rig_entry;
    struct plugin_rig r;
    struct listen *listen;
    struct outcome o;
    (void)state;
    ops.open = listens_for_handshakes;
    entry.ops.dns = &ops;
    assert_int_equal(listen_new(&listen, &o), FL_OK);
    plugin_rig_init(&r, &entry);
    r.host.listen = listen;
    torture(open_body, &r);
    plugin_rig_done(&r);
    listen_free(listen);
}

/* ---- making an instance ---- */

struct conf {
    const char *token;
    const char *const *list;
    int64_t pause;
};
static const struct fl_option options[] = {
    FL_STRING(struct conf, token, 0, "some text", "a text"),
    FL_LISTOF(struct conf, list, FL_T_STRING, 0, "a, b, c", "a list"),
    FL_DURATION(struct conf, pause, 0, "10s", 1, 100000, "a pause"),
    FL_END,
};
static int check(struct fl_ctx *ctx, const void *conf)
{
    (void)conf;
    return *fl_printf(ctx, "%s", "x") ? FL_OK : FL_ENOMEM;
}
/* Wanting memory shows as NULL, as an error among the diagnostics, or in the arena. */
static int new_body(void *arg)
{
    struct plugin_rig *r = arg;
    struct arena arena = { .starved = false };
    struct opt_ctx opts = { .arena = &arena, .diag = diag_new() };
    struct instance *i = opts.diag ? instance_new(&r->plugin, &r->setting, &opts, &r->host) : NULL;
    int code = !i || arena.starved || diag_errors(opts.diag) ? FL_ENOMEM : FL_OK;
    instance_free(i);
    diag_free(opts.diag);
    arena_done(&arena);
    return code;
}
static void every_allocation_of_an_instance_may_fail(void **state)
{
    struct fl_plugin entry = plugin_rig_entry;
    struct plugin_rig r;
    (void)state;
    entry.options = options;
    entry.conf_size = sizeof(struct conf);
    entry.check = check;
    plugin_rig_init(&r, &entry);
    torture(new_body, &r);
    plugin_rig_done(&r);
}

/* ---- the door to the sinks ---- */

static int deploy(struct fl_ctx *ctx, const struct fl_cert *certs, size_t n)
{
    (void)certs, (void)n;
    (void)fl_alloc(ctx, 10);
    return FL_OK;
}
static const struct fl_sink_ops sink_ops = { .size = sizeof sink_ops, .deploy = deploy };
static int deliver_body(void *arg)
{
    static const char *const names[] = { "example.org", NULL };
    static const struct fl_cert cert = { .name = "example.org",
                                         .file_name = "example.org",
                                         .key_type = "ec256",
                                         .serial = "1",
                                         .identifiers = names,
                                         .leaf_pem = "L",
                                         .key_pem = "K" };
    struct plugin_rig *r = arg;
    struct deliver_request *req = deliver_request_new(DELIVER_DEPLOY, "try");
    struct deliver_reply reply = { .outcome = { .code = FL_ENOMEM } };
    struct deliver *d = NULL;

    if (req && deliver_new(&r->instance, 1, &d) == FL_OK && deliver_request_add(req, &cert))
        (void)deliver_call(d, req, &reply);
    deliver_free(d);
    deliver_request_free(req);
    return reply.outcome.code;
}
static void every_allocation_of_a_delivery_may_fail(void **state)
{
    struct fl_plugin entry = plugin_rig_entry;
    struct plugin_rig r;
    (void)state;
    entry.kind = FL_KIND_SINK;
    entry.ops.sink = &sink_ops;
    plugin_rig_init(&r, &entry);
    plugin_rig_open(&r);
    torture(deliver_body, &r);
    plugin_rig_done(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_allocation_of_a_call_may_fail),
        cmocka_unit_test(every_allocation_of_the_services_may_fail),
        cmocka_unit_test(every_allocation_of_open_may_fail),
        cmocka_unit_test(every_allocation_of_a_listener_may_fail),
        cmocka_unit_test(every_allocation_of_an_instance_may_fail),
        cmocka_unit_test(every_allocation_of_a_delivery_may_fail),
    };
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
