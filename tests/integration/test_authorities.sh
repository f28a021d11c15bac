#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# test_authorities.sh - two authorities of which the first is down for a while; names that are left out and come back; an
# account that is told of a contact, gets another key, is put out of use and made anew.
# shellcheck disable=SC2154
set -u
top=$(cd "${top_srcdir:-$(dirname "$0")/../..}" && pwd)
build=$(cd "${top_builddir:-$top/build}" && pwd)
# shellcheck source=tests/tools/e2e.sh
. "$top/tests/tools/e2e.sh"
e2e_begin
ends() { is "$1: exit status" "$2" "$status"; }
# issued FOLDER: how many certificates that Pebble has issued.
issued() { grep -c 'Issued certificate' "$1/log" || true; }
# older FILE SECONDS: what is noted of failures there was so much earlier.
older() {
    python3 - "$1" "$2" <<'END'
import json, sys
path, by = sys.argv[1], int(sys.argv[2])
doc = json.load(open(path))
def age(entry):
    for key in ("first_at", "aside_at", "at", "tried_at"):
        if key in entry:
            entry[key] -= by
age(doc)
age(doc.get("failing", {}))
for entry in list(doc.get("aside", {}).values()) + list(doc.get("bad", {}).values()):
    age(entry)
if "failing" in doc:
    doc["failing"]["tries"] = 3
json.dump(doc, open(path, "w"), sort_keys=True, separators=(",", ":"))
END
}

# ---- the first one is down ------------------------------------------------------------------

e2e_authority='}; other = { directory = "https://'$at':14010/dir"; ca_file = "'$here'/second/ca.pem"; accept_terms = true;'
pebble_port=14010
e2e_pebble second
pebble_port=14000
e2e_pebble pebble
pebble_stop pebble
conf() { echo "certificates = ( { names = [\"a.example.test\"]; solver = \"txt\"; authority = [\"pebble\", \"other\"]; } );" | e2e_conf; }
conf
e2e once --wait 8s
ends 'first down, just now' 75
says 'first down, just now' '^a\.example\.test +waiting .*account at pebble.*Failed to connect' out
is 'first down, just now: the second is not asked' 0 "$(issued second)"
older state/accounts/pebble 3600
e2e once # and does not wait for the first when all is delivered
ends 'first down for an hour' 0
is 'first down for an hour: the second issues' 1 "$(issued second)"
is 'first down for an hour: whose it is' other "$(e2e_record certificate:a.example.test live authority)"
server=second
e2e_delivered a.example.test a.example.test
server=pebble
e2e status a.example.test
says 'first down for an hour: status' 'from other' out
says 'first down for an hour: history' ' authority +other is asked: pebble is set aside: .*Failed to connect' out
e2e renew a.example.test --wait 8s
ends 'renewed meanwhile' 0
is 'renewed meanwhile: by the second' 2 "$(issued second)"

# It is back, and that is found out by its own task; the renewal after that is its own.
pebble_start pebble || exit 1
pebble_root pebble pebble/root.pem
e2e renew a.example.test
ends 'first back' 0
e2e renew a.example.test
ends 'first back, once more' 0
is 'first back: whose it is' pebble "$(e2e_record certificate:a.example.test live authority)"
e2e_delivered a.example.test a.example.test
[ "$(issued second)" -le 3 ] || complain "the second issued $(issued second) times"

# ---- the account -------------------------------------------------------------------------------

