#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# xdns.sh - prints the folder that holds external-dns 0.20.0 and xdns_feed, which gives it endpoints without a cluster;
# built from source when they are not there yet. The folder is outside the tree and named by the version.
# Exit status: 0 there, 77 no Go that can build it, 1 the build failed.
set -eu
version=0.20.0
from=$(cd "$(dirname "$0")" && pwd)/xdns_feed.go
sum=$(cksum <"$from" | cut -d ' ' -f 1)
cache=${FL_CACHE:-${XDG_CACHE_HOME:-${HOME:?is not set; set FL_CACHE}/.cache}/fairlead}
dir=$cache/external-dns-$version

if [ -x "$dir/external-dns" ] && [ -x "$dir/xdns_feed-$sum" ]; then
    ln -sfn "xdns_feed-$sum" "$dir/xdns_feed"
    echo "$dir"
    exit 0
fi
if ! command -v go >/dev/null 2>&1; then
    echo "xdns.sh: external-dns $version needs Go 1.25 or later on PATH, and there is no go" >&2
    exit 77
fi
have=$(GOTOOLCHAIN=local go env GOVERSION 2>/dev/null | sed -n 's/^go1\.\([0-9]*\).*/\1/p')
if [ "${have:-0}" -lt 25 ]; then
    echo "xdns.sh: external-dns $version needs Go 1.25 or later on PATH; this is 1.${have:-0}" >&2
    exit 77
fi

mkdir -p "$dir"
tmp=$(mktemp -d "$cache/external-dns.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM
export GOTOOLCHAIN=local CGO_ENABLED=0
[ -x "$dir/external-dns" ] || {
    # Nine minutes on two cores, once.
    GOBIN=$tmp go install "sigs.k8s.io/external-dns@v$version" >&2
    mv "$tmp/external-dns" "$dir/external-dns"
}
go build -o "$tmp/xdns_feed" "$from" >&2
mv "$tmp/xdns_feed" "$dir/xdns_feed-$sum"
ln -sfn "xdns_feed-$sum" "$dir/xdns_feed"
echo "$dir"
