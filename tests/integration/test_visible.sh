#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# test_visible.sh - the authority is not asked to look before every server of the zone has the proof: a secondary that is
# slow is waited for, one that does not serve the zone and one that says nothing are left out, and that is told.
set -u
top=$(cd "${top_srcdir:-$(dirname "$0")/../..}" && pwd)
build=$(cd "${top_builddir:-$top/build}" && pwd)
# shellcheck source=tests/tools/net.sh
. "$top/tests/tools/net.sh"
# shellcheck source=tests/tools/e2e.sh
. "$top/tests/tools/e2e.sh"
net_can || exit 77
e2e_begin
once=''
# shellcheck disable=SC2317 # e2e_ended calls it
e2e_more_ended() {
    [ -z "$once" ] || { kill "$once" && wait "$once"; } 2>/dev/null
    net_stop
}

# ---- servers --------------------------------------------------------------------------

net_start test
umask 077
secret=$(head -c 32 /dev/urandom | base64)
key=hmac-sha256:k1:$secret
echo "key \"k1\" { algorithm hmac-sha256; secret \"$secret\"; };" >k1.key
slow=$(net_addr 10) slow2=$(net_addr 11) lame=$(net_addr 12) lame2=$(net_addr 13)
quiet=$(net_addr 14) quiet2=$(net_addr 15) stray=$(net_addr 16)
for zone in slow lame quiet; do
    first='' second=''
    eval "first=\$$zone second=\$${zone}2"
    net_knot "$first" "$zone.test" "$key"
    net_add "$first" "$zone.test" "$zone.test. NS ns2.$zone.test." "ns2.$zone.test. A $second"
    net_delegate "$zone.test" "ns1.$zone.test=$first" "ns2.$zone.test=$second"
done
net_knot "$stray" stray.test "$key" # which nobody points to
net_knot "$lame2" elsewhere.test "$key"
net_spawn silent python3 -c 'import socket, sys, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind((sys.argv[1], 53))
time.sleep(200)' "$quiet2"
# It is told of nothing and asks by itself once an hour; `transferred` makes it ask.
secondary=$NET_DIR/secondary
mkdir "$secondary"
cat >"$secondary/knot.conf" <<END
server:
    rundir: $secondary
    listen: $slow2@53
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
log:
  - target: stdout
    any: info
database:
    storage: $secondary
key:
  - id: k1
    algorithm: hmac-sha256
    secret: $secret
remote:
  - id: primary
    address: $slow@53
    key: k1
zone:
  - domain: slow.test
    file: $secondary/zone
    master: primary
END
net_spawn secondary knotd -c "$secondary/knot.conf"
net_wait "$slow2" slow.test
transferred() { knotc -s "$secondary/knot.sock" -b zone-retransfer slow.test >/dev/null; }
# The authority's resolver knows whom not to ask: it is not the one that is tested.
net_resolver 'stub-zone:' '  name: "quiet.test"' "  stub-addr: $quiet"
pebble_dns=$NET_RESOLVER:53
e2e_pebble pebble

conf() {
    cat >fl.conf <<END
state = "$here/state";
roots = ["$NET_ROOT:53"];
authorities = { pebble = { directory = "https://$at:14000/dir"; ca_file = "$here/pebble/ca.pem"; accept_terms = true; }; };
dns = {
  slow = { plugin = "rfc2136"; server = "$slow"; key = "file:$here/k1.key"; zones = "slow.test"; };
  lame = { plugin = "rfc2136"; server = "$lame"; key = "file:$here/k1.key"; zones = "lame.test"; };
  quiet = { plugin = "rfc2136"; server = "$quiet"; key = "file:$here/k1.key"; zones = "quiet.test"; };
  stray = { plugin = "rfc2136"; server = "$stray"; key = "file:$here/k1.key"; zones = "stray.test"; };
};
solvers = { txt = { plugin = "dns-01"; }; };
sinks = { disk = { plugin = "file"; directory = "$here/live"; }; };
certificates = ( $(for name; do printf '%s{ names = ["%s"]; }' "$comma" "$name" && comma=', '; done) );
END
    chmod 600 fl.conf
}
comma=''
# daemon: once, in the background; its number in $once.
daemon() {
    "$build/fairlead" -c fl.conf --plugins "$build/plugdir" once --wait 60s >out 2>err </dev/null &
    once=$!
}
ended() {
    status=0
    wait "$once" || status=$?
    once=''
    silent "$1: sanitizers" 'Sanitizer|runtime error:'
}

# ---- a secondary that comes later -----------------------------------------------------

conf host.slow.test
daemon
until_true 20 grep -q "ns2.slow.test ($slow2:53) does not have it yet" out ||
    complain "a slow secondary: it is not said what is waited for: $(cat out err)"
primary=$(dig "@$slow" _acme-challenge.host.slow.test TXT +short)
[ -n "$primary" ] || complain 'a slow secondary: the primary has no proof'
is 'a slow secondary: it has none' '' "$(dig "@$slow2" _acme-challenge.host.slow.test TXT +short)"
sleep 2
is 'a slow secondary: the authority is not asked to look' '' "$(e2e_asked | grep chalZ)"
e2e status
is 'a slow secondary: status' 0 "$status"
kill -0 "$once" || complain 'a slow secondary: it is not waited for'
cp out waited
transferred || complain 'the secondary cannot be told to ask'
ended 'a slow secondary'
is 'a slow secondary: exit status' 0 "$status"
e2e_delivered host.slow.test host.slow.test
is 'a slow secondary: one look' '1 POST /chalZ/' "$(e2e_asked | grep chalZ)"
is 'a slow secondary: the proof is gone' '' "$(dig "@$slow" _acme-challenge.host.slow.test TXT +short)"
silent 'a slow secondary: nobody is left out' 'visible without'

# ---- one that does not serve the zone, one that says nothing --------------------------

for zone in lame quiet; do
    conf "host.$zone.test"
    e2e_mark
    e2e once --wait 40s
    is "$zone: exit status" 0 "$status"
    e2e_delivered "host.$zone.test" "host.$zone.test"
    eval "first=\$$zone second=\$${zone}2"
    says "$zone: left out, and told" "warn zone-not-seen .*$zone.test: visible without ns2.$zone.test \($second:53, (lame|silent)\)" err
    is "$zone: the proof is gone" '' "$(dig "@$first" "_acme-challenge.host.$zone.test" TXT +short)"
done

# ---- a zone that nobody points to, a name in no zone ----------------------------------

conf host.stray.test
e2e_mark
e2e once --wait 3s
is 'not delegated: exit status' 75 "$status"
says 'not delegated: what to do' '^host\.stray\.test +waiting .*stray\.test does not exist, say the servers of test: set its name servers there to ns1\.stray\.test' out
is 'not delegated: the authority is not asked to look' '' "$(e2e_asked | grep chalZ)"
# Mended while it waits.
net_delegate stray.test "ns1.stray.test=$stray"
e2e once --wait 60s
is 'delegated: exit status' 0 "$status"
e2e_delivered host.stray.test host.stray.test
is 'delegated: the same order' '' "$(e2e_asked | grep order-plz | grep -v '^1 ')"

conf host.nowhere.test
e2e_mark
e2e once --wait 3s
is 'no zone: exit status' 1 "$status"
says 'no zone: what is said' '^host\.nowhere\.test +failed .*no .*zone.*host\.nowhere\.test' out
says 'no zone: what to do' '^ +to do: ' out
is 'no zone: the authority is not asked to look' '' "$(e2e_asked | grep chalZ)"
[ "$failures" = 0 ] || net_log >&2
e2e_end
