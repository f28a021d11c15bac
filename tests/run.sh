#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# run.sh [PART | SCRIPT]... - the second command of the README: installs what the tests
# need, builds, runs them all and ends with `N passed, N failed, N skipped`. Status 1 if
# a test failed; with CI=true a skipped one is a failure too.
#
#   unit         make check with gcc and clang under ASan and UBSan, with gcc under TSan,
#                and once more with the programs under valgrind; two simulated years
#   lint         the rules in tests/lint
#   fuzz         libFuzzer on every target of tests/fuzz, FL_FUZZ_SECONDS (default: 60) each
#   integration  every tests/integration/test_*.sh against real servers on loopback
#   k8s, conformance   the same for these folders
#   dist         make distcheck, install, installcheck
#
# FL_BUILD is where it builds (default: build), FL_JOBS how many compile or run side by
# side (default: the cores). A test script is run in an empty folder of its own with
# top_srcdir and top_builddir set; 0 is passed, 77 skipped, anything else failed. It has
# 300 seconds, unless a line `# time-limit: SECONDS` among its first says otherwise.
set -u
export LC_ALL=C
PATH=$PATH:/usr/sbin:/sbin
unset MAKEFLAGS MFLAGS
src=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "${FL_BUILD:-$src/build}" || exit 1
base=$(cd "${FL_BUILD:-$src/build}" && pwd)
jobs=${FL_JOBS:-$(nproc)}
logs=$base/logs
results=$base/results.txt

export ASAN_OPTIONS="${ASAN_OPTIONS:-detect_stack_use_after_return=1:strict_string_checks=1}"
export UBSAN_OPTIONS="${UBSAN_OPTIONS:-print_stacktrace=1}"
export TSAN_OPTIONS="${TSAN_OPTIONS:-second_deadlock_stack=1}"

# ---- results: a line a test, RESULT PASSED FAILED SKIPPED NAME LOG --------------------

# result RESULT NAME LOG [PASSED FAILED SKIPPED]: notes and prints one outcome.
result() {
    case $1 in
    PASS) counts="${4:-1} ${5:-0} ${6:-0}" ;;
    SKIP) counts="0 0 1" ;;
    *) counts="${4:-0} ${5:-1} ${6:-0}" ;;
    esac
    echo "$1 $counts $2 $3" >>"$results"
    echo "$1: $2"
    [ "$1" != FAIL ] || tail -n 40 "$3" | sed 's/^/    | /'
}

# cmocka LOG: "passed failed skipped" if a cmocka program wrote it, else nothing.
cmocka() {
    awk '/^\[  PASSED  \] [0-9]+ test/ { seen = 1; passed += $4 }
         /^\[  FAILED  \] [0-9]+ test/ { failed += $4 }
         /^\[  SKIPPED \] [0-9]+ test/ { skipped += $4 }
         END { if (seen) print passed + 0, failed + 0, skipped + 0 }' "$1"
}

# collect JOB BUILD: what make check left there, as results.
collect() {
    find "$2" -name '*.trs' -newer "$2/check.stamp" | sort >"$logs/$1.trs"
    while IFS= read -r trs; do
        name=${trs#"$2/"}
        log=${trs%.trs}.log
        outcome=$(sed -n 's/^:test-result: \([A-Z]*\).*/\1/p' "$trs" | head -n 1)
        counts=$(cmocka "$log")
        case $outcome in
        PASS | SKIP) ;;
        *)
            outcome=FAIL
            # A program that died has counted nothing as failed.
            counts=$(echo "$counts" | awk 'NF { print $1, ($2 ? $2 : 1), $3 }')
            ;;
        esac
        # shellcheck disable=SC2086 # three numbers
        result "$outcome" "$1/$(basename "${name%.trs}")" "$log" $counts
    done <"$logs/$1.trs"
    [ -s "$logs/$1.trs" ]
}

# ---- building ----------------------------------------------------------------------

