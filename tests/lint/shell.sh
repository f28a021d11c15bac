#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shell.sh - shellcheck on every script, also on those without a suffix.
# shellcheck source=tests/lint/lib.sh
. "$(dirname "$0")/lib.sh"
need shellcheck shellcheck

{
    sources '*.sh'
    [ -f .ci/run ] && echo .ci/run
} | xargs -r shellcheck -x -P SCRIPTDIR -f gcc >"$findings"
verdict
