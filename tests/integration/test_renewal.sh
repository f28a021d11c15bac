#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# test_renewal.sh - Pebble 2.10.1 says when to renew; what took whose place; chains; states out of the past; lost answers.
set -u
top=$(cd "${top_srcdir:-$(dirname "$0")/../..}" && pwd)
build=$(cd "${top_builddir:-$top/build}" && pwd)
folder=$(sh "$top/tests/tools/pebble.sh") || exit $?
pebble_bin=$folder/pebble
# shellcheck source=tests/tools/e2e.sh
. "$top/tests/tools/e2e.sh"
e2e_begin
export PEBBLE_ALTERNATE_ROOTS=2 PEBBLE_WFE_ORDERS_PER_PAGE=50

live=$here/live
# shellcheck disable=SC2317 # until_true and others call them
serial() { openssl x509 -in "$live/$1/cert.pem" -noout -serial 2>/dev/null; }
# edit NAME PYTHON: what the record of a certificate says is changed by a statement about `rec`.
edit() {
    file=$(find state/certs -name "certificate:$1" -o -name "certificate%3A$1" | head -n 1)
    python3 -c 'import json, sys
rec = json.load(open(sys.argv[1]))
exec(sys.argv[2])
json.dump(rec, open(sys.argv[1], "w"))' "$file" "$2" || complain "edit $1: no record"
}
# window NAME FROM TO [URL]: what Pebble says of the certificate that is live, in seconds from now.
window() {
    python3 -c 'import json, ssl, sys, time, urllib.request
def at(s): return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + int(s)))
window = {"suggestedWindow": {"start": at(sys.argv[4]), "end": at(sys.argv[5])}}
if sys.argv[6]: window["explanationURL"] = sys.argv[6]
body = {"certificate": open(sys.argv[3]).read(), "ariResponse": json.dumps(window)}
context = ssl.create_default_context(cafile=sys.argv[2])
urllib.request.urlopen(sys.argv[1] + "/set-renewal-info/", json.dumps(body).encode(), context=context)' \
        "$pebble_management" "$pebble_ca" "$live/$1/cert.pem" "$2" "$3" "${4:-}" || complain "window $1"
}
due() { edit "$1" 'rec["live"]["ari"]["look_at"] = 1'; }
history() { e2e_record "certificate:$1" history; }

e2e_pebble pebble
name=a.example.test
conf() { { echo 'defaults = { solver = "txt"; };' && cat; } | e2e_conf; }
conf <<END
certificates = ( { names = ["$name"]; } );
END
e2e once
is 'issued: status' 0 "$status"
first=$(serial $name)
cp -a state state.old
[ "$(e2e_record certificate:$name live ari moment_at)" -gt 0 ] || complain 'no moment was drawn'
is 'asked when issued' 1 "$(e2e_asked | grep -c renewalInfo)"

# ---- the window moves into the past: renewed at the next look, in place of the first ---

window $name -7200 -3600 https://example.test/incident
e2e_mark
e2e once
is 'no look before its time' '' "$(e2e_asked)"
due $name
e2e once
is 'renewed: status' 0 "$status"
[ "$(serial $name)" != "$first" ] || complain 'it was not renewed'
grep -q 'has been marked as replaced' pebble/log || complain 'the predecessor was not named'
history $name | grep -q 'https://example.test/incident' || complain 'the reason is not in the history'
e2e_delivered $name $name
second=$(serial $name)

# ---- a state of before that: the sink knows better -------------------------------------

mv state state.new
cp -a state.old state
due $name
e2e_mark
e2e once
is 'restored: no order' '' "$(e2e_asked | grep order-plz)"
is 'restored: what is live stays' "$second" "$(serial $name)"
is 'restored: status' 75 "$status"
history $name | grep -q "'held'" || complain "restored: nothing in the history: $(history $name)"
e2e once
is 'restored, again: no order' '' "$(e2e_asked | grep order-plz)"
is 'restored, again: what is live stays' "$second" "$(serial $name)"

# The sink is lost, too: ordered, and the authority minds what it takes the place of.
rm -rf live
edit $name 'rec["live"]["ari"]["look_at"] = 1; rec["step"] = "plan"'
e2e once
is 'replaced before: status' 0 "$status"
e2e_delivered $name $name
is 'replaced before: asked twice' '2 POST /order-plz' "$(e2e_asked | grep order-plz)"
is 'replaced before: one order' 3 "$(grep -c 'Added order' pebble/log)"

# ---- chains ----------------------------------------------------------------------------

root_of() { openssl x509 -in "$1" -noout -issuer -nameopt multiline | sed -n 's/.*commonName *= //p'; }
pebble_root pebble root1.pem 1
pebble_root pebble root0.pem 0
is 'the root is its own issuer' "$(root_of root1.pem)" "$(openssl x509 -in root1.pem -noout -subject -nameopt multiline | sed -n 's/.*commonName *= //p')"
e2e_mark
conf <<END
certificates = ( { names = ["$name"]; preferred_chain = "$(root_of root1.pem)"; },
                 { names = ["b.example.test"]; preferred_chain = "$(root_of root1.pem)"; },
                 { names = ["c.example.test"]; preferred_chain = "$(root_of root0.pem)"; },
                 { names = ["d.example.test"]; preferred_chain = "No Such Root"; } );
