# shellcheck shell=sh disable=SC2034,SC2154 # what scripts that source it use or set
# SPDX-License-Identifier: Apache-2.0
# sinks.sh - certificates, a folder of one's own and the program sink_probe, for tests of sinks against real servers;
# sourced by tests/integration/test_sink_*.sh, which set top, build and plugin.
if [ -z "${SINK_PROBE:-}" ]; then
    sh "$top/tests/tools/made.sh" "$build" tests/tools/sink_probe || exit 1
fi
probe=${SINK_PROBE:-$build/tests/tools/sink_probe} plugdir=${PLUGDIR:-$build/plugdir}
work=$(mktemp -d "${TMPDIR:-/tmp}/fairlead-sink.XXXXXX")
pids='' failed=0 ran=0 status=0
sinks_end() {
    for pid in $pids; do kill "$pid" 2>/dev/null || :; done
    for pid in $pids; do wait "$pid" 2>/dev/null || :; done
    rm -rf "$work"
}
trap sinks_end EXIT
trap 'exit 130' INT TERM
umask 022
cd "$work" || exit 1

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

# cert FOLDER SERIAL KEY_ARGUMENT NAMES: a certificate of the test's own authority, as sink_probe reads it.
cert() {
    if [ ! -f root.pem ]; then
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout root.key -out root.pem -days 30 \
            -subj /CN=root 2>openssl.log || exit 1
    fi
    mkdir -p "$1"
    # shellcheck disable=SC2086 # the argument is several words
    openssl req -new -newkey $3 -nodes -keyout "$1/key.pem" -out "$1/csr" -subj / 2>openssl.log || exit 1
    printf 'subjectAltName=%s\nextendedKeyUsage=serverAuth\n' "$4" >"$1/ext"
    openssl x509 -req -in "$1/csr" -CA root.pem -CAkey root.key -set_serial "0x$2" -days 10 -extfile "$1/ext" \
        -out "$1/leaf.pem" 2>openssl.log || exit 1
    cat "$1/leaf.pem" root.pem >"$1/chain.pem"
}
ec='ec -pkeyopt ec_paramgen_curve:P-256' rsa='rsa:2048'

# sink ARGUMENT...: one call of the plugin with sink.conf; what it says stands in `said`, its exit status in $status.
sink() {
    "$probe" "$plugdir" "$plugin" "$work/sink.conf" "$@" >out 2>said
    status=$?
}
complain() {
    failed=$((failed + 1))
    echo "$1"
    [ ! -s said ] || sed 's/^/    said: /' said
}
is() {
    ran=$((ran + 1))
    [ "$2" = "$3" ] || complain "$1: \"$3\" and not \"$2\""
}
# says WHAT PATTERN: the last call's words.
says() {
    ran=$((ran + 1))
    grep -q -e "$2" said || complain "$1: does not say \"$2\""
}
# ok WHAT CODE-NAME: how the last call ended.
ended() {
    ran=$((ran + 1))
    case $2 in
    ok) [ "$status" -eq 0 ] || complain "$1: ended with $status" ;;
    *) grep -q "^$2 " said || complain "$1: ended otherwise than with $2 ($status)" ;;
    esac
}
# served ADDRESS NAME [KIND]: serial of the certificate that is served, in lower case.
served() {
    case ${3:-} in
    rsa) set -- "$1" "$2" -sigalgs RSA-PSS+SHA256:RSA+SHA256 ;;
    ec) set -- "$1" "$2" -sigalgs ECDSA+SHA256 ;;
    *) set -- "$1" "$2" ;;
    esac
    at=$1 name=$2
    shift 2
    openssl s_client -connect "$at" -servername "$name" "$@" </dev/null 2>/dev/null |
        openssl x509 -noout -serial 2>/dev/null | sed 's/serial=//' | tr A-F a-f
}
# until_true SECONDS COMMAND...
until_true() {
    left=$(($1 * 10))
    shift
    until "$@" >/dev/null 2>&1; do
        left=$((left - 1))
        [ "$left" -gt 0 ] || return 1
        sleep 0.1
    done
}
sinks_verdict() {
    echo "$ran looks, $failed wrong"
    [ "$failed" -eq 0 ] || exit 1
}
