#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# headers.sh - every header compiles alone: the public ones as plain C11 and as
# C++17, for plugins may be written in either; they include nothing but each
# other, libc and, in one of them, jansson (tests/lint/layers.sh).
# shellcheck source=tests/lint/lib.sh
. "$(dirname "$0")/lib.sh"
cc=${CC:-cc}
cxx=${CXX:-c++}
need "${cc%% *}" gcc
need "${cxx%% *}" g++
errors=$(mktemp) || exit 2
trap 'rm -f "$findings" "$errors"' EXIT

# alone HEADER NAME COMPILER FLAG...: compiles a file that only includes NAME.
alone() {
    header=$1 name=$2
    shift 2
    echo "#include <$name>" | "$@" -Wall -Wextra -Wpedantic -Werror -fsyntax-only - 2>"$errors" && return
    echo "$header:1: stands-alone: does not compile by itself: $(grep -m 1 'error' "$errors")" >>"$findings"
}

for header in core/include/fl/*.h; do
    [ -f "$header" ] || continue
    name=fl/$(basename "$header")
    # shellcheck disable=SC2086 # CC may be a command with options
    alone "$header" "$name" $cc -x c -std=c11 -Icore/include
    # shellcheck disable=SC2086
    alone "$header" "$name" $cxx -x c++ -std=c++17 -Icore/include
done
sources '*.h' | grep '^core/' | grep -v '^core/include/' >"$errors.list"
while IFS= read -r header; do
    # shellcheck disable=SC2086
    alone "$header" "${header#core/}" $cc -x c -std=c11 -D_GNU_SOURCE -Icore/include -Icore
done <"$errors.list"
rm -f "$errors.list"
verdict
