#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# pebble.sh - prints the folder that holds pebble and pebble-challtestsrv 2.10.1,
# built from source when it is not there yet. Debian's 2.4.0 has no renewal
# information (ARI). The folder is outside the tree and named by the version.
# Exit status: 0 there, 77 no Go that can build it, 1 the build failed.
set -eu
version=2.10.1
cache=${FL_CACHE:-${XDG_CACHE_HOME:-${HOME:?is not set; set FL_CACHE}/.cache}/fairlead}
dir=$cache/pebble-$version

if [ -x "$dir/pebble" ] && [ -x "$dir/pebble-challtestsrv" ]; then
    echo "$dir"
    exit 0
fi
if ! command -v go >/dev/null 2>&1; then
    echo "pebble.sh: Pebble $version needs Go 1.24 or later on PATH, and there is no go" >&2
    exit 77
fi
have=$(GOTOOLCHAIN=local go env GOVERSION 2>/dev/null | sed -n 's/^go1\.\([0-9]*\).*/\1/p')
if [ "${have:-0}" -lt 24 ]; then
    echo "pebble.sh: Pebble $version needs Go 1.24 or later on PATH; this is 1.${have:-0}" >&2
    exit 77
fi

mkdir -p "$cache"
tmp=$(mktemp -d "$cache/pebble.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM
for cmd in pebble pebble-challtestsrv; do
    GOTOOLCHAIN=local GOBIN=$tmp CGO_ENABLED=0 \
        go install "github.com/letsencrypt/pebble/v2/cmd/$cmd@v$version" >&2
done
chmod 755 "$tmp"
# Two that build at the same time: the second finds the folder there and is content.
mv -T "$tmp" "$dir" 2>/dev/null || [ -x "$dir/pebble-challtestsrv" ]
echo "$dir"
