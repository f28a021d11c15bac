/* SPDX-License-Identifier: Apache-2.0 */
/* test_acme_update.c - what is done with an account: contact, key, orders, and its end. */
#include "acme_rig.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct stub_acme_conf plain;
static const char *const one[] = { "example.test", NULL };
#define MALFORMED "{\"type\":\"urn:ietf:params:acme:error:malformed\",\"detail\":\"no\"}"
#define INTERNAL "{\"type\":\"urn:ietf:params:acme:error:serverInternal\",\"detail\":\"in use\"}"
#define UNAUTHORIZED "{\"type\":\"urn:ietf:params:acme:error:unauthorized\",\"detail\":\"deactivated\"}"

static int setup(void **state)
{
    struct acme_rig *r = calloc(1, sizeof *r);

    assert_non_null(r);
    acme_rig_open(r, &plain, NULL);
    acme_rig_register(r);
    *state = r;
    return 0;
}
static int teardown(void **state)
{
    acme_rig_close(*state);
    free(*state);
    return 0;
}
static void list_free(char **list)
{
    for (size_t i = 0; list && list[i]; i++)
        free(list[i]);
    free(list);
}

/* ---- contact ---- */

static void the_contact_of_the_configuration_is_sent(void **state)
{
    struct acme_rig *r = *state;
    auto_free char *payload = NULL;

    acme_rig_script(r, "=POST /account/1", 200, "{\"status\":\"valid\"}");
    assert_int_equal(acme_contact(r->acme, &r->o), FL_OK);
    payload = stub_acme_payload(r->ca, "/account/1");
    assert_string_equal(payload, "{\"contact\":[\"mailto:ops@example.org\"]}");
    assert_int_equal(stub_acme_count(r->ca, ""), 1);
    acme_rig_script(r, "=POST /account/1", 400, "{\"type\":\"urn:ietf:params:acme:error:invalidContact\"}");
    assert_int_equal(acme_contact(r->acme, &r->o), FL_ECONF);
    acme_rig_script(r, "=POST /account/1", 200, "{\"status\":\"revoked\"}");
    assert_int_equal(acme_contact(r->acme, &r->o), FL_EAUTH);
}
static void no_contact_is_an_empty_list(void **state)
{
    const struct acme_conf conf = { .accept_terms = true };
    auto_free char *payload = NULL;
    struct acme_rig r;
    (void)state;

    acme_rig_open(&r, &plain, &conf);
    assert_int_equal(acme_contact(r.acme, &r.o), FL_ECONF); /* no account in use */
    acme_rig_register(&r);
    acme_rig_script(&r, "=POST /account/1", 200, "{\"status\":\"valid\"}");
    assert_int_equal(acme_contact(r.acme, &r.o), FL_OK);
    payload = stub_acme_payload(r.ca, "/account/1");
    assert_string_equal(payload, "{\"contact\":[]}");
    acme_rig_close(&r);
}

/* ---- another key ---- */

