#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# abi.sh - builds one object for each way in which a plugin can be wrong, and compares what
# `fairlead check` says of it, word for word. The table is at the end.
set -u
export LC_ALL=C
unset FAIRLEAD_PLUGINS
src=$(cd "${top_srcdir:-.}" && pwd) || exit 2
build=$(cd "${top_builddir:-.}" && pwd) || exit 2
cc=${CC:-cc}
here=$src/tests/abi
work=$(mktemp -d) || exit 2
trap 'chmod -R u+rwX "$work"; rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
umask 022
failed=0 passed=0 library=

# The folders as an installation has them; the other kinds are those of the build.
plugins=$work/plugins
mkdir -p "$plugins/dns"
for kind in solver sink; do
    ln -s "$build/plugdir/$kind" "$plugins/$kind"
done

# compile NAME FLAG...: bad.c as dns/NAME.so
compile() {
    out=$plugins/dns/$1.so
    name=$1
    shift
    # shellcheck disable=SC2086 # CC may be a command with options
    $cc -std=c11 -D_GNU_SOURCE -shared -fPIC -fvisibility=hidden -I"$src/core/include" "-DNAME=\"$name\"" "$@" \
        "$here/bad.c" ${library:+"$library"} -o "$out" || exit 2
}

# check NAME [OPTION]: writes a configuration with that plugin and lets fairlead look at it.
check() {
    cat >"$work/try.conf" <<END
state = "$work/state";
authorities = { ca = { directory = "https://127.0.0.1:1/"; accept_terms = true; }; };
dns = { try = { plugin = "$1"; ${2:-} }; };
solvers = { txt = { plugin = "dns-01"; }; };
sinks = { disk = { plugin = "file"; directory = "$work/live"; }; };
certificates = ( { names = ["example.test"]; solver = "txt"; sinks = ["disk"]; authority = "ca"; } );
END
    "$build/fairlead" --plugins "$plugins" --conf "$work/try.conf" check >"$work/out" 2>&1
    status=$?
}

# verdict NAME STATUS: compares what was said of the instance with $work/wanted.
verdict() {
    grep -F ': error: dns ' "$work/out" >"$work/said"
    if [ "$status" -eq "$2" ] && cmp -s "$work/said" "$work/wanted"; then
        passed=$((passed + 1))
        return
    fi
    failed=$((failed + 1))
    echo "abi: $1: status $status (wanted: $2); < what it should say, > what it says"
    diff "$work/wanted" "$work/said"
}

# refused NAME SENTENCE [OPTION]: it must be refused with these words; @ stands for the folder of plugins.
refused() {
    check "$1" "${3:-}"
    printf '%s:3: error: dns try: %s\n' "$work/try.conf" "$(printf '%s' "$2" | sed "s|@|$plugins|g")" >"$work/wanted"
    verdict "$1" 1
}

# taken NAME [OPTION]: it must be taken without a word.
taken() {
    check "$1" "${2:-}"
    : >"$work/wanted"
    verdict "$1" 0
}

compile good
taken good 'colour = "green";'

# ---- versions ----
minor=$(sed -n 's/^#define FL_ABI_MINOR \([0-9]*\)u$/\1/p' "$src/core/include/fl/plugin.h")
compile older -DMINOR=0
refused older "@/dns/older.so was built for plugin ABI 0.0, this fairlead offers 0.$minor: rebuild the plugin against this version's headers"
compile newer-minor -DMINOR=$((minor + 1))
refused newer-minor "@/dns/newer-minor.so was built for plugin ABI 0.$((minor + 1)), this fairlead offers 0.$minor: upgrade fairlead, or rebuild the plugin against this version's headers"
compile newer-major -DMAJOR=1 -DMINOR=0
refused newer-major "@/dns/newer-major.so was built for plugin ABI 1.0, this fairlead offers 0.$minor: upgrade fairlead, or rebuild the plugin against this version's headers"

