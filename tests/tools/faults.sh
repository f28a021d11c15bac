#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# faults.sh BUILD FILE - compiles faults.c, to be preloaded, with the compiler of that build; without its sanitizers,
# which the program brings along.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
cc=$(sed -n 's/^CC = //p' "$1/Makefile" | head -n 1)
exec ${cc:-cc} -std=c11 -D_GNU_SOURCE -O1 -g -fno-omit-frame-pointer -fPIC -shared -Wall -Wextra \
    -o "$2" "$top/tests/tools/faults.c" -ldl
