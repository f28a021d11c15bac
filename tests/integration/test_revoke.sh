#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# time-limit: 400
# test_revoke.sh - revocation by Pebble 2.10.1: the replacement is delivered before the old certificate is revoked, with a new key
# where that was compromised; by the certificate's key where there is no account; killed at any moment it is done once.
set -u
top=$(cd "${top_srcdir:-$(dirname "$0")/../..}" && pwd)
build=$(cd "${top_builddir:-$top/build}" && pwd)
folder=$(sh "$top/tests/tools/pebble.sh") || exit $?
pebble_bin=$folder/pebble
# shellcheck source=tests/tools/e2e.sh
. "$top/tests/tools/e2e.sh"
e2e_begin
e2e_pebble pebble

serial() { e2e_record "certificate:$1" live serial; }
# judged SERIAL: "Valid", or "Revoked REASON", as the authority has it.
judged() {
    python3 - "$pebble_management" "$pebble_ca" "$1" <<'END'
import json, ssl, sys, urllib.request

url, ca, serial = sys.argv[1:]
answer = urllib.request.urlopen("%s/cert-status-by-serial/%s" % (url, serial.lstrip("0")),
                                context=ssl.create_default_context(cafile=ca))
found = json.load(answer)
print(found["Status"] if found["Status"] == "Valid" else "%s %s" % (found["Status"], found.get("Reason", 0)))
END
}
key() { openssl x509 -in "live/$1/cert.pem" -noout -pubkey; }
orders() { grep -c 'Added order' pebble/log; }
# replaced WHAT NAME OLD REASON: the old one is revoked, another is live, valid and delivered.
replaced() {
    is "$1: the old one" "Revoked $4" "$(judged "$3")"
    new=$(serial "$2")
    [ "$new" != "$3" ] || complain "$1: it was not replaced"
    is "$1: the new one" Valid "$(judged "$new")"
    e2e_delivered "$2" "$2"
    case $(openssl x509 -in "live/$2/cert.pem" -noout -serial | tr A-F a-f) in
    *"$(echo "$new" | sed 's/^0*//')") ;;
    *) complain "$1: the sink does not have it" ;;
    esac
    is "$1: nothing waits" '' "$(find state/certs -name 'cleanup*' -o -name 'ask*')"
}
conf() {
    e2e_conf <<END
certificates = (
  { names = ["kept.example.test"]; solver = "txt"; reuse_key = true; },
  { names = ["other.example.test"]; solver = "txt"; }
);
END
}
conf
e2e once
is once 0 "$status"

# ---- reasons ------------------------------------------------------------------------------

old=$(serial kept.example.test) old_key=$(key kept.example.test)
e2e renew kept.example.test
is 'a key is kept when it is renewed' "$old_key" "$(key kept.example.test)"
old=$(serial kept.example.test)
e2e revoke kept.example.test --reason keyCompromise
is 'keyCompromise' 0 "$status"
says 'keyCompromise: what happens' 'the replacement, with a new key, is delivered first' out
replaced 'keyCompromise' kept.example.test "$old" 1
[ "$(key kept.example.test)" != "$old_key" ] || complain 'keyCompromise: the key is still in use'
e2e status kept.example.test
grep -nE 'delivered +serial|revoked +serial' out >found
case $(tail -n 2 found) in
*delivered*revoked*) ;;
*) complain "keyCompromise: in what order: $(cat found)" ;;
esac
says 'keyCompromise: history' "revoked +serial $old, keyCompromise" out

old=$(serial other.example.test)
e2e revoke other.example.test
replaced 'no reason' other.example.test "$old" 0
old=$(serial other.example.test)
e2e revoke other.example.test --reason superseded --now
is 'at once' 0 "$status"
e2e once
replaced 'at once' other.example.test "$old" 4

old=$(serial other.example.test) made=$(orders)
e2e revoke other.example.test --reason cessationOfOperation
is 'cessationOfOperation' 0 "$status"
is 'cessationOfOperation: the authority' 'Revoked 5' "$(judged "$old")"
e2e once
is 'cessationOfOperation: once has nothing to do' 0 "$status"
says 'cessationOfOperation: said' '^other\.example\.test +revoked .*not replaced until .fairlead renew' out
is 'cessationOfOperation: no order' "$made" "$(orders)"
is 'cessationOfOperation: still there' "$old" "$(serial other.example.test)"
e2e renew other.example.test
is 'renewed after all' 0 "$status"
replaced 'renewed after all' other.example.test "$old" 5

