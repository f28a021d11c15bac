#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# test_unit.sh - the systemd unit: it and its sockets are right and tight, and the service works as its user, with its capabilities, its
# read-only system and its filters, while a web server takes up what it delivers; also without any right of root's.
# time-limit: 300
set -u
top=$(cd "${top_srcdir:-$(dirname "$0")/../..}" && pwd)
build=$(cd "${top_builddir:-$top/build}" && pwd)
# shellcheck source=tests/tools/e2e.sh
. "$top/tests/tools/e2e.sh"

# ---- what systemd says of the files ------------------------------------------------------

command -v systemd-analyze >/dev/null 2>&1 || { echo 'systemd-analyze is missing (package systemd)' && exit 77; }
mkdir -p units/bin
printf '#!/bin/sh\n' >units/bin/fairlead
chmod 755 units/bin/fairlead
sed -e "s|@bindir@|$(pwd)/units/bin|; s|@sysconfdir@|/etc|g; s|@fldatadir@|/usr/share/fairlead|" \
    "$top/conf/systemd/fairlead.service.in" >units/fairlead.service
! grep -n '@[a-z]*@' units/fairlead.service || complain 'a placeholder is left in the unit'
cp "$top"/conf/systemd/*.socket units/
for variant in plain sockets directories owner credentials; do
    rm -rf units/fairlead.service.d
    mkdir units/fairlead.service.d
    [ $variant = plain ] || cp "$top/conf/systemd/drop-ins/$variant.conf" units/fairlead.service.d/
    # Whether the manual is installed is not what is asked.
    (cd units && systemd-analyze verify ./fairlead.service ./*.socket) >verify.log 2>&1
    is "systemd-analyze verify, $variant" '' "$(grep -v "Command 'man " verify.log)"
done
# score FILE: tenths of the exposure that systemd sees, 0 to 100.
score() { systemd-analyze security --offline=yes --no-pager "$1" 2>&1 | sed -n 's/.*exposure level for .*: \([0-9]*\)\.\([0-9]\).*/\1\2/p' | sed 's/^0*//'; }
rm -rf units/fairlead.service.d
found=$(score units/fairlead.service)
[ "${found:-100}" -le 17 ] || complain "systemd-analyze security: $found tenths, 17 are stated in the manual"
sed -n '/^\[Service\]/,$p' "$top/conf/systemd/drop-ins/sockets.conf" | sed 1d >units/more
sed '/^\[Install\]/,$d' units/fairlead.service | cat - units/more >units/without.service
found=$(score units/without.service)
[ "${found:-100}" -le 15 ] || complain "systemd-analyze security with sockets: $found tenths, 15 are stated in the manual"

# ---- what a configuration needs beyond it --------------------------------------------------

cat >fl.conf <<END
state = "/var/lib/fairlead";
authorities = { le = { directory = "https://127.0.0.1:14000/dir"; accept_terms = true; }; };
solvers = { web = { plugin = "http-01"; }; };
sinks = {
  disk = { plugin = "file"; directory = "/etc/nginx/tls"; reload = ["systemctl", "reload", "nginx"]; owner = "somebody"; };
  tmp = { plugin = "file"; directory = "/tmp/live"; };
  own = { plugin = "file"; directory = "/var/lib/fairlead/live"; };
};
certificates = ( { names = ["a.example.test"]; sinks = ["disk", "tmp", "own"]; } );
END
chmod 600 fl.conf
e2e check --unit="$(pwd)/units/fairlead.service"
is 'check --unit: status' 1 "$status"
says 'a folder outside' 'missing: sink disk: directory: /etc/nginx/tls is outside .* add ReadWritePaths=/etc/nginx/tls' out
says 'a folder that only the service sees' 'missing: sink tmp: directory: /tmp/live .*PrivateTmp' out
says 'another owner' 'missing: sink disk: gives files to somebody: .*CAP_CHOWN' out
says 'systemctl without a rule' 'missing: sink disk: runs systemctl for nginx, .* polkit rule' out
silent 'what is right' 'sink own|solver web' out
mkdir units/fairlead.service.d
cp "$top/conf/systemd/drop-ins/directories.conf" "$top/conf/systemd/drop-ins/sockets.conf" units/fairlead.service.d/
printf '[Service]\nSockets=\n' >units/fairlead.service.d/zz.conf
e2e check --unit="$(pwd)/units/fairlead.service"
silent 'the folder is allowed by a drop-in' '/etc/nginx/tls is outside' out
says 'neither right nor socket for port 80' 'missing: solver web: listens on \[::\]:80: .*CAP_NET_BIND_SERVICE' out
rm units/fairlead.service.d/zz.conf
e2e check --unit="$(pwd)/units/fairlead.service"
silent 'a socket for port 80' 'solver web' out
rm -rf units/fairlead.service.d