static void every_kind_of_key_takes_an_account_over(void **state)
{
    static const enum key_type types[] = { KEY_EC384, KEY_RSA2048, KEY_ED25519, KEY_EC256 };
    struct acme_rig *r = *state;
    char kid[128];

    snprintf(kid, sizeof kid, "%s/account/1", stub_acme_base(r->ca));
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        char sealed[KEEPER_SEALED];
        assert_int_equal(keeper_make(r->keeper, types[i], sealed, &r->o), FL_OK);
        assert_int_equal(acme_rollover(r->acme, sealed, &r->o), FL_OK);
        /* The authority of the test looks at each signature: by the new key from now on. */
        assert_int_equal(acme_use(r->acme, sealed, kid), FL_OK);
        assert_int_equal(acme_rig_issue(r, one, 1, &r->o), FL_OK);
    }
    assert_int_equal(stub_acme_count(r->ca, "POST /key"), 4);
    assert_int_equal(stub_acme_count(r->ca, "POST /account"), 0);
}
static int refused_rollover(struct acme_rig *r, int status, const char *body, const char *location)
{
    char sealed[KEEPER_SEALED];
    const struct stub_answer found = {
        .at = "=POST /account", .status = 200, .headers = location, .body = "{\"status\":\"valid\"}"
    };

    stub_acme_reset(r->ca);
    acme_rig_script(r, "POST /key", status, body);
    if (location)
        stub_acme_script(r->ca, &found);
    assert_int_equal(keeper_make(r->keeper, KEY_EC256, sealed, &r->o), FL_OK);
    return acme_rollover(r->acme, sealed, &r->o);
}
static void a_key_change_whose_answer_got_lost_has_happened(void **state)
{
    struct acme_rig *r = *state;
    auto_free char *payload = NULL;

    assert_int_equal(refused_rollover(r, 409, MALFORMED, "Location: /account/1\r\n"), FL_OK);
    payload = stub_acme_payload(r->ca, "/account");
    assert_string_equal(payload, "{\"onlyReturnExisting\":true}");
    assert_int_equal(stub_acme_count(r->ca, ""), 2);
    assert_int_equal(refused_rollover(r, 401, UNAUTHORIZED, "Location: /account/1\r\n"), FL_OK);
    assert_int_equal(refused_rollover(r, 409, INTERNAL, "Location: /account/1\r\n"), FL_OK);
    assert_int_equal(refused_rollover(r, 409, INTERNAL, "Location: /account/7\r\n"), FL_EREJECT);
    assert_int_equal(refused_rollover(r, 500, INTERNAL, NULL), FL_ETEMP);
    /* The key is another account's. */
    assert_int_equal(refused_rollover(r, 409, MALFORMED, "Location: /account/7\r\n"), FL_EREJECT);
    assert_int_equal(r->o.http, 409);
    /* The key is nobody's: the refusal is what it was. */
    assert_int_equal(refused_rollover(r, 400, MALFORMED, NULL), FL_EREJECT);
    assert_string_equal(r->o.problem, "malformed");
    /* Nothing is looked up when it may succeed later. */
    assert_int_equal(refused_rollover(r, 500, MALFORMED, NULL), FL_EREJECT);
    assert_int_equal(refused_rollover(r, 503, "", NULL), FL_ETEMP);
    assert_int_equal(stub_acme_count(r->ca, ""), 1);
}
static void what_is_not_offered_is_told_and_not_tried(void **state)
{
    const struct stub_acme_conf bare = { .bare = true };
    struct acme_renewal renewal = { 0 };
    struct acme_rig r;
    (void)state;

    acme_rig_open(&r, &bare, NULL);
    acme_rig_register(&r);
    assert_int_equal(acme_rollover(r.acme, r.sealed, &r.o), FL_ECONF);
    assert_int_equal(
        acme_revoke(r.acme, "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n", 0, NULL, &r.o),
        FL_ECONF);
    assert_int_equal(acme_renewal_info(r.acme, "aYhb.AIdl", &renewal, &r.o), FL_ECONF);
    assert_false(acme_has_renewal_info(r.acme));
    assert_int_equal(stub_acme_count(r.ca, ""), 0);
    acme_rig_close(&r);
}

/* ---- the end ---- */

static void an_account_is_deactivated_once(void **state)
{
    struct acme_rig *r = *state;
    auto_free char *payload = NULL;

    acme_rig_script(r, "=POST /account/1", 200, "{\"status\":\"deactivated\"}");
    assert_int_equal(acme_deactivate(r->acme, &r->o), FL_OK);
    payload = stub_acme_payload(r->ca, "/account/1");
    assert_string_equal(payload, "{\"status\":\"deactivated\"}");
    assert_int_equal(stub_acme_count(r->ca, ""), 1);
}
/* kid -> `status`, key -> `second`: what comes of it. */
static int deactivate_again(struct acme_rig *r, int status, int second, const char *body)
{
    const struct stub_answer found = {
        .at = "=POST /account", .status = second, .headers = "Location: /account/1\r\n", .body = body
    };

    acme_rig_script(r, "=POST /account/1", status, UNAUTHORIZED);
    stub_acme_script(r->ca, &found);
    return acme_deactivate(r->acme, &r->o);
}
static void one_that_is_gone_already_is_gone(void **state)
{
    struct acme_rig *r = *state;

    assert_int_equal(deactivate_again(r, 401, 200, "{\"status\":\"deactivated\"}"), FL_OK);
    assert_int_equal(deactivate_again(r, 403, 403, UNAUTHORIZED), FL_OK);
    assert_int_equal(
        deactivate_again(r, 403, 400, "{\"type\":\"urn:ietf:params:acme:error:accountDoesNotExist\"}"),
        FL_OK);
    /* It lives: the refusal was about something else. */
    assert_int_equal(deactivate_again(r, 403, 200, "{\"status\":\"valid\"}"), FL_EREJECT);
    assert_int_equal(deactivate_again(r, 401, 503, ""), FL_EAUTH);
    acme_rig_script(r, "=POST /account/1", 200, "{\"status\":\"valid\"}");
    assert_int_equal(acme_deactivate(r->acme, &r->o), FL_EPROTO);
}
static void a_dead_authorization_needs_no_deactivation(void **state)
{
    struct acme_rig *r = *state;
    auto_free char *payload = NULL;
    struct acme_order order = { 0 };
    const char *url;

    assert_int_equal(acme_new_order(r->acme, one, NULL, NULL, &order, &r->o), FL_OK);
    url = order.authorizations[0];
    acme_rig_script(r, "POST /authz/0", 200, "{\"status\":\"deactivated\"}");
    assert_int_equal(acme_authz_deactivate(r->acme, url, &r->o), FL_OK);
    payload = stub_acme_payload(r->ca, "/authz/0");
    assert_string_equal(payload, "{\"status\":\"deactivated\"}");
    acme_rig_script(r, "POST /authz/0", 400, MALFORMED);
    acme_rig_script(r, "POST /authz/0", 200,
                    "{\"status\":\"expired\",\"identifier\":{\"type\":\"dns\",\"value\":\"example.test\"}}");
    assert_int_equal(acme_authz_deactivate(r->acme, url, &r->o), FL_OK);
    acme_rig_script(r, "POST /authz/0", 404, MALFORMED);
    acme_rig_script(r, "POST /authz/0", 404, MALFORMED);
    assert_int_equal(acme_authz_deactivate(r->acme, url, &r->o), FL_OK);
    /* Pending still, says the authority of the test. */
    acme_rig_script(r, "POST /authz/0", 403, UNAUTHORIZED);
    assert_int_equal(acme_authz_deactivate(r->acme, url, &r->o), FL_EREJECT);
    acme_order_done(&order);
}

