#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# made.sh BUILD GOAL... - the programs that a test script needs, in the folder of a build that others use as well. Under
# tests/run.sh (FL_MADE=1) they were made before the scripts began side by side and need only be there; a script that is
# started by itself makes them, one at a time, and nothing is written anew that is up to date.
build=$1
shift
if [ "${FL_MADE:-}" = 1 ]; then
    for goal; do
        [ -e "$build/$goal" ] || { echo "made.sh: $build/$goal is not there: add it to the goal tools" >&2 && exit 1; }
    done
    exit 0
fi
flock "$build/made.lock" make -s -C "$build" "$@" >make.log 2>&1 || { cat make.log && exit 1; }
