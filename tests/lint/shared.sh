#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shared.sh - every lock, atomic and variable that threads could share stands in
# the table "Shared mutable things" of docs/design.md, and nothing else does.
# shellcheck source=tests/lint/lib.sh
. "$(dirname "$0")/lib.sh"
need python3 python3
csources | grep -E '^(core|plugins)/' | PYTHONDONTWRITEBYTECODE=1 python3 "$lintdir/shared.py" >"$findings" || exit 1
verdict
