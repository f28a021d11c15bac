#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# test_owner.sh - whose an address is: fairlead and a real external-dns write one zone of a real BIND, and each leaves alone what the other
# has; names, addresses and certificates that come and go; what is gone leaves with grace, and so many an hour.
# time-limit: 1500
set -u
top=$(cd "${top_srcdir:-$(dirname "$0")/../..}" && pwd)
build=$(cd "${top_builddir:-$top/build}" && pwd)
# shellcheck source=tests/tools/net.sh
. "$top/tests/tools/net.sh"
# shellcheck source=tests/tools/e2e.sh
. "$top/tests/tools/e2e.sh"
net_can || exit 77
e2e_begin
feed_pid=''
# shellcheck disable=SC2317 # e2e_ended calls it
e2e_more_ended() {
    [ -z "$feed_pid" ] || { kill "$feed_pid" && wait "$feed_pid"; } 2>/dev/null
    net_stop
}

net_start test
bind=$(net_addr 10)
umask 077
secret=$(head -c 32 /dev/urandom | base64)
net_bind "$bind" own.test "hmac-sha256:k1:$secret"
printf 'key "k1" { algorithm hmac-sha256; secret "%s"; };\n' "$secret" >k1.key
net_delegate own.test "ns1.own.test=$bind"
# Names come and go faster than their TTL.
net_resolver 'cache-max-ttl: 0' 'cache-max-negative-ttl: 0'
pebble_dns=$NET_RESOLVER:53
e2e_pebble pebble

# zone NAME [TYPE]: what BIND has there. update LINE...: by hand.
zone() { dig "@$bind" "$1" "${2:-A}" +short | sort | tr '\n' ' ' | sed 's/ $//'; }
update() {
    { printf 'server %s\nzone own.test\n' "$bind" && printf '%s\n' "$@" send; } |
        nsupdate -y "hmac-sha256:k1:$secret" || complain "nsupdate $*"
}
mark() { echo "\"heritage=external-dns,external-dns/owner=$1,external-dns/resource=$2\""; }
more_dns=''
conf() { # CERTIFICATES
    cat >fl.conf <<END
state = "$here/state";
roots = ["$NET_ROOT:53"];
authorities = { pebble = { directory = "https://$at:14000/dir"; ca_file = "$here/pebble/ca.pem"; accept_terms = true; }; };
dns = { bind = { plugin = "rfc2136"; server = "$bind"; key = "file:$here/k1.key"; $more_dns }; };
solvers = { txt = { plugin = "dns-01"; }; };
sinks = { disk = { plugin = "file"; directory = "$here/live"; }; };
certificates = ( $1 );
END
    chmod 600 fl.conf
}
once() { # what is wanted is there at the end of it, removals that are due included
    e2e once --wait 60s
    is "once: $1" 0 "$status"
    [ "$status" = 0 ] || cat out err >&2
}

# ---- addresses and their marks ---------------------------------------------------------------
a='names = ["a.own.test", "own.test", "*.w.own.test"]; addresses = ["192.0.2.1", "192.0.2.2", "2001:db8::1"];'
b='names = ["b.own.test"]; addresses = ["lb.example.net"];'
conf "{ $a }, { $b }"
once 'addresses'
ours=$(mark fairlead certificate/a.own.test)
is 'A' '192.0.2.1 192.0.2.2' "$(zone a.own.test)"
is 'AAAA' '2001:db8::1' "$(zone a.own.test AAAA)"
is 'A is marked' "$ours" "$(zone a-a.own.test TXT)"
is 'AAAA is marked' "$ours" "$(zone aaaa-a.own.test TXT)"
is 'the apex' '192.0.2.1 192.0.2.2' "$(zone own.test)"
is 'the apex is marked where it can be' "$ours" "$(zone own.test TXT)"
is 'a wildcard' '192.0.2.1 192.0.2.2' "$(zone x.w.own.test)"
is 'a wildcard is marked' "$ours" "$(zone a-any.w.own.test TXT)"
is 'CNAME' 'lb.example.net.' "$(zone b.own.test CNAME)"
is 'CNAME is marked' "$(mark fairlead certificate/b.own.test)" "$(zone cname-b.own.test TXT)"

# Other addresses take the place of those that were there, also of another type, and nothing is ordered for it.
e2e_mark
a='names = ["a.own.test", "own.test", "*.w.own.test"]; addresses = ["192.0.2.3"];'
b='names = ["b.own.test"]; addresses = ["2001:db8::2"];'
conf "{ $a }, { $b }"
once 'other addresses'
is 'one A' 192.0.2.3 "$(zone a.own.test)"
is 'no AAAA' '' "$(zone a.own.test AAAA)"
is 'its mark is gone' '' "$(zone aaaa-a.own.test TXT)"
is 'the CNAME is gone' '' "$(zone b.own.test CNAME)"
is 'its mark too' '' "$(zone cname-b.own.test TXT)"
is 'an address in its place' '2001:db8::2' "$(zone b.own.test AAAA)"
b='names = ["b.own.test"]; addresses = ["lb.example.net"];'
conf "{ $a }, { $b }"
once 'a CNAME again'
is 'the CNAME is back' 'lb.example.net.' "$(zone b.own.test CNAME)"
is 'nothing was asked of the authority' '' "$(e2e_asked)"

