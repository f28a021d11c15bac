#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# test_acme_pebble_new.sh - the same against Pebble 2.10.1, and what only that has: profiles, Retry-After, strictness.
# time-limit: 600
set -u
top=$(cd "${top_srcdir:-$(dirname "$0")/../..}" && pwd)
build=$(cd "${top_builddir:-$top/build}" && pwd)
folder=$(sh "$top/tests/tools/pebble.sh") || exit $?
pebble_bin=$folder/pebble
# shellcheck source=tests/tools/acme_pebble.sh
. "$top/tests/tools/acme_pebble.sh"

pebble_json='"retryAfter": {"authz": 1, "order": 1}, "profiles": {"short": {"description": "d", "validityPeriod": 3600}},'
start profiles
costs 'a profile' 9 a -p short example.test
openssl x509 -in profiles/chain.pem -noout -checkend 3700 >/dev/null && complain 'the profile was not used'
refused 'a profile that it has not' 'reject invalidProfile' a -p long example.test
pebble_stop profiles

[ "$failures" = 0 ]
