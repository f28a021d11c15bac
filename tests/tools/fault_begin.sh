# shellcheck shell=sh disable=SC2154 # those who source it set top and build
# SPDX-License-Identifier: Apache-2.0
# fault_begin.sh - an authority and the library of faults for fault_trials.py; to be sourced, with $top and $build being
# the folders of the sources and of the build.
#
#     . "$top/tests/tools/fault_begin.sh"
#     fault_begin                      # conf.json in the current folder; all ends with the script
ca_pid=''
# shellcheck disable=SC2317 # the trap calls it
fault_ended() { [ -z "$ca_pid" ] || { kill "$ca_pid" && wait "$ca_pid"; } 2>/dev/null; }
fault_begin() {
    here=$(pwd)
    command -v python3 >/dev/null || { echo 'python3 is missing (package python3)' && exit 77; }
    sh "$top/tests/tools/made.sh" "$build" tests/tools/quick_ca || exit 1
    sh "$top/tests/tools/faults.sh" "$build" "$here/faults.so" || exit 1
    # What the dynamic loader asks for looks like a leak when it comes through our library.
    echo 'leak:ld-linux' >suppressions
    : >port
    trap fault_ended EXIT
    trap 'exit 130' INT TERM
    "$build/tests/tools/quick_ca" root.pem >port 2>ca.log </dev/null &
    ca_pid=$!
    tries=0
    until [ -s port ]; do
        tries=$((tries + 1))
        [ $tries -lt 100 ] || { echo "no authority: $(cat ca.log)" && exit 1; }
        sleep 0.1
    done
    cat >conf.json <<END
{"port": $(cat port), "daemon": "$build/fairlead", "plugins": "$build/plugdir", "faults": "$here/faults.so",
 "suppressions": "$here/suppressions"}
END
}
