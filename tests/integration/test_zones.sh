#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# test_zones.sh - the DNS core on a loopback network of its own: records go to a primary by rfc2136, the zone's
# servers are found from the root and asked by address, CNAMEs lead from one zone to another, servers are
# silent or lame, zones are not delegated, and a process dies in between.
set -eu
top=$(cd "${top_srcdir:-$(dirname "$0")/../..}" && pwd)
build=$(cd "${top_builddir:-$top/build}" && pwd)
# shellcheck source=tests/tools/net.sh
. "$top/tests/tools/net.sh"
net_can || exit 77
if [ -z "${ZONES_PROBE:-}" ]; then
    sh "$top/tests/tools/made.sh" "$build" tests/tools/zones_probe || exit 1
fi
probe=${ZONES_PROBE:-$build/tests/tools/zones_probe} plugdir=${PLUGDIR:-$build/plugdir}

trap net_stop EXIT
trap 'exit 130' INT TERM
net_start test
one=$(net_addr 10) two=$(net_addr 11) other=$(net_addr 12)
secret=$(head -c 32 /dev/urandom | base64)
umask 077
net_knot "$one" example.test "hmac-sha256:k1:$secret"
net_knot "$two" example.test "hmac-sha256:k1:$secret"
net_knot "$other" other.test
net_delegate example.test "ns1.example.test=$one"
net_delegate other.test "ns1.other.test=$other"
net_add "$other" other.test "_acme-challenge.www CNAME www.other.example.test." "www A 192.0.2.1"
conf=$NET_DIR/plugin.conf state=$NET_DIR/state failed=0 ran=0
printf 'server = "%s";\nkey = "k1:hmac-sha256:%s";\n' "$one" "$secret" >"$conf"

# run SECONDS WISH...: output in the file out, addresses of this network as 127.N.N.
run() {
    code=0
    "$probe" "$plugdir" rfc2136 "$conf" "$NET_ROOT:53" "$state" "$@" >out.raw 2>&1 || code=$?
    sed "s/$(echo "$NET_PREFIX" | sed 's/\./\\./g')\./127.N.N./g" out.raw >out
}
# is NAME WANT GOT
is() {
    ran=$((ran + 1))
    [ "$2" = "$3" ] && return
    failed=$((failed + 1))
    printf 'FAILED %s\n  wanted %s\n  got    %s\n' "$1" "$2" "$3"
}
txt() { dig "@$1" "$2" TXT +short | sort | tr '\n' ' '; }

run 10 +_acme-challenge.example.test=apex +_acme-challenge.example.test=wild +_acme-challenge.a.b.example.test=deep
is "three records are published" "0 ok _acme-challenge.example.test apex
ok _acme-challenge.example.test wild
ok _acme-challenge.a.b.example.test deep" "$code $(cat out)"
is "apex and wildcard stand together" '"apex" "wild" ' "$(txt "$one" _acme-challenge.example.test)"

# The process ended with everything in place; the next one takes it away.
ZONES_PROBE_HURRY=1 run 10 disown
is "what was left is removed" "" "$(txt "$one" _acme-challenge.example.test)$(txt "$one" _acme-challenge.a.b.example.test)"
is "no journal is left" "" "$(find "$state/journal" -type f)"

run 10 +_acme-challenge.www.other.test=alias
is "a CNAME leads to the zone that is held" "0 ok _acme-challenge.www.other.test alias" "$code $(cat out)"
is "it stands at the end of the CNAME" '"alias" ' "$(txt "$one" www.other.example.test)"
ZONES_PROBE_HURRY=1 run 10 -_acme-challenge.www.other.test=alias
is "and is removed there" "" "$(txt "$one" www.other.example.test)"

run 2 +_acme-challenge.other.test=no
is "nobody holds that zone" "1 conf no dns instance holds a zone for _acme-challenge.other.test: add one that does, or correct \`zones\`" \
    "$code $(cat out)"

# A second server that does not get the record: it is waited for.
net_delegate example.test "ns1.example.test=$one" "ns2.example.test=$two"
run 4 +_acme-challenge.example.test=late
is "a server lacks it" "1 again _acme-challenge.example.test late
  the record at _acme-challenge.example.test is written to zone loc/example.test; ns2.example.test (127.N.N.11:53) does not have it yet" \
    "$code $(cat out)"
printf 'server %s\nzone example.test\nupdate add _acme-challenge.example.test 60 TXT late\nsend\n' "$two" |
    knsupdate -y "hmac-sha256:k1:$secret"
run 10 +_acme-challenge.example.test=late
is "now all have it" "0 ok _acme-challenge.example.test late" "$code $(cat out)"
ZONES_PROBE_HURRY=1 run 5 disown

# One that is silent, and one that does not serve the zone, are left out after three rounds.
net_delegate example.test "ns1.example.test=$one" "ns3.example.test=$(net_addr 99)"
run 30 +_acme-challenge.example.test=quiet
is "a dead server is left out" "0 warning example.test: visible without ns3.example.test (127.N.N.99:53, silent): see that it answers for the zone, or take it out of the delegation
ok _acme-challenge.example.test quiet
left out 127.N.N.99:53 silent" "$code $(cat out)"
net_delegate example.test "ns1.example.test=$one" "ns4.example.test=$other"
run 30 +_acme-challenge.example.test=quieter
is "a lame server is left out" "0 warning example.test: visible without ns4.example.test (127.N.N.12:53, lame): see that it answers for the zone, or take it out of the delegation
ok _acme-challenge.example.test quieter
left out 127.N.N.12:53 lame" "$code $(cat out)"
ZONES_PROBE_HURRY=1 run 5 disown

net_delegate example.test
run 3 +_acme-challenge.example.test=early
is "a zone that is not delegated" "1 again _acme-challenge.example.test early
  the record at _acme-challenge.example.test is written to zone loc/example.test; example.test does not exist, say the servers of test: set its name servers there to ns1.example.test" \
    "$code $(cat out)"
ZONES_PROBE_HURRY=1 run 5 disown
is "its record is removed all the same" "" "$(txt "$one" _acme-challenge.example.test)"

deep=$(net_addr 13)
net_knot "$deep" sub.other.test "hmac-sha256:k1:$secret"
printf 'server = "%s";\nkey = "k1:hmac-sha256:%s";\n' "$deep" "$secret" >"$conf"
run 3 +_acme-challenge.sub.other.test=early
is "a zone that its parent does not delegate" "1 again _acme-challenge.sub.other.test early
  the record at _acme-challenge.sub.other.test is written to zone loc/sub.other.test; sub.other.test is not delegated by other.test: set its name servers there to ns1.sub.other.test" \
    "$code $(cat out)"
net_add "$other" other.test "sub NS ns1.sub" "ns1.sub A $deep"
run 10 +_acme-challenge.sub.other.test=early
is "until it does" "0 ok _acme-challenge.sub.other.test early" "$code $(cat out)"

echo "$((ran - failed)) passed, $failed failed"
[ "$failed" = 0 ] || { net_log && exit 1; }
