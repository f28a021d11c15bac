#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# test_control.sh - people and the service: what is asked through the socket is done, is on disk before it is accepted, and
# nothing that a client does harms the service; the same commands without one.
set -u
top=$(cd "${top_srcdir:-$(dirname "$0")/../..}" && pwd)
build=$(cd "${top_builddir:-$top/build}" && pwd)
# shellcheck source=tests/tools/e2e.sh
. "$top/tests/tools/e2e.sh"
e2e_begin
e2e_pebble pebble

conf() {
    e2e_conf <<END
certificates = (
  { names = ["a.example.test", "*.a.example.test"]; solver = "txt"; },
  { names = ["web.example.test", "www.example.test"]; solver = "web"; addresses = ["$at"]; }
);
END
}
serial() { e2e_record "certificate:$1" live serial; }
served() { openssl x509 -in "live/$1/cert.pem" -noout -serial 2>/dev/null; }
# renewed WHAT NAME OLD: another certificate is live, and at the sink.
renewed() {
    [ "$(serial "$2")" != "$3" ] || complain "$1: it is still the old one"
    [ -n "$(serial "$2")" ] || complain "$1: nothing is live"
    case $(served "$2" | tr A-F a-f) in
    *"$(serial "$2" | sed 's/^0*//')") ;;
    *) complain "$1: the sink has another: $(served "$2")" ;;
    esac
}

# ---- without a service ------------------------------------------------------------------

conf
e2e status
is 'nothing yet: status' 1 "$status"
e2e once
is 'once' 0 "$status"
e2e status
says 'alone' '^no service holds the state' out
says 'alone: counted' '^2 certificates: 2 delivered$' out
first=$(serial a.example.test)
e2e renew a.example.test
is 'renew alone' 0 "$status"
renewed 'renew alone' a.example.test "$first"
says 'renew alone: the line' '^a\.example\.test +delivered valid until' out
silent 'renew alone: only that one' '^web\.example\.test' out
e2e renew b.example.test
is 'an unknown name' 1 "$status"
says 'an unknown name' 'there is no certificate .b\.example\.test.*did you mean .a\.example\.test' err
e2e renew www.example.test
says 'a name of another' 'did you mean .web\.example\.test' err
e2e renew
is 'no name' 2 "$status"
e2e renew --all a.example.test
is 'all and a name' 2 "$status"
e2e reload
is 'reload alone' 1 "$status"
says 'reload alone' 'no service answers at .*/state/control' err
e2e account pebbel
says 'an unknown authority' 'did you mean .pebble' err
e2e account pebble
is 'account' 0 "$status"
says 'account' "account +https://$at:14000/my-account/" out
e2e account pebble burn
is 'account: no such action' 2 "$status"
for command in renew revoke reload account forget status once; do
    e2e "$command" --help
    is "$command --help" 0 "$status"
    says "$command --help" "^usage: fairlead $command" out
    e2e "$command" --nonsense
    is "$command --nonsense" 2 "$status"
done

# ---- with a service ---------------------------------------------------------------------

e2e_run "$@"
is 'the socket' 'srw-rw----' "$(stat -c %A state/control)"
e2e status
is 'status' 0 "$status"
says 'status: who' '^fairlead [0-9.]+ runs as process '"$running"' since ' out
e2e status --json
python3 -c 'import json, sys
doc = json.load(open("out"))
assert doc["daemon"]["pid"] == int(sys.argv[1]), doc["daemon"]
assert [c["state"] for c in doc["certificates"]] == ["delivered"] * 2
assert doc["certificates"][0]["lineages"][0]["live"]["not_after"] > doc["daemon"]["since"]' "$running" ||
    complain "status --json: $(cat out)"
e2e status web.example.test
for line in 'names +web\.example\.test www\.example\.test' '^key ec256' 'step +rest: ' 'since +20' 'serial +[0-9a-f]+' \
    'chain +up to Pebble Root CA' 'valid +from 20' 'until 20' 'renewal +20' '^sink disk' '^addresses' '^authority pebble' \
    'account +https' '^history' 'issued +serial'; do
    says "status NAME: $line" "$line" out
done
e2e status nobody.example.test
is 'status of nobody' 1 "$status"

# A file that cannot be parsed keeps nobody from seeing how things stand.
cp fl.conf good.conf
echo 'nonsense = ' >>fl.conf
e2e status
is 'status beside a broken file' 0 "$status"
says 'status beside a broken file: who' '^fairlead [0-9.]+ runs as process '"$running"' since ' out
says 'status beside a broken file: what is wrong' '^fl\.conf:[0-9]+: error: ' err
e2e renew a.example.test
is 'renew beside a broken file' 1 "$status"
cp good.conf fl.conf

