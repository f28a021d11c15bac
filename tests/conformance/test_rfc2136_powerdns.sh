#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# test_rfc2136_powerdns.sh - the plugin `rfc2136` with PowerDNS keeps the contract of DNS providers.
# time-limit: 600
set -eu
top=$(cd "${top_srcdir:-$(dirname "$0")/../..}" && pwd)
# shellcheck source=tests/conformance/run.sh
. "$top/tests/conformance/run.sh"
conformance_begin pdns_server pdnsutil dig
schema=/usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql
[ -f "$schema" ] || { echo "package pdns-backend-sqlite3 is missing" && exit 77; }
port=$(conformance_port)
here=$(pwd)
secret=$(head -c 32 /dev/urandom | base64)
python3 -c 'import sqlite3, sys; sqlite3.connect("pdns.db").executescript(open(sys.argv[1]).read())' "$schema"
cat >pdns.conf <<CONF
launch=gsqlite3
gsqlite3-database=$here/pdns.db
gsqlite3-dnssec=yes
local-address=127.0.0.1
local-port=$port
dnsupdate=yes
allow-dnsupdate-from=127.0.0.1
socket-dir=$here
cache-ttl=0
query-cache-ttl=0
negquery-cache-ttl=0
zone-cache-refresh-interval=0
daemon=no
guardian=no
CONF
util() { pdnsutil --config-dir="$here" "$@" >>util.log 2>&1 || { cat util.log && exit 1; }; }
util create-zone example.test ns1.example.test
util add-record example.test ns1 A 127.0.0.1
util add-record example.test @ TXT '"theirs"'
util import-tsig-key k1 hmac-sha256 "$secret"
util set-meta example.test TSIG-ALLOW-DNSUPDATE k1
util set-meta example.test TSIG-ALLOW-AXFR k1
conformance_spawn pdns.log pdns_server --config-dir="$here"
conformance_wait "$port" example.test
cat >fl.conf <<END
dns = { it = { plugin = "rfc2136"; server = "127.0.0.1:$port"; transfer = true; key = "k1:hmac-sha256:$secret"; };
        no = { plugin = "rfc2136"; server = "127.0.0.1:$port"; key = "k1:hmac-sha256:AAAA$secret"; }; };
END
conformance 'powerdns' --wrong no --server "127.0.0.1:$port" fl.conf it example.test
conformance_end