END
e2e once
is 'chains: status' 0 "$status"
is 'chains: what is live is not ordered anew for its chain' '3 POST /order-plz' "$(e2e_asked | grep order-plz)"
openssl verify -CAfile root1.pem -untrusted live/b.example.test/chain.pem live/b.example.test/cert.pem >verify.log 2>&1 ||
    complain "the preferred chain: $(cat verify.log)"
e2e_delivered c.example.test c.example.test
e2e_delivered d.example.test d.example.test
history d.example.test | grep -q 'no chain ends in .No Such Root.; there are: .*Pebble Root CA' ||
    complain "the chains are not listed: $(history d.example.test)"
is 'alternates are fetched where the first does not do' 3 "$(($(e2e_asked | awk '/certZ/ { n += $1 } END { print n }') - 3))"

# ---- an order whose answer was lost is adopted ----------------------------------------

# Nobody answers where the record is looked for: the order stays as it is, and `once` ends.
conf <<END
certificates = ( { names = ["e.example.test", "f.example.test"]; } );
END
cp fl.conf fl.right
sed "s|query_servers = .*:5300.]|query_servers = [\"$at:5399\"]|" fl.right >fl.conf
added=$(grep -c 'Added order' pebble/log)
e2e once --wait 3s
is 'an order is placed' $((added + 1)) "$(grep -c 'Added order' pebble/log)"
is 'and waits' visible "$(e2e_record certificate:e.example.test step)"
# As if the process had ended before it could write what newOrder answered.
edit e.example.test 'for gone in ("url", "finalize", "authorizations"): del rec["order"][gone]
del rec["proofs"]
rec["step"] = "order"
rec["code"] = "ok"'
cp fl.right fl.conf
e2e_mark
e2e once
is 'a lost answer: status' 0 "$status"
e2e_delivered e.example.test e.example.test f.example.test
is 'a lost answer: no other order' '' "$(e2e_asked | grep order-plz)"
history e.example.test | grep -q adopted || complain 'nothing of it in the history'
# Where there is none it is asked for again.
edit e.example.test 'rec["order"] = {"names": rec["live"]["names"], "authority": "pebble", "at": 1}
rec["step"] = "key"'
e2e_mark
e2e once
is 'an intent: status' 0 "$status"
is 'an intent that was never sent: one order' '1 POST /order-plz' "$(e2e_asked | grep order-plz)"

# ---- given up: nothing stays pending at the authority ----------------------------------

sed "s|query_servers = .*:5300.]|query_servers = [\"$at:5399\"]|" fl.right |
    sed 's|"e.example.test", "f.example.test"|"g.example.test", "h.example.test"|' >fl.conf
e2e once --wait 3s
is 'another order waits' visible "$(e2e_record certificate:g.example.test step)"
e2e_mark
sed 's|"e.example.test", "f.example.test"|"g.example.test"|' fl.right >fl.conf
e2e once
is 'other names: status' 0 "$status"
e2e_delivered g.example.test g.example.test
is 'what was pending is looked at and given up' 4 "$(($(e2e_asked | awk '/authZ/ { n += $1 } END { print n }') - 1))"
is 'nothing waits for a cleanup' '' "$(find state -name 'cleanup*')"

# ---- addresses, profiles, types of key -------------------------------------------------

pebble_stop pebble
pebble_json='"profiles": {"short": {"description": "d", "validityPeriod": 2592000}, "long": {"description": "d", "validityPeriod": 7776000}},'
e2e_state=kinds e2e_live=kinds-live live=$here/kinds-live
PEBBLE_AUTHZREUSE=100
e2e_pebble kinds
conf <<END
certificates = ( { names = ["$at"]; solver = "web"; profile = "short"; },
                 { name = "keys"; names = ["k.example.test"]; key = ["rsa2048", "ec256", "ec384"]; profile = "short"; },
                 { names = ["preferred.example.test"]; profile = "nowhere"; },
                 { names = ["required.example.test"]; profile = "nowhere"; profile_required = true; } );
END
e2e once
is 'kinds: status' 1 "$status"
says 'the profile that is required' 'offers no profile .nowhere.' out
openssl x509 -in "$live/$at/cert.pem" -noout -ext subjectAltName | grep -q "IP Address:$at" ||
    complain 'the address is not in the certificate'
openssl x509 -in "$live/$at/cert.pem" -noout -checkend 2600000 >/dev/null && complain 'the profile was not used'
[ -s "$live/preferred.example.test/cert.pem" ] || complain 'a profile that is preferred held it up'
[ ! -e "$live/required.example.test" ] || complain 'a profile that is required was not'
for type in '' +ec256 +ec384; do
    is "keys$type: its own window" rest "$(e2e_record "certificate:keys$type" step)"
    [ "$(e2e_record "certificate:keys$type" live ari moment_at)" -gt 0 ] || complain "keys$type: no window"
done
is 'one proof for three types of key' 1 "$(e2e_asked | awk '/chalZ/ { n += $1 } END { print n - 2 }')"
pebble_stop kinds
e2e_end
