#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# test_years.sh - two years of 10,000 certificates on a disk in memory, and of 100 on a real one; outages of hours and days,
# clock jumps. For a build without sanitizers: what it measures is also the engine's own CPU time.
# time-limit: 900
set -u
build=$(cd "${top_builddir:-build/plain}" && pwd) || exit 1
make -s -C "$build" tests/sim/sim tests/sim/sim_files >make.log 2>&1 || { cat make.log && exit 1; }
status=0
# Large pages: half a GiB of records is more than the processor has addresses of small ones at hand for.
GLIBC_TUNABLES=glibc.malloc.hugetlb=1:glibc.malloc.tcache_count=2000 "$build/tests/sim/sim" "${SIM_CERTIFICATES:-10000}" 730 || status=1
echo
dir=$(mktemp -d -p /dev/shm 2>/dev/null || mktemp -d)
trap 'rm -rf "$dir"' EXIT
"$build/tests/sim/sim_files" 100 730 "$dir" || status=1
exit $status
