#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# test_powerdns.sh - the plugin `powerdns` with Debian's PowerDNS keeps the contract of DNS providers; and so it does
# with one that can add and remove single values, which a stand-in before it makes of it.
# time-limit: 600
set -eu
top=$(cd "${top_srcdir:-$(dirname "$0")/../..}" && pwd)
# shellcheck source=tests/conformance/run.sh
. "$top/tests/conformance/run.sh"
conformance_begin pdns_server pdnsutil dig
schema=/usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql
[ -f "$schema" ] || { echo "package pdns-backend-sqlite3 is missing" && exit 77; }
port=$(conformance_port) web=$(conformance_port) newer=$(conformance_port)
here=$(pwd)
python3 -c 'import sqlite3, sys; sqlite3.connect("pdns.db").executescript(open(sys.argv[1]).read())' "$schema"
cat >pdns.conf <<CONF
launch=gsqlite3
gsqlite3-database=$here/pdns.db
local-address=127.0.0.1
local-port=$port
webserver=yes
webserver-address=127.0.0.1
webserver-port=$web
webserver-allow-from=127.0.0.1
api=yes
api-key=right-key
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
conformance_spawn pdns.log pdns_server --config-dir="$here"
conformance_wait "$port" example.test
conformance_spawn newer.log python3 "$top/tests/conformance/powerdns_newer.py" "$newer" "$web"
conformance_wait_tcp "$newer"
instances() {
    where="url = \"http://127.0.0.1:$1\"; name_servers = \"ns1.example.test\";"
    cat >fl.conf <<END
dns = { it = { plugin = "powerdns"; $where key = "right-key"; };
        no = { plugin = "powerdns"; $where key = "wrong-key"; }; };
END
}
instances "$web"
conformance 'powerdns' --wrong no --server "127.0.0.1:$port" fl.conf it example.test
instances "$newer"
conformance 'powerdns, single values' --wrong no --server "127.0.0.1:$port" fl.conf it example.test
if ! grep -q EXTEND newer.count || ! grep -q PRUNE newer.count; then echo 'no single value was added or removed' && exit 1; fi
conformance_end