# An empty list is no word about what stands there.
conf "{ names = [\"a.own.test\", \"own.test\", \"*.w.own.test\"]; addresses = []; }, { $b }"
once 'an empty list'
is 'the last good value' 192.0.2.3 "$(zone a.own.test)"
conf "{ $a }, { $b }"

# ---- other people's --------------------------------------------------------------------------
theirs=$(mark prod service/default/web)
update 'add o1.own.test 60 A 192.0.2.77' "add a-o1.own.test 60 TXT $theirs" 'add o2.own.test 60 A 192.0.2.78' \
    'add o3.own.test 60 A 192.0.2.3' 'add o4.own.test 60 CNAME elsewhere.test.' "add cname-o4.own.test 60 TXT $theirs"
o='names = ["o0.own.test", "o1.own.test", "o2.own.test", "o3.own.test", "o4.own.test"]; addresses = ["192.0.2.3", "2001:db8::3"];'
conf "{ $a }, { $b }, { $o }"
once 'beside others'
is 'a free name' 192.0.2.3 "$(zone o0.own.test)"
is 'a marked one is left alone' 192.0.2.77 "$(zone o1.own.test)"
is 'and gets no other type' '' "$(zone o1.own.test AAAA)"
is 'and its mark stays' "$theirs" "$(zone a-o1.own.test TXT)"
is 'an unmarked one is left alone' 192.0.2.78 "$(zone o2.own.test)"
is 'and is not marked' '' "$(zone a-o2.own.test TXT)"
is 'one that has our address is ours' "$(mark fairlead certificate/o0.own.test)" "$(zone a-o3.own.test TXT)"
is 'a CNAME is left alone' 'elsewhere.test.' "$(zone o4.own.test CNAME)"
e2e status o0.own.test
says 'status says whose it is' 'left alone: o1.own.test has 192.0.2.77, marked for prod \(service/default/web\)' out
says 'status says that nobody marked it' 'left alone: o2.own.test has 192.0.2.78, not marked as ours' out
says 'status says whose the CNAME is' 'left alone: o4.own.test has elsewhere.test, marked for prod' out

# adopt: what nobody marked; what is marked stays his who marked it.
conf "{ $a }, { $b }, { adopt = true; $o }"
once 'adopt'
is 'an unmarked one is taken over' 192.0.2.3 "$(zone o2.own.test)"
is 'and marked' "$(mark fairlead certificate/o0.own.test)" "$(zone a-o2.own.test TXT)"
is 'a marked one is not' 192.0.2.77 "$(zone o1.own.test)"
# Somebody else takes over what was ours.
update 'del a-o2.own.test TXT' "add a-o2.own.test 60 TXT $theirs" 'del o2.own.test A' 'add o2.own.test 60 A 192.0.2.90'
conf "{ $a }, { $b }, { $o }"
once 'taken over by another'
is 'it is left to him' 192.0.2.90 "$(zone o2.own.test)"
is 'with his mark' "$theirs" "$(zone a-o2.own.test TXT)"

# ---- a real external-dns over the same zone --------------------------------------------------
if tools=$(sh "$top/tests/tools/xdns.sh" 2>xdns.err); then
    : >endpoints
    "$tools/xdns_feed" endpoints >port 2>feed.err &
    feed_pid=$!
    until_true 10 test -s port || complain "the feed does not start: $(cat feed.err)"
    xdns() { # one round of it, as owner "xd"
        "$tools/external-dns" --once --source=connector --connector-source-server="127.0.0.1:$(cat port)" \
            --provider=rfc2136 --rfc2136-host="$bind" --rfc2136-port=53 --rfc2136-zone=own.test --rfc2136-tsig-keyname=k1 \
            --rfc2136-tsig-secret="$secret" --rfc2136-tsig-secret-alg=hmac-sha256 --rfc2136-tsig-axfr \
            --registry=txt --txt-owner-id=xd --txt-wildcard-replacement=any --policy=sync \
            --metrics-address=127.0.0.1:0 --log-level=debug >xdns.log 2>&1 || complain "external-dns: $(tail -5 xdns.log)"
    }
    # What is ours is not its own: it neither removes nor changes it, nor adds to it.
    before="$(zone a.own.test) $(zone b.own.test CNAME) $(zone x.w.own.test) $(zone own.test) $(zone o0.own.test)"
    printf '%s\n' 'x1.own.test A 192.0.2.201' 'a.own.test A 192.0.2.202' 'b.own.test A 192.0.2.203' \
        '*.w.own.test A 192.0.2.204' 'o0.own.test CNAME x.example.net' 'x2.own.test CNAME x.example.net' >endpoints
    xdns
    is 'external-dns makes its own' 192.0.2.201 "$(zone x1.own.test)"
    is 'external-dns leaves ours alone' "$before" \
        "$(zone a.own.test) $(zone b.own.test CNAME) $(zone x.w.own.test) $(zone own.test) $(zone o0.own.test)"
    is 'external-dns leaves our marks alone' "$ours" "$(zone a-a.own.test TXT)"
    says 'external-dns reads our owner' 'fairlead' xdns.log
    # And what is its own is not ours.
    x='names = ["x0.own.test", "x1.own.test", "x2.own.test"]; addresses = ["192.0.2.3"];'
    conf "{ $a }, { $b }, { $o }, { $x }"
    once 'beside external-dns'
    is 'its address is left alone' 192.0.2.201 "$(zone x1.own.test)"
    is 'its CNAME is left alone' 'x.example.net.' "$(zone x2.own.test CNAME)"
    is 'a free name beside them' 192.0.2.3 "$(zone x0.own.test)"
    e2e status x0.own.test
    says 'status names external-dns' 'left alone: x1.own.test has 192.0.2.201, marked for xd \(test/feed/x1.own.test\)' out
    says 'status names it for the CNAME' 'left alone: x2.own.test has x.example.net, marked for xd' out
    # Nothing is its source any more: it removes what it made, and only that. Then the name is free.
    : >endpoints
    xdns
    is 'it removes its own' '' "$(zone x1.own.test)"
    is 'and nothing of ours' "$before 192.0.2.3" \
        "$(zone a.own.test) $(zone b.own.test CNAME) $(zone x.w.own.test) $(zone own.test) $(zone o0.own.test) $(zone x0.own.test)"
    once 'after external-dns'
    is 'the name is ours now' 192.0.2.3 "$(zone x1.own.test)"
    is 'and marked' "$(mark fairlead certificate/x0.own.test)" "$(zone a-x1.own.test TXT)"