e2e account pebble
ends 'account' 0
says 'account: its URL' '^  account +https://.*/my-account/' out
url=$(e2e_record pebble url) key=$(e2e_record pebble key)
e2e_mark
e2e account pebble rollover
ends 'rollover' 0
is 'rollover: one request' 1 "$(e2e_asked | sed -n 's/ POST .rollover-account-key//p')"
[ "$(e2e_record pebble key)" != "$key" ] || complain 'rollover: it is the same key'
is 'rollover: the same account' "$url" "$(e2e_record pebble url)"
is 'rollover: the old key is gone' '' "$(find state/keys -name "${key#file:}.pem")"
e2e renew a.example.test
ends 'after the rollover' 0
is 'after the rollover: no new account' '' "$(e2e_asked | grep sign-me-up)"

sed -i 's|accept_terms = true; }; other|accept_terms = true; contact = ["mailto:ops@example.test"]; }; other|' fl.conf
e2e_mark
e2e once
ends 'contact' 0
is 'contact: one request to the account' 1 "$(e2e_asked | sed -n 's/ POST .my-account.*//p')"
e2e once
is 'contact: and no more' 1 "$(e2e_asked | sed -n 's/ POST .my-account.*//p')"

e2e account pebble deactivate
ends 'deactivate' 0
says 'deactivate' '^  account +deactivated ' out
is 'deactivate: no account' '' "$(e2e_record pebble url)"
is 'deactivate: the certificate is served' pebble "$(e2e_record certificate:a.example.test live authority)"
e2e_mark
e2e renew a.example.test
ends 'deactivated on purpose: the other one issues' 0
is 'deactivated on purpose: nothing is ordered there' '' "$(e2e_asked | grep -E 'sign-me-up|order-plz')"
is 'deactivated on purpose: whose it is' other "$(e2e_record certificate:a.example.test live authority)"
e2e account pebble rollover
ends 'deactivated: rollover' 1
e2e account pebble register
ends 'register' 0
[ "$(e2e_record pebble url)" != "$url" ] || complain 'register: it is the same account'
e2e renew a.example.test
ends 'registered' 0
is 'registered: whose it is' pebble "$(e2e_record certificate:a.example.test live authority)"

# ---- a name that cannot be proved ---------------------------------------------------------------

e2e_state=state2 e2e_live=live2
# The second name is in a zone that nobody serves.
names='"a.example.test", "bad.other.test", "b.example.test"'
two() {
    echo "certificates = ( { names = [$names]; solver = [\"txt\", \"web\"]; on_bad_name = \"drop\"; authority = \"pebble\"; } );" | e2e_conf
}
two
e2e once --wait 2s
ends 'a bad name' 1
says 'a bad name' 'bad\.other\.test' out
# Each renewal that is asked for is one more try; every second goes by HTTP first, which proves none of them, not the
# first name either: then none counts.
for try in 2 3 4 5 6 7 8 9; do
    is "try $try: nothing is issued" '' "$(e2e_record certificate:a.example.test live serial)"
    e2e renew a.example.test --wait 2s
done
says 'left out: log' 'error name-dropped .*name=bad\.other\.test' err
for try in 10 11; do
    [ -n "$(e2e_record certificate:a.example.test live serial)" ] || e2e renew a.example.test --wait 2s
done
e2e status a.example.test
says 'left out: status' '^a\.example\.test +failed .*bad\.other\.test is left out' out
says 'left out: status page' '^  left out +bad\.other\.test' out
is 'left out: names' "['a.example.test', 'b.example.test']" "$(e2e_record certificate:a.example.test live names)"
server=pebble
e2e_delivered a.example.test a.example.test b.example.test
# Nothing more is asked before a day has passed.
e2e_mark
e2e once
is 'left out: quiet' '' "$(e2e_asked | grep order-plz)"
older "$(find state2/certs -name certificate:a.example.test)" 86400
serial=$(e2e_record certificate:a.example.test live serial)
e2e once --wait 3s
is 'a try: one order' 1 "$(e2e_asked | sed -n 's/ POST .order-plz//p')"
is 'a try that fails: what is live stays' "$serial" "$(e2e_record certificate:a.example.test live serial)"
e2e_mark
FL_TIME=100 e2e once # a minute after a refusal
ends 'a try that failed: it rests' 1
is 'a try that failed: not again today' '' "$(e2e_asked | grep order-plz)"
# It is mended, and the next try brings it back.
e2e_serve='"example.test", "other.test"'
two
older "$(find state2/certs -name certificate:a.example.test)" 86400
e2e once
ends 'mended' 0
e2e_delivered a.example.test a.example.test bad.other.test b.example.test
e2e status a.example.test
says 'mended: status' '^a\.example\.test +delivered' out
silent 'mended: status' 'left out +bad' out
e2e_end
