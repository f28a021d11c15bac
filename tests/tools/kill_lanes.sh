# shellcheck shell=sh disable=SC2034,SC2154 # it sets for those who source it; they set top and build
# SPDX-License-Identifier: Apache-2.0
# kill_lanes.sh - what kill_trials.py needs: a root, and for each lane a zone at Knot that rfc2136 may change and a
# Pebble 2.10.1 that resolves through it; to be sourced, with $top and $build being the folders of sources and build.
#
#     . "$top/tests/tools/kill_lanes.sh"
#     kill_lanes 3                     # lanes.json in the current folder; all ends with the script
# shellcheck source=tests/tools/net.sh
. "$top/tests/tools/net.sh"
# shellcheck source=tests/tools/pebble_start.sh
. "$top/tests/tools/pebble_start.sh"

# shellcheck disable=SC2317 # the trap calls it
kill_ended() {
    for folder in pebble*/pid; do [ ! -f "$folder" ] || pebble_stop "${folder%/pid}"; done
    net_stop
}
kill_one() {
    address=$(net_addr "$((9 + $1))") zone=lane$1.test
    net_knot "$address" "$zone" "hmac-sha256:k:$secret"
    net_delegate "$zone" "ns1.$zone=$address"
    pebble_address=$address pebble_dns=$address:53
    pebble_start "pebble$1" || exit 1
    cat <<END
{"folder": "$here/lane$1", "address": "$address", "zone": "$zone", "root": "$NET_ROOT:53", "tsig": "$here/k.key",
 "dig_key": "hmac-sha256:k:$secret", "directory": "$pebble_url", "ca": "$pebble_ca", "pebble_log": "$pebble_log",
 "faults": "$here/faults.so", "suppressions": "$here/suppressions", "daemon": "$build/fairlead", "plugins": "$build/plugdir"}
END
}
kill_lanes() {
    here=$(pwd)
    for tool in knotd dig openssl python3; do
        PATH=$PATH:/usr/sbin:/sbin command -v "$tool" >/dev/null ||
            { echo "$tool is missing (packages knot, bind9-dnsutils, openssl, python3)" && exit 77; }
    done
    net_can || exit 77
    folder=$(sh "$top/tests/tools/pebble.sh") || exit $?
    pebble_bin=$folder/pebble
    pebble_port=14000 pebble_http_port=5301
    export PEBBLE_VA_NOSLEEP=1 PEBBLE_WFE_NONCEREJECT=0 PEBBLE_AUTHZREUSE=0
    sh "$top/tests/tools/faults.sh" "$build" "$here/faults.so" || exit 1
    echo 'leak:ld-linux' >suppressions
    trap kill_ended EXIT
    trap 'exit 130' INT TERM
    net_start test || exit 1
    umask 077
    secret=$(head -c 32 /dev/urandom | base64)
    printf 'key "k" { algorithm hmac-sha256; secret "%s"; };\n' "$secret" >k.key
    n=0
    while [ $n -lt "$1" ]; do
        n=$((n + 1))
        kill_one $n >"lane$n.json"
    done
    # shellcheck disable=SC2046 # names of ours
    python3 -c 'import json, sys
print(json.dumps([json.load(open(f)) for f in sys.argv[1:]]))' $(seq -f 'lane%g.json' "$1") >lanes.json
}
