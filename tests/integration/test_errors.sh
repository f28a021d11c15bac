#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# test_errors.sh - what is wrong, what is said about it, and with which exit status; nothing is lost on the way.
# shellcheck disable=SC2317 # functions that other functions call by name
set -u
top=$(cd "${top_srcdir:-$(dirname "$0")/../..}" && pwd)
build=$(cd "${top_builddir:-$top/build}" && pwd)
# shellcheck source=tests/tools/e2e.sh
. "$top/tests/tools/e2e.sh"
e2e_begin
one='{ names = ["a.example.test"]; solver = "txt"; }'
web='{ names = ["w.example.test"]; solver = "web"; addresses = ["'$at'"]; }'
# conf CERTIFICATE...: these certificates, and a state of its own for every call of `anew`.
conf() {
    all=$1
    shift
    for entry; do all="$all, $entry"; done
    echo "certificates = ( $all );" | e2e_conf
}
anew() {
    case_number=$((case_number + 1))
    e2e_state=state$case_number e2e_live=live$case_number
    e2e_mark
}
case_number=0
# ends WHAT STATUS: as the last command did.
ends() { is "$1: exit status" "$2" "$status"; }

# ---- usage ----------------------------------------------------------------------------

e2e_pebble pebble
anew
conf "$one"
# usage WORDS ARGUMENT...
usage() {
    words=$1
    shift
    e2e "$@"
    ends "fairlead $*" 2
    says "fairlead $*" "$words" err
    is "fairlead $*: on standard output" '' "$(cat out)"
}
usage 'there is no command .frobnicate.' frobnicate
usage "unrecognized option '--frob'" once --frob
usage "unrecognized option '--frob'" --frob once
usage 'takes no arguments' once a.example.test
usage '--wait 3: has no unit' once --wait 3
usage "option '--wait' requires an argument" once --wait
usage 'takes one name at most' status a b
usage 'there is no verb .zoness.' dns self zoness
usage 'usage is: dns self add NAME TYPE VALUE' dns self add x
usage 'there is no section .nothing.' describe nothing
usage 'takes no arguments' run now
e2e
ends 'no command' 2
for command in check once run status describe pipeline dns version; do
    says 'no command: what there is' "^  $command " out
done
e2e --help
ends '--help' 0
"$build/fairlead" -c no-such-file once >out 2>err
is 'no configuration: exit status' 1 $?
says 'no configuration' 'no-such-file' err
is 'none of these made a state' 'no' "$([ -e "$e2e_state" ] && echo yes || echo no)"

# ---- to look only ---------------------------------------------------------------------

# looked WHAT CERTIFICATE...: --dry-run says that; no file is another than it was, and nobody was asked.
listed() {
    find . -path ./pebble -prune -o -type f ! -name '*.listed' ! -name out ! -name err -printf '%p %i %m %s %T@ %C@\n' |
        sort
}
looked() {
    what=$1
    shift
    e2e_mark
    listed >before.listed
    e2e once --dry-run
    listed >after.listed
    ends "$what" 0
    for line; do says "$what" "$line" out; done
    diff before.listed after.listed >changed.listed || complain "$what changed: $(cat changed.listed)"
    is "$what asked the authority" '' "$(e2e_asked)"
}
looked '--dry-run' '^a\.example\.test \(ec256\): would order from pebble: there is none yet$'
is '--dry-run: state' no "$([ -e "$e2e_state" ] && echo yes || echo no)"
e2e once
ends 'for --dry-run' 0
conf "$one" '{ names = ["b.example.test"]; solver = "txt"; }'
looked '--dry-run again' '^a\.example\.test \(ec256\): nothing to do before 20' '^b\.example\.test \(ec256\): would order'

# ---- a rehearsal ----------------------------------------------------------------------

anew
conf "$one"
(
    # Another authority, on another port.
    pebble_port=14100
    pebble_start stage
) || complain 'the authority to rehearse with does not start'
sed -i "s|accept_terms|staging = \"https://$at:14100/dir\"; accept_terms|" fl.conf
cat stage/ca.pem >>pebble/ca.pem
e2e_mark
e2e once --staging
ends '--staging' 0
says '--staging: what it was' '^This was a rehearsal' out
says '--staging: the certificate' '^a\.example\.test +delivered valid until' out
is '--staging: the authority was not asked' '' "$(e2e_asked)"
is '--staging: the other one issued' 1 "$(grep -c 'Issued certificate' stage/log)"
is '--staging: nothing is delivered' '' "$(ls -A "$e2e_live" 2>/dev/null)"
is '--staging: state' staging "$(ls -A "$e2e_state")"
e2e once
ends 'after --staging' 0
is 'after --staging: an account of its own' '1 POST /sign-me-up' "$(e2e_asked | grep sign-me-up)"
e2e_delivered a.example.test a.example.test
pebble_stop stage
conf "$one"
e2e once --staging
ends '--staging without a directory' 1
says '--staging without a directory' 'authority pebble has no .staging. directory: add one' err

# ---- the authority --------------------------------------------------------------------

