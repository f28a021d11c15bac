#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# banned.sh - calls without a bound, goto, typedefs that hide a struct, files
# without a licence line, marks of unfinished work, paths of one machine.
# shellcheck source=tests/lint/lib.sh
. "$(dirname "$0")/lib.sh"
need python3 python3

csources | xargs -r python3 "$lintdir/csource.py" | awk '
    BEGIN {
        split("strcpy:buf_add stpcpy:buf_add strcat:buf_add sprintf:snprintf vsprintf:vsnprintf strtok:strsep " \
            "atoi:strtol atol:strtol atoll:strtoll atof:strtod gets:fgets alloca:malloc system:posix_spawn " \
            "popen:posix_spawn", pairs, " ")
        for (i in pairs) {
            split(pairs[i], pair, ":")
            instead[pair[1]] = pair[2]
        }
    }
    {
        where = $0
        match(where, /^[^:]*:[0-9]+:/)
        code = substr($0, RLENGTH + 1)
        where = substr($0, 1, RLENGTH)
        rest = code
        while (match(rest, /[A-Za-z_][A-Za-z0-9_]*[ \t]*\(?/)) {
            word = substr(rest, RSTART, RLENGTH)
            before = substr(rest, 1, RSTART - 1)
            rest = substr(rest, RSTART + RLENGTH)
            call = sub(/[ \t]*\($/, "", word)
            sub(/[ \t]*$/, "", word)
            if (call && (word in instead) && before !~ /(\.|->)[ \t]*$/)
                print where " banned-call: " word "() has no bound or starts a shell; see " instead[word] "()"
            if (word == "goto")
                print where " goto: leave by return; core/base/mem.h frees what is held"
        }
        if (typedef == "" && code ~ /(^|[^A-Za-z0-9_])typedef([^A-Za-z0-9_]|$)/)
            typedef = where
        if (typedef != "") {
            text = text " " code
            if (code ~ /;/) {
                if (text !~ /\(/ || text ~ /(struct|union|enum)[ \t]*[A-Za-z0-9_]*[ \t]*\{/)
                    print typedef " typedef: only callbacks have one; write the struct, union or enum"
                typedef = text = ""
            }
        }
    }' >"$findings"

scripts() {
    sources '*.sh' '*.py' '*.awk' Makefile.inc
    for file in configure.ac Makefile.am m4/fairlead.m4 .ci/run; do
        [ ! -f "$file" ] || echo "$file"
    done
}
{
    csources | while IFS= read -r file; do
        [ "$(sed -n 1p "$file")" = '/* SPDX-License-Identifier: Apache-2.0 */' ] ||
            echo "$file:1: licence: the first line is /* SPDX-License-Identifier: Apache-2.0 */"
        sed -n 2,3p "$file" | grep -qE "[ /]$(basename "$file") - " ||
            echo "$file:2: purpose: the next comment begins with $(basename "$file") - and what it is"
    done
    scripts | while IFS= read -r file; do
        sed -n 1,2p "$file" | grep -q 'SPDX-License-Identifier: Apache-2.0' ||
            echo "$file:1: licence: a line SPDX-License-Identifier: Apache-2.0 stands at the top"
    done
    {
        sources '*'
        scripts
    } | sort -u | xargs -r grep -nHIE '(^|[^[:alnum:]_.$}])/(work|farm|root|tmp/dev)/' |
        sed 's/^\([^:]*:[0-9]*\):.*/\1: machine-path: a path of one machine; make it relative or an option/'
    csources | xargs -r grep -nHwE 'TO[D]O|FIX[M]E|XX[X]|HA[C]K' |
        sed 's/^\([^:]*:[0-9]*\):.*/\1: unfinished: finish it, or write the issue that will/'
} >>"$findings"
verdict
