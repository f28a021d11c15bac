#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# test_tls_alpn01_pebble210.sh - proofs by TLS handshakes, looked at by Pebble 2.10.1.
set -u
top=$(cd "${top_srcdir:-$(dirname "$0")/../..}" && pwd)
build=$(cd "${top_builddir:-$top/build}" && pwd)
folder=$(sh "$top/tests/tools/pebble.sh") || exit $?
pebble_bin=$folder/pebble
# shellcheck source=tests/tools/tls_alpn.sh
. "$top/tests/tools/tls_alpn.sh"
e2e_end
