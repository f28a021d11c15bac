#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# test_kill_random.sh - killed 200 times at any moment it runs on: no order is finalized twice or left unadopted,
# nothing left in a zone at Knot, no key and no account lost.
# time-limit: 600
set -u
top=$(cd "${top_srcdir:-$(dirname "$0")/../..}" && pwd)
build=$(cd "${top_builddir:-$top/build}" && pwd)
# shellcheck source=tests/tools/kill_lanes.sh
. "$top/tests/tools/kill_lanes.sh"
kill_lanes 3
python3 "$top/tests/tools/kill_trials.py" random lanes.json "${FL_KILLS:-200}"
