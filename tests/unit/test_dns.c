/* SPDX-License-Identifier: Apache-2.0 */
/* test_dns.c - questions to servers by address: what counts as an answer and what does not. */
#include "base/clock.h"
#include "base/mem.h"
#include "net/dns/dns.h"
#include "net/dns/message.h"
#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

/* A name server of one question at a time, on a loopback port of its own, UDP and TCP. */
struct server {
    int udp, tcp, stop[2];
    char address[64];
    pthread_t thread;
    int asked, asked_tcp;
    /* Writes the answer to `out` (65535 bytes); 0: stay silent. */
    size_t (*answer)(struct server *s, const uint8_t *query, size_t len, bool tcp, uint8_t *out);
};

static void *serve(void *arg)
{
    struct server *s = arg;
    auto_free uint8_t *out = malloc(2 + 65535), *in = malloc(65535);
    for (;;) {
        struct pollfd fds[] = { { s->udp, POLLIN, 0 }, { s->tcp, POLLIN, 0 }, { s->stop[0], POLLIN, 0 } };
        poll(fds, 3, -1);
        if (fds[2].revents)
            return NULL;
        if (fds[0].revents) {
            struct sockaddr_storage peer;
            socklen_t peer_len = sizeof peer;
            ssize_t n = recvfrom(s->udp, in, 65535, 0, (struct sockaddr *)&peer, &peer_len);
            s->asked++;
            size_t len = n > 0 ? s->answer(s, in, (size_t)n, false, out) : 0;
            if (len > 0)
                sendto(s->udp, out, len, 0, (struct sockaddr *)&peer, peer_len);
        }
        if (fds[1].revents) {
            auto_close int fd = accept4(s->tcp, NULL, NULL, SOCK_CLOEXEC);
            ssize_t n = recv(fd, in, 65535, 0);
            s->asked_tcp++;
            size_t len = n > 2 ? s->answer(s, in + 2, (size_t)n - 2, true, out + 2) : 0;
            out[0] = (uint8_t)(len >> 8);
            out[1] = (uint8_t)len;
            /* In two pieces, as networks like to do. */
            if (len > 0 && send(fd, out, 1, MSG_NOSIGNAL) == 1)
                send(fd, out + 1, len + 1, MSG_NOSIGNAL);
        }
    }
}

static struct server *server_new(size_t (*answer)(struct server *, const uint8_t *, size_t, bool, uint8_t *))
{
    struct server *s = calloc(1, sizeof *s);
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof at;
    s->answer = answer;
    do {
        at.sin_port = 0;
        s->tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        s->udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        assert_int_equal(bind(s->tcp, (struct sockaddr *)&at, len), 0);
        assert_int_equal(listen(s->tcp, 5), 0);
        assert_int_equal(getsockname(s->tcp, (struct sockaddr *)&at, &len), 0);
    } while (bind(s->udp, (struct sockaddr *)&at, len) != 0 && (close(s->udp), close(s->tcp), true));
    snprintf(s->address, sizeof s->address, "127.0.0.1:%u", ntohs(at.sin_port));
    assert_int_equal(pipe(s->stop), 0);
    assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
    return s;
}

static void server_free(struct server *s)
{
    assert_int_equal(write(s->stop[1], "x", 1), 1);
    pthread_join(s->thread, NULL);
    close(s->udp);
    close(s->tcp);
    close(s->stop[0]);
    close(s->stop[1]);
    free(s);
}

/* The query's header and question, as an authoritative answer with `n` records to come. */
static size_t begin(const uint8_t *query, size_t len, uint8_t *out, unsigned n)
{
    size_t q = 12;
    while (q < len && query[q] != 0)
        q += 1u + query[q];
    q += 5;
    memcpy(out, query, q);
    out[2] = 0x84;
    out[3] = 0;
    out[7] = (uint8_t)n;
    out[10] = out[11] = 0;
    return q;
}

