#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# test_rfc2136.sh - the plugin `rfc2136` against BIND and Knot: keys of three sizes in the forms of their own tools,
# one message for many changes, and everything that a server can find wrong with an update.
set -eu
top=$(cd "${top_srcdir:-$(dirname "$0")/../..}" && pwd)
build=$(cd "${top_builddir:-$top/build}" && pwd)
PATH=$PATH:/usr/sbin:/sbin
for tool in named knotd tsig-keygen keymgr dig python3; do
    command -v "$tool" >/dev/null || { echo "$tool is missing (packages bind9, knot, bind9-dnsutils, python3)" && exit 77; }
done
if [ -z "${DNS_PROBE:-}" ]; then
    sh "$top/tests/tools/made.sh" "$build" tests/tools/dns_probe || exit 1
fi
probe=${DNS_PROBE:-$build/tests/tools/dns_probe} plugdir=${PLUGDIR:-$build/plugdir}

work=$(mktemp -d "${TMPDIR:-/tmp}/fairlead-rfc2136.XXXXXX")
pids=''
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

# ---- keys ----
for bits in 256 384 512; do
    tsig-keygen -a "hmac-sha$bits" "k$bits" >"k$bits.key"
    keymgr -t "y$bits" "hmac-sha$bits" >"y$bits.key"