# Makefile.in and configure are brought up to date once, before the builds that run
# side by side would each do so.
bootstrap() {
    if [ -f "$src/config.status" ]; then
        echo "run.sh: the source tree itself is configured; run make distclean in it first" >&2
        exit 1
    fi
    cd "$src" || exit 1
    if [ ! -f configure ] || [ ! -f build-aux/install-sh ] ||
        [ -n "$(find configure.ac m4/fairlead.m4 -newer configure)" ]; then
        autoreconf -fi
    elif [ -n "$(find Makefile.am core plugins conf docs tests \
        \( -name Makefile.inc -o -name Makefile.am \) -newer Makefile.in)" ]; then
        automake
    fi >"$logs/bootstrap.log" 2>&1 && return
    result FAIL bootstrap "$logs/bootstrap.log"
    finish
}

# built NAME ARGUMENT...: configures once and makes in $base/NAME; prints only failures.
built() {
    dir=$base/$1 log=$logs/$1.build.log
    shift
    mkdir -p "$dir" && cd "$dir" || return 1
    {
        # The arguments are part of what was configured.
        echo "$*" >arguments.new
        if [ ! -f config.status ] || ! cmp -s arguments arguments.new; then
            "$src/configure" -q --enable-werror "$@" && mv arguments.new arguments
        fi && make -j"$jobs"
    } >"$log" 2>&1 </dev/null && return
    result FAIL "$(basename "$dir")/build" "$log"
    return 1
}

# Each kind of build has one name and one set of arguments.
build_gcc_asan() { built gcc-asan CC=gcc CXX=g++ CFLAGS='-g -O1' --enable-sanitizers=address,undefined; }
build_clang_asan() {
    built clang-asan CC=clang CXX=clang++ CFLAGS='-g -O1' --enable-sanitizers=address,undefined
}
build_gcc_tsan() { built gcc-tsan CC=gcc CXX=g++ CFLAGS='-g -O1' --enable-sanitizers=thread; }
build_clang_fuzz() {
    built clang-fuzz CC=clang CXX=clang++ CPPFLAGS=-DFL_FUZZER CFLAGS='-g -O1 -fsanitize=fuzzer-no-link' \
        --enable-sanitizers=address,undefined
}
build_plain() { built plain CC=gcc CXX=g++ "--prefix=$base/installed"; }

# checked JOB NAME COMMAND...: COMMAND is a make check in $base/NAME.
checked() {
    job=$1 dir=$base/$2 log=$logs/$(echo "$1" | tr / -).log
    shift 2
    cd "$dir" || return
    touch check.stamp
    "$@" >"$log" 2>&1 </dev/null
    status=$?
    if ! collect "$job" "$dir" && [ $status != 0 ]; then
        result FAIL "$job/make-check" "$log"
    elif [ $status != 0 ] && ! grep -qs "^FAIL .* $job/" "$results"; then
        result FAIL "$job/make-check" "$log"
    fi
}

# ---- parts -------------------------------------------------------------------------