/* ---- orders ---- */

static void page(struct acme_rig *r, const char *at, const char *headers, const char *body)
{
    const struct stub_answer answer = { .at = at, .headers = headers, .body = body };

    stub_acme_script(r->ca, &answer);
}
static void orders_are_read_page_by_page(void **state)
{
    struct acme_rig *r = *state;
    char **list = NULL;

    acme_rig_script(r, "=POST /account/1", 200, "{\"status\":\"valid\",\"orders\":\"$B/orders\"}");
    page(r, "=POST /orders", "Link: <$B/dir>;rel=\"index\"\r\nLink: </orders?at=2>; rel=\"next\"\r\n",
         "{\"orders\":[\"$B/order/1\",\"$B/order/2\"]}");
    page(r, "=POST /orders?at=2",
         "Link: <$B/dir>;rel=\"index\", <$B/orders?at=3>;title=\"x;rel=no\";rel=next\r\n",
         "{\"orders\":[\"$B/order/3\"]}");
    page(r, "=POST /orders?at=3", "Link: <https://elsewhere.test/orders?at=4>; rel=\"next\"\r\n",
         "{\"orders\":[]}");
    assert_int_equal(acme_orders(r->acme, &list, &r->o), FL_OK);
    assert_non_null(list);
    assert_non_null(strstr(list[0], "/order/1"));
    assert_non_null(strstr(list[1], "/order/2"));
    assert_non_null(strstr(list[2], "/order/3"));
    assert_null(list[3]);
    assert_int_equal(stub_acme_count(r->ca, ""), 4);
    list_free(list);
}
static void assert_urls(char **list, const char *const *ends, size_t n)
{
    size_t have = 0;

    for (; list[have]; have++)
        if (have < n)
            assert_true(text_ends(list[have], ends[have]));
    assert_int_equal(have, n);
}
/* "/orders?at=N", which has orders N0 ... N9; another one after it, unless it is the last. */
static void ten(struct acme_rig *r, int at, bool last)
{
    static char where[32][40], headers[32][80], bodies[32][1000]; /* the stub copies none of it */
    cleanup_(buf_done) struct buf body = BUF(1000);

    snprintf(where[at], sizeof *where, "=POST /orders?at=%d", at);
    headers[at][0] = '\0';
    if (!last)
        snprintf(headers[at], sizeof *headers, "Link: <$B/orders?at=%d>;rel=\"next\"\r\n", at + 1);
    buf_adds(&body, "{\"orders\":[");
    for (int i = 0; i < 10; i++)
        buf_addf(&body, "%s\"$B/order/%d\"", i ? "," : "", at * 10 + i);
    buf_adds(&body, "]}");
    snprintf(bodies[at], sizeof *bodies, "%s", buf_text(&body));
    page(r, where[at], headers[at], bodies[at]);
}
static void of_a_long_list_both_ends_are_kept(void **state)
{
    struct acme_rig *r = *state;
    char **list = NULL, *ends[200], texts[200][24];
    const int pages = 27;

    acme_rig_script(r, "=POST /account/1", 200, "{\"orders\":\"$B/orders?at=0\"}");
    for (int i = 0; i < pages; i++)
        ten(r, i, i == pages - 1);
    for (int i = 0; i < 200; i++) {
        snprintf(texts[i], sizeof texts[i], "/order/%d", i < 100 ? i : pages * 10 - 200 + i);
        ends[i] = texts[i];
    }
    assert_int_equal(acme_orders(r->acme, &list, &r->o), FL_OK);
    assert_urls(list, (const char *const *)ends, 200);
    assert_non_null(strstr(r->o.msg, "of 270 orders only the first 100 and the last 100 were taken"));
    list_free(list);
}
static void a_list_without_an_end_has_one(void **state)
{
    struct acme_rig *r = *state;
    const struct stub_answer again = { .at = "POST /orders",
                                       .times = 100,
                                       .headers = "Link: <$B/orders>;rel=\"next\"\r\n",
                                       .body = "{\"orders\":[\"$B/order/1\"]}" },
                             other = { .at = "POST /orders?b",
                                       .times = 1000,
                                       .headers = "Link: <$B/orders?c>;rel=\"next\"\r\n",
                                       .body = "{\"orders\":[\"$B/order/2\"]}" },
                             first = { .at = "POST /orders?c",
                                       .times = 1000,
                                       .headers = "Link: <$B/orders?b>;rel=\"next\"\r\n",
                                       .body = "{\"orders\":[\"$B/order/2\"]}" };
    char **list = NULL;
    static const char *const only[] = { "/order/1" };

    acme_rig_script(r, "=POST /account/1", 200, "{\"orders\":\"$B/orders\"}");
    stub_acme_script(r->ca, &again);
    assert_int_equal(acme_orders(r->acme, &list, &r->o), FL_OK);
    assert_urls(list, only, 1);
    assert_non_null(strstr(r->o.msg, "goes on after 1 pages"));
    list_free(list);
    stub_acme_reset(r->ca);
    acme_rig_script(r, "=POST /account/1", 200, "{\"orders\":\"$B/orders?b\"}");
    stub_acme_script(r->ca, &other);
    stub_acme_script(r->ca, &first);
    assert_int_equal(acme_orders(r->acme, &list, &r->o), FL_OK);
    assert_int_equal(stub_acme_count(r->ca, "POST /orders"), 200);
    assert_non_null(strstr(r->o.msg, "goes on after 200 pages with 200"));
    list_free(list);
}
static void an_authority_may_keep_no_list(void **state)
{
    struct acme_rig *r = *state;
    char *none[1] = { NULL }, **list = none;

    acme_rig_script(r, "=POST /account/1", 200, "{\"status\":\"valid\"}");
    assert_int_equal(acme_orders(r->acme, &list, &r->o), FL_OK);
    assert_null(list);
    for (int status = 404; status <= 501; status = status == 404 ? 405 : status == 405 ? 501 : 502) {
        list = none;
        acme_rig_script(r, "=POST /account/1", 200, "{\"orders\":\"$B/orders\"}");
        acme_rig_script(r, "POST /orders", status, MALFORMED);
        assert_int_equal(acme_orders(r->acme, &list, &r->o), FL_OK);
        assert_null(list);
    }
    list = none;
    acme_rig_script(r, "=POST /account/1", 200, "{\"orders\":\"$B/orders\"}");
    acme_rig_script(r, "POST /orders", 200, "{\"orders\":[\"https://elsewhere.test/1\"]}");
    assert_int_equal(acme_orders(r->acme, &list, &r->o), FL_EPROTO);
    acme_rig_script(r, "=POST /account/1", 200, "{\"orders\":\"https://elsewhere.test/orders\"}");
    assert_int_equal(acme_orders(r->acme, &list, &r->o), FL_EPROTO);
    acme_rig_script(r, "=POST /account/1", 200, "{\"orders\":\"$B/orders\"}");
    acme_rig_script(r, "POST /orders", 503, "");
    assert_int_equal(acme_orders(r->acme, &list, &r->o), FL_ETEMP);
    assert_ptr_equal(list, none);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(the_contact_of_the_configuration_is_sent),
        cmocka_unit_test(no_contact_is_an_empty_list),
        TEST(every_kind_of_key_takes_an_account_over),
        TEST(a_key_change_whose_answer_got_lost_has_happened),
        cmocka_unit_test(what_is_not_offered_is_told_and_not_tried),
        TEST(an_account_is_deactivated_once),
        TEST(one_that_is_gone_already_is_gone),
        TEST(a_dead_authorization_needs_no_deactivation),
        TEST(orders_are_read_page_by_page),
        TEST(of_a_long_list_both_ends_are_kept),
        TEST(a_list_without_an_end_has_one),
        TEST(an_authority_may_keep_no_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
