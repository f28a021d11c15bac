#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# format.sh - every C file stands as clang-format writes it (.clang-format).
# shellcheck source=tests/lint/lib.sh
. "$(dirname "$0")/lib.sh"
need clang-format clang-format

csources | xargs -r clang-format --style=file --dry-run 2>&1 |
    sed -n 's/^\([^ :]*:[0-9]*\):[0-9]*: warning:.*/\1: format: run clang-format -i on this file/p' >"$findings"
verdict
