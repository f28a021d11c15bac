#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# test_powerdns.sh - the plugin `powerdns` against Debian's PowerDNS: zones found and made, values of others left
# alone, texts at their limits, refusals; and the way of newer servers, which a recording stands for.
set -eu
top=$(cd "${top_srcdir:-$(dirname "$0")/../..}" && pwd)
build=$(cd "${top_builddir:-$top/build}" && pwd)
PATH=$PATH:/usr/sbin:/sbin
schema=/usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql
for tool in pdns_server python3 dig; do
    command -v "$tool" >/dev/null || { echo "$tool is missing (packages pdns-server, python3, bind9-dnsutils)" && exit 77; }
done
[ -f "$schema" ] || { echo "package pdns-backend-sqlite3 is missing" && exit 77; }
if [ -z "${DNS_PROBE:-}" ]; then
    sh "$top/tests/tools/made.sh" "$build" tests/tools/dns_probe || exit 1
fi
probe=${DNS_PROBE:-$build/tests/tools/dns_probe} plugdir=${PLUGDIR:-$build/plugdir}

work=$(mktemp -d "${TMPDIR:-/tmp}/fairlead-powerdns.XXXXXX")
pids='' failed=0 ran=0
end() {
    for pid in $pids; do kill "$pid" 2>/dev/null || :; done
    for pid in $pids; do wait "$pid" 2>/dev/null || :; done
    rm -rf "$work"
}
trap end EXIT
trap 'exit 130' INT TERM
umask 077
cd "$work"
port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

# ---- the server ----
dns=$(port) web=$(port) newer=$(port)
python3 -c 'import sqlite3, sys; sqlite3.connect("pdns.db").executescript(open(sys.argv[1]).read())' "$schema"
cat >pdns.conf <<CONF
launch=gsqlite3
gsqlite3-database=$work/pdns.db
local-address=127.0.0.1
local-port=$dns
webserver=yes
webserver-address=127.0.0.1
webserver-port=$web
webserver-allow-from=127.0.0.1
api=yes
api-key=right-key
socket-dir=$work
cache-ttl=0
query-cache-ttl=0
negquery-cache-ttl=0
zone-cache-refresh-interval=0
daemon=no
guardian=no
CONF
pdns_server --config-dir="$work" >pdns.log 2>&1 &
pids="$pids $!"

# A server that says it is newer: it writes the requests down.
cat >newer.py <<'PY'
import http.server, json, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *args): pass
    def answer(self, status, doc):
        text = json.dumps(doc).encode() if doc is not None else b""
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)
    def do_GET(self):
        with open("newer.log", "a") as log: log.write("GET %s\n" % self.path)
        if self.path == "/api/v1/servers/localhost": self.answer(200, {"version": sys.argv[2]})
        elif self.path.startswith("/api/v1/servers/localhost/zones?"): self.answer(200, [{"name": "new.test.", "id": "new.test."}])
        else: self.answer(200, {"rrsets": []})
    def do_PATCH(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with open("newer.log", "a") as log: log.write("PATCH %s\n" % json.dumps(body, sort_keys=True))
        self.answer(204, None)
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
PY
python3 newer.py "$newer" 5.0.2 >newer.out 2>&1 &
pids="$pids $!"

wait_for() {
    tries=0
    until python3 -c 'import socket, sys; socket.create_connection(("127.0.0.1", int(sys.argv[1])), 1)' "$1" 2>/dev/null; do
        tries=$((tries + 1))
        [ "$tries" -lt 100 ] || { echo "nobody on port $1" && cat pdns.log newer.out && exit 1; }
        sleep 0.1
    done
}
wait_for "$web"
wait_for "$newer"

# ---- comparisons ----
conf() { printf 'url = "http://127.0.0.1:%s";\nkey = "%s";\n%s\n' "$1" "$2" "${3:-}" >plugin.conf; }
try() {
    code=0
    DNS_PROBE_FIND=1 "$probe" "$plugdir" powerdns plugin.conf "$@" >out 2>err || code=$?
}
works() {
    name=$1
    shift
    ran=$((ran + 1))
    try "$@"
    [ "$code" = 0 ] && return
    failed=$((failed + 1))
    printf 'FAILED %s: %s\n' "$name" "$(cat err)"
}
refuses() {
    name=$1 want=$2 words=$3
    shift 3
    ran=$((ran + 1))
    try "$@"
    case $(cat err) in "$want "*"$words"*) return ;; esac
    failed=$((failed + 1))
    printf 'FAILED %s\n  wanted %s ...%s\n  got    %s\n' "$name" "$want" "$words" "$(cat err)"
}
same() {
    ran=$((ran + 1))
    [ "$2" = "$3" ] && return
    failed=$((failed + 1))
    printf 'FAILED %s\n  wanted %s\n  got    %s\n' "$1" "$3" "$2"
}
holds() { same "$1" "$(sort out)" "$2"; }
served() { dig @127.0.0.1 -p "$dns" "$1" "$2" +short | sort | tr '\n' ' '; }

