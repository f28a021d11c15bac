#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# plugdir.sh DIR OBJDIR LIBRARY.la... - copies built plugins to DIR/KIND/NAME.so, laid
# out and with the permissions that an installed plugin has.
set -eu
dir=$1 objdir=$2
shift 2
umask 022
rm -rf "$dir"
mkdir -p "$dir"
for la; do
    name=$(basename "$la" .la)
    folder=$(dirname "$la") # .../plugins/KIND/NAME
    kind=$(basename "$(dirname "$folder")")
    mkdir -p "$dir/$kind"
    cp "$folder/$objdir/$name.so" "$dir/$kind/$name.so"
    chmod 755 "$dir/$kind/$name.so"
done
