#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# test_first_light_pebble210.sh - the same by Pebble 2.10.1, and what only that has: profiles and times to wait.
set -u
top=$(cd "${top_srcdir:-$(dirname "$0")/../..}" && pwd)
build=$(cd "${top_builddir:-$top/build}" && pwd)
folder=$(sh "$top/tests/tools/pebble.sh") || exit $?
pebble_bin=$folder/pebble
# shellcheck source=tests/tools/first_light.sh
. "$top/tests/tools/first_light.sh"

# ---- profiles, and an authority that says when to come again --------------------------

pebble_json='"retryAfter": {"authz": 1, "order": 1}, "profiles": {"short": {"description": "d", "validityPeriod": 3600}},'
e2e_state=short e2e_live=short-live
e2e_pebble short
e2e_conf <<END
certificates = (
  { names = ["a.example.test"]; solver = "txt"; profile = "short"; },
  { names = ["b.example.test"]; solver = "txt"; profile = "long"; profile_required = true; }
);
END
e2e once
is 'profiles: status' 1 "$status"
says 'profiles: the one that is not there' 'offers no profile .long.' out
e2e_delivered a.example.test a.example.test
openssl x509 -in short-live/a.example.test/cert.pem -noout -checkend 3700 >/dev/null && complain 'the profile was not used'
is 'nothing was ordered without its profile' 1 "$(grep -c 'Added order' short/log)"
# It says one second: nobody comes before.
[ "$(e2e_asked | sed -n 's/ POST .my-order.$//p')" -le 4 ] || complain "it was looked at too often: $(e2e_asked)"
pebble_stop short
e2e_end