unit_gcc() {
    build_gcc_asan && checked gcc-asan gcc-asan make -j"$jobs" check LINTS=
}
unit_clang() {
    build_clang_asan && checked clang-asan clang-asan make -j"$jobs" check LINTS=
}
# Kernels that place things at random more widely than the run-time expects are told not to.
unit_tsan() {
    still=
    setarch -R true 2>/dev/null && still='setarch -R'
    build_gcc_tsan || return
    # shellcheck disable=SC2086 # a command, or nothing
    checked gcc-tsan gcc-tsan $still make -j"$jobs" check LINTS=
    for name in first_light_pebble24 real_dns reload; do threads_of integration "$name"; done
    for name in self rfc2136_knot powerdns; do threads_of conformance "$name"; done
}
# threads_of FOLDER NAME: the daemon itself, or a provider in the suite, with all its threads.
threads_of() {
    dir=$base/gcc-tsan/$1-$2 log=$logs/gcc-tsan-$1-$2.log
    rm -rf "$dir"
    mkdir -p "$dir" || return
    # shellcheck disable=SC2086 # a command, or nothing
    (cd "$dir" && top_srcdir=$src top_builddir=$base/gcc-tsan timeout --kill-after=10 300 $still \
        sh "$src/tests/$1/test_$2.sh") >"$log" 2>&1 </dev/null
    case $? in
    0) result PASS "gcc-tsan/$1-$2" "$log" ;;
    77) result SKIP "gcc-tsan/$1-$2" "$log" ;;
    *) result FAIL "gcc-tsan/$1-$2" "$log" ;;
    esac
}
# fuzz: on from the corpora, two targets at a time; what was learned stays in $base/fuzz.
fuzz() {
    build_clang_fuzz || return
    log=$logs/clang-fuzz.targets.log
    if ! make -C "$base/clang-fuzz" -j"$jobs" fuzzers LDFLAGS=-fsanitize=fuzzer >"$log" 2>&1 </dev/null; then
        result FAIL clang-fuzz/targets "$log"
        return
    fi
    for target in "$src"/tests/fuzz/fuzz_*.c; do basename "$target" .c; done | sed 's/^fuzz_//' |
        xargs -P 2 -n 1 sh "$src/tests/run.sh" --fuzz
}
# fuzzed NAME: one target, in a folder of its own.
fuzzed() {
    dir=$base/fuzz/$1 log=$logs/fuzz-$1.log
    mkdir -p "$dir" && cd "$dir" || return
    rm -f crash-* oom-* timeout-* leak-*
    if top_srcdir=$src top_builddir=$base/clang-fuzz timeout --kill-after=10 $((${FL_FUZZ_SECONDS:-60} + 240)) \
        sh "$src/tests/fuzz/run.sh" "$1" "${FL_FUZZ_SECONDS:-60}" >"$log" 2>&1 </dev/null; then
        result PASS "fuzz/$1" "$log"
    else
        result FAIL "fuzz/$1" "$log"
    fi
}
unit_valgrind() {
    build_plain && checked valgrind plain make -j"$jobs" check LINTS= LOG_COMPILER='timeout -k 10 600 valgrind' \
        LOG_FLAGS='-q --error-exitcode=9 --leak-check=full --errors-for-leak-kinds=definite --fair-sched=yes'
}
# Renewal in time, in the build without sanitizers.
years() {
    build_plain || return
    top_srcdir=$src top_builddir=$base/plain SIM_CERTIFICATES=${SIM_CERTIFICATES:-500} \
        sh "$src/tests/run.sh" --script "$src/tests/sim/test_years.sh"
}
lint() {
    build_plain && checked lint plain make -j"$jobs" lint
}

# dist: what a packager does.
dist() {
    build_plain || return
    for goal in distcheck install installcheck; do
        log=$logs/dist-$goal.log
        if DISTCHECK_CONFIGURE_FLAGS=--enable-werror make -C "$base/plain" -j"$jobs" "$goal" \
            >"$log" 2>&1 </dev/null; then
            result PASS "dist/$goal" "$log"
        else
            result FAIL "dist/$goal" "$log"
        fi
    done
}

# script FILE: one test script, in a folder of its own.
script() {
    name=$(basename "$(dirname "$1")")/$(basename "$1" .sh)
    dir=$base/$name log=$logs/$(echo "$name" | tr / -).log
    limit=$(sed -n '1,20s/^# time-limit: *\([0-9]*\).*/\1/p' "$1")
    rm -rf "$dir"
    mkdir -p "$dir" && cd "$dir" || return
    # A process group of its own: nothing that a test has started outlives its limit.
    timeout --kill-after=10 "${limit:-300}" sh "$1" >"$log" 2>&1 </dev/null &
    guarded=$!
    trap 'kill $guarded 2>/dev/null; exit 130' INT TERM
    wait $guarded
    status=$?
    case $status in
    0) result PASS "$name" "$log" ;;
    77) result SKIP "$name" "$log" ;;
    *)
        [ $status != 124 ] || echo "run.sh: past its limit of ${limit:-300} seconds" >>"$log"
        result FAIL "$name" "$log"
        ;;
    esac
}

