#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# size.sh - hard limits: functions of 80 lines and a complexity of 20, files of 500
# lines (headers: of 500 lines of code, for their comments are the contract).
# shellcheck source=tests/lint/lib.sh
. "$(dirname "$0")/lib.sh"
need ctags universal-ctags
need pmccabe pmccabe
need python3 python3

csources | xargs -r ctags --languages=C --langmap=C:.c.h --kinds-C=f --fields=+ne -u -f - 2>/dev/null |
    awk -F '\t' '{
        line = end = 0
        for (i = 4; i <= NF; i++) {
            if ($i ~ /^line:/) line = substr($i, 6)
            if ($i ~ /^end:/) end = substr($i, 5)
        }
        if (end - line + 1 > 80)
            printf "%s:%d: function-length: %s() has %d lines of at most 80: split it by idea\n",
                $2, line, $1, end - line + 1
    }' >"$findings"

# pmccabe: complexity with switch as one, complexity, statements, line, lines, file(line): name
csources | xargs -r pmccabe 2>/dev/null |
    awk -F '\t' '$2 > 20 {
        where = $6
        sub(/\(.*$/, "", where)
        name = $6
        sub(/^.*: /, "", name)
        printf "%s:%d: complexity: %s() has %d of at most 20: use a table, or split it\n", where, $4, name, $2
    }' >>"$findings"

sources '*.c' '*.sh' '*.py' '*.awk' | while IFS= read -r file; do
    lines=$(wc -l <"$file")
    [ "$lines" -le 500 ] ||
        echo "$file:501: file-length: $lines lines of at most 500: split it by idea" >>"$findings"
done
sources '*.h' | xargs -r python3 "$lintdir/csource.py" | cut -d: -f1 | uniq -c |
    awk '$1 > 500 {
        printf "%s:501: file-length: %d lines of code of at most 500: split it by idea\n", $2, $1
    }' >>"$findings"
verdict
