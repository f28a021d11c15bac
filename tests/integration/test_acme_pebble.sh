#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# test_acme_pebble.sh - core/acme against Debian's Pebble: requests per certificate, nonces refused, binding.
set -u
top=$(cd "${top_srcdir:-$(dirname "$0")/../..}" && pwd)
build=$(cd "${top_builddir:-$top/build}" && pwd)
pebble_bin=${pebble_bin:-pebble}
command -v "$pebble_bin" >/dev/null 2>&1 || { echo "pebble is not installed" && exit 77; }
# shellcheck source=tests/tools/acme_pebble.sh
. "$top/tests/tools/acme_pebble.sh"

[ "$failures" = 0 ]
