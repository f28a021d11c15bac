#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# run.sh [-u] [CASE]... - what `fairlead check` says about the configuration of each case:
# to the letter, with exit status 1 where there is an error and 0 where there is none.
#
# A case is a folder NNN-name with fairlead.conf, whatever that reads, and `expected`. It
# is checked in a copy, in which files are 0644, those called *.key 0600, and `setup`, if there
# is one, was run (git keeps no modes, pipes or large files). A folder `credentials` is
# what systemd would give. $FAIRLEAD is the program and $FL_PLUGINS the folder of its
# plugins, by default those of the build; messages have PLUGINS for that folder. -u writes
# `expected` anew: read the difference.
set -u
export LC_ALL=C
here=$(cd "$(dirname "$0")" && pwd)
update=
[ "${1:-}" != -u ] || { update=1 && shift; }
build=$(cd "${top_builddir:-.}" && pwd)
: "${FAIRLEAD:=$build/fairlead}" "${FL_PLUGINS:=$build/plugdir}"
work=$(mktemp -d "${TMPDIR:-/tmp}/fairlead-conf.XXXXXX") || exit 99
trap 'rm -rf "$work"' EXIT INT TERM
umask 022
[ $# -gt 0 ] || set -- "$here"/[0-9]*/
passed=0 failed=0

# check FOLDER: leaves `said` and `status` in $work.
check() (
    cd "$1" || exit 99
    unset CREDENTIALS_DIRECTORY NO_SUCH_VARIABLE
    [ ! -d credentials ] || export CREDENTIALS_DIRECTORY="$PWD/credentials"
    EMPTY_VARIABLE='' TEST_SECRET=from-the-environment
    export EMPTY_VARIABLE TEST_SECRET
    "$FAIRLEAD" --plugins "$FL_PLUGINS" -c fairlead.conf check >"$work/raw" 2>&1 </dev/null
    echo $? >"$work/status"
    sed "s|$FL_PLUGINS|PLUGINS|g" "$work/raw" >"$work/said"
)

for case; do
    case=${case%/}
    [ -d "$case" ] || case=$here/$case
    name=$(basename "$case")
    copy=$work/case
    rm -rf "$copy"
    cp -R "$case" "$copy" && chmod -R u+w "$copy" || exit 99
    find "$copy" -type d -exec chmod 755 {} + -o -name '*.key' -exec chmod 600 {} + -o -exec chmod 644 {} +
    [ ! -f "$copy/setup" ] || (cd "$copy" && sh ./setup) || exit 99
    rm -f "$copy/expected" "$copy/setup"
    check "$copy"
    if [ "$update" ]; then
        cp "$work/said" "$case/expected"
        echo "$name: exit status $(cat "$work/status")"
        continue
    fi
    right=1
    grep -q '^[0-9]* errors\{0,1\}, ' "$case/expected" || right=0
    if [ "$(cat "$work/status")" = "$right" ] && cmp -s "$case/expected" "$work/said"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "$name: exit status $(cat "$work/status"), expected $right"
        diff -u "$case/expected" "$work/said"
    fi
done
[ "$update" ] && exit 0
echo "$passed configurations as expected, $failed not"
[ $failed -eq 0 ] && [ $passed -gt 0 ]
