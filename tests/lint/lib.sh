# shellcheck shell=sh disable=SC2034
# SPDX-License-Identifier: Apache-2.0
# lib.sh - what the lints share. A lint is called as LINT.sh [SOURCE [BUILD]], with
# make check's own folders if not given, and ends in SOURCE. It prints a line
#     FILE:LINE: rule: what to do
# per finding; status 0: clean, 1: findings, 77: a tool is missing (with CI=true
# that fails too). No lint has a list of files that it lets pass.
set -u
export LC_ALL=C
lint=$(basename "$0" .sh)
lintdir=$(cd "$(dirname "$0")" && pwd)
build=$(cd "${2:-${top_builddir:-.}}" && pwd) || exit 2
cd "${1:-${top_srcdir:-.}}" || exit 2
findings=$(mktemp) || exit 2
trap 'rm -f "$findings"' EXIT

# need TOOL PACKAGE: without the tool the lint cannot say anything.
need() {
    command -v "$1" >/dev/null 2>&1 && return
    echo "$lint: $1 is missing; apt-get install $2"
    [ "${CI:-}" = true ] && exit 1
    exit 77
}

# sources NAME...: the files of ours whose names fit one of the patterns, sorted.
sources() {
    for pattern; do
        find core plugins conf docs tests .ci -name "$pattern" -type f 2>/dev/null
    done | sort
}

# csources: every C file, sorted.
csources() { sources '*.c' '*.h'; }

# verdict: prints the findings and ends.
verdict() {
    sort -u "$findings" | sort -s -t: -k1,1 -k2,2n
    [ -s "$findings" ] || exit 0
    echo "$lint: $(sort -u "$findings" | wc -l) to mend"
    exit 1
}
