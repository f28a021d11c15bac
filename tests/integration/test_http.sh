#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# test_http.sh - the HTTP service against nginx over TLS: one HTTP/2 connection for all callers, few with
# HTTP/1.1, trust (own authority, wrong one, wrong name), client certificates, tunnels through a proxy.
set -eu
top=$(cd "${top_srcdir:-$(dirname "$0")/../..}" && pwd)
build=$(cd "${top_builddir:-$top/build}" && pwd)
PATH=$PATH:/usr/sbin:/sbin
for program in nginx openssl python3; do
    command -v $program >/dev/null 2>&1 || { echo "$program is not installed" && exit 77; }
done
sh "$top/tests/tools/made.sh" "$build" tests/tools/http_load || exit 1

# Addresses of this run's own, so that tests can run side by side.
net=127.$(($$ / 250 % 200 + 20)).$(($$ % 250 + 1))
here=$(pwd)
nginx_pid='' proxy_pid=''
stop() {
    for pid in $nginx_pid $proxy_pid; do kill "$pid" 2>/dev/null || :; done
    wait
}
trap stop EXIT
trap 'exit 130' INT TERM

# ---- an authority, another one, a server, a client -----------------------------------

authority() { # NAME
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -out "$1.pem" \
        -days 2 -subj "/CN=$1" -addext basicConstraints=critical,CA:TRUE 2>>openssl.log
}
leaf() { # NAME EXTENSION
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -out "$1.csr" \
        -subj "/CN=$1" 2>>openssl.log
    echo "$2" >"$1.ext"
    openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile "$1.ext" \
        -out "$1.pem" 2>>openssl.log
}
authority ca
authority other
leaf server "subjectAltName=IP:$net.1,DNS:site.test"
leaf client extendedKeyUsage=clientAuth
openssl rand -base64 6000 >big.txt

mkdir -p temp
cat >nginx.conf <<EOF
daemon off;
master_process off;
pid $here/nginx.pid;
error_log stderr;
events { worker_connections 1024; }
http {
    log_format plain '\$connection \$server_protocol \$status';
    access_log $here/access.log plain;
    client_body_temp_path $here/temp; proxy_temp_path $here/temp; fastcgi_temp_path $here/temp;
    uwsgi_temp_path $here/temp; scgi_temp_path $here/temp;
    keepalive_requests 100000;
    default_type text/plain;
    ssl_certificate $here/server.pem;
    ssl_certificate_key $here/server.key;
    server {
        listen $net.1:8443 ssl http2;
        listen $net.2:8443 ssl http2;
        location / { return 200 "hello"; }
        location /big.txt { root $here; }
    }
    server { listen $net.1:8444 ssl; location / { return 200 "hello"; } }
    server {
        listen $net.1:8445 ssl http2;
        ssl_verify_client on;
        ssl_client_certificate $here/ca.pem;
        location / { return 200 "you are \$ssl_client_s_dn"; }
    }
}
EOF
nginx -c "$here/nginx.conf" >nginx.log 2>&1 &
nginx_pid=$!
python3 "$top/tests/tools/connect_proxy.py" "$net.1" 8080 >proxy.log 2>&1 &
proxy_pid=$!
python3 - "$net.1" <<'EOF'
import socket, sys, time
for port in 8443, 8444, 8445, 8080:
    for attempt in range(100):
        try:
            socket.create_connection((sys.argv[1], port), 1).close()
            break
        except OSError:
            time.sleep(0.1)
    else:
        sys.exit("port %d does not answer" % port)
EOF

# ---- asking ---------------------------------------------------------------------------

failed=0
# load STATUS PATTERN ARGUMENT...: http_load ends with STATUS, and each line of PATTERN matches what it says.
load() {
    want=$1 patterns=$2 got=0
    shift 2
    : >access.log
    "$build/tests/tools/http_load" "$@" >out.txt 2>err.txt || got=$?
    bad=
    [ "$got" = "$want" ] || bad="status $got instead of $want"
    while IFS= read -r pattern; do
        grep -Eq "$pattern" out.txt || bad="$bad; no line like: $pattern"
    done <<EOF
$patterns
EOF
    [ -z "$bad" ] && echo "ok: http_load $*" && return
    echo "FAILED: http_load $*: $bad"
    cat out.txt err.txt
    failed=1
}
# seen WHAT COUNT: so many different values of WHAT (connection, protocol) in what nginx logged.
seen() {
    case $1 in connection) field=1 ;; *) field=2 ;; esac
    n=$(cut -d ' ' -f $field access.log | sort -u | wc -l)
    [ "$n" -le "$2" ] && [ "$n" -ge 1 ] && return
    echo "FAILED: nginx saw $n different values of $1, not $2"
    failed=1
}

load 0 '^requests 1280 connections 1 ms
^200 1280$
^body hello$' -a ca.pem -t 64 -n 20 "https://$net.1:8443/"
seen connection 1
grep -q 'HTTP/2.0 200' access.log
[ "$(wc -l <access.log)" = 1280 ]

# Instances that go to the same place share its connection.
load 0 '^requests 160 connections 1 ms' -a ca.pem -t 16 -n 10 -l 8 "https://$net.1:8443/"
seen connection 1

load 0 '^requests 160 connections [1-4] ms
^200 160$' -a ca.pem -t 16 -n 10 "https://$net.1:8444/"
seen connection 4
grep -q 'HTTP/1.1 200' access.log

load 1 "^temp 1 https://$net.1:8443: .*is ca_file the authority of that server" "https://$net.1:8443/"
load 1 '^temp 1 .*certificate' -a other.pem "https://$net.1:8443/"
load 1 "^temp 1 https://$net.2:8443: .*name.*'$net.2'" -a ca.pem "https://$net.2:8443/"
load 1 '^conf 1 load: cannot read ca_file none.pem: No such file' -a none.pem "https://$net.1:8443/"
load 1 '^(conf|temp) 1 ' -a server.key "https://$net.1:8443/"

load 0 '^400 1$' -a ca.pem "https://$net.1:8445/"
load 0 '^200 40$
^body you are CN=client$
connections 1 ms' -a ca.pem -c client.pem -k client.key -t 4 -n 10 "https://$net.1:8445/"
load 1 '^conf 1 .*look at the client certificate' -a ca.pem -c client.pem -k other.key "https://$net.1:8445/"
load 1 '^conf 1 .*look at the client certificate' -a ca.pem -c none.pem -k client.key "https://$net.1:8445/"

load 0 '^200 2$' -a ca.pem -b 9000 -n 2 "https://$net.1:8443/big.txt"
load 1 "^proto 2 .*body is larger than 1000 bytes" -a ca.pem -b 1000 -n 2 "https://$net.1:8443/big.txt"

load 0 '^requests 80 connections 1 ms
^200 80$' -a ca.pem -t 8 -n 10 -p "http://$net.1:8080" "https://$net.1:8443/"
[ "$(cat proxy.log)" = "CONNECT $net.1:8443" ] || {
    echo "FAILED: the proxy saw:" && cat proxy.log
    failed=1
}
load 1 '^temp 1 .*403' -a ca.pem -p "http://$net.1:8080" "https://refuse.test/"
load 1 "^temp 1 .*$net.3.*onnect" -a ca.pem -p "http://$net.3:8080" "https://$net.1:8443/"

[ $failed = 0 ]
