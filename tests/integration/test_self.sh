#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# test_self.sh - the plugin `self` on port 53 of a loopback network: below a root and a TLD of our own, asked by
# unbound (qname-minimisation-strict, harden-below-nxdomain, use-caps-for-id), dig, and our own walk.
set -eu
top=$(cd "${top_srcdir:-$(dirname "$0")/../..}" && pwd)
build=$(cd "${top_builddir:-$top/build}" && pwd)
# shellcheck source=tests/tools/net.sh
. "$top/tests/tools/net.sh"
net_can || exit 77
sh "$top/tests/tools/made.sh" "$build" tests/tools/dns_ask tests/tools/self_serve || exit 1

trap net_stop EXIT
trap 'exit 130' INT TERM
net_start test
self=$(net_addr 10) slow=$(net_addr 11) other=$(net_addr 12)
failed=0

# serve NAME OPTION...: one responder, told what to hold through the pipe NAME.
serve() {
    name=$1
    shift
    mkfifo "$name.in"
    # shellcheck disable=SC2016 # the inner shell expands it
    net_spawn "$name" sh -c 'exec "$@" <"$0.in"' "$name" "$build/tests/tools/self_serve" "$@"
    case $name in
    self) exec 7>"$name.in" ;;
    slow) exec 8>"$name.in" ;;
    esac
}
serve self serve=example.test,acme.test "listen=$self:53"
serve slow serve=slow.test "listen=$slow:53" answers=5
net_delegate example.test "ns.example.test=$self"
net_delegate acme.test "ns.acme.test=$self"
net_delegate slow.test "ns.slow.test=$slow"
net_knot "$other" other.test
net_add "$other" other.test "_acme-challenge.www CNAME www.acme.test."
net_delegate other.test "ns1.other.test=$other"
net_wait "$self" example.test
net_wait "$slow" slow.test
cat >&7 <<'EOF'
example.test _acme-challenge TXT token-one|token-two
example.test _acme-challenge.a.b.c TXT deep
example.test www A 192.0.2.1
example.test www AAAA 2001:db8::1
example.test alias CNAME www.example.test
example.test big TXT *250|*251|*252|*253|*254|*255|*249|*248
acme.test www TXT by-alias
EOF
echo "slow.test x TXT slow" >&8
net_wait "$self" www.acme.test TXT
net_wait "$slow" x.slow.test TXT
net_resolver

# is NAME WANT GOT: one comparison.
is() {
    [ "$2" = "$3" ] && return
    failed=$((failed + 1))
    printf 'FAILED %s\n  wanted %s\n  got    %s\n' "$1" "$2" "$3"
}
rcode() { dig "$@" +tries=1 +time=5 | sed -n 's/.*status: \([A-Z]*\),.*/\1/p'; }
short() { dig "$@" +short +tries=1 +time=5 | sort | tr '\n' ' '; }
flags() { dig "$@" +tries=1 +time=5 | sed -n 's/^;; flags: \([a-z ]*\);.*/\1/p'; }

# Through a strict resolver.
is "TXT by resolver" '"token-one" "token-two" ' "$(short "@$NET_RESOLVER" _acme-challenge.example.test TXT)"
is "deep TXT by resolver" '"deep" ' "$(short "@$NET_RESOLVER" _acme-challenge.a.b.c.example.test TXT)"
is "alias into the zone" '"by-alias" www.acme.test. ' "$(short "@$NET_RESOLVER" _acme-challenge.www.other.test TXT)"
is "alias inside" '192.0.2.1 www.example.test. ' "$(short "@$NET_RESOLVER" alias.example.test A)"
is "CAA" NOERROR "$(rcode "@$NET_RESOLVER" www.example.test CAA)"
is "CAA of the apex" NOERROR "$(rcode "@$NET_RESOLVER" example.test CAA)"
is "empty non-terminal" NOERROR "$(rcode "@$NET_RESOLVER" b.c.example.test A)"
is "no such name" NXDOMAIN "$(rcode "@$NET_RESOLVER" no.example.test A)"
is "below an empty non-terminal" '"deep" ' "$(short "@$NET_RESOLVER" _acme-challenge.a.b.c.example.test TXT)"
is "big TXT by resolver" 8 "$(dig "@$NET_RESOLVER" big.example.test TXT +short +tcp | wc -l)"
is "SOA" "ns.example.test." "$(dig "@$NET_RESOLVER" example.test SOA +short | cut -d' ' -f1)"
is "name server's address" "$self " "$(short "@$NET_RESOLVER" ns.example.test A)"

