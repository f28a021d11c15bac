#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# test_real_dns.sh - certificates over real name servers: zones at BIND and at Knot, updated by rfc2136, found by
# Pebble through unbound from a root of the test's own; the address of a web server is published, and that
# server, nginx, shows the proof of HTTP-01 out of its webroot.
# time-limit: 300
set -u
top=$(cd "${top_srcdir:-$(dirname "$0")/../..}" && pwd)
build=$(cd "${top_builddir:-$top/build}" && pwd)
# shellcheck source=tests/tools/net.sh
. "$top/tests/tools/net.sh"
# shellcheck source=tests/tools/e2e.sh
. "$top/tests/tools/e2e.sh"
net_can || exit 77
e2e_begin
command -v nginx >/dev/null || { echo 'nginx is missing (package nginx-light)' && exit 77; }
nginx_pid=''
# shellcheck disable=SC2317 # e2e_ended calls it
e2e_more_ended() {
    [ -z "$nginx_pid" ] || { kill "$nginx_pid" && wait "$nginx_pid"; } 2>/dev/null
    net_stop
}

net_start test
one=$(net_addr 10) two=$(net_addr 11)
umask 077
net_knot "$one" knot.test "hmac-sha512:k1:$(head -c 32 /dev/urandom | base64 >k1 && cat k1)"
net_bind "$two" bind.test "hmac-sha256:k2:$(head -c 32 /dev/urandom | base64 >k2 && cat k2)"
printf 'key "k1" { algorithm hmac-sha512; secret "%s"; };\n' "$(cat k1)" >k1.key
printf 'key "k2" { algorithm hmac-sha256; secret "%s"; };\n' "$(cat k2)" >k2.key
net_delegate knot.test "ns1.knot.test=$one"
net_delegate bind.test "ns1.bind.test=$two"
net_resolver

# A web server that knows nothing of fairlead.
umask 022
mkdir -p webroot logs
chmod 755 . webroot
cat >nginx.conf <<END
daemon off; worker_processes 1; pid $here/nginx.pid; error_log $here/nginx.log;
events { worker_connections 64; }
http { access_log off; server { listen $at:5301; root $here/webroot; } }
END
[ "$(id -u)" != 0 ] || sed -i '1s/^/user root; /' nginx.conf
nginx -p "$here" -c nginx.conf >nginx.out 2>&1 &
nginx_pid=$!
until_true 10 curl -s "http://$at:5301/" || complain "nginx does not start: $(cat nginx.out nginx.log)"

pebble_dns=$NET_RESOLVER:53
e2e_pebble pebble
cat >fl.conf <<END
state = "$here/state";
roots = ["$NET_ROOT:53"];
authorities = { pebble = { directory = "https://$at:14000/dir"; ca_file = "$here/pebble/ca.pem"; accept_terms = true; }; };
dns = {
  knot = { plugin = "rfc2136"; server = "$one"; key = "file:$here/k1.key"; };
  bind = { plugin = "rfc2136"; server = "$two"; key = "file:$here/k2.key"; };
};
solvers = { txt = { plugin = "dns-01"; }; web = { plugin = "http-01"; webroot = "$here/webroot"; }; };
sinks = { disk = { plugin = "file"; directory = "$here/live"; }; };
defaults = { solver = "txt"; };
certificates = (
  { names = ["knot.test", "*.knot.test", "a.b.knot.test"]; },
  { names = ["*.bind.test", "bind.test", "knot-too.knot.test"]; },
  { names = ["web.bind.test"]; solver = "web"; addresses = ["$at"]; }
);
END
chmod 600 fl.conf

e2e check
is 'check' 0 "$status"
# Others' values at the very name of the challenge stay.
printf 'server %s\nzone knot.test\nupdate add _acme-challenge.knot.test 60 TXT theirs\nsend\n' "$one" |
    knsupdate -y "hmac-sha512:k1:$(cat k1)" || complain 'knsupdate'
e2e once --wait 60s
is 'once' 0 "$status"
[ "$status" = 0 ] || cat out err >&2
e2e_delivered knot.test knot.test '*.knot.test' a.b.knot.test
e2e_delivered _.bind.test '*.bind.test' bind.test knot-too.knot.test
e2e_delivered web.bind.test web.bind.test

is 'only the value of others is left at Knot' '"theirs"' "$(dig "@$one" _acme-challenge.knot.test TXT +short)"
for name in a.b.knot.test knot-too.knot.test; do
    is "no TXT at $name" '' "$(dig "@$one" "_acme-challenge.$name" TXT +short)"
done
is 'no TXT at BIND' '' "$(dig "@$two" _acme-challenge.bind.test TXT +short)"
is 'the address is out' "$at" "$(dig "@$two" web.bind.test A +short)"
is 'the webroot is clean' '' "$(find webroot -type f)"

# Somebody else's address is not touched.
e2e_mark
printf 'server %s\nzone bind.test\nupdate add other.bind.test 60 A 192.0.2.1\nsend\n' "$two" |
    nsupdate -y "hmac-sha256:k2:$(cat k2)" || complain 'nsupdate'
sed -i 's/^);$/  , { names = ["other.bind.test"]; solver = "web"; addresses = ["'"$at"'"]; }\n);/' fl.conf
e2e once --wait 10s
is 'an address of somebody else: once' 75 "$status"
says 'an address of somebody else' 'other.bind.test is out: it has 192.0.2.1, which fairlead did not set'
is 'it still stands there' 192.0.2.1 "$(dig "@$two" other.bind.test A +short)"

# By hand, at both.
e2e dns knot zone knot.test
is 'dns zone' 0 "$status"
e2e dns bind add hand.bind.test TXT 'by hand "quoted"' 120
is 'dns add' 0 "$status"
is 'dns add, seen' '"by hand \"quoted\""' "$(dig "@$two" hand.bind.test TXT +short)"
e2e dns bind list bind.test hand TXT
says 'dns list' '^hand.bind.test 120 TXT by hand "quoted"$' out
e2e dns bind remove hand.bind.test TXT
is 'dns remove, seen' '' "$(dig "@$two" hand.bind.test TXT +short)"
e2e dns bind add www.elsewhere.test TXT x
is 'dns add where there is no zone' 1 "$status"
says 'dns add where there is no zone' 'holds no zone for www.elsewhere.test' err
e2e_end
