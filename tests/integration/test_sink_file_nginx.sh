#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# test_sink_file_nginx.sh - the sink `file` and nginx: files and a reload, and a handshake that tells whether the new
# certificate is served; what is said when another is, when no server is there, and when it has no such certificate.
set -u
top=$(cd "${top_srcdir:-$(dirname "$0")/../..}" && pwd)
build=$(cd "${top_builddir:-$top/build}" && pwd)
PATH=$PATH:/usr/sbin:/sbin
for tool in nginx openssl python3; do
    command -v "$tool" >/dev/null || { echo "$tool is missing (packages nginx-light, openssl, python3)" && exit 77; }
done
plugin="file"
# shellcheck source=tests/tools/sinks.sh
. "$top/tests/tools/sinks.sh"

names='DNS:a.example.test,DNS:*.b.example.test'
cert one 00a1 "$ec" "$names"
cert two 00b2 "$ec" "$names"
cert rsa2 00b3 "$rsa" "$names"
cert three 00c4 "$ec" "$names"
cert foreign 77 "$ec" DNS:c.example.test
port=$(free_port) at=127.0.0.1:$port

# nginx_conf TLS...: what the server's TLS lines are.
nginx_conf() {
    cat >nginx.conf <<END
daemon off; worker_processes 1; pid $work/nginx.pid; error_log $work/nginx.log;
events { worker_connections 64; }
http {
  access_log off; client_body_temp_path $work/t1; proxy_temp_path $work/t2; fastcgi_temp_path $work/t3;
  uwsgi_temp_path $work/t4; scgi_temp_path $work/t5;
  server { listen $at ssl; $1 }
}
END
}
single="ssl_certificate $work/live/web/fullchain.pem; ssl_certificate_key $work/live/web/privkey.pem;"
both="ssl_certificate $work/live/web/fullchain-ec256.pem; ssl_certificate_key $work/live/web/privkey-ec256.pem;
  ssl_certificate $work/live/web/fullchain-rsa2048.pem; ssl_certificate_key $work/live/web/privkey-rsa2048.pem;"
# A reload as packages have it: nothing to do while the server does not run.
cat >reload.sh <<END
#!/bin/sh
echo reload >>$work/reloads
[ ! -f $work/broken ] || exit 0
[ ! -s $work/nginx.pid ] || kill -HUP \$(cat $work/nginx.pid)
END
chmod 755 reload.sh
conf() {
    cat >sink.conf <<END
directory = "$work/live"; reload = ["$work/reload.sh"]; verify = "$at"; $1
END
}
conf ''
# green WHAT FOLDER...: verify becomes FL_OK, as the engine asks again and again.
# shellcheck disable=SC2317 # until_true calls it
verified() { sink verify web "$@" && [ "$status" -eq 0 ]; }
green() {
    what=$1
    shift
    until_true 10 verified "$@"
    is "$what: verify" 0 "$status"
}

# ---- nothing listens there ----
sink deploy web one
ended 'the first deploy' ok
sink verify web one
ended 'no server' temp
says 'no server' "$at: cannot connect: Connection refused: see that a server runs and listens there"

# ---- nginx comes, and the certificate is renewed ----
nginx_conf "$single"
nginx -p "$work" -c "$work/nginx.conf" >nginx.out 2>&1 &
pids=$!
green 'nginx has started' one
is 'what is served' 00a1 "00$(served "$at" a.example.test | sed 's/^0*//')"
sink deploy web two
ended 'the second deploy' ok
green 'after the reload' two
is 'what is served after the reload' b2 "$(served "$at" a.example.test)"
is 'and to a name that the wildcard covers' b2 "$(served "$at" x.b.example.test)"

# ---- a reload that does nothing: the old one goes on being served ----
touch broken
sink deploy web three
ended 'the third deploy' ok
sink verify web three
ended 'an old one is served' again
says 'an old one is served' "$at serves another certificate for a.example.test (serial 00b2, until 20..-..-..) than serial 00c4 in $work/live/web: see that the server there uses the files in that folder, and that .reload. makes it load them"
sink held web ec256
is 'what stands there' 00C4 "00$(openssl x509 -noout -serial <out | sed 's/serial=0*//')"
rm broken
kill -HUP "$(cat nginx.pid)"
green 'loaded by hand' three

# ---- two lineages, each asked for ----
sink deploy web two rsa2
ended 'two lineages' ok
sink verify web two rsa2
ended 'only one of them is configured' again
nginx_conf "$both"
kill -HUP "$(cat nginx.pid)"
green 'both are configured' two rsa2
is 'ECDSA' b2 "$(served "$at" a.example.test ec)"
is 'RSA' b3 "$(served "$at" a.example.test rsa)"

# ---- a server that has another certificate, none, or speaks no TLS ----
# A worker of before the reload may answer for a moment.
# shellcheck disable=SC2317 # until_true calls it
told() { sink verify web three && grep -q -e "$1" said; }
sink deploy web three
nginx_conf "ssl_certificate $work/foreign/chain.pem; ssl_certificate_key $work/foreign/key.pem;"
kill -HUP "$(cat nginx.pid)"
until_true 10 told 'serial 77'
ended 'a foreign certificate' again
says 'a foreign certificate' "serves another certificate for a.example.test (serial 77, "
nginx_conf "ssl_reject_handshake on;"
kill -HUP "$(cat nginx.pid)"
until_true 10 told 'has no certificate'
ended 'the handshake is refused' again
says 'the handshake is refused' "$at has no certificate for a.example.test: see that the server there is configured for that name"
plain=$(free_port)
python3 -m http.server --bind 127.0.0.1 "$plain" >http.log 2>&1 &
pids="$pids $!"
until_true 10 curl -s "http://127.0.0.1:$plain/"
sed -i "s/$at/127.0.0.1:$plain/" sink.conf
sink verify web three
ended 'no TLS there' proto
says 'no TLS there' "127.0.0.1:$plain: connected, but what answers there speaks no TLS"

# ---- a key store beside the PEM files ----
conf 'pkcs12 = "web.p12"; pkcs12_passphrase = "hush hush"; pkcs12_name = "tomcat";'
sink deploy web two rsa2
ended 'key stores' ok
for store in web web-ec256 web-rsa2048; do
    openssl pkcs12 -in live/web/$store.p12 -passin 'pass:hush hush' -nodes >store.pem 2>said || complain "$store.p12"
    is "$store.p12: alias, of the certificate and of the key" 2 "$(grep -c 'friendlyName: tomcat' store.pem)"
    is "$store.p12: certificates" 2 "$(grep -c 'BEGIN CERTIFICATE' store.pem)"
    is "$store.p12: mode" 600 "$(stat -c %a live/web/$store.p12)"
done
openssl pkcs12 -in live/web/web-rsa2048.p12 -passin 'pass:hush hush' -nodes -nocerts 2>/dev/null | openssl pkey -pubout >store.pub
openssl x509 -in rsa2/leaf.pem -noout -pubkey >leaf.pub
cmp store.pub leaf.pub || complain 'the key in the store is another'
before=$(readlink live/web)
sink deploy web two rsa2
is 'the same again changes nothing' "$before" "$(readlink live/web)"
conf 'pkcs12 = "web.p12"; pkcs12_passphrase = "another"; pkcs12_legacy = true;'
sink deploy web two rsa2
ended 'another passphrase' ok
openssl pkcs12 -in live/web/web.p12 -passin pass:another -nodes -info 2>&1 | grep -q 'MAC: sha1' || complain 'not in the old form'
! grep -qs 'hush\|another' said || complain 'a passphrase is told'
sinks_verdict