# ---- the service, as the unit says --------------------------------------------------------

[ "$(id -u)" = 0 ] || { echo 'needs root to become the user of the unit' && exit 77; }
for tool in setpriv nginx; do
    command -v $tool >/dev/null 2>&1 || PATH=$PATH:/usr/sbin
    command -v $tool >/dev/null 2>&1 || { echo "$tool is missing (packages util-linux, nginx)" && exit 77; }
done
case $(nm -D "$build/fairlead" 2>/dev/null) in *__asan_init* | *__tsan_init*) sanitized=1 ;; *) sanitized='' ;; esac
uid=64123
e2e_begin
pebble_dns=$at:53 pebble_http_port=80
e2e_pebble pebble
mkdir -p it/nginx it/tls it/creds state runtime
chmod 755 . it
cp -R "$build/plugdir" it/plugs
cp "$build/fairlead" it/fairlead
cp pebble/ca.pem it/ca.pem
printf 'key "k" { algorithm hmac-sha256; secret "MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI="; };\n' >it/creds/tsig
timeout=30s names='"web.example.test"'
conf() {
    cat >it/new.conf <<END
control = "/run/fairlead/control";
roots = ["$at:53"];
authorities = { pebble = { directory = "https://$at:14000/dir"; ca_file = "/run/it/ca.pem"; accept_terms = true; }; };
dns = { self = { plugin = "self"; serve = ["example.test"]; listen = ["$at:53"]; query_servers = ["$at:53"]; };
        far = { plugin = "rfc2136"; server = "127.0.0.1:9"; zones = ["example.net"]; key = "credential:tsig"; }; };
solvers = { web = { plugin = "http-01"; listen = "$at:80"; timeout = "$timeout"; }; txt = { plugin = "dns-01"; }; };
sinks = { disk = { plugin = "file"; directory = "/run/it/tls";
                   reload = ["/bin/sh", "-c", "[ ! -s /run/it/nginx/pid ] || kill -HUP \`cat /run/it/nginx/pid\`"]; }; };
certificates = ( { names = [$names, "any.example.test"]; addresses = ["$at"]; },
                 { names = ["*.wild.example.test"]; solver = "txt"; } );
END
    mv it/new.conf it/fairlead.conf
    chown -R $uid:$uid it
    chmod 640 it/fairlead.conf it/creds/tsig
}
conf
printf '[Service]\nReadWritePaths=/run/it/tls\n' >units/paths.conf
# inside COMMAND...: as systemd would start it.
listens=''
inside() {
    # shellcheck disable=SC2086 # options, or nothing
    NOTIFY_SOCKET=/run/it/notify CREDENTIALS_DIRECTORY=/run/it/creds WATCHDOG_USEC=60000000 \
        exec /usr/bin/python3 "$top/tests/tools/unit_run.py" --bind "STATE=$here/state" --bind "RUNTIME=$here/runtime" \
        --bind "$here/it=/run/it" $listens "$units" $uid "$@"
}
# A sanitizer maps memory and reads files in ways that the filter is there to refuse.
units=$here/units/fairlead.service,$here/units/paths.conf
[ -z "$sanitized" ] || sed -i '/^SystemCallFilter/d; /^MemoryDeny/d; /^SystemCallErrorNumber/d' units/fairlead.service
/usr/bin/python3 "$top/tests/tools/notify_listen.py" it/notify it/told &
notified=$!
# shellcheck disable=SC2317 # e2e_ended calls it
e2e_more_ended() {
    kill "$notified"
    [ ! -s it/nginx/pid ] || kill "$(cat it/nginx/pid)"
} 2>/dev/null
until_true 5 [ -S it/notify ] || complain 'nobody listens to notifications'
begin() {
    inside /run/it/fairlead -c /run/it/fairlead.conf --plugins /run/it/plugs run >run.log 2>&1 </dev/null &
    running=$!
    until_true 10 grep -q ' started' run.log || {
        grep -q 'can be made here\|can be loaded here' run.log && cat run.log && exit 77
        [ "${1:-}" = fails ] || { complain "run does not start: $(cat run.log)" && exit 1; }
    }
}
command_inside() {
    status=0
    (listens='' && inside /run/it/fairlead -c /run/it/fairlead.conf --plugins /run/it/plugs "$@") >out 2>err </dev/null || status=$?
}
# shellcheck disable=SC2317
live() { [ -s it/tls/web.example.test/fullchain.pem ] && [ -s it/tls/_.wild.example.test/fullchain.pem ]; }
serial() { openssl x509 -in it/tls/web.example.test/cert.pem -noout -serial; }
served() { echo | openssl s_client -connect "$at:8443" -servername web.example.test 2>/dev/null | openssl x509 -noout -serial 2>/dev/null; }

