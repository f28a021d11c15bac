#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# test_zone_delegation.sh - a zone that is missing is made at PowerDNS, and what the zone above says of it is told: each state
# with real servers. A certificate waits for it without asking its authority, also over a kill, and goes on by itself.
# A registrar is told where there are no servers, or none that answers, or where that is allowed; never where others serve.
set -u
top=$(cd "${top_srcdir:-$(dirname "$0")/../..}" && pwd)
build=$(cd "${top_builddir:-$top/build}" && pwd)
# shellcheck source=tests/tools/net.sh
. "$top/tests/tools/net.sh"
# shellcheck source=tests/tools/e2e.sh
. "$top/tests/tools/e2e.sh"
# shellcheck source=tests/tools/pdns.sh
. "$top/tests/tools/pdns.sh"
net_can || exit 77
pdns_can || exit 77
e2e_begin
# shellcheck disable=SC2317 # e2e_ended calls it
e2e_more_ended() { net_stop; }

# ---- servers --------------------------------------------------------------------------

net_start test || exit 1
umask 077
ours=$(net_addr 10) other=$(net_addr 11) second=$(net_addr 12)
pdns_start "$ours" || exit 1
net_record "ns1.hosting.test. A $ours" "ns2.hosting.test. A $second" "ns.other.test. A $other"
net_knot "$other" elsewhere.test
net_add "$other" elsewhere.test 'elsewhere.test. MX 10 mail.elsewhere.test.' "mail.elsewhere.test. A $other" \
    "www.elsewhere.test. A $other"
net_resolver
pebble_dns=$NET_RESOLVER:53
e2e_pebble pebble

# What a registrar does: the zone above gets the name servers that it was given.
cat >registrar.sh <<END
#!/bin/sh
NET_DIR='$NET_DIR' NET_TLD='$NET_TLD' NET_TLD_NAME='$NET_TLD_NAME' top='$top'
PATH=\$PATH:/usr/sbin:/sbin
. "\$top/tests/tools/net.sh"
echo "\$*" >>'$here/registrar.log'
[ ! -f '$here/registrar.no' ] || { echo 'not your domain' && exit 1; }
NET_SERIAL=\$(date +%s)
net_delegate "\$@"
END
chmod 700 registrar.sh
: >registrar.log
cp -R "$build/plugdir" plugins
# shellcheck disable=SC2046 # words
${CC:-cc} -std=c11 -D_GNU_SOURCE -fPIC -fvisibility=hidden -I "$top/core/include" -shared \
    -o plugins/dns/registrar.so "$top/tests/plugins/standin_registrar.c" >cc.log 2>&1 ||
    complain "the registrar cannot be built: $(cat cc.log)"
