/* SPDX-License-Identifier: Apache-2.0 */
/* hostile_certificate.c - finalize and the chain: what comes is believed only when all of it fits. */
#include "hostile.h"

#define PROBLEM(type, detail) "{\"type\":\"urn:ietf:params:acme:error:" type "\",\"detail\":\"" detail "\"}"
#define FINALIZE(code_, type_, detail_)                                                                      \
    {                                                                                                        \
        .at = "POST /finalize/0", .status = code_, .type = "application/problem+json",                       \
        .body = PROBLEM(type_, detail_)                                                                      \
    }
#define SOON .next_least_s = 3, .next_most_s = 7
#define REJECT                                                                                               \
    .code = "reject", .step = "plan", .next_least_s = 58, .next_most_s = 60, .orders = 1, .keys = 1,         \
    .well_s = 600, .orders_in_all = 2
/* The order is given up at the next plan, and its key with it. */
#define ANEW                                                                                                 \
    .code = "reject", .step = "plan", .next_least_s = 58, .next_most_s = 60, .orders = 1, .keys = 2,         \
    .well_s = 600, .orders_in_all = 2
/* The chain is asked for again, and the order stands: nothing is thrown away for one bad answer. */
#define WRONG                                                                                                \
    .code = "proto", .step = "fetch", SOON, .orders = 1, .keys = 2, .well_s = 600, .orders_in_all = 1

static const char *const others[] = { "evil.example", NULL };
static const char *const fewer[] = { "a.example.org", NULL };
static const char *const more[] = { "a.example.org", "*.a.example.org", "evil.example", NULL };

