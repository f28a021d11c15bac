#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# test_dns.sh - the way down from a root of our own, over real name servers: delegations with and without
# glue, name servers elsewhere, aliases, lame and dead servers, names that do not exist.
set -eu
top=$(cd "${top_srcdir:-$(dirname "$0")/../..}" && pwd)
build=$(cd "${top_builddir:-$top/build}" && pwd)
# shellcheck source=tests/tools/net.sh
. "$top/tests/tools/net.sh"
net_can || exit 77
sh "$top/tests/tools/made.sh" "$build" tests/tools/dns_ask || exit 1

trap net_stop EXIT
trap 'exit 130' INT TERM
net_start test
a=$(net_addr 10) b=$(net_addr 11) c=$(net_addr 12)
net_knot "$a" example.test
net_knot "$b" other.test
net_bind "$c" sub.example.test
net_add "$a" example.test "@ NS ns2.other.test." "deep.er.still A 192.0.2.5" "alias CNAME target.other.test." \
    "loop CNAME loop2" "loop2 CNAME loop" 'txt TXT "a" "b\""' "sub NS ns1.sub" "ns1.sub A $c"
net_add "$b" other.test "ns2 A $b" "ns2 AAAA 2001:db8::53" "target CNAME end" "ns3 CNAME ns2"
net_delegate example.test "ns1.example.test=$a" "ns2.other.test"
net_delegate other.test "ns1.other.test=$b"
net_delegate oob.test ns3.other.test
net_delegate dead.test "ns1.dead.test=$(net_addr 99)"
net_delegate lame.test "ns1.lame.test=$a"
net_delegate circle.test ns.circle2.test
net_delegate circle2.test ns.circle.test

# Addresses of this network are written as 127.N.N here.
ask() {
    echo "-- $*"
    code=0
    "$build/tests/tools/dns_ask" "$NET_ROOT:53" "$@" || code=$?
    [ "$code" = 0 ] || echo "code -$code"
}
{
    ask walk example.test
    ask walk _acme-challenge.www.example.test
    ask walk x.sub.example.test
    ask walk sub.example.test
    ask walk z.er.still.example.test
    ask walk deep.er.still.example.test
    ask walk oob.test
    ask walk dead.test
    ask walk a.dead.test
    ask walk lame.test
    ask walk circle.test
    ask walk nosuch.test
    ask walk x.nosuch
    ask chase alias.example.test
    ask chase loop.example.test
    ask chase nothing.example.test
    ask look txt.example.test 16
    ask look alias.example.test 5
} | sed "s/$NET_PREFIX/127.N.N/g" >got

cat >want <<'EOF'
-- walk example.test
apex example.test missing -
ns1.example.test 127.N.N.10:53 delegated
ns2.other.test 127.N.N.11:53 delegated
ns2.other.test [2001:db8::53]:53 delegated
-- walk _acme-challenge.www.example.test
apex example.test missing www.example.test
ns1.example.test 127.N.N.10:53 delegated
ns2.other.test 127.N.N.11:53 delegated
ns2.other.test [2001:db8::53]:53 delegated
-- walk x.sub.example.test
apex sub.example.test missing x.sub.example.test
ns1.sub.example.test 127.N.N.12:53 delegated
-- walk sub.example.test
apex sub.example.test missing -
ns1.sub.example.test 127.N.N.12:53 delegated
-- walk z.er.still.example.test
apex example.test missing z.er.still.example.test
ns1.example.test 127.N.N.10:53 delegated
ns2.other.test 127.N.N.11:53 delegated
ns2.other.test [2001:db8::53]:53 delegated
-- walk deep.er.still.example.test
apex example.test missing -
ns1.example.test 127.N.N.10:53 delegated
ns2.other.test 127.N.N.11:53 delegated
ns2.other.test [2001:db8::53]:53 delegated
-- walk oob.test
apex oob.test missing -
ns3.other.test 127.N.N.11:53 delegated
ns3.other.test [2001:db8::53]:53 delegated
-- walk dead.test
apex dead.test missing -
ns1.dead.test 127.N.N.99:53 delegated
-- walk a.dead.test
asked about a.dead.test, none of the 1 servers of dead.test gives an answer (127.N.N.99:53)
code -2
-- walk lame.test
apex lame.test missing -
ns1.lame.test 127.N.N.10:53 delegated
-- walk circle.test
no address of a name server of circle.test can be found (ns.circle2.test)
code -2
-- walk nosuch.test
nosuch.test does not exist, say the servers of test
code -5
-- walk x.nosuch
nosuch does not exist, say the servers of the root
code -5
-- chase alias.example.test
end.other.test
-- chase loop.example.test
the CNAMEs at loop.example.test lead on and on (after 8 of them: loop2.example.test)
code -5
-- chase nothing.example.test
nothing.example.test
-- look txt.example.test 16
127.N.N.10:53 answered "ab""
127.N.N.11:53 lame
[2001:db8::53]:53 no-route
-- look alias.example.test 5
127.N.N.10:53 answered "target.other.test"
127.N.N.11:53 lame
[2001:db8::53]:53 no-route
EOF
# With an IPv6 route to nowhere the server there is silent instead.
sed -i 's/\]:53 silent$/]:53 no-route/' got
diff -u want got
echo "test_dns.sh: all as expected"