chmod -R go-w plugins
chmod 755 plugins plugins/*

# conf OPTIONS NAME...: more options of the instance, and certificates.
conf() {
    options=$1 comma=''
    shift
    cat >fl.conf <<END
state = "$here/${state:-state}";
roots = ["$NET_ROOT:53"];
authorities = { pebble = { directory = "https://$at:14000/dir"; ca_file = "$here/pebble/ca.pem"; accept_terms = true; }; };
dns = {
  pdns = { plugin = "powerdns"; url = "$pdns_url"; key = "right-key"; create_zones = true;
           name_servers = ["ns1.hosting.test"]; $options };
  nc = { plugin = "registrar"; run = "$here/registrar.sh"; };
};
solvers = { txt = { plugin = "dns-01"; }; };
sinks = { disk = { plugin = "file"; directory = "$here/live"; }; };
certificates = ( $(for name; do printf '%s{ names = ["%s"]; }' "$comma" "$name" && comma=','; done) );
END
    chmod 600 fl.conf
}
fl() {
    status=0
    timeout -k 5 60 "$build/fairlead" -c fl.conf --plugins plugins "$@" >out 2>err </dev/null || status=$?
    ! grep -qE 'Sanitizer|runtime error:' err || complain "fairlead $*: $(cat err)"
}
start() {
    : >run.log
    "$build/fairlead" -c fl.conf --plugins plugins run >run.log 2>&1 </dev/null &
    running=$!
    until_true 20 grep -q ' started' run.log || complain "run does not start: $(cat run.log)"
}
# shellcheck disable=SC2317 # until_true calls it
has_zone() { pdns_zones | grep -qx "$1"; }
# shellcheck disable=SC2317 # until_true calls it
told() { fl status && grep -qE "$1" out; }

# ---- the states -----------------------------------------------------------------------

conf '' www.shop.test
see() { # WHAT ZONE PATTERN
    fl dns pdns zone "$2"
    is "$1: exit status" 0 "$status"
    says "$1" "$3" out
}
make_zone() {
    fl dns pdns create "$1"
    is "create $1" 0 "$status"
}
make_zone states.test
says 'made: its name servers' 'name server ns1\.hosting\.test' out
see 'not registered' states.test 'delegation not registered: states\.test is not registered.* say the servers of test: register it, and set its name servers at its registrar to ns1\.hosting\.test$'
net_delegate states.test ns1.hosting.test
see right states.test 'delegation right: states\.test is delegated by test to ns1\.hosting\.test$'
net_delegate states.test ns1.hosting.test ns2.hosting.test
see 'partly: one that is not there' states.test 'delegation partly: .*not ours: ns2\.hosting\.test; without answer for the zone: ns2\.hosting\.test: set its name servers at its registrar to ns1\.hosting\.test$'
net_delegate states.test ns.other.test
see 'lame: it does not serve the zone' states.test 'delegation lame: states\.test is delegated by test to ns\.other\.test, and none of these answers for it: set its name servers at its registrar to ns1\.hosting\.test$'
net_delegate states.test nowhere.hosting.test
see 'lame: a server that is not there' states.test 'delegation lame: '
net_delegate states.test ns1.hosting.test
net_record 'states.test. DS 12345 13 2 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef'
see 'a DS record, and no keys' states.test 'delegation DS without keys: .*remove the DS record at its registrar, or sign the zone$'
make_zone elsewhere.test
net_delegate elsewhere.test ns.other.test
see elsewhere elsewhere.test 'delegation elsewhere: elsewhere\.test is delegated by test to ns\.other\.test, who serve it: set'
make_zone sub.states.test
see 'not delegated' sub.states.test 'delegation (not delegated|right): '
python3 -c 'import sys, urllib.request
ask = urllib.request.Request(sys.argv[1] + "/api/v1/servers/localhost/zones/elsewhere.test.", headers={"X-API-Key": "right-key"}, method="DELETE")
urllib.request.urlopen(ask, timeout=5)' "$pdns_url" || complain 'the zone cannot be removed'

# ---- made, waited for, over a kill ----------------------------------------------------

e2e_mark
start
until_true 20 has_zone shop.test || complain "the zone is not made: $(cat run.log)"
until_true 20 told '^zone pdns/shop\.test +not registered; name servers ns1\.hosting\.test$' ||
    complain "status does not tell of the zone: $(cat out) $(cat run.log)"
says 'status: which servers to set where' 'shop\.test is not registered.*set its name servers at its registrar to ns1\.hosting\.test' out
until_true 20 told '^www\.shop\.test +waiting +plan: waiting for zone pdns/shop\.test: ' || complain "the certificate does not wait: $(cat out)"
says 'status: what to do' '^ +to do: do at the zone above, or at its registrar' out
says 'the log: it was made' 'info zone-made zone=pdns/shop\.test' run.log
says 'the log: the delegation' 'warn zone-delegation zone=pdns/shop\.test .*set its name servers at its registrar to ns1\.hosting\.test' run.log
kill -KILL "$running"
wait "$running" 2>/dev/null
running=''
fl status
says 'without a service: status' '^zone pdns/shop\.test +not registered; name servers ns1\.hosting\.test$' out
start
until_true 20 told '^www\.shop\.test +waiting +plan: waiting for zone' || complain "after a kill: it does not wait: $(cat out)"
is 'waiting: the authority is not asked' '' "$(e2e_asked)"
is 'waiting: the registrar is not asked' '' "$(cat registrar.log)"
net_delegate shop.test ns1.hosting.test
until_true 180 [ -s live/www.shop.test/cert.pem ] || complain "it does not go on: $(cat out run.log)"
e2e_delivered www.shop.test www.shop.test
until_true 20 told '^zone pdns/shop\.test +delegated; name servers ns1\.hosting\.test$' || complain "status: not right: $(cat out)"
is 'one zone for all' 1 "$(pdns_zones | grep -c 'shop\.test')"

# ---- others serve it ------------------------------------------------------------------

e2e_mark
conf '' www.shop.test www.elsewhere.test
fl reload
is 'reload: exit status' 0 "$status"
until_true 20 told '^zone pdns/elsewhere\.test +not made' || complain "elsewhere: status does not tell: $(cat out) $(tail -5 run.log)"
says 'elsewhere: the sentence' 'elsewhere\.test is served by ns\.other\.test already, so nothing is made: add the dns instance that holds it, or list it in delegation_replace' out
says 'elsewhere: what would be lacking' 'not here +MX of elsewhere\.test, A of www\.elsewhere\.test, A of mail\.elsewhere\.test' out
! has_zone elsewhere.test || complain 'elsewhere: a zone is made all the same'
is 'elsewhere: the authority is not asked' '' "$(e2e_asked)"

# Allowed: it is made, and the registrar told; what would be lacking is said before.
conf 'delegation_replace = "elsewhere.test"; registrar = "nc";' www.shop.test www.elsewhere.test
fl reload
until_true 120 grep -qx 'elsewhere.test ns1.hosting.test' registrar.log || complain "replace: the registrar is not told: $(tail -20 run.log)"
says 'replace: what is lacking' 'warn zone-delegation zone=pdns/elsewhere\.test .*not held here: MX of elsewhere\.test' run.log
until_true 180 [ -s live/www.elsewhere.test/cert.pem ] || complain "replace: it does not go on: $(tail -20 run.log)"
e2e_delivered www.elsewhere.test www.elsewhere.test
is 'replace: told once' 1 "$(wc -l <registrar.log)"

# ---- a registrar that refuses first ---------------------------------------------------

touch registrar.no
conf 'registrar = "nc";' www.shop.test www.new.test
fl reload
until_true 60 told 'registrar +.*not your domain' || complain "refused: status does not tell: $(cat out) $(tail -5 run.log)"
rm registrar.no
fl renew --wait 0s www.new.test
until_true 180 [ -s live/www.new.test/cert.pem ] || complain "refused, then not: it does not go on: $(tail -20 run.log)"
e2e_delivered www.new.test www.new.test
e2e_stop
is 'the end: exit status' 0 "$status"
silent 'the end: failures of steps' 'step-failed' run.log
[ "$failures" = 0 ] || { cat run.log && net_log; } >&2
e2e_end