anew
conf "$one"
pebble_stop pebble
began=$(date +%s)
e2e once --wait 3s
ends 'authority down' 75
[ $(($(date +%s) - began)) -le 8 ] || complain "authority down: took $(($(date +%s) - began)) s"
says 'authority down: log' 'authority=pebble.*Failed to connect' err
says 'authority down: certificate' '^a\.example\.test +waiting .*account at pebble.*Failed to connect' out
# It comes back meanwhile.
timeout -k 5 60 "$build/fairlead" -c fl.conf --plugins "$build/plugdir" once >late.out 2>late.err &
late=$!
sleep 1
e2e_pebble pebble
status=0
wait $late || status=$?
ends 'authority comes back' 0
e2e_delivered a.example.test a.example.test

anew
conf "$one"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 9 -subj '/CN=other' \
    -keyout other.key -out other.pem 2>/dev/null
sed -i 's|/pebble/ca.pem|/other.pem|' fl.conf
e2e once --wait 3s
ends 'another ca_file' 75
says 'another ca_file' '^a\.example\.test .*self-signed certificate; is ca_file the authority of that server' out
is 'another ca_file: nothing was asked' '' "$(e2e_asked)"

anew
conf "$one"
sed -i 's|accept_terms = true|accept_terms = false|' fl.conf
began=$(date +%s)
e2e once
ends 'terms not accepted' 1
[ $(($(date +%s) - began)) -le 8 ] || complain "terms not accepted: waits $(($(date +%s) - began)) s for a person"
says 'terms not accepted' '^a\.example\.test +failed .*terms of service.*accept_terms = true; into authorities\.pebble' out
is 'terms not accepted: no account' '' "$(e2e_asked | grep sign-me-up)"
# Mended: it goes on at once.
conf "$one"
e2e once
ends 'terms accepted' 0

pebble_stop pebble
pebble_eab='kid-1 zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W'
e2e_pebble bound
pebble_eab=''
anew
conf "$one"
e2e once --wait 3s
ends 'binding missing' 1
says 'binding missing' '^a\.example\.test +failed .*bound' out
says 'binding missing: what to do' 'eab = \{ kid' out
pebble_stop bound
e2e_pebble pebble

# ---- validation -----------------------------------------------------------------------

anew
conf "$web" "$one"
sed -i "s|listen = \"$at:5301\"|listen = \"$at:5309\"|" fl.conf
e2e once --wait 3s
ends 'nobody answers' 1
says 'nobody answers: name and problem' '^w\.example\.test +failed .*w\.example\.test by http-01: connection: .*connection refused' out
says 'nobody answers: what to do' '^ +to do: let the authority reach .*port 80' out
says 'nobody answers: the other one' '^a\.example\.test +delivered' out
is 'nobody answers: one order each' 2 "$(e2e_asked | sed -n 's/ POST .order-plz//p')"
e2e_no_txt example.test
e2e_mark
e2e once --wait 3s
ends 'nobody answers, again' 1
says 'nobody answers, again' '^w\.example\.test +failed .*connection refused.*next try' out
is 'nobody answers, again: nothing is asked' '' "$(e2e_asked)"
e2e status
says 'nobody answers: status' '^w\.example\.test +failed .*connection refused' out

# ---- this machine ---------------------------------------------------------------------

# held KIND PORT [ADDRESS]: somebody else has that address. $holder is its number.
held() {
    rm -f holds
    python3 -c 'import socket, sys, time
s = socket.socket(socket.AF_INET, socket.SOCK_STREAM if sys.argv[1] == "tcp" else socket.SOCK_DGRAM)
s.bind((sys.argv[2], int(sys.argv[3])))
if sys.argv[1] == "tcp": s.listen()
open("holds", "w").close()
time.sleep(60)' "$1" "${3:-$at}" "$2" &
    holder=$!
    until_true 10 test -e holds || complain "nobody holds port $2"
}
anew
conf "$web"
# The port alone is in nobody's way.
held tcp 5301 "${at%.*}.255"
elsewhere=$holder
held tcp 5301
e2e once --wait 3s
ends 'page listener busy' 1
says 'page listener busy' "solver web: cannot listen on $at:5301 \(TCP\): .*pid $holder.*choose another address" err
conf "$one" # it does not need that listener
e2e once
ends 'a listener that nobody needs' 0
kill $holder $elsewhere
wait $holder $elsewhere 2>/dev/null
held udp 5300
e2e once --wait 3s
ends 'responder busy' 1
says 'responder busy' "dns self: cannot listen on $at:5300 \(UDP\): .*pid $holder" err
kill $holder
wait $holder 2>/dev/null

anew
conf "$one"
e2e_run "$@"
e2e run
ends 'state in use' 75
says 'state in use' "$e2e_state.* $running" err
e2e once # by the service
ends 'state in use: once' 0
says 'state in use: once' '^a\.example\.test +delivered' out
e2e status
ends 'state in use: status' 0
until_true 15 test -s "$e2e_live/a.example.test/cert.pem"
e2e_stop
ends 'state in use: run' 0
e2e_delivered a.example.test a.example.test

