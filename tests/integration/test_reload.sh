#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# test_reload.sh - a running service takes up a changed configuration: what is wrong changes nothing; what is right is in use without a
# question refused, an order made twice or one given up; what needs a restart is said.
# time-limit: 600
set -u
top=$(cd "${top_srcdir:-$(dirname "$0")/../..}" && pwd)
build=$(cd "${top_builddir:-$top/build}" && pwd)
folder=$(sh "$top/tests/tools/pebble.sh") || exit $?
pebble_bin=$folder/pebble
# shellcheck source=tests/tools/e2e.sh
. "$top/tests/tools/e2e.sh"
e2e_begin
e2e_pebble pebble

# conf: fl.conf from $serve (zones of the responder), $servers (whom to ask whether a record is visible), $negative, $timeout, $more and $certificates.
serve='"example.test"' servers="$at:5300" negative=10s timeout=30s more='' certificates=''
conf() {
    cat >new.conf <<END
state = "$here/state";
roots = ["$at:5300"];
include = [ "certs.d/*.conf" ];
authorities = {
  pebble = { directory = "https://$at:14000/dir"; ca_file = "$here/pebble/ca.pem"; accept_terms = true; };
};
dns = { self = { plugin = "self"; serve = [$serve]; listen = ["$at:5300"]; query_servers = ["$servers"];
                 negative_ttl = "$negative"; answers = 0; visible = "1h"; }; };
solvers = { txt = { plugin = "dns-01"; };
            web = { plugin = "http-01"; listen = "$at:5301"; timeout = "$timeout"; }; };
sinks = { disk = { plugin = "file"; directory = "$here/live"; }; };
$more
certificates = ( $certificates );
END
    chmod 600 new.conf
    mv new.conf fl.conf
}
orders() { grep -c 'Added order' pebble/log; }
words() { tail -n "+$((said + 1))" run.log; }
mark() { said=$(wc -l <run.log); }
# shellcheck disable=SC2317 # until_true calls them
ended() { [ "$(words | grep -cE ' (reloaded|error reload-refused) ')" -gt 0 ]; }
# reload: by the signal, and waits until it came to its end.
reload() {
    mark
    kill -HUP "$running"
    until_true 30 ended || complain "no end of the reload: $(words)"
    sleep 0.05
    words >words.all
    mv words.all words
}
# shellcheck disable=SC2317
live() { [ -s "live/$1/cert.pem" ]; }
serial_of() { openssl x509 -in "live/$1/cert.pem" -noout -serial; }

mkdir certs.d plugs
cp -R "$build/plugdir/." plugs/
build_plugs=$here/plugs
run() {
    "$build/fairlead" -c fl.conf --plugins "$build_plugs" run >run.log 2>&1 </dev/null &
    running=$!
    until_true 10 grep -q ' started' run.log || complain "run does not start: $(cat run.log)"
}

one='{ names = ["one.example.test"]; solver = "web"; addresses = ["'$at'"]; }'
certificates=$one
conf
run
until_true 20 live one.example.test || complain "not delivered: $(cat run.log)"
first=$(serial_of one.example.test)

# ---- wrong: everything stays, and all mistakes are told --------------------------------

cp fl.conf good.conf
sed -i 's/negative_ttl/negative_tll/; s/timeout = "30s"/timeout = 30/' fl.conf
reload
says 'wrong: the first mistake' 'error reload-refused msg="fl.conf:8: error: dns self: unknown option .negative_tll' words
says 'wrong: the second mistake' 'fl.conf:[0-9]*: error: solver web: timeout: 30 has no unit' words
says 'wrong: what becomes of it' 'the one before stays in use' words
e2e reload
is 'wrong: status of reload' 1 "$status"
says 'wrong: reload tells it, too' 'fl.conf:8: error: dns self: unknown option'
says 'wrong: and the second' 'timeout: 30 has no unit'
printf 'certificates = (' >>fl.conf
reload
says 'wrong in form' 'reload-refused msg="fl.conf:[0-9]*: error:' words
# What can be opened only by trying: the address is somebody else's.
cp good.conf fl.conf
sed -i "s/listen = \"$at:5301\"/listen = [\"$at:5301\", \"$at:14000\"]/" fl.conf
reload
says 'an address that is in use' "reload-refused msg=\"error: solver web: cannot listen on $at:14000 .TCP.: pebble .pid [0-9]*. listens" words
cp good.conf fl.conf
sed -i "s|state = \"$here/state\"|state = \"$here/other\"|" fl.conf
reload
says 'another state' 'state: .*/other instead of .*/state: restart needed' words
[ ! -e other ] || complain 'another state was made'
is 'wrong: the service still answers' "$at" "$(dig "@$at" -p 5300 one.example.test A +short +tries=1 +time=5)"
cp good.conf fl.conf
e2e reload
is 'right again: status of reload' 0 "$status"
says 'right again: nothing has changed' 'nothing has changed' out err

