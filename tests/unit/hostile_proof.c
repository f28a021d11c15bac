/* SPDX-License-Identifier: Apache-2.0 */
/* hostile_proof.c - authorizations, challenges, and the wait for the verdict. */
#include "hostile.h"

#define PROBLEM(type, detail) "{\"type\":\"urn:ietf:params:acme:error:" type "\",\"detail\":\"" detail "\"}"
#define AUTHZ(name, status, token)                                                                           \
    "{\"status\":\"" status "\",\"identifier\":{\"type\":\"dns\",\"value\":\"" name "\"},\"challenges\":["   \
    "{\"type\":\"dns-01\",\"url\":\"$B/chal/0\",\"status\":\"pending\",\"token\":\"" token "\"}]}"
#define TOKEN(token)                                                                                         \
    {                                                                                                        \
        .at = "POST /authz/0", .times = 2, .body = AUTHZ("a.example.org", "pending", token)                  \
    }
#define SHOWS(status, more)                                                                                  \
    {                                                                                                        \
        .at = "POST /order/0", .times = 100000,                                                              \
        .body = "{\"status\":\"" status                                                                      \
                "\",\"finalize\":\"$B/finalize/0\",\"authorizations\":[\"$B/authz/0\",\"$B/authz/1\"],"      \
                "\"identifiers\":[{\"type\":\"dns\",\"value\":\"a.example.org\"},"                           \
                "{\"type\":\"dns\",\"value\":\"*.a.example.org\"}]" more "}"                                 \
    }
#define LIMITED(place, after)                                                                                \
    {                                                                                                        \
        .at = place, .status = 429, .type = "application/problem+json",                                      \
        .headers = "Retry-After: " after "\r\n", .body = PROBLEM("rateLimited", "slow down")                 \
    }
#define RATE                                                                                                 \
    .code = "rate", .problem = "rateLimited", .words = "slow down", .orders = 1, .keys = 2, .well_s = 1200,  \
    .orders_in_all = 1
#define SOON .next_least_s = 3, .next_most_s = 7
#define MINUTE .next_least_s = 58, .next_most_s = 60
#define PROTO                                                                                                \
    .code = "proto", .step = "authorize", SOON, .orders = 1, .keys = 2, .well_s = 600, .orders_in_all = 1
#define REJECT                                                                                               \
    .code = "reject", .step = "plan", MINUTE, .orders = 1, .keys = 1, .well_s = 600, .orders_in_all = 2

