#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# listed.sh - every source is built: it stands in a Makefile.inc of its folder or
# one above; so do the public headers, which are installed, and the unit tests.
# shellcheck source=tests/lint/lib.sh
. "$(dirname "$0")/lib.sh"

# named FILE WORD: does a Makefile.inc of FILE's folder or above say WORD?
named() {
    folder=$(dirname "$1")
    while [ "$folder" != . ]; do
        if [ -f "$folder/Makefile.inc" ] && sed 's/#.*//' "$folder/Makefile.inc" |
            grep -qE "(^|[ /])$(echo "$2" | sed 's/\./\\./g')( |\$)"; then
            return
        fi
        folder=$(dirname "$folder")
    done
    return 1
}

csources | grep -E '^(core|plugins)/' | while IFS= read -r file; do
    named "$file" "$(basename "$file")" ||
        echo "$file:1: unlisted: in no Makefile.inc, so it is not built: add it to the one of its folder"
done >"$findings"
for file in tests/unit/test_*.c; do
    [ -f "$file" ] || continue
    named "$file" "$(basename "$file" .c)" ||
        echo "$file:1: unlisted: a test that never runs: UNIT_TESTS += %D%/$(basename "$file" .c)"
done >>"$findings"
verdict