begin
is 'its user' "$uid" "$(sed -n 's/^Uid:[[:space:]]*\([0-9]*\).*/\1/p' "/proc/$running/status")"
is 'its capabilities' 0000000000000400 "$(sed -n 's/^CapEff:[[:space:]]*//p' "/proc/$running/status")"
is 'no new privileges' 1 "$(sed -n 's/^NoNewPrivs:[[:space:]]*//p' "/proc/$running/status")"
[ -n "$sanitized" ] || is 'its filter' 2 "$(sed -n 's/^Seccomp:[[:space:]]*//p' "/proc/$running/status")"
until_true 40 live || complain "not delivered: $(cat run.log)"
says 'ready' '^READY=1' it/told
says 'status' '^STATUS=2 certificates' it/told

cat >it/nginx/nginx.conf <<END
daemon on;
pid $here/it/nginx/pid;
error_log $here/it/nginx/error.log;
events { }
http {
  access_log off;
  client_body_temp_path $here/it/nginx/1; proxy_temp_path $here/it/nginx/2; fastcgi_temp_path $here/it/nginx/3;
  uwsgi_temp_path $here/it/nginx/4; scgi_temp_path $here/it/nginx/5;
  server {
    listen $at:8443 ssl;
    ssl_certificate $here/it/tls/web.example.test/fullchain.pem;
    ssl_certificate_key $here/it/tls/web.example.test/privkey.pem;
    return 200 "here\n";
  }
}
END
chown -R $uid:$uid it/nginx
setpriv --reuid $uid --regid $uid --clear-groups nginx -c "$here/it/nginx/nginx.conf" 2>nginx.err || complain "nginx: $(cat nginx.err)"
until_true 5 [ -s it/nginx/pid ] || complain 'nginx does not start'
first=$(serial)
is 'nginx serves it' "$first" "$(served)"

# Another name: a new certificate, which nginx takes up.
names='"web.example.test", "more.example.test"'
conf
command_inside reload
is 'reload: status' 0 "$status"
says 'reload: what it says' 'certificates: changed web.example.test'
# shellcheck disable=SC2317
renewed() { [ "$(serial)" != "$first" ] && [ "$(served)" = "$(serial)" ]; }
until_true 40 renewed || complain "nginx serves $(served), delivered is $(serial): $(tail -n 20 run.log)"
says 'reloading' '^RELOADING=1' it/told
says 'when it began' '^MONOTONIC_USEC=[0-9]' it/told
says 'status after it' '^STATUS=2 certificates; 20.* reloaded: certificates: changed' it/told
is 'ready again' 2 "$(grep -c '^READY=1' it/told)"
echo 'nonsense;' >>it/fairlead.conf
kill -HUP "$running"
until_true 10 grep -q ' reload refused: ' it/told || complain "a wrong file is not refused: $(tail -n 5 run.log)"
says 'a wrong file: status of systemd' '^STATUS=2 certificates; 20.* reload refused: /run/it/fairlead.conf:' it/told
until_true 5 grep -q '^WATCHDOG=1' it/told || complain 'the watchdog is not told'
conf
command_inside status
is 'status: status' 0 "$status"
is 'nothing was left elsewhere' '' "$(find it -newer it/nginx/nginx.conf -type f ! -path 'it/tls/*' ! -path 'it/nginx/*' ! -name told ! -name fairlead.conf)"
e2e_stop
is 'run: status' 0 "$status"
says 'stopping' '^STOPPING=1' it/told
silent 'nothing was refused' 'step-failed|not permitted|Permission denied|Read-only' run.log

# ---- without any right: ports from systemd, kept over reloads --------------------------------

cp "$top/conf/systemd/drop-ins/sockets.conf" units/sockets.conf
units=$units,$here/units/sockets.conf
begin fails
is 'without sockets: nothing to listen on' '' "$(grep ' started' run.log)"
says 'without sockets: why' 'ports below 1024 need the right CAP_NET_BIND_SERVICE|fairlead-.*[.]socket' run.log
wait "$running"
running=''
listens="--listen tcp:$at:80 --listen tcp:$at:53 --listen udp:$at:53"
begin
is 'no capabilities' 0000000000000000 "$(sed -n 's/^CapEff:[[:space:]]*//p' "/proc/$running/status")"
for timeout in 31s 32s; do
    names="$names, \"n$timeout.example.test\""
    conf
    command_inside reload
    is "ports are kept, $timeout: status" 0 "$status"
    says "ports are kept, $timeout" 'solvers: changed web'
done
# shellcheck disable=SC2317
more() { openssl x509 -in it/tls/web.example.test/cert.pem -noout -checkhost n32s.example.test | grep -q 'does match'; }
until_true 40 more || complain "no certificate by handed-over ports: $(tail -n 20 run.log)"
e2e_stop
is 'run without rights: status' 0 "$status"
pebble_stop pebble
e2e_end
