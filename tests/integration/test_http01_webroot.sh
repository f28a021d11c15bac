#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# test_http01_webroot.sh - proofs of HTTP-01 in the folder of a web server that knows nothing of fairlead: there when the
# authority is asked to look, readable for the server, gone afterwards, also after a crash; what is others' stays.
set -u
top=$(cd "${top_srcdir:-$(dirname "$0")/../..}" && pwd)
build=$(cd "${top_builddir:-$top/build}" && pwd)
# shellcheck source=tests/tools/e2e.sh
. "$top/tests/tools/e2e.sh"
e2e_begin
command -v nginx >/dev/null || { echo 'nginx is missing (package nginx-light)' && exit 77; }
nginx_pid=''
# shellcheck disable=SC2317 # e2e_ended calls it
e2e_more_ended() {
    [ -z "$nginx_pid" ] || { kill "$nginx_pid" && wait "$nginx_pid"; } 2>/dev/null
    [ -z "$site" ] || rm -rf "$site"
}

# Where a server that is not root can read, too.
site=$(mktemp -d "${TMPDIR:-/tmp}/fairlead-site.XXXXXX")
chmod 755 "$site"
root=$site/root challenges=$site/root/.well-known/acme-challenge
mkdir -m 755 "$root"
cat >nginx.conf <<END
daemon off; worker_processes 1; pid $here/nginx.pid; error_log $here/nginx.log;
events { worker_connections 64; }
http {
  access_log $here/access.log; client_body_temp_path $here/t1; proxy_temp_path $here/t2;
  fastcgi_temp_path $here/t3; uwsgi_temp_path $here/t4; scgi_temp_path $here/t5;
  server { listen $at:5301; root $root; }
}
END
nginx -p "$here" -c "$here/nginx.conf" >nginx.out 2>&1 &
nginx_pid=$!
until_true 10 curl -s "http://$at:5301/" || complain "nginx does not start: $(cat nginx.out nginx.log)"
e2e_pebble pebble

# conf WEBROOT NAME...: each with a certificate by HTTP-01.
conf() {
    webroot=$1
    shift
    list='' comma=''
    for name; do
        list="$list$comma { names = [\"$name\"]; solver = \"web\"; addresses = [\"$at\"]; }"
        comma=,
    done
    echo "certificates = ( $list );" | e2e_conf
    sed -i "s|listen = \"$at:5301\"|webroot = \"$webroot\"|" fl.conf
}
# clean WHAT: nothing of ours is left there.
clean() { is "$1: left in the webroot" "${2:-}" "$(find "$root" -type f -printf '%P\n' | sort | tr '\n' ' ' | sed 's/ $//')"; }

# ---- it works -------------------------------------------------------------------------

conf "$root" a.example.test b.example.test c.example.test
(umask 077 && e2e once && echo "$status" >status)
is 'once: exit status' 0 "$(cat status)"
for name in a b c; do e2e_delivered $name.example.test $name.example.test; done
# Three looks each, none of which came too early.
is 'the server was asked' 200 "$(grep acme-challenge access.log | sed 's/.*" \([0-9]*\) .*/\1/' | sort -u)"
is 'the server showed three proofs' 3 "$(grep -o 'acme-challenge/[^ ]*' access.log | sort -u | wc -l)"
clean 'once'
is 'permissions of the folders' '755 755' "$(stat -c %a "$root/.well-known" "$challenges" | tr '\n' ' ' | sed 's/ $//')"

# ---- what others put there stays ------------------------------------------------------

echo theirs >"$challenges/theirs"
: >access.log
kill -USR1 $nginx_pid
conf "$root" d.example.test
e2e once
is 'beside others: exit status' 0 "$status"
clean 'beside others' .well-known/acme-challenge/theirs
is 'beside others: theirs' theirs "$(cat "$challenges/theirs")"
rm "$challenges/theirs"

# ---- killed while the proof stands there ----------------------------------------------

conf "$root" e.example.test
e2e_state=state2
conf "$root" e.example.test
python3 "$top/tests/tools/kill_at.py" 'e.example.test: answer:' 0 \
    "$build/fairlead" -c fl.conf --plugins "$build/plugdir" once >out 2>err
is 'killed: proofs in the webroot' 1 "$(find "$challenges" -type f | wc -l)"
e2e once
is 'killed: exit status' 0 "$status"
e2e_delivered e.example.test e.example.test
clean 'killed'

# ---- folders that cannot be used ------------------------------------------------------

# refused WHAT WEBROOT WORDS: nobody is asked to look.
refused() {
    e2e_state=refused-$count e2e_live=refused-live
    count=$((count + 1))
    conf "$2" f.example.test
    e2e_mark
    e2e once --wait 3s
    is "$1: exit status" 1 "$status"
    says "$1" "^f\.example\.test +failed .*$3" out
    is "$1: the authority is not asked to look" '' "$(e2e_asked | grep chalZ)"
}
count=0
refused 'no such webroot' "$site/nowhere" "webroot $site/nowhere cannot be opened: No such file"
rm -rf "$root/.well-known"
mkdir "$site/elsewhere"
ln -s "$site/elsewhere" "$root/.well-known"
refused 'a link' "$root" "well-known in webroot $root is a link or no folder"
is 'a link: nothing was written through it' '' "$(ls -A "$site/elsewhere")"
rm "$root/.well-known"
echo file >"$root/.well-known"
refused 'a file for a folder' "$root" "well-known in webroot $root is a link or no folder"
# Mended, the same order goes on.
rm "$root/.well-known"
e2e once
is 'mended: exit status' 0 "$status"
is 'mended: one order' 1 "$(e2e_asked | sed -n 's/ POST .order-plz//p')"
e2e_live=refused-live
e2e_delivered f.example.test f.example.test
clean 'mended'
pebble_stop pebble
e2e_end