static size_t txt(uint8_t *out, const char *text)
{
    static const uint8_t head[] = { 0xc0, 12, 0, 16, 0, 1, 0, 0, 0, 60 };
    size_t n = strlen(text);
    memcpy(out, head, sizeof head);
    out[10] = 0;
    out[11] = (uint8_t)(n + 1);
    out[12] = (uint8_t)n;
    memcpy(out + 13, text, n);
    return 13 + n;
}

static size_t two_values(struct server *s, const uint8_t *query, size_t len, bool tcp, uint8_t *out)
{
    (void)s, (void)tcp;
    size_t n = begin(query, len, out, 2);
    n += txt(out + n, "one");
    return n + txt(out + n, "tw\"o \\ \x01");
}

static size_t silence(struct server *s, const uint8_t *query, size_t len, bool tcp, uint8_t *out)
{
    (void)s, (void)query, (void)len, (void)tcp, (void)out;
    return 0;
}

static size_t third_time(struct server *s, const uint8_t *query, size_t len, bool tcp, uint8_t *out)
{
    return s->asked < 3 ? 0 : two_values(s, query, len, tcp, out);
}

static size_t not_authoritative(struct server *s, const uint8_t *query, size_t len, bool tcp, uint8_t *out)
{
    size_t n = two_values(s, query, len, tcp, out);
    out[2] = 0x80;
    return n;
}

static size_t refused(struct server *s, const uint8_t *query, size_t len, bool tcp, uint8_t *out)
{
    (void)s, (void)tcp;
    size_t n = begin(query, len, out, 0);
    out[3] = 5;
    return n;
}

static size_t nxdomain(struct server *s, const uint8_t *query, size_t len, bool tcp, uint8_t *out)
{
    (void)s, (void)tcp;
    size_t n = begin(query, len, out, 0);
    out[3] = 3;
    return n;
}

static size_t wrong_id(struct server *s, const uint8_t *query, size_t len, bool tcp, uint8_t *out)
{
    size_t n = two_values(s, query, len, tcp, out);
    out[0] ^= 1;
    return n;
}

static size_t wrong_question(struct server *s, const uint8_t *query, size_t len, bool tcp, uint8_t *out)
{
    size_t n = two_values(s, query, len, tcp, out);
    out[13]++;
    return n;
}

static size_t other_case(struct server *s, const uint8_t *query, size_t len, bool tcp, uint8_t *out)
{
    size_t n = two_values(s, query, len, tcp, out);
    out[14] ^= 0x20;
    return n;
}

static size_t no_edns(struct server *s, const uint8_t *query, size_t len, bool tcp, uint8_t *out)
{
    if (query[11] == 0)
        return two_values(s, query, len, tcp, out);
    size_t n = begin(query, len, out, 0);
    out[3] = 1;
    return n;
}

static size_t truncated(struct server *s, const uint8_t *query, size_t len, bool tcp, uint8_t *out)
{
    if (tcp)
        return two_values(s, query, len, tcp, out);
    size_t n = begin(query, len, out, 0);
    out[2] |= 2;
    return n;
}

static size_t broken(struct server *s, const uint8_t *query, size_t len, bool tcp, uint8_t *out)
{
    return two_values(s, query, len, tcp, out) - 5;
}

static void look(const char *address, unsigned timeout_ms, struct dns_look *out)
{
    struct dns_servers servers = { .n = 1 };
    struct outcome o = { 0 };
    snprintf(servers.at[0].address, sizeof servers.at[0].address, "%s", address);
    assert_int_equal(dns_look(&servers, "_acme-challenge.Example.TEST.", 16, timeout_ms, out, &o), FL_OK);
}

static void look_at(size_t (*answer)(struct server *, const uint8_t *, size_t, bool, uint8_t *),
                    unsigned timeout_ms, struct dns_look *out)
{
    struct server *s = server_new(answer);
    look(s->address, timeout_ms, out);
    server_free(s);
}

static void values_come_without_quotes_and_with_odd_bytes_escaped(void **state)
{
    (void)state;
    struct dns_look l;
    look_at(two_values, 3000, &l);
    assert_int_equal(l.state, DNS_ANSWERED);
    assert_int_equal(l.n, 2);
    assert_int_equal(l.ttl, 60);
    assert_string_equal(l.values[0], "one");
    assert_string_equal(l.values[1], "tw\"o \\ \\001");
    dns_looks_done(&l, 1);
    assert_int_equal(l.n, 0);
}

