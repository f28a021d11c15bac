# shellcheck shell=sh disable=SC2034,SC2154 # those who source it use or set them
# SPDX-License-Identifier: Apache-2.0
# quick.sh - the project's own authority beside the functions of e2e.sh, which has to be sourced and begun before:
#
#     pebble_bin=true                  # no Pebble is needed
#     . "$top/tests/tools/e2e.sh"
#     e2e_begin
#     . "$top/tests/tools/quick.sh"
#     quick_start                      # $quick: URL in front of "/NAME/dir"; its root in quick/root.pem
#     quick_stats NAME FIELD           # prints what the authority NAME has counted (tests/tools/quick_ca.c)
quick_pid=''
# shellcheck disable=SC2317 # e2e.sh calls it
e2e_more_ended() {
    [ -z "$quick_pid" ] || { kill "$quick_pid" && wait "$quick_pid"; } 2>/dev/null
    ! command -v quick_more_ended >/dev/null || quick_more_ended
}
quick_start() {
    server=quick
    mkdir -p quick
    sh "$top/tests/tools/made.sh" "$build" tests/tools/quick_ca || exit 1
    : >quick/port
    "$build/tests/tools/quick_ca" quick/root.pem >quick/port 2>quick/log </dev/null &
    quick_pid=$!
    until_true 20 test -s quick/port || { echo "no authority: $(cat quick/log)" && exit 1; }
    quick=http://127.0.0.1:$(cat quick/port)
}
quick_stats() {
    python3 -c 'import json, sys, urllib.request
print(json.load(urllib.request.build_opener(urllib.request.ProxyHandler({})).open(sys.argv[1] + "/stats"))[sys.argv[2]])' \
        "$quick/$1" "$2"
}
