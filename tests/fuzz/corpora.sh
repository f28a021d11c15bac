#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# corpora.sh - every fuzz target over its corpus: what was found once stays found.
: "${top_srcdir:?}" "${top_builddir:?}"
status=0
for corpus in "$top_srcdir"/tests/fuzz/corpus/*; do
    name=$(basename "$corpus")
    more=
    [ "$name" != conf ] || more=$top_srcdir/tests/conf
    "$top_builddir/tests/fuzz/fuzz_$name" "$corpus" ${more:+"$more"} || { echo "fuzz_$name failed" >&2 && status=1; }
done
for target in "$top_srcdir"/tests/fuzz/fuzz_*.c; do
    name=$(basename "$target" .c)
    [ -d "$top_srcdir/tests/fuzz/corpus/${name#fuzz_}" ] || { echo "$name has no corpus" >&2 && status=1; }
done
exit $status