static void a_lost_datagram_is_sent_again(void **state)
{
    (void)state;
    struct dns_look l;
    look_at(third_time, 900, &l);
    assert_int_equal(l.state, DNS_ANSWERED);
    dns_looks_done(&l, 1);
}

static void silence_takes_its_time_and_no_more(void **state)
{
    (void)state;
    struct dns_look l;
    int64_t before = clock_mono_ms();
    look_at(silence, 300, &l);
    assert_int_equal(l.state, DNS_SILENT);
    assert_in_range(clock_mono_ms() - before, 290, 2000);
}

static void an_answer_must_fit_the_question(void **state)
{
    (void)state;
    struct dns_look l;
    look_at(wrong_id, 150, &l);
    assert_int_equal(l.state, DNS_SILENT);
    look_at(wrong_question, 150, &l);
    assert_int_equal(l.state, DNS_SILENT);
    look_at(other_case, 3000, &l);
    assert_int_equal(l.state, DNS_ANSWERED);
    dns_looks_done(&l, 1);
}

static void servers_that_do_not_answer_for_the_zone_are_lame(void **state)
{
    (void)state;
    struct dns_look l;
    look_at(not_authoritative, 3000, &l);
    assert_int_equal(l.state, DNS_LAME);
    assert_int_equal(l.n, 0);
    look_at(refused, 3000, &l);
    assert_int_equal(l.state, DNS_LAME);
    assert_int_equal(l.rcode, 5);
    look_at(broken, 3000, &l);
    assert_int_equal(l.state, DNS_LAME);
    assert_int_equal(l.n, 0);
}

static void a_name_that_does_not_exist_is_an_answer(void **state)
{
    (void)state;
    struct dns_look l;
    look_at(nxdomain, 3000, &l);
    assert_int_equal(l.state, DNS_ANSWERED);
    assert_int_equal(l.rcode, 3);
    assert_int_equal(l.n, 0);
}

static void servers_without_edns_are_asked_without(void **state)
{
    (void)state;
    struct dns_look l;
    look_at(no_edns, 3000, &l);
    assert_int_equal(l.state, DNS_ANSWERED);
    assert_int_equal(l.n, 2);
    dns_looks_done(&l, 1);
}

static void a_truncated_answer_is_fetched_by_tcp(void **state)
{
    (void)state;
    struct dns_look l;
    look_at(truncated, 3000, &l);
    assert_int_equal(l.state, DNS_ANSWERED);
    assert_int_equal(l.n, 2);
    dns_looks_done(&l, 1);
}

static void all_servers_are_asked_at_once(void **state)
{
    (void)state;
    struct server *quiet = server_new(silence), *loud = server_new(two_values);
    struct dns_servers servers = { .n = DNS_SERVERS_MAX };
    struct dns_look looks[DNS_SERVERS_MAX];
    struct outcome o = { 0 };
    for (size_t i = 0; i < servers.n; i++)
        snprintf(servers.at[i].address, sizeof servers.at[i].address, "%s",
                 i % 2 ? loud->address : quiet->address);
    int64_t before = clock_mono_ms();
    assert_int_equal(dns_look(&servers, "example.test", 16, 600, looks, &o), FL_OK);
    assert_in_range(clock_mono_ms() - before, 590, 2000);
    for (size_t i = 0; i < servers.n; i++)
        assert_int_equal(looks[i].state, i % 2 ? DNS_ANSWERED : DNS_SILENT);
    dns_looks_done(looks, servers.n);
    server_free(quiet);
    server_free(loud);
}

static void nobody_listening_is_silence_before_time_is_over(void **state)
{
    (void)state;
    struct server *s = server_new(silence);
    char address[64];
    struct dns_look l;
    memcpy(address, s->address, sizeof address);
    server_free(s);
    int64_t before = clock_mono_ms();
    look(address, 4000, &l);
    assert_int_equal(l.state, DNS_SILENT);
    assert_in_range(clock_mono_ms() - before, 0, 3000);
}

