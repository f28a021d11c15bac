# shellcheck shell=sh disable=SC2034,SC2154 # it sets for those who source it; net.sh sets NET_DIR
# SPDX-License-Identifier: Apache-2.0
# pdns.sh - a PowerDNS with its HTTP API in the network of net.sh, to be sourced after it.
#
#     pdns_can || exit 77              # says what is missing
#     pdns_start "$(net_addr 10)"      # answers on port 53 there; its API is $pdns_url, with the key "right-key"
#     pdns_zones                       # the zones that it has, one a line
pdns_schema=/usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql
pdns_can() {
    PATH=$PATH:/usr/sbin:/sbin
    if ! command -v pdns_server >/dev/null || [ ! -f "$pdns_schema" ]; then
        echo "PowerDNS is missing (packages pdns-server, pdns-backend-sqlite3)"
        return 1
    fi
}
pdns_start() {
    pdns_dir=$NET_DIR/pdns
    mkdir "$pdns_dir"
    pdns_port=$(python3 -c 'import socket, sys; s = socket.socket(); s.bind((sys.argv[1], 0)); print(s.getsockname()[1])' "$1")
    pdns_url=http://$1:$pdns_port
    python3 -c 'import sqlite3, sys; sqlite3.connect(sys.argv[2]).executescript(open(sys.argv[1]).read())' \
        "$pdns_schema" "$pdns_dir/pdns.db"
    cat >"$pdns_dir/pdns.conf" <<END
launch=gsqlite3
gsqlite3-database=$pdns_dir/pdns.db
local-address=$1
local-port=53
webserver=yes
webserver-address=$1
webserver-port=$pdns_port
webserver-allow-from=127.0.0.0/8
api=yes
api-key=right-key
socket-dir=$pdns_dir
cache-ttl=0
query-cache-ttl=0
negquery-cache-ttl=0
zone-cache-refresh-interval=0
daemon=no
guardian=no
END
    net_spawn pdns pdns_server --config-dir="$pdns_dir"
    pdns_tries=0
    until pdns_zones >/dev/null 2>&1; do
        pdns_tries=$((pdns_tries + 1))
        [ "$pdns_tries" -lt 200 ] || { echo "PowerDNS does not start: $(cat "$NET_DIR/pdns.log")" >&2 && return 1; }
        sleep 0.05
    done
}
pdns_zones() {
    python3 -c 'import json, sys, urllib.request
ask = urllib.request.Request(sys.argv[1] + "/api/v1/servers/localhost/zones", headers={"X-API-Key": "right-key"})
for zone in json.load(urllib.request.urlopen(ask, timeout=5)): print(zone["name"].rstrip("."))' "$pdns_url"
}
