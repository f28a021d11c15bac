#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# test_first_light_pebble24.sh - from a configuration to certificates on disk, by Debian's Pebble 2.4.0.
set -u
top=$(cd "${top_srcdir:-$(dirname "$0")/../..}" && pwd)
build=$(cd "${top_builddir:-$top/build}" && pwd)
# shellcheck source=tests/tools/first_light.sh
. "$top/tests/tools/first_light.sh"
e2e_end