anew
mkdir nobodys
echo x >nobodys/file
sed -i "s|^state = .*|state = \"$here/nobodys/file/state\";|" fl.conf
e2e once
ends 'state below a file' 1
says 'state below a file' 'nobodys/file' err
# Root may write anywhere: then it is somebody else who tries, with a copy that he may read.
if [ "$(id -u)" = 0 ]; then
    other=$(mktemp -d "${TMPDIR:-/tmp}/fairlead-errors.XXXXXX")
    # shellcheck disable=SC2064 # now
    eval "e2e_more_ended() { rm -rf $other; }"
    cp -R "$build/plugdir" "$build/fairlead" "$other"
    sed "s|$here/pebble/ca.pem|$other/ca.pem|; s|^state = .*|state = \"$other/state\";|" fl.conf >"$other/fl.conf"
    cp pebble/ca.pem "$other"
    mkdir -m 700 "$other/state"
    chmod 755 "$other"
    chmod 644 "$other/fl.conf"
    status=0
    setpriv --reuid 65534 --regid 65534 --clear-groups timeout 20 "$other/fairlead" -c "$other/fl.conf" \
        --plugins "$other/plugdir" once >out 2>err </dev/null || status=$?
    what='state of somebody else'
    ends "$what" 1
    says "$what" "$other/state" err
    says "$what" '(owner|permission|Permission|belongs)' err
    is "$what: written" '' "$(ls -A "$other/state")"
fi

# ---- damage ---------------------------------------------------------------------------

anew
conf "$one" "$web"
e2e once
ends 'before the damage' 0
file=$(find "$e2e_state/certs" -name 'certificate:a.example.test')
cp "$file" intact
head -c 200 intact >"$file"
e2e_mark
e2e once --wait 3s
[ "$status" != 0 ] || complain 'damaged record: all is said to be well'
says 'damaged record: which file' "certificate:a\.example\.test" err
says 'damaged record: the other one' '^w\.example\.test +delivered' out
is 'damaged record: nothing is asked' '' "$(e2e_asked)"
is 'damaged record: left as it is' 200 "$(stat -c %s "$file")"
e2e_delivered a.example.test a.example.test
cp intact "$file"
e2e once
ends 'restored' 0

# ---- a disk that is full --------------------------------------------------------------

# In a mount namespace of its own: the state lies on a disk of 256 KiB.
anew
conf "$one"
mkdir "$e2e_state" "$e2e_live"
cat >full.sh <<'END'
set -u
mount -t tmpfs -o size=256k,mode=700 none "$1" || exit 99
e2e="timeout -k 5 60 $2/fairlead -c fl.conf --plugins $2/plugdir"
$e2e once >first.out 2>first.err
echo $? >first.status
sed -i 's|^certificates = (|& { names = ["b.example.test"]; solver = "txt"; },|' fl.conf
cp -R "$1" before.state
head -c 1M /dev/zero >"$1/filler" 2>/dev/null
$e2e once --wait 3s >full.out 2>full.err
echo $? >full.status
rm "$1/filler"
cp -R "$1" full.state
$e2e once >freed.out 2>freed.err
echo $? >freed.status
# Full in the middle, and room again a little later.
sed -i 's|^certificates = (|& { names = ["c.example.test"]; solver = "txt"; },|' fl.conf
$e2e once >middle.out 2>middle.err &
once=$!
tries=0
until grep -q '^c.example.test: authorize' middle.out || [ $tries -gt 500 ]; do
    tries=$((tries + 1))
    sleep 0.01
done
head -c 1M /dev/zero >"$1/filler" 2>/dev/null
sleep 2
rm "$1/filler"
wait $once
echo $? >middle.status
cp -R "$1/." "$1.copy"
END
ns='unshare -m'
[ "$(id -u)" = 0 ] || ns='unshare -Urm'
$ns sh full.sh "$e2e_state" "$build" >full.log 2>&1 || complain "the disk that is full: $(cat full.log)"
is 'room on the disk: exit status' 0 "$(cat first.status)"
is 'full: exit status' 75 "$(cat full.status)"
says 'full: says why' 'No space left on device' full.err
says 'full: says where' "$e2e_state/" full.err
says 'full: what is there stays' '^a\.example\.test +delivered' full.out
for file in $(cd before.state && find certs accounts keys archive -type f); do
    cmp -s "before.state/$file" "full.state/$file" || case $file in
    *delivery:*) ;;
    *) complain "full: $file is another now" ;;
    esac
done
is 'full: no half file' '' "$(find full.state -size 0 -type f ! -name lock)"
is 'freed: exit status' 0 "$(cat freed.status)"
is 'full in the middle: exit status' 0 "$(cat middle.status)"
for name in a b c; do e2e_delivered $name.example.test $name.example.test; done
is 'full: one account' 1 "$(grep -h '"event":"account"' "$e2e_state.copy"/accounts/pebble | grep -o '"event":"account"' | wc -l)"
silent 'full: sanitizers' 'Sanitizer|runtime error' first.err full.err freed.err middle.err
[ "$(grep -c "c.example.test" pebble/log)" -gt 0 ] || complain 'nothing was ordered in the middle'
pebble_stop pebble
e2e_end
