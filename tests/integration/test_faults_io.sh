#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# test_faults_io.sh - the i-th exchange with the authority fails in seven ways, and the i-th write, fsync, rename and
# opening with every errno that a disk has for it, for every i; the next run ends with the certificate delivered and one
# order.
# time-limit: 900
set -u
top=$(cd "${top_srcdir:-$(dirname "$0")/../..}" && pwd)
build=$(cd "${top_builddir:-$top/build}" && pwd)
# shellcheck source=tests/tools/fault_begin.sh
. "$top/tests/tools/fault_begin.sh"
fault_begin
python3 "$top/tests/tools/fault_trials.py" conf.json http write fsync rename open