# ---- what needs a restart is said, and the rest is taken up -----------------------------

more='workers = 5;'
conf
reload
says 'workers' 'warn reloaded msg="warning: workers: 5 instead of 8: restart needed' words
more=''
cp plugs/solver/http-01.so plugs/solver/new && mv plugs/solver/new plugs/solver/http-01.so
conf
reload
says 'another plugin on disk' 'warn reloaded msg="fl.conf:[0-9]*: warning: solver web: .*/plugs/solver/http-01.so has changed on disk: restart needed' words
silent 'another plugin on disk: nobody fails' 'reload-refused' words
mv plugs/solver/dns-01.so plugs/solver/gone
conf
reload
says 'a plugin that is gone' 'dns-01.so is not there any more: restart needed' words
mv plugs/solver/gone plugs/solver/dns-01.so

# ---- certificates: new ones, other names, gone ones -------------------------------------

before=$(orders)
certificates="$one, { names = [\"two.example.test\"]; solver = \"web\"; addresses = [\"$at\"]; }"
conf
echo "certificates = ( { names = [\"three.example.test\"]; solver = \"txt\"; } );" >certs.d/three.conf
chmod 600 certs.d/three.conf
reload
says 'new ones' 'info reloaded msg="certificates: added three.example.test, two.example.test"' words
until_true 20 live two.example.test || complain "two.example.test: $(cat run.log)"
until_true 20 live three.example.test || complain "three.example.test: $(cat run.log)"
is 'new ones: an order each' $((before + 2)) "$(orders)"
is 'new ones: the first was left alone' "$first" "$(serial_of one.example.test)"
certificates="{ names = [\"one.example.test\", \"uno.example.test\"]; solver = \"web\"; addresses = [\"$at\"]; }"
conf
old=$(serial_of two.example.test)
reload
says 'other names' 'msg="certificates: changed one.example.test; removed two.example.test"|removed two.example.test; changed one.example.test' words
is 'other names: the old one is there meanwhile' "$first" "$(serial_of one.example.test)"
# shellcheck disable=SC2317
other() { live one.example.test && [ "$(serial_of one.example.test)" != "$first" ]; }
until_true 20 other || complain "other names: nothing new: $(cat run.log)"
e2e_delivered one.example.test one.example.test uno.example.test
is 'other names: one order' $((before + 3)) "$(orders)"
is 'gone: it stays where it is' "$old" "$(serial_of two.example.test)"
e2e status
says 'gone: told' ' orphan certificate=two\.example\.test ' words
says 'gone: an orphan' '^two\.example\.test +orphan ' out
rm certs.d/three.conf

reload
silent 'gone: told once' ' orphan certificate=two' words

# ---- what an order waits for comes with another configuration --------------------------------------------

certificates="$one, { names = [\"lost.example.org\"]; solver = \"txt\"; }"
conf
reload
# shellcheck disable=SC2317
asks_for_zone() { grep -q 'step-failed certificate=lost.example.org' run.log; }
until_true 20 asks_for_zone || complain "lost.example.org waits for no zone: $(cat run.log)"
before=$(orders)
serve='"example.test", "example.org"'
conf
reload
until_true 60 live lost.example.org || complain "lost.example.org: $(cat run.log)"
[ "$(orders)" -le $((before + 1)) ] || complain 'mended: more than one order'

# ---- 50 reloads while an order is under way and everybody asks ----------------------------

certificates="$one" servers=127.0.0.1:9
conf
reload
hold='{ names = ["hold.example.test", "*.hold.example.test"]; solver = ["web", "txt"]; addresses = ["'$at'"]; }'
certificates="$one, $hold"
conf
before=$(orders)
reload
# shellcheck disable=SC2317
stands() { [ "$(e2e_record certificate:hold.example.test step)" = visible ] &&
    [ -n "$(dig "@$at" -p 5300 _acme-challenge.hold.example.test TXT +short +tries=1)" ]; }