e2e revoke other.example.test --reason cACompromise
is 'no reason of ours' 2 "$status"
says 'no reason of ours' 'use one of unspecified, keyCompromise' err
e2e revoke nobody.example.test
is 'nobody' 1 "$status"
e2e revoke
is 'without a name' 2 "$status"

# ---- keys and accounts ----------------------------------------------------------------------

old=$(serial other.example.test)
e2e revoke other.example.test --by-certificate-key
is 'by its own key' 0 "$status"
replaced 'by its own key' other.example.test "$old" 0

old=$(serial other.example.test)
rm -r state/accounts
e2e revoke other.example.test --now
is 'without the account' 0 "$status"
e2e once
replaced 'without the account' other.example.test "$old" 0

# ---- a sink that does not take the replacement -------------------------------------------------

old=$(serial kept.example.test)
mv live live.away && echo >live
e2e revoke kept.example.test --reason keyCompromise --wait 15s
is 'a broken sink' 75 "$status"
says 'a broken sink: who is waited for' 'waits until sink disk has the replacement.*revoke --now' out
is 'a broken sink: still valid' Valid "$(judged "$old")"
e2e status
says 'a broken sink: status' '^kept\.example\.test +to be revoked \(keyCompromise\): replaced: waits until sink disk' out
e2e forget kept.example.test
is 'a broken sink: not forgotten' 1 "$status"
rm live && mv live.away live
e2e once
is 'mended' 0 "$status"
replaced 'mended' kept.example.test "$old" 1

# ---- by the service, killed at any moment -------------------------------------------------------

old=$(serial kept.example.test)
e2e_run "$@"
e2e revoke kept.example.test --reason keyCompromise
is 'by the service' 0 "$status"
replaced 'by the service' kept.example.test "$old" 1
old=$(serial kept.example.test)
e2e revoke kept.example.test --reason keyCompromise --wait 0s
is 'accepted by the service' 0 "$status"
kill -KILL "$running" && wait "$running" 2>/dev/null
running=''
e2e once
is 'accepted, then killed' 0 "$status"
replaced 'accepted, then killed' kept.example.test "$old" 1

trial=0
for step in plan: key: order: deploy: answer: finalize: fetch: rest: 'delivery verify' ''; do
    trial=$((trial + 1))
    old=$(serial kept.example.test) made=$(orders)
    python3 "$top/tests/tools/kill_at.py" "${step:-with a new key}" $((trial % 3 * 20)) \
        "$build/fairlead" -c fl.conf --plugins "$build/plugdir" revoke kept.example.test --reason keyCompromise \
        >out 2>err
    e2e once
    is "killed at '$step': status" 0 "$status"
    if [ "$(judged "$old")" = Valid ] && [ "$(serial kept.example.test)" = "$old" ]; then
        [ -z "$step" ] || complain "killed at '$step': it was accepted and is lost"
        continue # killed before it was accepted
    fi
    replaced "killed at '$step'" kept.example.test "$old" 1
    made=$(($(orders) - made))
    [ "$made" -le 2 ] || complain "killed at '$step': $made orders"
done

# ---- one that is not live any more ------------------------------------------------------------------

first=$(serial other.example.test)
e2e renew other.example.test
second=$(serial other.example.test)
e2e renew other.example.test
live=$(serial other.example.test)
e2e revoke other.example.test --serial 12:34
is 'a serial that is not known: status' 1 "$status"
says 'a serial that is not known' "no certificate with serial 12:34 .*$live, $second, $first" err
e2e revoke other.example.test --serial "0$(echo "$first" | tr a-f A-F)" --reason superseded
is 'the earliest: status' 0 "$status"
says 'the earliest' 'it is revoked as soon as every sink has the one that is live' out
is 'the earliest' 'Revoked 4' "$(judged "$first")"
e2e revoke other.example.test --serial "$second" --reason cessationOfOperation
is 'the one before' 'Revoked 5' "$(judged "$second")"
is 'what is live: the authority' Valid "$(judged "$live")"
is 'what is live: it stays' "$live" "$(serial other.example.test)"
e2e revoke other.example.test --serial xyz
is 'no serial at all: status' 2 "$status"

# ---- what is not in the configuration any more ---------------------------------------------------

old=$(serial other.example.test)
e2e_conf <<END
certificates = ( { names = ["kept.example.test"]; solver = "txt"; reuse_key = true; } );
END
e2e revoke other.example.test --reason cessationOfOperation
is 'an orphan' 0 "$status"
is 'an orphan: the authority' 'Revoked 5' "$(judged "$old")"
e2e forget other.example.test
is 'an orphan: forgotten' 0 "$status"
e2e_end
