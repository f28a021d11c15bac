#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# manifest.sh SRCDIR DISTDIR - completes a tarball's folder: every tracked file is
# in it, and the list of them, so that a tarball can make a tarball again.
set -eu
src=$1
dist=$(cd "$2" && pwd)
cd "$src"
if [ -e .git ]; then
    list=$(git ls-files)
elif [ -f MANIFEST ]; then
    list=$(cat MANIFEST)
else
    echo "manifest.sh: $src is neither a git tree nor an unpacked tarball, so its files are unknown" >&2
    exit 1
fi
rm -f "$dist/MANIFEST"
echo "$list" | while IFS= read -r f; do
    [ -f "$f" ] || continue
    echo "$f" >>"$dist/MANIFEST"
    [ -e "$dist/$f" ] && continue
    mkdir -p "$dist/$(dirname "$f")"
    cp -p "$f" "$dist/$f"
done