# ---- whose it is ----
compile other-kind -DKIND=FL_KIND_SINK
refused other-kind '@/dns/other-kind.so is a sink plugin in the folder of dns plugins: move it to the folder sink beside this one and name it in the section for sinks'
compile unknown-kind -DKIND=77
refused unknown-kind '@/dns/unknown-kind.so is of the kind 77, which this fairlead does not know'
cp "$plugins/dns/good.so" "$plugins/dns/other-name.so"
refused other-name '@/dns/other-name.so calls itself "good": name the file good.so, and write plugin = "good"'
compile no-summary -DSUMMARY=NULL
refused no-summary '@/dns/no-summary.so does not say its version or what it is for: set .version and .summary in its entry'

# ---- the entry ----
no_entry='shows no fl_plugin_entry: end its source with FL_DNS_PLUGIN, FL_SOLVER_PLUGIN or FL_SINK_PLUGIN'
compile no-entry -DNO_ENTRY
refused no-entry "@/dns/no-entry.so $no_entry"
compile function-entry -DFUNCTION_ENTRY
refused function-entry "@/dns/function-entry.so $no_entry"
# shellcheck disable=SC2086
$cc -std=c11 -shared -fPIC -I"$src/core/include" "$here/library.c" -Wl,-soname,libforeign.so -o "$work/libforeign.so" || exit 2
library=$work/libforeign.so
compile foreign-entry -DFOREIGN_ENTRY -Wl,-rpath,"$work"
library=
refused foreign-entry "@/dns/foreign-entry.so $no_entry"
compile damaged-magic -DMAGIC=0xdeadbeefu
refused damaged-magic '@/dns/damaged-magic.so has a damaged fl_plugin_entry (it begins with deadbeef instead of 464c5047): build it again'
size=$(printf '#include <fl/plugin.h>\nchar size[sizeof(struct fl_plugin)];\n' |
    $cc -std=c11 -I"$src/core/include" -x c -c - -o "$work/size.o" && nm -S -t d "$work/size.o" | awk '/ size$/ { print $2 + 0 }')
compile truncated-symbol -DSHORT_SYMBOL
refused truncated-symbol "@/dns/truncated-symbol.so has an fl_plugin_entry of 16 bytes that says it has $size, where at least $size belong: build it again"
compile short-size -DSIZE=20
refused short-size "@/dns/short-size.so has an fl_plugin_entry of $size bytes that says it has 20, where at least $size belong: build it again"

# ---- callbacks ----
compile missing-op -DMISSING_OP
refused missing-op '@/dns/missing-op.so lacks apply, which every dns plugin has: set .apply in its table of callbacks'
compile old-ops -DOLD_OPS
refused old-ops '@/dns/old-ops.so lacks apply, which every dns plugin has: set .apply in its table of callbacks'
compile no-ops -DOPS=NULL
refused no-ops '@/dns/no-ops.so has no table of callbacks, or one whose first member is not its size: set .size = sizeof ops'
compile check-refuses -DCHECK_REFUSES
refused check-refuses 'colour and count exclude each other'

# ---- options ----
table='has an option table that cannot be used:'
compile endless-options -DENDLESS_OPTIONS
refused endless-options "@/dns/endless-options.so $table what follows its first 1 options is no option: end it with FL_END"
compile option-outside -DOPTION_OUTSIDE
refused option-outside "@/dns/option-outside.so $table colour lies outside the struct: set .conf_size to that struct's size"
compile option-twice -DOPTION_TWICE
refused option-twice "@/dns/option-twice.so $table colour is there twice"
compile option-default -DOPTION_DEFAULT
refused option-default "@/dns/option-default.so $table count has a default that is no number within its range"
compile option-reserved -DOPTION_RESERVED
refused option-reserved '@/dns/option-reserved.so declares the option ttl, which is the core'\''s: the plugin must call it something else'