const struct hostile_case hostile_certificate[] = {
    { .what = "finalize: badCSR", .says = { FINALIZE(400, "badCSR", "weak") }, REJECT, .problem = "badCSR" },
    { .what = "finalize: badPublicKey",
      .says = { FINALIZE(400, "badPublicKey", "known to be weak") },
      REJECT,
      .problem = "badPublicKey",
      .words = "another type of key" },
    { .what = "finalize: unauthorized",
      .says = { FINALIZE(403, "unauthorized", "authorizations have expired") },
      REJECT,
      .problem = "unauthorized" },
    { .what = "finalize: orderNotReady",
      .says = { FINALIZE(403, "orderNotReady", "wait") },
      .step = "rest",
      .orders = 1,
      .keys = 2,
      .well_s = 60,
      .orders_in_all = 1 },
    { .what = "finalize: serverInternal",
      .says = { FINALIZE(500, "serverInternal", "sorry") },
      .code = "temp",
      .problem = "serverInternal",
      .step = "finalize",
      SOON,
      .orders = 1,
      .keys = 2,
      .well_s = 600,
      .orders_in_all = 1 },
    { .what = "finalize: rateLimited, with Retry-After",
      .says = { { .at = "POST /finalize/0",
                  .status = 429,
                  .type = "application/problem+json",
                  .headers = "Retry-After: 500\r\n",
                  .body = PROBLEM("rateLimited", "busy") } },
      .code = "rate",
      .problem = "rateLimited",
      .step = "finalize",
      .next_least_s = 498,
      .next_most_s = 500,
      .orders = 1,
      .keys = 2,
      .well_s = 1200,
      .orders_in_all = 1 },
    { .what = "finalize: a state that nobody knows",
      .says = { { .at = "POST /finalize/0",
                  .body =
                      "{\"status\":\"melting\",\"finalize\":\"$B/finalize/0\","
                      "\"authorizations\":[\"$B/authz/0\",\"$B/authz/1\"],\"identifiers\":["
                      "{\"type\":\"dns\",\"value\":\"a.example.org\"},{\"type\":\"dns\",\"value\":\"*.a.example.org\"}]}" } },
      REJECT },
    { .what = "finalize: the answer never comes",
      .says = { { .at = "POST /finalize/0", .times = 2, .hang_up = true } },
      .code = "temp",
      .step = "finalize",
      SOON,
      .orders = 1,
      .keys = 2,
      .well_s = 600,
      .orders_in_all = 1 },
    { .what = "finalize: an array",
      .says = { { .at = "POST /finalize/0", .body = "[1,2,3]" } },
      .code = "proto",
      .step = "finalize",
      SOON,
      .orders = 1,
      .keys = 2,
      .well_s = 600,
      .orders_in_all = 1 },
    { .what = "finalize: a certificate elsewhere",
      .says = { { .at = "POST /finalize/0",
                  .body =
                      "{\"status\":\"valid\",\"finalize\":\"$B/finalize/0\",\"certificate\":\"http://192.0.2.1/c\","
                      "\"authorizations\":[\"$B/authz/0\",\"$B/authz/1\"],\"identifiers\":["
                      "{\"type\":\"dns\",\"value\":\"a.example.org\"},{\"type\":\"dns\",\"value\":\"*.a.example.org\"}]}" } },
      .code = "proto",
      .step = "finalize",
      SOON,
      .orders = 1,
      .keys = 2,
      .well_s = 600,
      .orders_in_all = 1 },
    { .what = "a certificate for others' names",
      .chain = { .names = others },
      WRONG,
      .words = "lacks the name a.example.org" },
    { .what = "a certificate for fewer names", .chain = { .names = fewer }, WRONG, .words = "a.example.org" },
    { .what = "a certificate for more names", .chain = { .names = more }, WRONG, .words = "evil.example" },
    { .what = "a certificate for another key", .chain = { .other_key = true }, ANEW, .words = "another key" },
    { .what = "a certificate that has expired",
      .chain = { .from_s = -8000000, .to_s = -1000 },
      WRONG,
      .words = "expired" },
    { .what = "a certificate that is not valid yet",
      .chain = { .from_s = 90000, .to_s = 8000000 },
      WRONG,
      .words = "not valid" },
    { .what = "a certificate that another has signed", .chain = { .other_issuer = true }, WRONG },
    { .what = "a certificate with a broken signature", .chain = { .bad_signature = true }, WRONG },
    { .what = "the issuer first", .chain = { .upside_down = true }, WRONG },
    { .what = "a chain that is a web page", .chain = { .text = "<html>download limit</html>" }, WRONG },
    { .what = "a chain with a private key in it",
      .chain = { .text = "-----BEGIN PRIVATE KEY-----\nMIGHAgEA\n-----END PRIVATE KEY-----\n" },
      WRONG,
      .words = "which is not shown" },
    { .what = "a chain that is no chain",
      .chain = { .text = "-----BEGIN CERTIFICATE-----\nMAAwADAAMAA=\n-----END CERTIFICATE-----\n" },
      WRONG },
    { .what = "a chain without end",
      .says = { { .at = "POST /cert/0", .type = "application/pem-certificate-chain", .fill = 1024 * 1024 } },
      WRONG },
    { .what = "a chain to be fetched later",
      .says = { { .at = "POST /cert/0",
                  .status = 429,
                  .type = "application/problem+json",
                  .headers = "Retry-After: 700\r\n",
                  .body = PROBLEM("rateLimited", "too many downloads") } },
      .code = "rate",
      .problem = "rateLimited",
      .step = "fetch",
      .next_least_s = 698,
      .next_most_s = 700,
      .orders = 1,
      .keys = 2,
      .well_s = 1200,
      .orders_in_all = 1 },
    { .what = "a chain that is elsewhere now",
      .says = { { .at = "POST /cert/0", .status = 302, .headers = "Location: http://127.0.0.1:1/c\r\n" } },
      WRONG,
      .words = "redirect" },
    { .what = "a certificate that is gone",
      .says = { { .at = "POST /cert/0",
                  .status = 404,
                  .type = "application/problem+json",
                  .body = PROBLEM("malformed", "no such certificate") } },
      ANEW,
      .problem = "malformed" },
    { .what = NULL },
};