static void an_address_that_cannot_be_sent_to_is_known_as_such(void **state)
{
    (void)state;
    struct dns_look l;
    int64_t before = clock_mono_ms();
    look("255.255.255.255:53", 2000, &l);
    assert_int_equal(l.state, DNS_NO_ROUTE);
    assert_in_range(clock_mono_ms() - before, 0, 1000);
}

static void no_names_and_no_addresses_are_refused(void **state)
{
    (void)state;
    struct dns_servers servers = { .n = 1, .at = { { .address = "somewhere" } } };
    struct dns_look l;
    struct outcome o = { 0 };
    assert_int_equal(dns_look(&servers, "example.test", 16, 100, &l, &o), FL_ECONF);
    assert_non_null(strstr(o.msg, "somewhere"));
    snprintf(servers.at[0].address, sizeof servers.at[0].address, "127.0.0.1:1");
    assert_int_equal(dns_look(&servers, "a..b", 16, 100, &l, &o), FL_ECONF);
    const char *const roots[] = { "nowhere", NULL };
    struct dns_servers out;
    assert_int_equal(dns_walk(&(struct dns_roots){ .addresses = roots }, "example.test", &out, &o), FL_ECONF);
    char name[400];
    memset(name, 'a', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    assert_int_equal(dns_walk(NULL, name, &out, &o), FL_ECONF);
}

static void exchange_gives_the_bytes_as_they_came(void **state)
{
    (void)state;
    struct server *s = server_new(truncated);
    uint8_t query[MESSAGE_QUERY_MAX], *answer = NULL;
    size_t len, got = 0;
    struct outcome o = { 0 };
    assert_true(message_query("example.test", 16, query, &len));
    assert_int_equal(dns_exchange(s->address, query, len, false, 1000, 0, &answer, &got, &o), FL_OK);
    assert_true(s->asked == 1 && s->asked_tcp == 1);
    assert_memory_equal(answer, query, 2);
    assert_true(message_answers(query, len, answer, got));
    free(answer);
    assert_int_equal(dns_exchange(s->address, query, len, true, 1000, 0, &answer, &got, &o), FL_OK);
    assert_true(s->asked == 1 && s->asked_tcp == 2);
    free(answer);
    assert_int_equal(dns_exchange(s->address, "short", 5, true, 1000, 0, &answer, &got, &o), FL_ECONF);
    server_free(s);
}

static void exchange_ends_at_its_deadline(void **state)
{
    (void)state;
    struct server *s = server_new(silence);
    uint8_t query[MESSAGE_QUERY_MAX], *answer = NULL;
    size_t len, got = 0;
    struct outcome o = { 0 };
    int64_t before = clock_mono_ms();
    assert_true(message_query("example.test", 16, query, &len));
    assert_int_equal(dns_exchange(s->address, query, len, false, 5000, before + 200, &answer, &got, &o),
                     FL_ETEMP);
    assert_in_range(clock_mono_ms() - before, 190, 1500);
    assert_non_null(strstr(o.msg, s->address));
    server_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_come_without_quotes_and_with_odd_bytes_escaped),
        cmocka_unit_test(a_lost_datagram_is_sent_again),
        cmocka_unit_test(silence_takes_its_time_and_no_more),
        cmocka_unit_test(an_answer_must_fit_the_question),
        cmocka_unit_test(servers_that_do_not_answer_for_the_zone_are_lame),
        cmocka_unit_test(a_name_that_does_not_exist_is_an_answer),
        cmocka_unit_test(servers_without_edns_are_asked_without),
        cmocka_unit_test(a_truncated_answer_is_fetched_by_tcp),
        cmocka_unit_test(all_servers_are_asked_at_once),
        cmocka_unit_test(nobody_listening_is_silence_before_time_is_over),
        cmocka_unit_test(an_address_that_cannot_be_sent_to_is_known_as_such),
        cmocka_unit_test(no_names_and_no_addresses_are_refused),
        cmocka_unit_test(exchange_gives_the_bytes_as_they_came),
        cmocka_unit_test(exchange_ends_at_its_deadline),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