before=$(serial a.example.test)
e2e renew a.example.test
is 'renew' 0 "$status"
renewed 'renew' a.example.test "$before"
says 'renew: the log says who' 'asked op=renew name=a\.example\.test by="?uid=[0-9]+,pid=[0-9]+' run.log
e2e once
is 'once beside the service' 0 "$status"
says 'once beside the service' '^web\.example\.test +delivered' out
e2e --record tape once
is 'a conversation of its own is not the service'"'"'s' 75 "$status"
e2e reload
is 'reload' 0 "$status"
says 'reload' '^reloaded' out
cp fl.conf good.conf
sed -i 's/solver = "txt"/solver = "tyt"/' fl.conf
e2e reload
is 'a reload that is refused' 1 "$status"
says 'a reload that is refused' 'the former one is in use' err
says 'a reload that is refused: why' 'tyt' err
cp good.conf fl.conf
e2e status
says 'status tells of it' '^reload REFUSED' out
says 'and goes on' '^2 certificates: 2 delivered' out

# The account: another key, none, and a new one.
thumbprint() { sed -n 's/^ *thumbprint *//p' out; }
e2e account pebble
old=$(thumbprint)
e2e account pebble rollover
is 'rollover' 0 "$status"
case $(thumbprint) in '' | "$old") complain "rollover: $(cat out)" ;; esac
e2e renew a.example.test
is 'renew with the new key of the account' 0 "$status"
e2e account pebble deactivate
is 'deactivate' 0 "$status"
says 'deactivate' 'account +deactivated' out
e2e renew a.example.test --wait 5s
is 'renew without an account' 1 "$status"
says 'renew without an account: to do' 'make a new one with .fairlead account pebble register' out
e2e account pebble register
is 'register' 0 "$status"
e2e renew a.example.test
is 'renew with the new account' 0 "$status"

# What was accepted is on disk: the service is killed at once, and whoever comes next does it.
before=$(serial web.example.test)
e2e renew web.example.test --wait 0s
is 'accepted' 0 "$status"
kill -KILL "$running" && wait "$running" 2>/dev/null
running=''
[ -S state/control ] || complain 'the socket file of a killed process is gone: nothing to test'
e2e once
is 'after the kill' 0 "$status"
renewed 'asked before the kill' web.example.test "$before"
is 'nothing is asked any more' '' "$(find state -name 'ask*')"
is 'nor in the record' '' "$(e2e_record certificate:web.example.test ask op)"

# ---- clients that mean no good -------------------------------------------------------------

e2e_run "$@"
cat >hostile.py <<'END'
import json, resource, socket, sys, time

path = sys.argv[1]


def connect():
    s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    s.connect(path)
    s.settimeout(20)
    return s


def answer(s):
    data = b""
    while not data.endswith(b"\n") or b'"exit"' not in data.splitlines()[-1]:
        part = s.recv(65536)
        if not part:
            break
        data += part
    return data


def ask(text):
    s = connect()
    s.sendall(text + b"\n")
    return answer(s)


def well():
    last = json.loads(ask(b'{"op":"status","brief":true}').splitlines()[-1])
    assert last["exit"] == 0, last


def exit_of(text):
    return json.loads(ask(text).splitlines()[-1])["exit"]


well()
for bad in [b"", b"{", b"[]", b"null", b'"op"', b"\x00\xff\xfe", b'{"op":1}', b'{"op":"rm -rf"}', b"{}" * 2,
            b'{"op":"renew","names":[1,null,{}]}', b'{"op":"quiet","tasks":["x"]}', b'{"op":"quiet","tasks":[7]}',
            b'{"op":"revoke"}', b'{"op":"revoke","name":"../../etc"}', b'{"op":"forget","name":"../control"}',
            b'{"op":"forget","name":""}', b'{"op":"account"}',
            b'{"op":"account","authority":"pebble","action":"x"}', b"[" * 100000]:
    code = exit_of(bad)
    assert code != 0, (bad[:60], code)
    well()
# Half a line, and then nothing: the deadline ends it, and others do not wait for that.
half = [connect() for _ in range(20)]
for s in half:
    s.sendall(b'{"op":"sta')
start = time.monotonic()
well()
assert time.monotonic() - start < 3, "waited for somebody else's half line"
# Megabytes without an end.
s = connect()
try:
    for _ in range(64):
        s.sendall(b"x" * 65536)
