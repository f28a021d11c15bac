#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# test_sink_daemon.sh - the whole way: `run` issues, nginx (by `file` and a reload) and HAProxy (by its runtime socket) serve; renewed while
# both are asked without a pause: the new serial is served, and nobody is sent away.
set -u
top=$(cd "${top_srcdir:-$(dirname "$0")/../..}" && pwd)
build=$(cd "${top_builddir:-$top/build}" && pwd)
PATH=$PATH:/usr/sbin:/sbin
for tool in nginx haproxy; do
    command -v "$tool" >/dev/null || { echo "$tool is missing (packages nginx-light, haproxy)" && exit 77; }
done
# shellcheck disable=SC2034 # e2e_begin looks for it
pebble_bin=true
# shellcheck source=tests/tools/e2e.sh
. "$top/tests/tools/e2e.sh"
e2e_begin
# shellcheck source=tests/tools/quick.sh
. "$top/tests/tools/quick.sh"
work=$(mktemp -d "${TMPDIR:-/tmp}/fairlead-run.XXXXXX") # paths of sockets are short
pids=''
# shellcheck disable=SC2317 # quick.sh calls it
quick_more_ended() {
    for pid in $pids; do kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null; done
    rm -rf "$work"
}
quick_start

live=$here/live certs=$work/certs name=a.example.test front=$at:8443 proxy=$at:8444
mkdir web
mkdir -m 700 "$certs"
# HAProxy does not start without any certificate.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -out default.pem -days 30 \
    -subj /CN=default 2>openssl.log || exit 1
cat key.pem default.pem >"$certs/0.pem"
cat >haproxy.cfg <<END
global
  stats socket $work/admin.sock mode 600 level admin
defaults
  mode http
  timeout client 120s
  timeout server 120s
  timeout connect 30s
frontend tls
  bind $proxy ssl crt $certs
  http-request return status 200
END
cat >nginx.conf <<END
daemon off; worker_processes 2; pid $work/nginx.pid; error_log $here/nginx.log;
events { worker_connections 256; }
http {
  access_log off; client_body_temp_path $work/t1; proxy_temp_path $work/t2; fastcgi_temp_path $work/t3;
  uwsgi_temp_path $work/t4; scgi_temp_path $work/t5;
  server { listen $front ssl; ssl_certificate $live/$name/fullchain.pem; ssl_certificate_key $live/$name/privkey.pem;
           location / { return 200 "well"; } }
}
END
cat >fl.conf <<END
state = "$here/state";
authorities = { own = { directory = "$quick/strict-run/dir"; accept_terms = true; }; };
solvers = { web = { plugin = "http-01"; webroot = "$here/web"; }; };
sinks = {
  front = { plugin = "file"; directory = "$live"; verify = "$front";
            reload = ["/bin/sh", "-c", "[ ! -s $work/nginx.pid ] || kill -HUP \$(cat $work/nginx.pid)"]; };
  proxy = { plugin = "haproxy"; socket = "$work/admin.sock"; directory = "$certs"; crt_list = "$certs"; };
};
certificates = ( { names = ["$name"]; solver = "web"; sinks = ["front", "proxy"]; } );
END
chmod 600 fl.conf
# served ADDRESS: the serial there, as the record has it.
served() {
    openssl s_client -connect "$1" -servername $name </dev/null 2>/dev/null |
        openssl x509 -noout -serial 2>/dev/null | sed 's/serial=//' | tr A-F a-f
}
live_serial() { e2e_record certificate:$name live serial; }
# shellcheck disable=SC2317 # until_true calls them
both_serve() { [ -n "$1" ] && [ "$(served "$front")" = "$1" ] && [ "$(served "$proxy")" = "$1" ]; }
# shellcheck disable=SC2317
at_rest() {
    [ "$(e2e_record "delivery:$name>front" step)" = idle ] && [ "$(e2e_record "delivery:$name>proxy" step)" = idle ]
}

# ---- issued, with servers that come later ----------------------------------------------

e2e_run "$@"
[ "$failures" = 0 ] || exit 1
until_true 60 test -s "$live/$name/fullchain.pem" || complain "nothing was issued: $(cat run.log)"
until_true 60 test -s "$certs/$name.pem" || complain "nothing for HAProxy: $(ls "$certs")"
nginx -p "$work" -c "$here/nginx.conf" >nginx.out 2>&1 &
pids="$pids $!"
haproxy -db -f haproxy.cfg >haproxy.log 2>&1 &
pids="$pids $!"
first=$(live_serial)
until_true 60 both_serve "$first" || complain "not served: $(served "$front") $(served "$proxy"), not $first: $(cat nginx.log haproxy.log)"
until_true 120 at_rest || complain "the deliveries are not looked at to the end: $(cat run.log)"

# ---- renewed, while both are asked -----------------------------------------------------

python3 "$top/tests/tools/tls_hammer.py" 240 "$here/enough" quick/root.pem $name "$front" "$proxy=kept" >hammer.log 2>&1 &
hammering=$!
until_true 60 grep -q "$first" enough.seen || complain 'nobody has asked yet'
e2e renew $name
is 'renew: status' 0 "$status"
second=$(live_serial)
[ "$first" != "$second" ] || complain 'it was not renewed'
until_true 60 both_serve "$second" || complain "the new one is not served: $(served "$front") $(served "$proxy"), not $second"
e2e renew $name
is 'renew again: status' 0 "$status"
third=$(live_serial)
until_true 60 both_serve "$third" || complain "the third is not served: $(served "$front") $(served "$proxy"), not $third"
until_true 60 grep -q "$third" enough.seen || complain "nobody saw $third"
touch enough
wait $hammering || complain "somebody was sent away: $(cat hammer.log)"
is 'both sinks' "$third $third" "$(served "$front") $(served "$proxy")"
is 'orders' 3 "$(quick_stats strict-run orders)"
until_true 120 at_rest || complain "the deliveries do not rest: $(cat run.log)"

# ---- HAProxy's next start, and the daemon's ---------------------------------------------

kill "${pids##* }"
wait "${pids##* }" 2>/dev/null
rm -f "$work/admin.sock"
haproxy -db -f haproxy.cfg >>haproxy.log 2>&1 &
pids="$pids $!"
until_true 60 both_serve "$third" || complain "after HAProxy's start: $(served "$proxy"), not $third"
e2e_stop
is 'run: status' 0 "$status"
e2e_end