else
    [ $? = 77 ] || complain "external-dns could not be built: $(tail -3 xdns.err)"
    echo "test_owner.sh: without a real external-dns: $(tail -1 xdns.err)" >&2
fi

# ---- what is gone leaves ---------------------------------------------------------------------
a='names = ["a.own.test", "*.w.own.test"]; addresses = ["192.0.2.3"];'
conf "{ $a }, { $b }"
once 'a name and a certificate less'
is 'they stay for a while' '192.0.2.3 192.0.2.3' "$(zone own.test) $(zone o0.own.test)"
e2e status a.own.test
says 'status says what is leaving' 'leaving: own.test 192.0.2.3' out
# With no grace the certificate's name goes at once, its marks with it; others' stay.
conf "{ grace = \"0s\"; names = [\"*.w.own.test\"]; addresses = [\"192.0.2.3\"]; }, { $b }"
e2e once --wait 60s
e2e forget o0.own.test
is 'forget' 0 "$status"
e2e once --wait 60s
# shellcheck disable=SC2317 # until_true calls it
gone() { [ -z "$(zone o0.own.test)$(zone a-o0.own.test TXT)" ]; }
until_true 10 gone || complain "forgotten, o0 has $(zone o0.own.test) $(zone a-o0.own.test TXT)"
is "others' stay" "192.0.2.77 192.0.2.90 $theirs" "$(zone o1.own.test) $(zone o2.own.test) $(zone a-o2.own.test TXT)"

# Never more than ten an hour, or a tenth of the instance's.
list='' i=0
while [ $((i += 1)) -le 14 ]; do list="$list\"m$i.own.test\", "; done
conf "{ name = \"many\"; grace = \"0s\"; names = [$list\"m.own.test\"]; addresses = [\"192.0.2.5\"]; }, { $b }"
once 'many'
conf "{ name = \"many\"; grace = \"0s\"; names = [\"m.own.test\"]; addresses = [\"192.0.2.5\"]; }, { $b }"
once 'few'
left=0 i=0
while [ $((i += 1)) -le 14 ]; do [ -z "$(zone m$i.own.test)" ] || left=$((left + 1)); done
if [ "$left" -lt 4 ] || [ "$left" -ge 14 ]; then complain "of 14 that are not wanted any more $left are left; 4 at least were to wait"; fi
e2e status many
says 'the others are on their way' 'leaving: m' out

# The names of marks can be others.
more_dns='owner_id = "second"; owner_prefix = "x-%{record_type}."; owner_wildcard = "star";'
conf '{ names = ["*.p.own.test", "p.own.test"]; addresses = ["192.0.2.6"]; }'
once 'other marks'
is 'a prefix and a wildcard' "$(mark second certificate/_.p.own.test | sed 's/_\././; s/certificate\/\./certificate\/*./')" \
    "$(zone x-a.star.p.own.test TXT)"

# A state that is lost knows by the marks what is ours.
rm -r state
more_dns=''
conf '{ names = ["m.own.test"]; addresses = ["192.0.2.4"]; }'
once 'without the state'
is 'it is replaced, not added to' 192.0.2.4 "$(zone m.own.test)"
is 'and its mark too' "$(mark fairlead certificate/m.own.test)" "$(zone a-m.own.test TXT)"
e2e_end
