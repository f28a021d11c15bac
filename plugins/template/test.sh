#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# test.sh - plays recorded conversations to the plugin and compares what comes of them.
# FAIRLEAD: the program; $1: the folder of plugins.
set -u
umask 077
TEMPLATE_TOKEN=not-a-real-token
export TEMPLATE_TOKEN
out=$(mktemp) || exit 1
trap 'rm -f "$out"' EXIT
failed=0

# plays CONVERSATION STATUS ARGUMENT...: `fairlead dns try ARGUMENT...` must end so and say recorded/CONVERSATION/expected.
plays() {
    conversation=$1 wanted=$2
    shift 2
    "${FAIRLEAD:-fairlead}" --plugins "$plugins" --conf test.conf --replay "recorded/$conversation" dns try "$@" \
        >"$out" 2>&1
    status=$?
    if [ "$status" -eq "$wanted" ] && diff "recorded/$conversation/expected" "$out"; then
        echo "ok: $conversation"
    else
        echo "FAILED: $conversation (status $status)"
        failed=1
    fi
}
plugins=$1
plays list 0 list example.org _acme-challenge TXT
plays add 0 add _acme-challenge.example.org TXT third 300
plays refused 1 zone example.net
exit $failed
