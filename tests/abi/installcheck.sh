#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# installcheck.sh - is what was installed all that the author of a plugin needs? Copies the installed template, builds
# it against the installed headers alone, looks at its symbols, loads it with the installed fairlead, plays its
# recorded conversations. CC, bindir, datadir (with DESTDIR) and PKG_CONFIG_* come from make installcheck.
set -eu
export LC_ALL=C
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
umask 022

fail() {
    echo "installcheck: $*" >&2
    exit 1
}
fairlead=${bindir:?}/fairlead
[ -x "$fairlead" ] || fail "$fairlead is not installed"
plugindir=$(pkg-config --variable=plugindir fairlead)
# Where a staging folder is in use its name may stand in front already.
[ -d "${PKG_CONFIG_SYSROOT_DIR:-}$plugindir" ] && plugindir=${PKG_CONFIG_SYSROOT_DIR:-}$plugindir
[ -d "$plugindir/dns" ] || fail "there are no plugins in $plugindir"
[ "$(pkg-config --variable=abi fairlead)" = "$("$fairlead" --version | sed -n 's/.*plugin ABI \([0-9.]*\).*/\1/p')" ] ||
    fail "fairlead.pc and fairlead --version tell different ABIs"

cp -R "${datadir:?}/template" "$work/template"
chmod -R u+w "$work/template"
cd "$work/template"
make -s CC="${CC:-cc}" CFLAGS="-O2 -Werror" all
shown=$(nm -D --defined-only template.so | awk '$3 !~ /^_/ { print $3 }')
[ "$shown" = fl_plugin_entry ] || fail "the template shows other symbols than fl_plugin_entry: $shown"
make -s FAIRLEAD="$fairlead" PLUGINDIR="$plugindir" check >"$work/log" 2>&1 || {
    cat "$work/log" >&2
    fail "the template's own test failed"
}
TEMPLATE_TOKEN=not-a-real-token "$fairlead" --plugins try --conf test.conf check >"$work/log" 2>&1 || {
    cat "$work/log" >&2
    fail "fairlead check does not like the template"
}
# A header on its own, and all of them in a C++ program.
for header in plugin dns solver sink http json listen option code; do
    echo "#include <fl/$header.h>"
done >"$work/all.c"
# shellcheck disable=SC2046 # flags are words
${CC:-cc} -std=c11 -Wall -Wextra -Wpedantic -Werror $(pkg-config --cflags fairlead jansson) -fsyntax-only "$work/all.c" ||
    fail "the installed headers do not compile"
echo "installcheck: the template was built, loaded and tested against what is installed"
