#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# generated.sh - what is printed from the option tables and kept in the tree is current.
# shellcheck source=tests/lint/lib.sh
. "$(dirname "$0")/lib.sh"

# A plugin that was left out of the build would be missing in the pages.
for inc in plugins/*/*/Makefile.inc; do
    folder=${inc%/Makefile.inc}
    object=$build/plugdir/${folder#plugins/}.so
    if [ ! -f "$object" ]; then
        echo "generated: ${folder#plugins/} is not built"
        exit 77
    fi
done
fresh=$(mktemp -d) || exit 2
trap 'rm -rf "$findings" "$fresh"' EXIT
if ! sh "$lintdir/../tools/generate.sh" . "$build" "$fresh/manual" "$fresh/sample"; then
    echo "docs/fairlead.conf.5.in:1: generated: fairlead describe failed" >"$findings"
    verdict
fi

# same FILE FRESH: the first line in which they differ is the finding.
same() {
    line=$(cmp "$1" "$2" 2>&1 | sed -n 's/.* line \([0-9]*\)$/\1/p')
    cmp -s "$1" "$2" || echo "$1:${line:-1}: generated: is not what the option tables say: make docs-update"
}
{
    same docs/fairlead.conf.5 "$fresh/manual"
    same conf/fairlead.conf "$fresh/sample"
} >"$findings"
verdict
