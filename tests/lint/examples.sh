#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# examples.sh - the plugins that the documentation shows compile, without a warning; and fairlead has nothing to say
# against the configurations in conf/examples.
# shellcheck source=tests/lint/lib.sh
. "$(dirname "$0")/lib.sh"
code=$(mktemp -d) || exit 2
trap 'rm -rf "$findings" "$code"' EXIT

for page in README.md docs/*.md; do
    # Each block begins in a file named by its first line: what the compiler says is found again.
    rm -f "$code"/*.c
    awk -v to="$code" '/^```c$/ { file = to "/" NR ".c"; printf "" >file; next }
        /^```$/ { file = "" }
        file != "" { print >file }' "$page"
    for block in "$code"/*.c; do
        # Sketches are not meant to compile; what includes the headers is.
        grep -qs '^#include <fl/' "$block" || continue
        first=$(basename "$block" .c)
        ${CC:-cc} -std=c11 -Wall -Wextra -Wpedantic -fsyntax-only -Icore/include "$block" 2>&1 |
            sed -n 's/^[^:]*\/[0-9]*\.c:\([0-9]*\):[0-9]*: \(error\|warning\): /\1 /p' |
            while read -r line words; do
                echo "$page:$((first + line)): example: $words"
            done
    done
done >"$findings"

umask 077 # some hold a secret, as an example
for example in conf/examples/*.conf; do
    cp "$example" "$code/example.conf"
    "$build/fairlead" --plugins "$build/plugdir" --conf "$code/example.conf" check 2>&1 |
        sed -n "s|^$code/example.conf:\([0-9]*\): |$example:\1: example: |p" >>"$findings"
done
verdict
