# shellcheck shell=sh disable=SC2154 # what e2e.sh sets
# SPDX-License-Identifier: Apache-2.0
# tls_alpn.sh - proofs by TLS handshakes against one version of Pebble: names, addresses of both families, two orders for one
# name, a crash, others at the port; sourced by tests/integration/test_tls_alpn01_pebble*.sh, which set top, build and pebble_bin.
# shellcheck source=tests/tools/e2e.sh
. "$top/tests/tools/e2e.sh"
e2e_begin
pebble_tls_port=$(pebble_random)
ip -6 addr show dev lo 2>/dev/null | grep -q '::1/128' && six=', "[::1]:'$pebble_tls_port'"' || six=''

# conf CERTIFICATES [LISTEN]
conf() {
    e2e_conf <<END
certificates = ( $1 );
END
    sed -i "s|^solvers = {|&  tls = { plugin = \"tls-alpn-01\"; listen = [${2:-\"$at:$pebble_tls_port\"$six}]; };|" fl.conf
}
# talk OPTION...: what a client of the listener hears.
talk() { timeout 20 openssl s_client -connect "$at:$pebble_tls_port" "$@" </dev/null 2>&1; }

# ---- names and addresses --------------------------------------------------------------

e2e_pebble pebble
a='{ names = ["a.example.test", "www.a.example.test"]; solver = "tls"; addresses = ["'$at'"]; }'
conf "$a, { names = [\"$at\"]; solver = \"tls\"; }"
e2e check
is 'check: status' 0 "$status"
e2e once
is 'once: status' 0 "$status"
e2e_delivered a.example.test a.example.test www.a.example.test
e2e_delivered "$at" "IP Address:$at"
is 'challenges of two names and an address' 3 "$(e2e_asked | sed -n 's/ POST .chalZ.$//p')"
if [ -n "$six" ]; then
    conf '{ names = ["::1"]; solver = "tls"; }'
    e2e once
    is 'an IPv6 address: status' 0 "$status"
    # No file name has a colon.
    e2e_delivered --1 'IP Address:0:0:0:0:0:0:0:1'
fi
conf '{ names = ["*.example.test"]; solver = "tls"; }'
e2e check
is 'a wildcard: status' 1 "$status"
says 'a wildcard' 'error: .*wildcard'

# ---- two orders for one name: one after the other -------------------------------------

e2e_state=two e2e_live=two-live
e2e_mark
conf '{ names = ["b.example.test"]; solver = "tls"; key = ["ec256", "rsa2048"]; addresses = ["'"$at"'"]; }'
e2e once
is 'two lineages: status' 0 "$status"
is 'two lineages: orders' '2 POST /order-plz' "$(e2e_asked | grep order-plz)"

# ---- killed when the proof stands, before anybody is asked to look at it ----------------

e2e_state=killed e2e_live=killed-live
conf '{ names = ["c.example.test"]; solver = "tls"; addresses = ["'"$at"'"]; }'
e2e_mark
python3 "$top/tests/tools/kill_at.py" 'c.example.test: visible:' 0 \
    "$build/fairlead" -c fl.conf --plugins "$build/plugdir" once >out 2>err
e2e once
is 'killed: status' 0 "$status"
e2e_delivered c.example.test c.example.test
is 'killed: one order' '1 POST /order-plz' "$(e2e_asked | grep order-plz)"

# ---- others at the port ----------------------------------------------------------------

# shellcheck disable=SC2119 # as the configuration says
e2e_run
talk -servername c.example.test -alpn h2 >heard
says 'another protocol' 'no application protocol' heard
talk -servername c.example.test >heard
says 'no protocol' 'no application protocol' heard
talk -servername c.example.test -alpn acme-tls/1 >heard
says 'a name that is not being proved' 'unrecognized name' heard
talk -noservername -alpn acme-tls/1 >heard
says 'no name' 'unrecognized name' heard
python3 - "$at" "$pebble_tls_port" <<'END' >heard 2>&1 || complain "others: $(cat heard)"
import socket, sys, time
at = (sys.argv[1], int(sys.argv[2]))
s = socket.create_connection(at, 10); s.sendall(b"GET / HTTP/1.1\r\nHost: c.example.test\r\n\r\n")
assert s.recv(100)[:4] != b"HTTP", "somebody speaks HTTP"
# Half a hello, a byte a second: gone after ten.
s = socket.create_connection(at, 10); began = time.monotonic(); s.settimeout(0.2)
hello, ended = bytes.fromhex("1603010200010001fc0303") + bytes(200), False
while not ended and time.monotonic() - began < 20:
    try:
        s.sendall(hello[:1]); hello = hello[1:]
        ended = s.recv(100) == b""
    except TimeoutError: time.sleep(0.8)
    except OSError: ended = True
assert ended and 9 < time.monotonic() - began < 15, time.monotonic() - began
# More than there is room for: whoever comes last is heard.
many = [socket.create_connection(at, 10) for i in range(400)]
many[-1].sendall(b"no TLS at all, but bytes enough")
many[-1].settimeout(10); many[-1].recv(100)
END
e2e_stop
is 'run: status' 0 "$status"

# ---- another program at the port -------------------------------------------------------

e2e_state=other e2e_live=other-live
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3 -subj /CN=other -keyout other.key \
    -out other.pem 2>/dev/null
conf '{ names = ["d.example.test"]; solver = "tls"; addresses = ["'"$at"'"]; }'
openssl s_server -accept "$at:$pebble_tls_port" -cert other.pem -key other.key -quiet >other.log 2>&1 &
other=$!
until_true 10 talk -servername x -quiet || true
e2e_mark
e2e once --wait 3s
[ "$status" != 0 ] || complain 'another program at the port: delivered all the same'
says 'another program at the port' 'listens there'
is 'another program: the authority is not asked to look' '' "$(e2e_asked | grep chalZ)"
kill $other
wait $other 2>/dev/null
e2e once
is 'without it: status' 0 "$status"
e2e_delivered d.example.test d.example.test
pebble_stop pebble
