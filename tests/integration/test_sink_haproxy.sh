#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# test_sink_haproxy.sh - the sink `haproxy` and Debian's HAProxy: new certificates on a list, renewal without a reload,
# bundles of two lineages; HAProxy down, a wrong socket, one without rights, a refused commit, a foreign transaction.
set -u
top=$(cd "${top_srcdir:-$(dirname "$0")/../..}" && pwd)
build=$(cd "${top_builddir:-$top/build}" && pwd)
PATH=$PATH:/usr/sbin:/sbin
for tool in haproxy openssl python3; do
    command -v "$tool" >/dev/null || { echo "$tool is missing (packages haproxy, openssl, python3)" && exit 77; }
done
plugin="haproxy"
# shellcheck source=tests/tools/sinks.sh
. "$top/tests/tools/sinks.sh"

names='DNS:a.example.test'
cert default 99 "$ec" DNS:default.test
cert one 00a1 "$ec" "$names"
cert two 00b2 "$ec" "$names"
cert rsa2 00b3 "$rsa" "$names"
cert three 00c4 "$ec" "$names"
cert other 77 "$ec" DNS:b.example.test
port=$(free_port) at=127.0.0.1:$port certs=$work/certs
mkdir -m 700 certs
cat default/key.pem default/chain.pem >certs/0.pem

cat >haproxy.cfg <<END
global
  stats socket $work/admin.sock mode 600 level admin
  stats socket $work/user.sock mode 600 level user
  stats timeout 10s
defaults
  mode http
  timeout client 5s
  timeout server 5s
  timeout connect 5s
frontend tls
  bind $at ssl crt $certs
  http-request return status 200
END
conf() { printf 'socket = "%s"; directory = "%s"; %s\n' "$1" "$certs" "${2:-}" >sink.conf; }
conf "$work/admin.sock" "crt_list = \"$certs\";"
hapid=''
start() {
    haproxy -db -f haproxy.cfg >>haproxy.log 2>&1 &
    hapid=$!
    pids="$pids $hapid"
    until_true 10 answers || { cat haproxy.log && exit 1; }
}
halt() {
    kill "$hapid" && wait "$hapid" 2>/dev/null
    rm -f admin.sock user.sock
}
# api COMMAND: what HAProxy answers.
api() {
    python3 - "$work/admin.sock" "$1" <<'END'
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
s.sendall(sys.argv[2].encode() + b"\n")
text = b""
while True:
    piece = s.recv(65536)
    if not piece:
        break
    text += piece
print(text.decode())
END
}
# shellcheck disable=SC2317 # until_true calls it
answers() { api 'show info' 2>/dev/null; }

# ---- down: the file is there, and it is said that it waits ----
sink deploy web one
ended 'HAProxy is down' again
says 'HAProxy is down' "again sink probe: $certs/web.pem is written and waits for HAProxy, which does not answer at $work/admin.sock"
sink verify web one
ended 'verify while it is down' again
is 'the file' "$(cat one/key.pem one/chain.pem)" "$(cat certs/web.pem)"
is 'its mode' 600 "$(stat -c %a certs/web.pem)"
start
is 'it is loaded at the start' a1 "$(served "$at" a.example.test)"
sink deploy web one
ended 'the same again' ok
sink verify web one
ended 'verify' ok

# ---- renewal without a reload ----
inode=$(stat -c %i certs/web.pem)
sink deploy web one
is 'the same again touches nothing' "$inode" "$(stat -c %i certs/web.pem)"
sink deploy web two
ended 'renewal' ok
sink verify web two
ended 'verify after the renewal' ok
is 'what is served' b2 "$(served "$at" a.example.test)"
sink held web ec256
is 'what stands there' "$(cat two/chain.pem)" "$(cat out)"
sink held web rsa2048
is 'and of another type' '' "$(cat out)"
sink verify web one
ended 'verify of the old one' again

# ---- a certificate that HAProxy does not know ----
sink deploy b other
ended 'a new one' ok
sink verify b other
ended 'verify of the new one' ok
is 'it is served' 77 "$(served "$at" b.example.test)"
halt
start
is 'and after a restart' 77 "$(served "$at" b.example.test)"
is 'as is the renewed one' b2 "$(served "$at" a.example.test)"

# ---- two lineages ----
sink deploy web two rsa2
ended 'two lineages' ok
sink verify web two rsa2
ended 'verify of both' ok
is 'ECDSA' b2 "$(served "$at" a.example.test ec)"
is 'RSA' b3 "$(served "$at" a.example.test rsa)"
is 'the plain file is gone' 'web.pem.ecdsa web.pem.rsa' "$(cd certs && echo web.pem*)"
halt
start
is 'RSA after a restart' b3 "$(served "$at" a.example.test rsa)"
is 'ECDSA after a restart' b2 "$(served "$at" a.example.test ec)"
sink deploy web three rsa2
ended 'one of them is renewed' ok
is 'the renewed one' c4 "$(served "$at" a.example.test ec)"
is 'the other one' b3 "$(served "$at" a.example.test rsa)"
sink deploy web three
ended 'one lineage again' ok
is 'one file again' web.pem "$(cd certs && echo web.pem*)"
is 'what is served' c4 "$(served "$at" a.example.test)"

