#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# test_tls_alpn01_pebble24.sh - proofs by TLS handshakes, looked at by Debian's Pebble 2.4.0.
set -u
top=$(cd "${top_srcdir:-$(dirname "$0")/../..}" && pwd)
build=$(cd "${top_builddir:-$top/build}" && pwd)
# shellcheck source=tests/tools/tls_alpn.sh
. "$top/tests/tools/tls_alpn.sh"
e2e_end