# ---- credentials, zones ----
conf "$web" wrong-key
refuses 'a wrong key' auth '' test
conf 1 right-key
refuses 'nobody there' temp '127.0.0.1:1' test
conf "$web" right-key
works 'the right key' test
refuses 'a zone that is not there' reject 'has no zone example.test' zone example.test
refuses 'no zone is made without name servers' conf 'name_servers' create example.test
conf "$web" right-key 'name_servers = ["ns1.example.test", "ns2.example.net"];'
works 'a zone is made' create example.test
holds 'its name servers' 'ns1.example.test
ns2.example.net'
works 'a zone is made once' create example.test
works 'a zone below it is made too' create sub.example.test
works 'the zones' zones
holds 'all zones' 'example.test
sub.example.test'
works 'a zone is found' zone example.test
same 'it is served' "$(served example.test NS)" 'ns1.example.test. ns2.example.net. '
refuses 'part of a name is no zone' reject 'has no zone ample.test' zone ample.test

# ---- values ----
printf '%s\n' '_acme-challenge 16 0 60 - one|two' '@ 1 0 300 - 192.0.2.1|192.0.2.2' '@ 28 0 300 - 2001:db8::1' \
    'www 5 0 300 - target.example.net' >changes
works 'several records' apply example.test <changes
DNS_PROBE_TWICE=1 works 'the same again' apply example.test <changes
works 'a list' list example.test _acme-challenge 16
holds 'texts' '_acme-challenge 60 one
_acme-challenge 60 two'
works 'a list at the apex' list example.test @ 1
holds 'addresses' ' 300 192.0.2.1
 300 192.0.2.2'
works 'an alias' list example.test www 5
holds 'its target' 'www 300 target.example.net'
works 'nothing is nothing' list example.test nobody 16
holds 'no record' ''
same 'texts are served' "$(served _acme-challenge.example.test TXT)" '"one" "two" '
same 'addresses are served' "$(served example.test A)" '192.0.2.1 192.0.2.2 '
same 'IPv6 too' "$(served example.test AAAA)" '2001:db8::1 '
same 'aliases too' "$(served www.example.test CNAME)" 'target.example.net. '

# Somebody else's value comes between; `before` does not know it.
python3 - "$web" <<'PY'
import json, sys, urllib.request
body = {"rrsets": [{"name": "_acme-challenge.example.test.", "type": "TXT", "ttl": 60, "changetype": "REPLACE", "records": [
    {"content": '"%s"' % text, "disabled": off} for text, off in (("one", False), ("two", False), ("theirs", False), ("off", True))]}]}
request = urllib.request.Request("http://127.0.0.1:%s/api/v1/servers/localhost/zones/example.test." % sys.argv[1],
                                 json.dumps(body).encode(), {"X-API-Key": "right-key"}, method="PATCH")
urllib.request.urlopen(request)
PY
printf '%s\n' '_acme-challenge 16 60 60 one|two three' >changes
works 'values change' apply example.test <changes
works 'and are listed' list example.test _acme-challenge 16
holds "another's value stays" '_acme-challenge 60 theirs
_acme-challenge 60 three'
printf '%s\n' '_acme-challenge 16 60 60 three -' >changes
works 'ours go' apply example.test <changes
same "and not the other's" "$(served _acme-challenge.example.test TXT)" '"theirs" '
works 'what is gone goes again' apply example.test <changes
printf '%s\n' '@ 1 300 300 192.0.2.1|192.0.2.2 -' >changes
works 'the last values of a set' apply example.test <changes
same 'it is gone' "$(served example.test A)" ''

# More names than are looked at one by one, and the zone as a whole.
i=0
: >changes
while [ $i -lt 40 ]; do
    echo "h$i 16 0 60 - v$i" >>changes
    i=$((i + 1))
done
works 'forty names' apply example.test <changes
works 'the whole zone' list example.test '*' 16
same 'forty-one texts' "$(wc -l <out | tr -d ' ')" 41

# ---- texts at their limits ----
long=$(printf '%0600d' 7)
printf '%s\n' "long 16 0 60 - $long" 'quote 16 0 60 - a"b;c\d' 'byte 16 0 60 - x\200y' >changes
works 'odd texts' apply example.test <changes
for text in long quote byte; do
    works "$text is read" list example.test "$text" 16
    sed -n "s/^$text 16 0 60 - /$text 60 /p" changes >want
    holds "$text comes back" "$(cat want)"
done
same 'strings of 255' "$(dig @127.0.0.1 -p "$dns" long.example.test TXT +short | tr ' ' '\n' | awk '{ print length($0) - 2 }' | tr '\n' ' ')" '255 255 90 '

# ---- refusals ----
printf '%s\n' 'bad 1 0 60 - not-an-address' >changes
refuses 'a value that is none' reject 'bad.example.test' apply example.test <changes
printf '%s\n' 'www 16 0 60 - beside-an-alias' >changes
refuses 'a text beside an alias' reject '' apply example.test <changes
refuses 'a zone that is gone' reject 'has no zone gone.test' apply gone.test <changes

# ---- newer servers ----
conf "$newer" right-key
printf '%s\n' '_acme-challenge 16 60 60 old|kept kept|fresh' 'a 16 60 60 last -' 'b 16 0 60 - first' >changes
works 'single values' apply new.test <changes
same 'are added and taken away' "$(grep -c PATCH newer.log) $(grep -o 'EXTEND\|PRUNE\|REPLACE\|DELETE' newer.log | sort | uniq -c | tr -s ' \n' ' ')" '1  2 EXTEND 2 PRUNE '
same 'without reading first' "$(grep -c 'GET.*zones/new.test.$\|rrset_name=_acme' newer.log)" 0
same 'and no value too many' "$(grep -o '\\"[a-z]*\\"' newer.log | sort | tr -d '\\"' | tr '\n' ' ')" 'first fresh last old '

echo "$((ran - failed)) of $ran as expected"
[ $failed = 0 ]