# Directly.
is "authority" "qr aa rd" "$(flags "@$self" www.example.test A)"
is "not ours" REFUSED "$(rcode "@$self" example.org A)"
is "chaos" REFUSED "$(rcode "@$self" version.bind TXT CH)"
is "NOTIMP" NOTIMP "$(rcode "@$self" +opcode=notify example.test SOA)"
is "BADVERS" BADVERS "$(rcode "@$self" +edns=1 +noednsnegotiation example.test SOA)"
is "unknown EDNS option" NOERROR "$(rcode "@$self" +ednsopt=65001:abcd +cookie +nsid +subnet=192.0.2.0/24 example.test SOA)"
is "unknown EDNS flag" NOERROR "$(rcode "@$self" +ednsflags=0x4000 example.test SOA)"
is "ANY" '"RFC8482" "" ' "$(short "@$self" www.example.test ANY +notcp)"
is "AXFR" "; Transfer failed." "$(dig "@$self" example.test AXFR | grep Transfer)"
is "0x20" "wWw.ExAmPlE.tEsT." "$(dig "@$self" wWw.ExAmPlE.tEsT A +noall +answer | awk '{ print $1 }')"
is "truncated" "qr aa tc rd" "$(flags "@$self" big.example.test TXT +ignore)"
is "truncated without EDNS" "qr aa tc rd" "$(flags "@$self" big.example.test TXT +ignore +noedns)"
is "by TCP" 8 "$(short "@$self" big.example.test TXT | wc -w)"
is "many queries in a connection" "192.0.2.1 2001:db8::1 " \
    "$(dig +tcp +keepopen "@$self" www.example.test A +short "@$self" www.example.test AAAA +short | sort | tr '\n' ' ')"
is "pipelined" "192.0.2.1 2001:db8::1 " "$(kdig +tcp +keepopen +short "@$self" www.example.test A www.example.test AAAA | sort | tr '\n' ' ')"

# Our own walk and look.
is "our walk" "$self:53 answered \"token-one\" \"token-two\"" \
    "$("$build/tests/tools/dns_ask" "$NET_ROOT:53" look _acme-challenge.example.test 16)"

# A flood with forged sources would look like this: answers to it slip, and real resolvers come by TCP.
python3 - "$slow" <<'EOF' >flood.txt &
import socket, sys, time
q = bytes.fromhex("000100000001000000000000" "0178" "04736c6f77" "0474657374" "00" "00100001")
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(2)
full = slipped = 0
end = time.time() + 2
while time.time() < end:
    s.sendto(q, (sys.argv[1], 53))
    a = s.recv(2000)
    assert a[2] & 0x80
    if a[2] & 2:
        slipped += 1
        assert len(a) == len(q)
    else:
        full += 1
print("full", full <= 16, "slipped", slipped > 100)
EOF
flood=$!
sleep 0.5
is "resolver in a flood" '"slow" ' "$(short "@$NET_RESOLVER" x.slow.test TXT)"
wait $flood
is "flood" "full True slipped True" "$(cat flood.txt)"

# Nonsense by both ways; then it still answers.
python3 - "$self" <<'EOF'
import os, random, socket, sys
random.seed(1)
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for _ in range(3000):
    s.sendto(os.urandom(random.randrange(0, 600)), (sys.argv[1], 53))
for _ in range(300):
    with socket.create_connection((sys.argv[1], 53), 5) as c:
        try:
            c.sendall(os.urandom(random.randrange(0, 3000)))
        except OSError:
            pass
EOF
is "after nonsense" "192.0.2.1 " "$(short "@$self" www.example.test A)"

# What is taken away is gone.
echo "example.test _acme-challenge TXT" >&7
sleep 0.2
is "removed" NXDOMAIN "$(rcode "@$self" _acme-challenge.example.test TXT)"
exec 7>&- 8>&-
if [ "$failed" != 0 ]; then
    net_log
    exit 1
fi
echo "test_self.sh: all as expected"
