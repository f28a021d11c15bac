#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# test_wrong.sh - that the suite can fail: a provider that is right passes it; wrong in one way, it fails that check
# and no other.
# time-limit: 600
set -eu
top=$(cd "${top_srcdir:-$(dirname "$0")/../..}" && pwd)
build=$(cd "${top_builddir:-$top/build}" && pwd)
sh "$top/tests/tools/made.sh" "$build" fairlead-conformance || exit 1
cc=$(sed -n 's/^CC = //p' "$build/Makefile" | head -n 1)
umask 022
mkdir -p plugins/dns
flags=$(sed -n 's/^JANSSON_CFLAGS = //p' "$build/Makefile")
# shellcheck disable=SC2086 # a command with arguments
${cc:-cc} -std=c11 -D_GNU_SOURCE -Wall -Wextra -Werror -g -O1 -fPIC -shared -I"$top/core/include" $flags \
    -o plugins/dns/wrong.so "$top/tests/conformance/wrong.c"

failed=0 ran=0
# suite KIND: what fails when the provider is wrong in that way, in one line.
suite() {
    cat >fl.conf <<END
dns = { it = { plugin = "wrong"; zone = "example.test"; key = "right"; wrong = "$1"; };
        no = { plugin = "wrong"; zone = "example.test"; key = "other"; wrong = "$1"; }; };
END
    status=0
    chmod 600 fl.conf
    "$build/fairlead-conformance" --plugins plugins --wrong no fl.conf it example.test >"out.$1" 2>"err.$1" || status=$?
    sed -n 's/^not ok [0-9]* - //p' "out.$1" | tr '\n' ' '
    [ "$status" -le 1 ] || echo "status $status"
}
is() {
    ran=$((ran + 1))
    [ "$2" = "$3" ] && return
    failed=$((failed + 1))
    printf 'FAILED %s\n  wanted %s\n  got    %s\n' "$1" "$2" "$3"
    grep -A 4 '^not ok' "out.$4" || tail -n 5 "err.$4"
}

is 'a provider that is right' '' "$(suite '')" ''
for kind in $("$build/fairlead-conformance" --list | awk '{ print $1 }'); do
    is "wrong: $kind" "$kind " "$(suite "$kind")" "$kind"
done
[ "$ran" -gt 25 ] || failed=$((failed + 1))
echo "$((ran - failed)) of $ran as expected"
[ "$failed" = 0 ]
