#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# run.sh NAME SECONDS - lets libFuzzer search from tests/fuzz/corpus/NAME on, with the targets in
# $top_builddir. What it finds of interest stays in ./corpus, a crash in ./crash-*; a crash, an input that takes over
# a second or over 64 MiB fails.
: "${top_srcdir:?}" "${top_builddir:?}"
name=$1
mkdir -p corpus
dictionary=$top_srcdir/tests/fuzz/$name.dict
set -- -max_total_time="$2" -timeout=10 -rss_limit_mb=1024 -malloc_limit_mb=64 -print_final_stats=1 -max_len=16384
[ ! -f "$dictionary" ] || set -- "$@" -dict="$dictionary"
[ "$name" != conf ] || set -- "$@" corpus "$top_srcdir/tests/conf"
exec "$top_builddir/tests/fuzz/fuzz_$name" "$@" corpus "$top_srcdir/tests/fuzz/corpus/$name"