until_true 20 stands || complain "hold.example.test does not come to its step: $(tail -n 20 run.log)"
ordered=$(orders)
value=$(dig "@$at" -p 5300 _acme-challenge.hold.example.test TXT +short +tries=1 | tr -d '"')
python3 - state/certs >proof <<'END'
import glob, json, sys
for name in glob.glob(sys.argv[1] + "/*/certificate:hold.example.test"):
    for p in json.load(open(name))["proofs"]:
        if p["type"] == "http-01":
            print(p["token"], p["key_auth"])
END
read -r token page <proof
python3 "$top/tests/tools/hammer.py" 240 "$here/enough" "$at" 5300 _acme-challenge.hold.example.test "$value" \
    "http://$at:5301/.well-known/acme-challenge/$token" "$page" >hammer.log 2>&1 &
hammering=$!
added='' n=0
while [ $n -lt 50 ]; do
    n=$((n + 1))
    case $((n % 5)) in
    0) negative=$((n + 5))s ;;              # the responder is another, on the same socket
    1) timeout=$((n + 20))s ;;              # so is the page's
    2) added="$added, { name = \"r$n\"; names = [\"one.example.test\"]; solver = \"web\"; }" ;;
    3) negative=$((n + 5))s timeout=$((n + 20))s ;;
    esac
    certificates="$one, $hold$added"
    conf
    reload
    silent "reload $n" 'reload-refused|step-failed' words
done
touch enough
wait $hammering || complain "asked meanwhile: $(cat hammer.log)"
cat hammer.log
for n in 2 7 12 17 22 27 32 37 42 47; do
    until_true 30 live "r$n" || complain "r$n: $(tail -n 20 run.log)"
done
is '50 reloads: an order for each new one' $((ordered + 10)) "$(orders)"
servers="$at:5300"
conf
reload
until_true 40 live hold.example.test || complain "hold.example.test: $(tail -n 20 run.log)"
is '50 reloads: the order under way was finished' $((ordered + 10)) "$(orders)"
e2e_delivered hold.example.test hold.example.test '*.hold.example.test'
is '50 reloads: no second account' 1 "$(grep -c 'There are now 1 accounts' pebble/log)"

# ---- another address: the old one is closed ------------------------------------------------

before=$(wc -l <run.log)
sed -i "s/listen = \"$at:5301\"/listen = \"$at:5302\"/" fl.conf
reload
says 'another address' 'solvers: changed web' words
is 'another address: the new one answers' 404 "$(curl -s -o page -w '%{http_code}' "http://$at:5302/" || echo none)"
is 'another address: the old one is closed' none "$(curl -s -o page "http://$at:5301/" || echo none)"
conf
reload

# ---- secrets: at a reload, and by themselves ----------------------------------------------

secret() {
    printf 'key "k" { algorithm hmac-sha256; secret "%s"; };\n' "$1" >tsig.new
    chmod 600 tsig.new
    mv tsig.new tsig.key
}
secret MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI=
# shellcheck disable=SC2016
sed -i "s|^dns = {|dns = { loc = { plugin = \"rfc2136\"; server = \"127.0.0.1:9\"; zones = [\"example.net\"]; key = \"file:tsig.key\"; };|" fl.conf
cp fl.conf with.conf
reload
says 'a new instance' 'dns: added loc' words
secret MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTM=
reload
says 'a secret that was changed' 'dns: changed loc' words
silent 'the secret is nowhere' 'MTIzNDU2' run.log
secret MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTQ=
mark
# shellcheck disable=SC2317
by_itself() { words | grep -q 'reloaded msg="dns: changed loc"'; }
until_true 50 by_itself || complain "a secret that was changed is not taken up: $(words)"
# A configuration that is being edited is not taken up because of it.
sed -i 's/negative_ttl/negative_tll/' fl.conf
secret MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTU=
mark
# shellcheck disable=SC2317
refused() { words | grep -q 'reload-refused'; }
until_true 90 refused || complain "a half-edited file: $(words)"
cp with.conf fl.conf
reload
says 'the secret, with the file that is right again' 'dns: changed loc' words

# ---- a second one, and the end ----------------------------------------------------------------

cp run.log first.log
e2e run
is 'a second service: status' 75 "$status"
says 'a second service' "in use by process $running" err
mark
kill -HUP "$running"
e2e_stop
is 'told to end while it reloads: status' 0 "$status"
says 'the end' 'info stopped' run.log
silent 'nothing hangs' 'call-stuck|state-not-' run.log
pebble_stop pebble
e2e_end