# scripts FILE...: two at a time, against the daemon built with the sanitizers.
scripts() {
    [ $# -gt 0 ] && [ -f "$1" ] || return
    build_gcc_asan || return
    # What they use is made once, before they run side by side.
    log=$logs/gcc-asan.tools.log
    if ! make -C "$base/gcc-asan" -j"$jobs" tools fairlead-conformance plugdir/stamp >"$log" 2>&1 </dev/null; then
        result FAIL gcc-asan/tools "$log"
        return
    fi
    export top_srcdir="$src" top_builddir="$base/gcc-asan" FL_MADE=1
    printf '%s\n' "$@" | xargs -P 2 -n 1 sh "$src/tests/run.sh" --script
}

# finish: the list of what was not well, and the last line.
finish() {
    echo
    awk '$1 == "SKIP" { print "skipped: " $5 " (" $6 ")" } $1 == "FAIL" { print "failed: " $5 " (" $6 ")" }' \
        "$results"
    awk -v ci="${CI:-}" '
        { passed += $2; failed += $3; skipped += $4 }
        END {
            if (ci == "true" && skipped)
                print "with CI=true nothing may be skipped"
            printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped
            exit failed || (ci == "true" && skipped)
        }' "$results"
    exit
}

# ---- what is asked for -------------------------------------------------------------

if [ "${1:-}" = --script ]; then
    script "$2"
    exit 0
fi
if [ "${1:-}" = --fuzz ]; then
    fuzzed "$2"
    exit 0
fi
unset top_srcdir top_builddir FL_MADE
rm -rf "$logs"
mkdir -p "$logs"
: >"$results"
[ $# -gt 0 ] || set -- unit lint fuzz integration k8s conformance dist
parts=''
files=''
for arg; do
    case $arg in
    unit | lint | fuzz | integration | k8s | conformance | dist) parts="$parts $arg" ;;
    *.sh)
        [ -f "$arg" ] || { echo "run.sh: no such script: $arg" >&2 && exit 2; }
        files="$files $(cd "$(dirname "$arg")" && pwd)/$(basename "$arg")"
        ;;
    *) echo "usage: sh tests/run.sh [unit|lint|fuzz|integration|k8s|conformance|dist|SCRIPT]..." >&2 && exit 2 ;;
    esac
done
asked() { case " $parts " in *" $1 "*) true ;; *) false ;; esac; }

sh "$src/tests/tools/deps.sh" build test lint >"$logs/deps.log" 2>&1 || {
    result FAIL deps "$logs/deps.log"
    finish
}
bootstrap

# Two lanes side by side: the first builds the daemon that the second half of its work
# needs, the other has the remaining builds. The plain build is in one lane only.
{
    if asked unit; then unit_gcc; fi
    for part in integration k8s conformance; do
        asked "$part" && scripts "$src/tests/$part"/test_*.sh
    done
    # shellcheck disable=SC2086 # a list of paths
    scripts $files
} &
first=$!
{
    if asked lint; then lint; fi
    if asked unit; then unit_clang; unit_tsan; unit_valgrind; years; fi
    if asked fuzz; then fuzz; fi
    if asked dist; then dist; fi
} &
second=$!
# ended PID: ends a process that this run started, then what that has started.
# shellcheck disable=SC2317 # the trap calls it
ended() {
    children=$(ps -o pid= --ppid "$1")
    kill "$1" 2>/dev/null
    for child in $children; do ended "$child"; done
}
trap 'ended $first; ended $second; exit 130' INT TERM
wait $first
wait $second
finish
