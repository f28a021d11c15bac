#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# exports.sh - the functions that the public headers declare, those that the
# daemon shows and those that the version script names are the same; a plugin
# shows its entry alone and asks for nothing that the daemon does not have.
# shellcheck source=tests/lint/lib.sh
. "$(dirname "$0")/lib.sh"
need ctags universal-ctags
nm=${NM:-nm}
need "${nm%% *}" binutils
work=$(mktemp -d) || exit 2
trap 'rm -rf "$findings" "$work"' EXIT

# differ LEFT RIGHT FILE TEXT: a finding for each name in LEFT that RIGHT lacks.
differ() {
    comm -23 "$work/$1" "$work/$2" | while IFS= read -r name; do
        echo "$3:1: exports: $name $4"
    done >>"$findings"
}

ctags --languages=C --langmap=C:.h --kinds-C=p -D 'FL_PRINTF(a,b)=' -D FL_EXPORT= -x core/include/fl/*.h \
    2>/dev/null | awk '{ print $1 }' | sort -u >"$work/headers"
tr ';' '\n' <"$build/core/exports.map" | sed -n 's/^ *\(fl_[a-z0-9_]*\)$/\1/p' | sort >"$work/map"
# $nm may be a command with options, as libtool's is.
$nm -D --defined-only "$build/fairlead" | awk '$3 ~ /^fl_/ { print $3 }' | sort >"$work/daemon"
differ headers map core/exports.awk "is declared without FL_EXPORT, or the script does not see it"
differ map headers core/exports.awk "is in the version script but in no public header"
differ headers daemon core/include/fl "is declared there and defined nowhere"
differ daemon headers core/include/fl "is shown by the daemon and in no public header"

for object in "$build"/plugdir/*/*.so; do
    [ -f "$object" ] || continue
    plugin=plugins/${object#"$build/plugdir/"}
    $nm -D --defined-only "$object" | awk '$3 !~ /^_/ { print $3 }' | sort >"$work/shown"
    echo fl_plugin_entry >"$work/entry"
    differ shown entry "$plugin" "is shown too; a plugin shows fl_plugin_entry alone: make it static"
    differ entry shown "$plugin" "is missing: see FL_DNS_PLUGIN and its like in <fl/plugin.h>"
    $nm -D --undefined-only "$object" | awk '$NF ~ /^fl_/ { print $NF }' | sort >"$work/asked"
    differ asked daemon "$plugin" "is called and the daemon does not have it"
done
verdict
