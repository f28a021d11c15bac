# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# run.sh - for the scripts of this folder; to be sourced, with $top being the tree's top folder.
#
#     conformance_begin [PROGRAM...]      the suite is built; ends as skipped where one of the programs is missing
#     conformance NAME ARGUMENT...        runs it with that configuration; prints what fails
#     conformance_spawn LOG COMMAND...    a server, ended with the script
#     conformance_wait PORT ZONE          until a server on 127.0.0.1 answers for the zone
#     conformance_wait_tcp PORT           until somebody listens there
#     conformance_end                     the last line, and the status
umask 077
build=$(cd "${top_builddir:-$top/build}" && pwd)
PATH=$PATH:/usr/sbin:/sbin
pids='' failed=0 ran=0

# shellcheck disable=SC2317 # the trap calls it
conformance_ended() {
    for pid in $pids; do kill "$pid" 2>/dev/null || :; done
    for pid in $pids; do wait "$pid" 2>/dev/null || :; done
}
conformance_begin() {
    for tool in python3 "$@"; do
        command -v "$tool" >/dev/null || { echo "$tool is missing" && exit 77; }
    done
    sh "$top/tests/tools/made.sh" "$build" fairlead-conformance plugdir/stamp || exit 1
    trap conformance_ended EXIT
    trap 'exit 130' INT TERM
}
conformance_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}
conformance_spawn() {
    log=$1
    shift
    "$@" >"$log" 2>&1 </dev/null &
    pids="$pids $!"
}
conformance_wait() {
    tries=0
    until dig @127.0.0.1 -p "$1" "$2" SOA +tcp +time=1 +tries=1 2>/dev/null | grep -q 'status: NOERROR'; do
        tries=$((tries + 1))
        [ "$tries" -lt 200 ] || { echo "no server on port $1" && tail -n 20 ./*.log && exit 1; }
        sleep 0.1
    done
}
conformance_wait_tcp() {
    tries=0
    until python3 -c 'import socket, sys; socket.create_connection(("127.0.0.1", int(sys.argv[1])), 1)' "$1" 2>/dev/null; do
        tries=$((tries + 1))
        [ "$tries" -lt 200 ] || { echo "nobody on port $1" && tail -n 20 ./*.log && exit 1; }
        sleep 0.1
    done
}
conformance() {
    name=$1 status=0
    shift
    chmod 600 fl.conf
    "$build/fairlead-conformance" --plugins "$build/plugdir" "$@" >out 2>err || status=$?
    lines=$(grep -c '^ok' out || :)
    echo "$name: $lines checks passed, $(grep -c '^not ok' out || :) failed, $(grep -c 'not applicable' out || :) not applicable"
    ran=$((ran + 1))
    grep -A 8 '^not ok' out || :
    grep '^# something is left' out && status=1
    if [ "$status" != 0 ] || [ "$lines" -lt 20 ]; then
        failed=$((failed + 1))
        echo "FAILED $name: status $status"
        tail -n 20 err
    fi
}
conformance_end() {
    echo "$((ran - failed)) of $ran pass"
    [ "$failed" = 0 ] || exit 1
}
