#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# test_self.sh - the plugin `self` keeps the contract of DNS providers; what it was told it serves.
# time-limit: 600
set -eu
top=$(cd "${top_srcdir:-$(dirname "$0")/../..}" && pwd)
# shellcheck source=tests/conformance/run.sh
. "$top/tests/conformance/run.sh"
conformance_begin dig
port=$(conformance_port)
cat >fl.conf <<END
dns = { own = { plugin = "self"; serve = "example.test"; listen = "127.0.0.1:$port"; addresses = "127.0.0.1"; }; };
END
conformance 'self' --server "127.0.0.1:$port" fl.conf own example.test
conformance_end