done
tsig-keygen -a hmac-sha256 stranger >stranger.key
tsig-keygen -a hmac-sha256 k256 >wrong.key
cat k256.key k384.key k512.key >all.key
# The same keys for the other server: a key file of either tool in the form of the other.
bind_key() { sed -n 's/^# \(hmac-[a-z0-9]*\):\([^:]*\):\(.*\)/key "\2" { algorithm \1; secret "\3"; };/p' "$1"; }
knot_key() {
    awk '/^key/ { name = $2 } /algorithm/ { algorithm = $2 } /secret/ { secret = $2 }
        END { gsub(/[";]/, "", name); gsub(/[";]/, "", algorithm); gsub(/[";]/, "", secret)
              printf "  - id: %s\n    algorithm: %s\n    secret: %s\n", name, algorithm, secret }' "$1"
}

# ---- servers ----
# shellcheck disable=SC2016 # the $TTL of zone files
zone_file() { printf '$TTL 60\n@ SOA ns1.%s. hostmaster.%s. 1 3600 600 86400 60\n@ NS ns1.%s.\nns1 A 127.0.0.1\n' "$1" "$1" "$1"; }
bind_port=$(port)
{
    cat all.key
    for bits in 256 384 512; do bind_key "y$bits.key"; done
    cat <<CONF
options { directory "$work"; pid-file "$work/named.pid"; session-keyfile none; recursion no; notify no;
  listen-on port $bind_port { 127.0.0.1; }; listen-on-v6 { none; }; dnssec-validation no;
  managed-keys-directory "$work"; };
controls { };
zone "example.test" { type primary; file "$work/bind.zone"; allow-transfer { key k256; };
  allow-update { key k256; key k384; key k512; key y256; key y384; key y512; }; };
zone "policy.test" { type primary; file "$work/policy.zone"; update-policy { grant k256 name _acme-challenge.policy.test. TXT; }; };
zone "fixed.test" { type primary; file "$work/fixed.zone"; allow-transfer { none; }; };
zone "copy.test" { type secondary; primaries { 127.0.0.1 port 9; }; file "$work/copy.zone"; masterfile-format text; };
CONF
} >named.conf
zone_file example.test >bind.zone
zone_file policy.test >policy.zone
zone_file fixed.test >fixed.zone
zone_file copy.test >copy.zone
named -g -n 1 -c "$work/named.conf" >named.log 2>&1 &
pids="$pids $!"

knot_port=$(port)
zone_file example.test >knot.zone
zone_file fixed.test >knot-fixed.zone
{
    cat <<CONF
server:
    rundir: $work
    listen: 127.0.0.1@$knot_port
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
log:
  - target: stdout
    any: info
database:
    storage: $work
key:
CONF
    for bits in 256 384 512; do
        knot_key "k$bits.key"
        sed -n '/- id/,$p' "y$bits.key"
    done
    cat <<CONF
acl:
  - id: writers
    key: [k256, k384, k512, y256, y384, y512]
    action: [update, transfer]
  - id: readers
    key: [k256]
    action: notify
zone:
  - domain: example.test
    file: $work/knot.zone
    acl: writers
    zonefile-load: whole
    zonefile-sync: -1
    journal-content: none
  - domain: fixed.test
    file: $work/knot-fixed.zone
    acl: readers
CONF
} >knot.conf
knotd -c "$work/knot.conf" >knot.log 2>&1 &
pids="$pids $!"

wait_for() {
    tries=0
    until dig @127.0.0.1 -p "$1" example.test SOA +tcp +time=1 +tries=1 2>/dev/null | grep -q 'status: NOERROR'; do
        tries=$((tries + 1))
        [ "$tries" -lt 100 ] || { echo "no server on port $1" && cat named.log knot.log && exit 1; }
        sleep 0.1
    done
}
wait_for "$bind_port"
wait_for "$knot_port"

# ---- comparisons ----
# conf PORT KEYFILE [KEYNAME]: the plugin's options.
conf() {
    printf 'server = "127.0.0.1:%s";\nkey = "file:%s/%s";\n' "$1" "$work" "$2" >plugin.conf
    [ $# -lt 3 ] || printf 'key_name = "%s";\n' "$3" >>plugin.conf
}
# try COMMAND...: its code and words on stderr.
try() {
    code=0
    "$probe" "$plugdir" rfc2136 plugin.conf "$@" >out 2>err || code=$?
}
# works NAME COMMAND...
works() {
    name=$1
    shift
    echo >>"$work/ran"
    try "$@"
    [ "$code" = 0 ] && return
    echo >>"$work/failed"
    printf 'FAILED %s: %s\n' "$name" "$(cat err)"
}
# refuses NAME CODE WORDS COMMAND...
refuses() {
    name=$1 want=$2 words=$3
    shift 3
    echo >>"$work/ran"
    try "$@"
    case $(cat err) in "$want "*"$words"*) return ;; esac
    echo >>"$work/failed"
    printf 'FAILED %s\n  wanted %s ...%s\n  got    %s\n' "$name" "$want" "$words" "$(cat err)"
}
# holds NAME LINES: what the last `list` printed, sorted.
holds() {
    echo >>"$work/ran"
    got=$(sort out)
    [ "$got" = "$2" ] && return
    echo >>"$work/failed"
    printf 'FAILED %s\n  wanted %s\n  got    %s\n' "$1" "$2" "$got"
}

for server in bind knot; do
    [ "$server" = bind ] && at=$bind_port || at=$knot_port
    for key in k256 k384 k512 y256 y384 y512; do
        conf "$at" "$key.key"
        what="$server with $key"
        works "$what: test" test
        works "$what: zone" zone example.test
        holds "$what: name servers" ns1.example.test
        echo "_acme-challenge.$key 16 0 60 - one|two" | works "$what: add" apply example.test
        echo "_acme-challenge.$key 16 60 60 one|two two|three" | works "$what: replace" apply example.test
        works "$what: list" list example.test "_acme-challenge.$key" 16
        holds "$what: two values" "_acme-challenge.$key 60 three
_acme-challenge.$key 60 two"
        echo "_acme-challenge.$key 16 60 60 one|two two|three" | works "$what: again" apply example.test
        echo "_acme-challenge.$key 16 60 120 two|three two|three" | works "$what: another TTL" apply example.test
        works "$what: list" list example.test "_acme-challenge.$key" 16
        holds "$what: TTL" "_acme-challenge.$key 120 three
_acme-challenge.$key 120 two"
        echo "_acme-challenge.$key 16 120 120 two|three -" | works "$what: remove" apply example.test
        works "$what: list" list example.test "_acme-challenge.$key" 16
        holds "$what: nothing left" ""
    done

    conf "$at" all.key k384
    works "$server: the second key of a file" zone example.test
    DNS_PROBE_CLOCK=4000 works "$server: our clock is fast" zone example.test
    DNS_PROBE_CLOCK=-4000 DNS_PROBE_TWICE=1 works "$server: our clock is slow" zone example.test
    echo "clock 16 0 60 - skewed" | DNS_PROBE_CLOCK=86400 works "$server: an update a day ahead" apply example.test

    printf '%s\n' "h 1 0 60 - 192.0.2.1|192.0.2.2" "h 28 0 60 - 2001:db8::1" "c 5 0 60 - target.example.net" \
        "t 16 0 60 - back\\slash|semi;colon|quo\"te" | works "$server: other types and odd characters" apply example.test
    works "$server: list" list example.test t 16
    holds "$server: odd characters" 't 60 back\slash
t 60 quo"te
t 60 semi;colon'
    works "$server: list" list example.test c 5
    holds "$server: alias" "c 60 target.example.net"
    works "$server: list" list example.test h 28
    holds "$server: AAAA" "h 60 2001:db8::1"
    # A zone as a whole, over one connection.
    conf "$at" k256.key
    works "$server: the whole zone" list example.test '*' 1
    holds "$server: addresses of the whole zone" "h 60 192.0.2.1
h 60 192.0.2.2
ns1 60 127.0.0.1"
    conf "$at" k384.key
    refuses "$server: a zone that is not there, as a whole" reject "" list nope.test '*' 0
    conf "$at" k384.key

    # What stands there is not what was expected: nothing is lost, and it is said.
    echo "c 5 0 60 - other.example.net" | refuses "$server: another alias" stale "is an alias to target.example.net" apply example.test
    echo "c 5 60 60 gone.example.net other.example.net" | refuses "$server: an alias that is gone" stale "not what was expected" apply example.test
    echo "c 5 60 60 gone.example.net target.example.net" | works "$server: an alias that is right already" apply example.test
    echo "c 16 0 60 - lost" | refuses "$server: a text beside an alias" reject "an alias stands at c.example.test" apply example.test
    echo "h 5 0 60 - other.example.net" | refuses "$server: an alias beside addresses" reject "other records stand at h.example.test" apply example.test
    printf '%s\n' "c 5 60 60 target.example.net -" "c 1 0 60 - 192.0.2.9" | works "$server: an address in the place of an alias" apply example.test
    printf '%s\n' "c 1 60 60 192.0.2.9 -" "c 5 0 60 - target.example.net" | works "$server: and the alias again" apply example.test
    works "$server: list" list example.test c 5
    holds "$server: the alias stands" "c 60 target.example.net"
    long=$(printf '%600s' '' | tr ' ' x)
    echo "long 16 0 60 - $long" | works "$server: a text of 600 bytes" apply example.test
    works "$server: list" list example.test long 16
    holds "$server: a text of 600 bytes" "long 60 $long"

    # 500 changes are one message.
    awk 'BEGIN { for (i = 0; i < 500; i++) printf "_acme-challenge.h%d 16 0 60 - %043d\n", i, i }' >many
    works "$server: 500 changes" apply example.test <many
    works "$server: list" list example.test _acme-challenge.h499 16
    holds "$server: the last of 500" "_acme-challenge.h499 60 $(printf %043d 499)"
    awk '{ print $1, $2, 60, 60, $6, "-" }' many | works "$server: 500 removed" apply example.test
    works "$server: list" list example.test _acme-challenge.h0 16
    holds "$server: gone" ""
    awk 'BEGIN { for (i = 0; i < 400; i++) printf "x%d 16 0 60 - %0250d\n", i, i }' >large
    refuses "$server: more than a message" reject "do not fit into one message" apply example.test <large

    refuses "$server: no such zone" reject "has no zone nope.test" zone nope.test
    refuses "$server: below the apex" reject "has no zone www.example.test" zone www.example.test
    echo "x.y 16 0 60 - v" | refuses "$server: update of no zone" auth "" apply nope.test
    echo "x 1 0 60 - not-an-address" | refuses "$server: no address" reject "cannot be the value" apply example.test

    conf "$at" stranger.key
    echo "x 16 0 60 - v" | refuses "$server: unknown key" auth "BADKEY" apply example.test
    conf "$at" wrong.key
    refuses "$server: wrong secret, asked" auth "BADSIG" zone example.test
    echo "x 16 0 60 - v" | refuses "$server: wrong secret" auth "BADSIG" apply example.test
done

conf "$bind_port" k256.key
echo "_acme-challenge 16 0 60 - v" | works "bind: what the policy grants" apply policy.test
echo "other 16 0 60 - v" | refuses "bind: what the policy does not grant" reject "update-policy" apply policy.test
echo "_acme-challenge 1 0 60 - 192.0.2.1" | refuses "bind: a type that it does not grant" reject REFUSED apply policy.test
echo "x 16 0 60 - v" | refuses "bind: a zone without allow-update" reject REFUSED apply fixed.test
echo "x 16 0 60 - v" | refuses "bind: a secondary" reject "of type primary" apply copy.test
conf "$knot_port" k256.key
echo "x 16 0 60 - v" | refuses "knot: a zone whose acl does not allow it" auth "\`acl\`" apply fixed.test
conf "$bind_port" k256.key
refuses "bind: no transfers" reject "allow-transfer" list fixed.test '*' 0
conf "$bind_port" stranger.key
refuses "bind: a transfer with an unknown key" auth BADKEY list example.test '*' 0
conf "$bind_port" wrong.key
refuses "bind: a transfer with a wrong secret" auth BADSIG list example.test '*' 0
printf 'server = ["127.0.0.1:%s", "127.0.0.1:%s"];\nkey = "file:%s/k256.key";\n' "$(port)" "$knot_port" "$work" >plugin.conf
works "the first of two servers is silent" zone example.test
echo "second 16 0 60 - v" | works "an update goes to the second" apply example.test
printf 'server = "127.0.0.1:%s";\nkey = "file:%s/k256.key";\n' "$(port)" "$work" >plugin.conf
refuses "nobody listens" temp "does not answer" zone example.test

# Comparisons at the end of a pipe are in a shell of their own: they are counted in files.
touch "$work/failed"
ran=$(wc -l <"$work/ran") failed=$(wc -l <"$work/failed")
echo "$((ran - failed)) passed, $failed failed"
[ "$failed" = 0 ] || { tail -n 20 named.log && tail -n 20 knot.log && exit 1; }