const struct hostile_case hostile_proof[] = {
    { .what = "a token that is a path",
      .says = { TOKEN("../../../etc/cron.d/x") },
      PROTO,
      .words = "base64url" },
    { .what = "a token for a shell", .says = { TOKEN("$(reboot)") }, PROTO, .words = "base64url" },
    { .what = "a token with a new line", .says = { TOKEN("abc\\ndef") }, PROTO, .words = "base64url" },
    { .what = "an empty token", .says = { TOKEN("") }, PROTO, .words = "base64url" },
    { .what = "a challenge's URL elsewhere",
      .says = { { .at = "POST /authz/0",
                  .body =
                      "{\"status\":\"pending\",\"identifier\":{\"type\":\"dns\",\"value\":\"a.example.org\"},\"challenges\":["
                      "{\"type\":\"dns-01\",\"url\":\"https://elsewhere.example/c\",\"status\":\"pending\",\"token\":\"abc\"}]}" } },
      PROTO },
    { .what = "an authorization in broken JSON",
      .says = { { .at = "POST /authz/0", .body = "{{{{" } },
      PROTO,
      .words = "broken JSON" },
    { .what = "an authorization without end",
      .says = { { .at = "POST /authz/0", .fill = 2 * 1024 * 1024 } },
      PROTO,
      .words = "larger than" },
    { .what = "an authorization that is deactivated",
      .says = { { .at = "POST /authz/0", .body = AUTHZ("a.example.org", "deactivated", "abc") } },
      REJECT,
      .words = "deactivated" },
    { .what = "an authorization in a state that nobody knows",
      .says = { { .at = "POST /authz/0", .body = AUTHZ("a.example.org", "melting", "abc") } },
      REJECT },
    { .what = "an authorization for another's name",
      .says = { { .at = "POST /authz/0", .body = AUTHZ("evil.example", "pending", "abc") } },
      PROTO,
      .words = "wants proof for evil.example" },
    { .what = "an authorization for a name that ends the same",
      .says = { { .at = "POST /authz/0", .body = AUTHZ("ample.org", "pending", "abc") } },
      PROTO,
      .words = "wants proof for ample.org" },
    { .what = "an authorization for the domain above",
      .says = { { .at = "POST /authz/0", .body = AUTHZ("example.org", "pending", "abc") } },
      .step = "rest",
      .orders = 1,
      .keys = 2,
      .well_s = 1,
      .orders_in_all = 1 },
    { .what = "an authorization is to be asked for later",
      .says = { LIMITED("POST /authz/0", "300") },
      RATE,
      .step = "authorize",
      .next_least_s = 298,
      .next_most_s = 300 },
    { .what = "a challenge is to be answered later",
      .says = { LIMITED("=POST /chal/0", "400") },
      RATE,
      .step = "answer",
      .next_least_s = 398,
      .next_most_s = 400 },
    { .what = "an authorization that is gone",
      .says = { { .at = "POST /authz/0",
                  .status = 404,
                  .type = "application/problem+json",
                  .body = PROBLEM("malformed", "expired") } },
      REJECT,
      .problem = "malformed" },
    { .what = "only methods that nobody here can do",
      .says = { { .at = "POST /authz/0",
                  .body =
                      "{\"status\":\"pending\",\"identifier\":{\"type\":\"dns\",\"value\":\"a.example.org\"},\"challenges\":["
                      "{\"type\":\"carrier-pigeon-01\",\"url\":\"$B/chal/0\",\"status\":\"pending\"}]}" } },
      .code = "conf",
      .step = "authorize",
      .words = "can prove",
      .next_least_s = -1,
      .next_most_s = -1,
      .orders = 1,
      .keys = 2 },
    { .what = "an answer to the challenge that is refused",
      .says = { { .at = "=POST /chal/0",
                  .times = 2,
                  .status = 500,
                  .type = "application/problem+json",
                  .body = PROBLEM("serverInternal", "try later") } },
      .code = "temp",
      .problem = "serverInternal",
      .step = "answer",
      SOON,
      .orders = 1,
      .keys = 2,
      .well_s = 600,
      .orders_in_all = 1 },
    { .what = "the verdict: connection refused",
      .says = { SHOWS("invalid", ""),
                { .at = "POST /authz/",
                  .times = 1,
                  .after = 2,
                  .body =
                      "{\"status\":\"invalid\",\"identifier\":{\"type\":\"dns\",\"value\":\"a.example.org\"},\"challenges\":["
                      "{\"type\":\"dns-01\",\"url\":\"$B/chal/0\",\"status\":\"invalid\",\"token\":\"abc\",\"error\":" PROBLEM(
                          "dns", "SERVFAIL looking up TXT for _acme-challenge.a.example.org") "}]}" } },
      REJECT,
      .problem = "dns",
      .words = "SERVFAIL looking up TXT" },
    { .what = "the verdict: invalid, without a reason", .says = { SHOWS("invalid", "") }, REJECT },
    { .what = "the verdict: invalid, with subproblems",
      .says = { SHOWS(
          "invalid",
          ",\"error\":{\"type\":\"urn:ietf:params:acme:error:compound\",\"detail\":\"two\",\"subproblems\":["
          "{\"type\":\"urn:ietf:params:acme:error:caa\",\"detail\":\"CAA of a\",\"identifier\":{\"type\":\"dns\",\"value\":\"a.example.org\"}}]}") },
      REJECT,
      .words = "CAA of a" },
    { .what = "the verdict: a state that nobody knows", .says = { SHOWS("melting", "") }, REJECT },
    { .what = "the verdict never comes",
      .says = { SHOWS("pending", "") },
      .settle_s = 4000,
      .code = "temp",
      .step = "valid",
      .next_least_s = 3,
      .next_most_s = 80,
      .orders = 1,
      .keys = 2,
      .well_s = 600,
      .orders_in_all = 1 },
    { .what = "looks at the order: 5xx for a day",
      .says = { { .at = "POST /order/0",
                  .times = 100000,
                  .status = 502,
                  .type = "text/html",
                  .body = "bad gateway" } },
      .code = "temp",
      .step = "valid",
      SOON,
      .orders = 1,
      .keys = 2,
      .well_s = 86400,
      .orders_in_all = 1 },
    { .what = "looks at the order: come back in three hours",
      .says = { { .at = "POST /order/0",
                  .status = 429,
                  .type = "application/problem+json",
                  .headers = "Retry-After: 10800\r\n",
                  .body = PROBLEM("rateLimited", "too many polls") } },
      .code = "rate",
      .problem = "rateLimited",
      .step = "valid",
      .next_least_s = 10798,
      .next_most_s = 10800,
      .orders = 1,
      .keys = 2,
      .well_s = 12000,
      .orders_in_all = 1 },
    { .what = "looks at the order: it is gone",
      .says = { { .at = "POST /order/0",
                  .status = 404,
                  .type = "application/problem+json",
                  .body = PROBLEM("malformed", "no such order") } },
      REJECT,
      .problem = "malformed" },
    { .what = NULL },
};
