#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# man.sh - the manual pages are well-formed.
# shellcheck source=tests/lint/lib.sh
. "$(dirname "$0")/lib.sh"
need mandoc mandoc

find docs -name '*.[1-9]' -type f 2>/dev/null | sort | xargs -r -n 1 mandoc -T lint -W warning 2>&1 |
    sed -n 's/^mandoc: \([^:]*:[0-9]*\):[0-9]*: /\1: man: /p' >"$findings"
verdict
