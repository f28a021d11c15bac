#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# test_kill_steps.sh - killed after every step of every table, before and after that is on disk, it runs on: no order too
# many, nothing left in a zone at Knot, no key and no account lost. What the steps are `fairlead pipeline` says.
# time-limit: 600
set -u
top=$(cd "${top_srcdir:-$(dirname "$0")/../..}" && pwd)
build=$(cd "${top_builddir:-$top/build}" && pwd)
# shellcheck source=tests/tools/kill_lanes.sh
. "$top/tests/tools/kill_lanes.sh"
kill_lanes 3
python3 "$top/tests/tools/kill_trials.py" steps lanes.json
