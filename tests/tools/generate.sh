#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# generate.sh SOURCE BUILD MANUAL SAMPLE - writes fairlead.conf(5) to MANUAL and the sample
# configuration to SAMPLE, from the option tables of the daemon and the plugins built in BUILD.
set -eu
src=$1 build=$2 manual=$3 sample=$4
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM

# Nothing of the user's may be in the way: no configuration, no plugins but those just built.
described() {
    "$build/fairlead" --conf /dev/null --plugins "$build/plugdir" describe "$1"
}

# items: what `describe KIND/NAME` says of a plugin, as mdoc(7). Its version is left out.
items() {
    awk '
    function sentence(text) {
        gsub(/\\/, "\\e", text)
        sub(/^[.\x27]/, "\\\\\\&&", text)
        return toupper(substr(text, 1, 1)) substr(text, 2) "."
    }
    function list(to) {
        for (; depth < to; depth++)
            print ".Bl -tag -width Ds" (depth > 0 ? " -compact" : "")
        for (; depth > to; depth--)
            print ".El"
    }
    NR == 1 {
        print ".Ss " $1
        sub(/^[^ ]* [^ ]* - /, "")
        sub(/ \(plugin ABI [0-9.]*\)$/, "")
        print sentence($0)
        next
    }
    /^ *\(.*\)$/ && name != "" {
        gsub(/^ *\(|\)$/, "")
        gsub(/"/, "\\(dq")
        list(indent / 4)
        print ".It Cm " name " No \\(em " $0 "\n" sentence(help)
        name = ""
        next
    }
    {
        match($0, /^ */)
        indent = RLENGTH
        name = $1
        help = substr($0, indent + 1)
        sub(/^[^ ]+ +/, "", help)
    }
    END { list(0) }'
}
# plugins: all those of the source tree.
plugins() {
    for inc in "$src"/plugins/dns/*/Makefile.inc "$src"/plugins/solver/*/Makefile.inc \
        "$src"/plugins/sink/*/Makefile.inc; do
        folder=${inc%/Makefile.inc}
        described "${folder#"$src/plugins/"}" >"$tmp/plugin" || return
        items <"$tmp/plugin"
    done
}
described --man >"$tmp/options"
described --sample >"$tmp/sample"
plugins >"$tmp/plugins"
[ -s "$tmp/options" ] && [ -s "$tmp/sample" ] && [ -s "$tmp/plugins" ]
# part NAME FILE: standard input with the line @NAME@ replaced by that file.
part() {
    awk -v at="@$1@" -v file="$tmp/$2" '$0 == at { while ((getline line < file) > 0) print line; next } 1'
}
part OPTIONS options <"$src/docs/fairlead.conf.5.in" | part PLUGINS plugins >"$tmp/manual"
cp "$tmp/manual" "$manual"
cp "$tmp/sample" "$sample"
