# SPDX-License-Identifier: Apache-2.0
# exports.awk - public headers in, the linker's version script out: each function
# that is declared with FL_EXPORT, and the sanitizers' own symbols, which clang
# links into the daemon and plugins built with them must find.
{
    while (match($0, /\/\*[^*]*\*+([^\/*][^*]*\*+)*\//))
        $0 = substr($0, 1, RSTART - 1) " " substr($0, RSTART + RLENGTH)
}
comment { if (!sub(/^.*\*\//, "")) next; comment = 0 }
/\/\*/ { sub(/\/\*.*$/, ""); comment = 1 }
/^[ \t]*#/ || directive { directive = /\\$/; next }
{ text = text " " $0 }
END {
    print "{"
    print "  global:"
    while (match(text, /[^A-Za-z0-9_]FL_EXPORT[^;(]*/)) {
        name = substr(text, RSTART, RLENGTH)
        text = substr(text, RSTART + RLENGTH)
        sub(/[ \t]*$/, "", name)
        sub(/^.*[^a-z0-9_]/, "", name)
        print "    " name ";"
    }
    print "    __asan_*; __ubsan_*; __tsan_*; __sanitizer_*; __lsan_*; __odr_asan*;"
    print "  local: *;"
    print "};"
}