# ---- what it needs ----
compile missing-function -DMISSING_FUNCTION
refused missing-function '@/dns/missing-function.so calls fl_from_the_future(), which this fairlead does not have: the plugin was built for a newer one, so upgrade fairlead'
compile missing-symbol -DMISSING_SYMBOL
refused missing-symbol '@/dns/missing-symbol.so needs the symbol nobody_has_this, which none of its libraries has: link the plugin with the one that does'
# shellcheck disable=SC2086
$cc -std=c11 -shared -fPIC -I"$src/core/include" "$here/library.c" -Wl,-soname,libgone.so -o "$work/libgone.so" || exit 2
library=$work/libgone.so
compile missing-library -DMISSING_LIBRARY
rm "$library"
library=
refused missing-library '@/dns/missing-library.so cannot be loaded: libgone.so: cannot open shared object file: No such file or directory'

# ---- the file ----
by_others='may be written by others than its owner'
then_what='see that it is what it should be, then chmod go-w it'
compile writable-by-others
chmod 757 "$plugins/dns/writable-by-others.so"
refused writable-by-others "@/dns/writable-by-others.so $by_others (mode 0757): $then_what"
compile writable-by-group
chmod 664 "$plugins/dns/writable-by-group.so"
refused writable-by-group "@/dns/writable-by-group.so $by_others (mode 0664): $then_what"
ln -s good.so "$plugins/dns/symbolic-link.so"
refused symbolic-link '@/dns/symbolic-link.so is a symbolic link: put the file itself there'
echo 'plugin = "no"' >"$plugins/dns/not-an-object.so"
refused not-an-object '@/dns/not-an-object.so is no shared object: build the plugin with -shared'
: >"$plugins/dns/empty.so"
refused empty '@/dns/empty.so is no shared object: build the plugin with -shared'
# shellcheck disable=SC2086
$cc -std=c11 -I"$src/core/include" -c "$here/library.c" -o "$plugins/dns/not-linked.so" || exit 2
refused not-linked '@/dns/not-linked.so is no shared object but another ELF file: build the plugin with -shared'
compile cut-short
dd if="$plugins/dns/cut-short.so" of="$work/half" bs=1024 count=6 2>"$work/dd" || exit 2
cp "$work/half" "$plugins/dns/cut-short.so"
refused cut-short '@/dns/cut-short.so is cut short: install it again'
compile other-machine
printf '\376\312' | dd of="$plugins/dns/other-machine.so" bs=1 seek=18 conv=notrunc 2>"$work/dd" || exit 2
refused other-machine '@/dns/other-machine.so was built for another machine: build it for this one'
mkfifo "$plugins/dns/fifo.so"
refused fifo '@/dns/fifo.so is no regular file but a FIFO: put the plugin'\''s file there'
mkdir "$plugins/dns/folder.so"
refused folder '@/dns/folder.so is no regular file but a folder: put the plugin'\''s file there'
if [ "$(id -u)" -eq 0 ]; then
    compile other-owner
    chown 65534 "$plugins/dns/other-owner.so"
    refused other-owner '@/dns/other-owner.so belongs to user 65534, who is neither root nor the user that fairlead runs as: see who put it there, then chown root it'
fi

# ---- the name and the folder ----
refused absent '@/dns/absent.so does not exist: no dns plugin of that name is installed'
refused goood '@/dns/goood.so does not exist: did you mean the plugin "good"?'
refused Good_one '"Good_one" is no name of a plugin: it has lower-case letters, digits and '\''-'\'', and stands for the file NAME.so in @/dns'
chmod 777 "$plugins/dns"
refused good "@/dns $by_others (mode 0777): $then_what"
chmod 755 "$plugins/dns"
chmod 775 "$plugins"
refused good "@ $by_others (mode 0775): $then_what"
chmod 755 "$plugins"
mv "$plugins/dns" "$plugins/away"
refused good 'the plugin folder @/dns does not exist: install fairlead'\''s plugins, or say where they are with --plugins'
mv "$plugins/away" "$plugins/dns"
taken good 'colour = "green";'

# Objects are told apart although their descriptors had the same number.
compile shaped -DSHAPE
taken good 'colour = "green"; }; two = { plugin = "shaped"; shape = "round"; }; three = { plugin = "good"; colour = "red";'

echo "abi: $passed cases right, $failed wrong"
[ "$failed" -eq 0 ] || exit 1
[ "$passed" -ge 40 ]
