#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# test_rfc2136_bind.sh - the plugin `rfc2136` with BIND keeps the contract of DNS providers: over a zone that it may
# transfer, and over one that it may not.
# time-limit: 600
set -eu
top=$(cd "${top_srcdir:-$(dirname "$0")/../..}" && pwd)
# shellcheck source=tests/conformance/run.sh
. "$top/tests/conformance/run.sh"
conformance_begin named tsig-keygen dig
port=$(conformance_port)
here=$(pwd)
tsig-keygen -a hmac-sha256 k1 >k1.key
tsig-keygen -a hmac-sha256 k1 >wrong.key
# shellcheck disable=SC2016 # the $TTL of zone files
for zone in example.test closed.test; do
    printf '$TTL 60\n@ SOA ns1 hostmaster 1 3600 600 86400 60\n@ NS ns1\n@ TXT "theirs"\nns1 A 127.0.0.1\n' >"$zone"
done
cat k1.key - >named.conf <<CONF
options { directory "$here"; pid-file "$here/named.pid"; session-keyfile none; recursion no; notify no;
  listen-on port $port { 127.0.0.1; }; listen-on-v6 { none; }; dnssec-validation no; managed-keys-directory "$here"; };
controls { };
zone "example.test" { type primary; file "$here/example.test"; allow-update { key k1; }; allow-transfer { key k1; }; };
zone "closed.test" { type primary; file "$here/closed.test"; allow-update { key k1; }; allow-transfer { none; }; };
CONF
conformance_spawn named.log named -g -n 1 -c "$here/named.conf"
conformance_wait "$port" example.test
it="plugin = \"rfc2136\"; server = \"127.0.0.1:$port\"; key = \"file:$here/k1.key\";"
cat >fl.conf <<END
dns = { it = { $it transfer = true; }; closed = { $it };
        no = { plugin = "rfc2136"; server = "127.0.0.1:$port"; key = "file:$here/wrong.key"; }; };
END
conformance 'bind' --wrong no --server "127.0.0.1:$port" --records 2000 fl.conf it example.test
conformance 'bind, no transfers' --wrong no --server "127.0.0.1:$port" fl.conf closed closed.test
conformance_end
