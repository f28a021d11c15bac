#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# test_rfc2136_knot.sh - the plugin `rfc2136` with Knot, over IPv6, keeps the contract of DNS providers; the first of its
# two servers does not answer.
# time-limit: 600
set -eu
top=$(cd "${top_srcdir:-$(dirname "$0")/../..}" && pwd)
# shellcheck source=tests/conformance/run.sh
. "$top/tests/conformance/run.sh"
conformance_begin knotd keymgr dig
port=$(conformance_port) nobody=$(conformance_port)
here=$(pwd)
keymgr -t k1 hmac-sha512 >k1.key
keymgr -t k1 hmac-sha512 >wrong.key
# shellcheck disable=SC2016 # the $TTL of zone files
printf '$TTL 60\n@ SOA ns1 hostmaster 1 3600 600 86400 60\n@ NS ns1\n@ TXT "theirs"\nns1 A 127.0.0.1\n' >example.test
mkdir -p run db
{
    cat <<CONF
server:
    rundir: $here/run
    listen: [ "127.0.0.1@$port", "::1@$port" ]
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
log:
  - target: stdout
    any: info
database:
    storage: $here/db
key:
CONF
    sed -n '/- id/,$p' k1.key
    cat <<CONF
acl:
  - id: writers
    key: k1
    action: [update, transfer]
zone:
  - domain: example.test
    file: $here/example.test
    acl: writers
    zonefile-load: whole
    zonefile-sync: -1
    journal-content: none
CONF
} >knot.conf
conformance_spawn knot.log knotd -c "$here/knot.conf"
conformance_wait "$port" example.test
servers="server = [\"[::1]:$nobody\", \"[::1]:$port\"]; transfer = true;"
cat >fl.conf <<END
dns = { it = { plugin = "rfc2136"; $servers key = "file:$here/k1.key"; };
        no = { plugin = "rfc2136"; $servers key = "file:$here/wrong.key"; }; };
END
conformance 'knot' --wrong no --server "127.0.0.1:$port" fl.conf it example.test
conformance_end
