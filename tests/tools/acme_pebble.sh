# shellcheck shell=sh disable=SC2154
# SPDX-License-Identifier: Apache-2.0
# acme_pebble.sh - core/acme against one version of Pebble; sourced by tests/integration/test_acme_pebble*.sh,
# which set top, build and pebble_bin. Counts what Pebble was asked and compares it with what a certificate may cost.
# shellcheck source=tests/tools/pebble_start.sh
. "$top/tests/tools/pebble_start.sh"
sh "$top/tests/tools/made.sh" "$build" tests/tools/acme_probe || exit 1
probe=$build/tests/tools/acme_probe
failures=0
trap 'for folder in */pid; do [ ! -f "$folder" ] || pebble_stop "${folder%/pid}"; done' EXIT
trap 'exit 130' INT TERM
export PEBBLE_VA_NOSLEEP=1 PEBBLE_VA_ALWAYS_VALID=1 PEBBLE_WFE_NONCEREJECT=0 PEBBLE_AUTHZREUSE=0

complain() {
    echo "FAILED: $*" >&2
    failures=$((failures + 1))
}
# start NAME: a Pebble in the folder NAME, which the probes that follow ask.
start() {
    server=$1
    pebble_start "$1" || exit 1
    pebble_root "$1" "$1/root.pem" || exit 1
}
# ask ACCOUNT ARGUMENT...: a run of the probe; its numbers in $certificates $looks ... and Pebble's in $asked.
ask() {
    account=$1
    shift
    before=$(pebble_count "$server")
    timeout 60 "$probe" -d "$pebble_url" -a "$pebble_ca" -k "$server/$account" -o "$server/chain.pem" "$@" \
        >"$server/said" 2>"$server/complained"
    status=$?
    said=$(cat "$server/said" "$server/complained")
    # shellcheck disable=SC2046 # numbers
    set -- $(sed 's/[a-z-][a-z-]* //g' "$server/said")
    certificates=${1:-0} looks=${2:-0} polls=${3:-0} connections=${7:-0}
    asked=$(($(pebble_count "$server") - before))
    return $status
}
# costs WHAT BASE ACCOUNT ARGUMENT...: it succeeds with BASE requests and one for each look before finalize;
# looks after it beyond the first, which only a slow machine needs, are not held against it.
costs() {
    what=$1 base=$2
    shift 2
    ask "$@" || { complain "$what: $said" && return; }
    [ "$asked" = $((base + looks + polls - certificates)) ] ||
        complain "$what: $asked requests instead of $base and $looks looks ($said)"
    [ "$connections" = 1 ] || complain "$what: $connections connections"
    openssl verify -CAfile "$server/root.pem" -untrusted "$server/chain.pem" "$server/chain.pem" >verify.log 2>&1 ||
        complain "$what: $(cat verify.log)"
    echo "ok: $what: $asked requests, $looks looks"
}
# refused WHAT WORDS ACCOUNT ARGUMENT...: it fails and says something that begins so.
refused() {
    what=$1 words=$2
    shift 2
    if ask "$@"; then
        complain "$what: was not refused"
    else
        case $said in
        *"$words"*) echo "ok: $what" ;;
        *) complain "$what: said $said" ;;
        esac
    fi
}

# ---- what it costs -------------------------------------------------------------------

start plain
costs 'first ever' 9 a example.test
costs 'account stored' 8 a b.example.test
costs 'second in one run' $((9 + 6)) b -c 2 'n@.example.test'
costs 'five names, account stored' $((8 + 8)) a v.example.test w.example.test x.example.test y.example.test z.example.test
costs 'wildcard and apex' $((8 + 2)) a c.example.test '*.c.example.test'
costs 'an address' 8 a 192.0.2.7
costs 'an account key ec384' 9 c -t ec384 d.example.test
costs 'an account key rsa2048' 9 d -t rsa2048 e.example.test
# Four at once each need a nonce, once.
ask a -j 4 -c 2 'm@.example.test' || complain "four at once: $said"
heads=$(pebble_count plain 'HEAD /nonce-plz')
[ "$certificates $connections" = '8 1' ] || complain "four at once: $said"
echo "ok: four at once: $asked requests, $heads nonces fetched in all"
pebble_stop plain

PEBBLE_AUTHZREUSE=100
start reuse
costs 'first ever' 9 a example.test
costs 'valid authorization, account stored' $((2 + 4)) a example.test
costs 'valid authorizations, warm' $((2 + 4 + 4)) a -c 2 example.test
pebble_stop reuse
PEBBLE_AUTHZREUSE=0

# ---- everything else that an account can do ------------------------------------------

# walks WHAT ARGUMENT...: three certificates, then acme_walk.c; its lines in $server/said.
walks() {
    what=$1
    shift
    ask "$what" -x -c 3 "$@" 'n@.example.test' || { complain "$what: $said" && return; }
    for words in "orders ${walk_orders:-3}" 'rollover again' 'contact, by the new key' 'revoked by its own key' \
        'revoked again by the account' 'authorization deactivated, twice' 'account deactivated, twice' 'the account: refused'; do
        grep -q "^$words" "$server/said" || complain "$what: did not say '$words'"
    done
    echo "ok: $what: $(grep -c . "$server/said") things"
}
# More than one page of orders; other roots; a chain of two.
export PEBBLE_WFE_ORDERS_PER_PAGE=2 PEBBLE_ALTERNATE_ROOTS=2 PEBBLE_CHAIN_LENGTH=2
start walk
walks ec256
walks rsa2048 -t rsa2048
refused 'an account key of Ed25519' ' bad' ed -t ed25519 example.test
ask chains f.example.test || complain "alternate chains: $said"
case $said in
*alternates\ 2*) echo 'ok: two other chains are offered, fetched and end elsewhere' ;;
*) complain "alternate chains: $said" ;;
esac
pebble_stop walk
unset PEBBLE_WFE_ORDERS_PER_PAGE PEBBLE_ALTERNATE_ROOTS PEBBLE_CHAIN_LENGTH

# ---- nonces --------------------------------------------------------------------------

# One in 600 requests finds four bad nonces in a row, which is more than is borne; the engine asks again then.
PEBBLE_WFE_NONCEREJECT=20
start nonces
try=0
until ask a -c 3 'n@.example.test'; do
    try=$((try + 1))
    case $said in
    *temp\ badNonce*) [ $try -lt 4 ] && continue ;;
    esac
    complain "a fifth of the nonces refused: $said"
    break
done
[ "$certificates" = 3 ] && echo "ok: a fifth of the nonces refused: $asked requests"
pebble_stop nonces
PEBBLE_WFE_NONCEREJECT=0

# ---- external account binding --------------------------------------------------------

# 64 bytes: a key that is shorter than the hash is refused by some.
mac=zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12WzWNDZM6eQGHWpSRTPal5eA
other=b10lLJs8l1GPIzsLP0s6pMt8O0XVGnfTaCeROxQM0BIt2XrJMDHJZBM5NuQmQJQH
pebble_eab="kid-1 $mac"
start bound
refused 'no binding' 'conf - 0 0 probe: it wants accounts bound' a example.test
refused 'a binding with the wrong key' 'reject ' b -e "kid-1:$other" example.test
refused 'a binding of nobody' 'reject unauthorized 403' c -e "kid-9:$mac" example.test
costs 'a bound account' 9 d -e "kid-1:$mac" example.test
costs 'a bound account, HS384' 9 e -s 384 -e "kid-1:$mac" example.test
costs 'a bound account, HS512' 9 f -s 512 -e "kid-1:$mac" example.test
pebble_stop bound
pebble_eab=