# ---- refused: nothing changes, nothing is left open ----
mkdir -p bad
cp two/key.pem bad/key.pem
cp one/chain.pem bad/chain.pem
sink deploy web bad
ended 'a key of another certificate' reject
says 'a key of another certificate' "$work/admin.sock: HAProxy refuses $certs/web.pem and goes on with what it had; the transaction was aborted: inconsistencies between private key and certificate"
is 'what is served' c4 "$(served "$at" a.example.test)"
is 'no transaction is open' 'No ongoing transaction!' "$(api "abort ssl cert $certs/web.pem" | sed -n 1p)"
sink deploy fresh bad
ended 'the same for a new one' reject
is 'it is not left behind' "Can't display the certificate: Not found or the certificate is a bundle!" "$(api "show ssl cert $certs/fresh.pem" | sed -n 1p)"
rm certs/fresh.pem
sink deploy web three
ended 'the right one again' ok

# ---- somebody else's transaction, and one that a crash left ----
api "set ssl cert $certs/b.pem <<
$(cat other/key.pem other/chain.pem)
" >/dev/null
sink deploy web one
ended 'a foreign transaction' temp
says 'a foreign transaction' "somebody else is changing $certs/b.pem: .commit ssl cert. or .abort ssl cert. ends that"
is 'it was let be' "Transaction aborted for certificate '$certs/b.pem'!" "$(api "abort ssl cert $certs/b.pem" | sed -n 1p)"
api "set ssl cert $certs/web.pem <<
$(cat other/key.pem other/chain.pem)
" >/dev/null
sink deploy web one
ended 'a transaction that was left open' ok
is 'what is served' a1 "$(served "$at" a.example.test)"

# ---- sockets ----
conf "$work/user.sock"
sink deploy web two
ended 'a socket without rights' conf
says 'a socket without rights' "$work/user.sock: HAProxy lets nobody change certificates there: give its .stats socket. line .level admin."
conf "$work/nothing.sock"
sink deploy web two
ended 'a wrong socket' again
says 'a wrong socket' "waits for HAProxy, which does not answer at $work/nothing.sock: start it, or see that .socket. is what its"
conf "$work/admin.sock"
sink deploy unknown other
ended 'no list' temp
says 'no list' "$certs/unknown.pem is written, but HAProxy does not use it: name it (or its folder) in a .bind ... ssl crt. line"
rm certs/unknown.pem
conf "$at"
sink deploy web two
[ "$status" -ne 0 ] || complain 'what is no runtime API is taken for one'

# ---- a list in a file, which HAProxy does not change itself ----
halt
listed=127.0.0.1:$(free_port)
cat >>haproxy.cfg <<END
frontend listed
  bind $listed ssl crt-list $work/list
  http-request return status 200
END
mkdir -m 700 more
cat default/key.pem default/chain.pem >more/0.pem
echo "$work/more/0.pem" >list
start
printf 'socket = "%s"; directory = "%s"; crt_list = "%s";\n' "$work/admin.sock" "$work/more" "$work/list" >sink.conf
sink deploy b other
ended 'on a list' ok
is 'it is served' 77 "$(served "$listed" b.example.test)"
sink verify b other
ended 'the list does not name it' again
says 'the list does not name it' "its list $work/list does not name it, and the next start would forget it"
echo "$work/more/b.pem [alpn h2] b.example.test" >>list
sink verify b other
ended 'the list names it' ok
halt
start
is 'and after a restart' 77 "$(served "$listed" b.example.test)"

# ---- going ----
conf "$work/admin.sock" "crt_list = \"$certs\";"
sink retire b other
ended 'retired' ok
[ ! -e certs/b.pem ] || complain 'the file of the retired one is there'
is 'it is no longer served' 99 "$(served "$at" b.example.test)"
halt
cat >>haproxy.cfg <<END
frontend more
  bind 127.0.0.1:$(free_port) ssl crt $certs/web.pem
  http-request return status 200
END
start
sink retire web one
ended 'one that the configuration names' temp
says 'one that the configuration names' "HAProxy still uses $certs/web.pem, so the file stays: take it out of the"
[ -e certs/web.pem ] || complain 'the file that HAProxy needs is gone'
! grep -rqs 'PRIVATE KEY' said || complain 'a key is told'
sinks_verdict
