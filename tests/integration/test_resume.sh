#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# test_resume.sh - killed at any moment and started again, it goes on; told to end it ends at once; as a service it
# renews, and whoever reads the files meanwhile never finds a pair that does not fit.
set -u
top=$(cd "${top_srcdir:-$(dirname "$0")/../..}" && pwd)
build=$(cd "${top_builddir:-$top/build}" && pwd)
# shellcheck source=tests/tools/e2e.sh
. "$top/tests/tools/e2e.sh"
e2e_begin
e2e_pebble pebble

orders() { grep -c "Added order" "$server/log"; }
accounts() { sed -n 's/.*There are now \([0-9]*\) accounts.*/\1/p' "$server/log" | tail -n 1; }

# whole WHAT ORDERS: run on to the end; nothing of the interruption is left, nothing was done twice.
whole() {
    e2e once
    is "$1: status" 0 "$status"
    e2e_delivered "$name" "$name" "*.$name"
    e2e_delivered "web.$name" "web.$name"
    e2e_no_txt "$name"
    is "$1: nothing waits for a cleanup" '' "$(find "$e2e_state" -name 'cleanup:*')"
    found=$(($(orders) - ordered))
    [ "$found" -le "$2" ] || complain "$1: $found orders for two certificates"
    [ "$(accounts)" -le $((known + 1)) ] || complain "$1: a second account"
    # A key that was made in the last moment may stay; those in use do.
    found=$(find "$e2e_state/keys" -name '*.pem' | wc -l)
    case $found in
    [345]) ;;
    *) complain "$1: $found keys" ;;
    esac
    is "$1: left behind while writing" '' "$(find "$e2e_state" "$e2e_live" -name '*.tmp*' -o -name '.tmp*' -o -name '*~')"
}
# fresh: another name, and a state of its own.
fresh() {
    trial=$((trial + 1))
    name=t$trial.example.test
    e2e_state=state$trial e2e_live=live$trial
    ordered=$(orders)
    known=$(accounts)
    known=${known:-0}
    e2e_conf <<END
certificates = (
  { names = ["$name", "*.$name"]; solver = "txt"; },
  { names = ["web.$name"]; solver = "web"; addresses = ["$at"]; }
);
END
}
# killed PATTERN MS: killed so long after that line of its output; 3: it was done before.
killed() {
    python3 "$top/tests/tools/kill_at.py" "$1" "$2" \
        "$build/fairlead" -c fl.conf --plugins "$build/plugdir" once >out 2>err
}

# ---- killed after a step, and at any moment -------------------------------------------

trial=0 reached=0
for step in 'plan: waits' key: order: authorize: deploy: visible: answer: valid: finalize: fetch: rest: 'delivery verify'; do
    fresh
    # The line comes just before the record of that step is written: sometimes it still is.
    ms=$((trial % 2 * 4))
    killed "t$trial.example.test.* $step" $ms && reached=$((reached + 1))
    # Both may have been at newOrder.
    whole "killed $ms ms after $step" 4
done
[ "$reached" -ge 9 ] || complain "only $reached of 12 were killed before their end"

reached=0 longest=600
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    fresh
    ms=$(($(od -An -N2 -tu2 /dev/urandom) % longest))
    killed '' $ms && reached=$((reached + 1))
    whole "killed after $ms ms" 4
done
echo "$reached of 20 were killed before their end"
[ "$reached" -ge 3 ] || complain "only $reached of 20 were killed before their end"
rm -rf state[0-9]* live[0-9]*

# The authority takes its time: it looks when the next process is there already.
pebble_stop pebble
export PEBBLE_VA_NOSLEEP=0 PEBBLE_VA_SLEEPTIME=3
e2e_pebble slow
for _ in 1 2 3; do
    fresh
    killed "web.t$trial.example.test: valid:" 100 && reached=$((reached + 1))
    whole 'killed while the authority slept' 4
done
pebble_stop slow
PEBBLE_VA_NOSLEEP=1
e2e_pebble pebble

# Again and again the same one.
fresh
for _ in 1 2 3 4 5 6; do killed '' $(($(od -An -N2 -tu2 /dev/urandom) % 300)); done
whole 'killed six times' 14

# ---- told to end ----------------------------------------------------------------------

for seconds in 0.1 0.2 0.3; do
    fresh
    e2e_run "$@"
    sleep "$seconds"
    began=$(date +%s%N)
    e2e_stop
    took=$((($(date +%s%N) - began) / 1000000))
    is "told to end after $seconds s: status" 0 "$status"
    [ $took -lt 3000 ] || complain "told to end after $seconds s: it took $took ms"
    e2e status
    is "told to end after $seconds s: status of status" 0 "$status"
    whole "told to end after $seconds s" 4
done
pebble_stop pebble

# ---- renewals -------------------------------------------------------------------------

pebble_json='"certificateValidityPeriod": 8,'
e2e_pebble brief
e2e_state=brief-state e2e_live=brief-live
e2e_conf <<END
certificates = ( { names = ["brief.example.test"]; solver = "txt"; } );
END
rm -f reloads
folder=brief-live/brief.example.test
# As a server reads them: the folder is entered once, both files are read in it.
reader() {
    while [ ! -e enough ]; do
        [ -e "$folder" ] || continue
        (
            cd -P "$folder" || exit 1
            openssl x509 -in cert.pem -noout -serial >>"$here/seen"
            [ "$(openssl x509 -in cert.pem -noout -pubkey)" = "$(openssl pkey -in privkey.pem -pubout)" ]
        ) 2>>misread || echo 'a pair that does not fit' >>misfits
        # One file with both.
        both=$(cat "$folder/combined.pem")
        [ "$(echo "$both" | openssl x509 -noout -pubkey 2>>misread)" = \
            "$(echo "$both" | openssl pkey -pubout 2>>misread)" ] || echo 'combined.pem' >>misfits
    done
}
serials() { e2e_record certificate:brief.example.test history | grep -o "'issued'" | wc -l; }
# shellcheck disable=SC2317 # until_true calls them
three() { [ "$(serials)" -ge 3 ]; }
# shellcheck disable=SC2317
reloaded() { [ "$(grep -c reloaded reloads)" -ge 3 ]; }
: >misfits
: >misread
: >seen
reader &
reading=$!
e2e_run "$@"
until_true 40 three || complain "not renewed twice in 40 s: $(cat run.log)"
until_true 5 reloaded || complain "reloaded $(grep -c reloaded reloads) times for $(serials) certificates"
openssl x509 -in $folder/cert.pem -noout -checkend 0 >/dev/null || complain 'what is delivered has expired'
is 'renewed: what is live is delivered' "$(e2e_record certificate:brief.example.test live serial)" \
    "$(openssl x509 -in $folder/cert.pem -noout -serial | sed 's/serial=//' | tr A-F a-f)"
touch enough
wait $reading
e2e_stop
is 'renewing: status' 0 "$status"
e2e_delivered brief.example.test brief.example.test
is 'renewed: pairs that do not fit' '' "$(sort misfits misread | uniq -c | head -n 5)"
# It was there before a renewal and after one.
[ "$(sort -u seen | wc -l)" -ge 2 ] || complain "the reader saw only $(sort seen | uniq -c)"
is 'renewed: one account' 1 "$(grep -c 'There are now 1 accounts' "$server/log")"
is 'renewed: an order for each' "$(grep -c 'Issued certificate' "$server/log")" "$(grep -c 'Added order' "$server/log")"
# The live key, the one before and the account's.
is 'renewed: keys' 3 "$(find brief-state/keys -name '*.pem' | wc -l)"
pebble_stop brief
e2e_end
