#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# run.sh - the figures of docs/bench.md, beside Debian's lego and uacme in the same run, as a table; status 1 when a count or
# a ratio is not what is claimed there. Not part of CI: it takes a quarter of an hour and wants a machine that does
# nothing else.
#
#     sh tests/bench/run.sh [BUILD]      a build without sanitizers (default: build/plain, which tests/run.sh makes)
#
#     BENCH_COUNTS=1       only what fairlead asks for, and over how many connections: half a minute
#     BENCH_MANY=200       certificates of the second round
#     BENCH_STATES='1000 10000 100000'   certificates in state at a start
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
build=$(cd "${1:-${top_builddir:-$top/build/plain}}" && pwd) || exit 1
many=${BENCH_MANY:-200}
failed=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
purposes='test bench' # of deps.sh
[ -z "${BENCH_COUNTS:-}" ] || purposes='test'
# shellcheck disable=SC2086 # words
sh "$top/tests/tools/deps.sh" $purposes || exit 1
[ -z "${BENCH_COUNTS:-}" ] || export BENCH_ONLY='fairlead_http fairlead_dns' BENCH_RUNS=1
BENCH_RESULTS=$work/results BENCH_MANY=$many sh "$top/tests/bench/once.sh" "$build" || exit 1

# claim WORDS TEST: TEST is an awk expression over v["PROGRAM,N,COLUMN"].
claim() {
    if awk -v many="$many" '{ v[$1 "," $2 ",wall"] = $3; v[$1 "," $2 ",cpu"] = $4; v[$1 "," $2 ",rss"] = $5
            v[$1 "," $2 ",requests"] = $6; v[$1 "," $2 ",connections"] = $7 }
        END { exit !('"$2"') }' "$work/results"; then
        echo "held: $1"
    else
        echo "NOT HELD: $1"
        failed=1
    fi
}
echo
claim 'one certificate with nothing in state: at most 11 requests' 'v["fairlead_http,1,requests"] <= 11'
claim 'many: at most 7.5 requests a certificate' 'v["fairlead_http," many ",requests"] <= 7.5 * many'
claim 'one connection' 'v["fairlead_http," many ",connections"] == 1 && v["fairlead_dns," many ",connections"] == 1'
[ -z "${BENCH_COUNTS:-}" ] || exit $failed
claim 'many: a peer asks for more, by 1.4 and above' \
    'v["lego8_http," many ",requests"] >= 1.4 * v["fairlead_http," many ",requests"] || !v["lego8_http," many ",requests"]'
claim 'many: lego one after the other takes 20 times as long and above' \
    'v["lego_http," many ",wall"] >= 20 * v["fairlead_http," many ",wall"] || !v["lego_http," many ",wall"]'
claim 'many: lego needs twice the CPU and above' \
    'v["lego8_http," many ",cpu"] >= 2 * v["fairlead_http," many ",cpu"] || !v["lego8_http," many ",cpu"]'

echo
printf '%-16s %9s %9s %9s %12s %12s\n' 'in state' ready 'all seen' CPU 'resident' 'of it own'
for n in ${BENCH_STATES:-1000 10000 100000}; do
    # In memory: a start writes nothing that is worth waiting for a disk.
    dir=$(mktemp -d -p /dev/shm 2>/dev/null || mktemp -d)
    line=$(python3 "$top/tests/bench/start.py" "$build/fairlead" "$build/plugdir" "$dir" "$n") || failed=1
    rm -rf "$dir"
    echo "$n $line" | awk 'NF > 5 { printf "%-16d %7.2f s %7.2f s %7.2f s %8.1f MiB %8.1f MiB\n", $1, $2, $3, $4, $5 / 1024, $6 / 1024 }'
done
exit $failed
