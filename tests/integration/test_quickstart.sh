#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# test_quickstart.sh - the first command of the README, in a copy of the tree whose name has blanks in it; and
# the configurations of the README are right.
# time-limit: 600
set -u
top=$(cd "${top_srcdir:-$(dirname "$0")/../..}" && pwd)
command -v pebble >/dev/null 2>&1 || { echo "pebble is not installed" && exit 77; }
failed=0
complain() {
    echo "FAILED: $*" >&2
    failed=1
}

copy="$PWD/a tree, its name"
rm -rf "$copy"
mkdir "$copy"
sh "$top/tests/tools/manifest.sh" "$top" "$copy" || exit 1
# What configure and automake made needs not be made again.
for made in configure Makefile.in aclocal.m4 build-aux; do
    [ ! -e "$top/$made" ] || cp -Rp "$top/$made" "$copy"
done
touch before
sh "$copy/conf/quickstart.sh" >first.log 2>&1 || { cat first.log && exit 1; }
cat first.log
[ "$(grep -c 'openssl verify: OK' first.log)" = 2 ] || complain 'not two chains that verify'
find "$copy" -newer before ! -path '*/build' ! -path '*/build/*' -type f ! -path '*/autom4te.cache/*' \
    ! -name 'configure*' ! -name Makefile.in ! -name aclocal.m4 ! -path '*/build-aux/*' ! -path '*/m4/l*' >written
[ ! -s written ] || complain "written in the tree: $(cat written)"

# Again, from elsewhere: quick, and the certificates are new.
live=$copy/build/quickstart/run/state/live/example.test
old=$(openssl x509 -in "$live/cert.pem" -noout -serial)
began=$(date +%s)
(cd / && sh "$copy/conf/quickstart.sh") >second.log 2>&1 || { cat second.log && complain 'the second run'; }
[ $(($(date +%s) - began)) -lt 10 ] || complain "the second run took $(($(date +%s) - began)) s"
[ "$(openssl x509 -in "$live/cert.pem" -noout -serial)" != "$old" ] || complain 'the certificate is the old one'

# A failure has words and the end of the log.
sed 's/"example.test", /"exa mple.test", /' "$copy/conf/quickstart.sh" >"$copy/conf/wrong.sh"
if sh "$copy/conf/wrong.sh" >third.log 2>&1; then complain 'a wrong configuration went through'; fi
grep -q '^quickstart: the configuration is not right' third.log || complain "no words: $(cat third.log)"

# Told to end in the middle: at once, and whole.
sh "$copy/conf/quickstart.sh" >fourth.log 2>&1 &
running=$!
tries=0
until grep -q 'example.test: ' fourth.log || [ $tries -gt 200 ]; do
    sleep 0.05
    tries=$((tries + 1))
done
kill $running
wait $running
[ $? = 143 ] || complain 'told to end, it ended otherwise'
left=$(pgrep -f "$PWD/a tree" || true)
[ -z "$left" ] || complain "left running: $left"

# The README's configurations, each as a file of its own.
fairlead=$copy/build/quickstart/tree
awk '/^```$/ { if (on) { on = 0; close(file) } else { on = 1; file = "readme" ++n ".conf" } next } on { print >file }' \
    "$top/README.md"
checked=0
for conf in readme*.conf; do
    grep -q '^certificates = (' "$conf" || continue
    # The key is nobody's: it has to be there, that is all.
    printf 'key "fairlead" {\n\talgorithm hmac-sha256;\n\tsecret "%s";\n};\n' "$(openssl rand -base64 32)" >tsig.key
    sed "s|/etc/fairlead/tsig.key|$PWD/tsig.key|" "$conf" >"checked-$conf"
    chmod 600 tsig.key "checked-$conf"
    said=$("$fairlead/fairlead" --conf "checked-$conf" --plugins "$fairlead/plugdir" check) ||
        complain "README: $conf: $said"
    case $said in
    *" 0 warnings"*) ;;
    *) complain "README: $conf: $said" ;;
    esac
    checked=$((checked + 1))
done
[ "$checked" -ge 2 ] || complain "only $checked configurations in the README"
exit $failed