except ConnectionError:
    pass
s.close()
well()
# A thousand that say nothing.
resource.setrlimit(resource.RLIMIT_NOFILE, (2000, max(2000, resource.getrlimit(resource.RLIMIT_NOFILE)[1])))
many = [connect() for _ in range(1000)]
well()
for s in many:
    s.close()
well()
# Gone before the answer, in every way.
for _ in range(200):
    s = connect()
    s.sendall(b'{"op":"status"}\n')
    s.close()
for _ in range(50):
    s = connect()
    s.sendall(b'{"op":"status"}\n')
    s.shutdown(socket.SHUT_WR)
    assert answer(s), "half closed"
# Asks a lot, reads nothing.
lazy = []
for _ in range(40):
    s = connect()
    s.sendall(b'{"op":"status"}\n' * 1000)
    lazy.append(s)
well()
# Byte by byte is slow, not wrong.
s = connect()
for c in b'{"op":"status","brief":true}\n':
    s.sendall(bytes([c]))
    time.sleep(0.005)
assert b'"exit":0' in answer(s)
for s in half:
    s.settimeout(10)
    try:
        assert s.recv(10) == b"", "half a line was answered"
    except ConnectionError:
        pass
print("ok")
END
count_fds() { find "/proc/$running/fd" -mindepth 1 | wc -l; }
fds=$(count_fds)
is 'hostile clients' ok "$(timeout 120 python3 hostile.py state/control 2>&1 | tail -n 1)"
# shellcheck disable=SC2317 # until_true calls it
back_to() { [ "$(count_fds)" -le "$1" ]; }
until_true 10 back_to $((fds + 2)) || complain "descriptors: $fds before, $(count_fds) after"
e2e status
is 'status after all that' 0 "$status"
# A second service for the same state does not get it, nor the socket.
e2e run
is 'a second service' 75 "$status"
says 'a second service' "in use by process $running" err
e2e_stop
is 'it ends' 0 "$status"
[ ! -e state/control ] || complain 'the socket is left behind'

# ---- the socket's place ---------------------------------------------------------------------

echo mine >state/control
e2e run
is 'something else lies there' 1 "$status"
says 'something else lies there' 'state/control is there and is no socket' err
is 'and is not touched' mine "$(cat state/control)"
rm state/control
sed -i '1i control = "";' fl.conf
e2e_run "$@"
e2e renew a.example.test
is 'no socket: the state is in use' 75 "$status"
says 'no socket' "in use by process $running" err
e2e_stop
long=$(printf 'd%.0s' $(seq 1 120))
mkdir -p "$here/$long"
sed -i "1s|.*|control = \"$here/$long/s\"; control_group = \"$(id -gn)\";|" fl.conf
e2e_run "$@"
e2e status
says 'a long path' 'runs as process' out
e2e_stop
sed -i '1s|.*|control_group = "no-such-group";|' fl.conf
e2e run
is 'no such group' 1 "$status"
says 'no such group' 'there is no group no-such-group' err

# ---- forget -----------------------------------------------------------------------------------

conf
e2e forget a.example.test
is 'forget what is wanted' 1 "$status"
says 'forget what is wanted' 'a\.example\.test is in the configuration' err
keys=$(find state/keys -name '*.pem' | wc -l)
e2e_run "$@"
e2e_conf <<END
certificates = ( { names = ["web.example.test", "www.example.test"]; solver = "web"; addresses = ["$at"]; } );
END
e2e reload
is 'reload without it' 0 "$status"
e2e status
says 'an orphan' '^a\.example\.test +orphan' out
e2e renew a.example.test
is 'an orphan is not renewed: status' 1 "$status"
says 'an orphan is not renewed' 'not in the configuration any more: put it there again, or .fairlead forget. it' err
e2e status
e2e status a.example.test
says 'an orphan has a page' 'serial +[0-9a-f]+' out
e2e forget a.example.tes
is 'forget nobody' 1 "$status"
e2e forget a.example.test
is 'forget' 0 "$status"
says 'forget' 'a\.example\.test is forgotten: [0-9]+ records and [0-9]+ keys; what sinks hold stays' out
is 'no record is left' '' "$(find state/certs state/archive -name '*a.example.test*')"
[ "$(find state/keys -name '*.pem' | wc -l)" -lt "$keys" ] || complain 'its keys are still there'
[ -s live/a.example.test/cert.pem ] || complain 'the sink was touched'
e2e forget a.example.test
is 'forget twice' 1 "$status"
e2e status
silent 'no orphan any more' orphan out
e2e_stop
e2e_end
