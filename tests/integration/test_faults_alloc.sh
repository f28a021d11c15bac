#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# test_faults_alloc.sh - memory ends at any place, once: nothing crashes, nothing leaks, and the next run ends with the
# certificate delivered and one order. One allocation for each way that leads to one; FL_FAULT_ALL=1: every one.
# time-limit: 900
set -u
top=$(cd "${top_srcdir:-$(dirname "$0")/../..}" && pwd)
build=$(cd "${top_builddir:-$top/build}" && pwd)
# shellcheck source=tests/tools/fault_begin.sh
. "$top/tests/tools/fault_begin.sh"
fault_begin
python3 "$top/tests/tools/fault_trials.py" conf.json alloc
