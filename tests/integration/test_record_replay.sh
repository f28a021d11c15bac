#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# test_record_replay.sh - what --record writes has every request and no secret; what --replay reads gives the same words
# without a network, and says where a request is another than the recorded one.
set -u
top=$(cd "${top_srcdir:-$(dirname "$0")/../..}" && pwd)
build=$(cd "${top_builddir:-$top/build}" && pwd)
# shellcheck source=tests/tools/e2e.sh
. "$top/tests/tools/e2e.sh"
e2e_begin
umask 022
service=''
# shellcheck disable=SC2317 # e2e_ended calls it
e2e_more_ended() {
    [ -z "$service" ] || { kill "$service" && wait "$service"; } 2>/dev/null
}

# ---- a certificate ends in a recording ------------------------------------------------

pebble_eab='kid-1 zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W'
mac=${pebble_eab#* }
echo "$mac" >eab.key
chmod 600 eab.key
e2e_authority="eab = { kid = \"kid-1\"; hmac = \"file:$here/eab.key\"; };"
e2e_pebble pebble
e2e_conf <<END
certificates = ( { names = ["a.example.test"]; solver = "txt"; } );
END
e2e -v --record tape once
is 'once: exit status' 0 "$status"
e2e_delivered a.example.test a.example.test
is 'every request is there' "$(pebble_count pebble)" "$(find tape -name '[0-9][0-9][0-9][0-9].json' | wc -l)"
is 'permissions of the recording' '' "$(find tape -perm /077)"
python3 - tape >facts 2>&1 <<'END' || complain "a recording cannot be read: $(cat facts)"
import glob, json, sys
paths = []
for name in sorted(glob.glob(sys.argv[1] + "/*.json")):
    one = json.load(open(name))
    assert one["answer"]["status"] in (200, 201, 204), one
    paths.append(one["request"]["method"] + " " + "/".join(one["request"]["url"].split("/")[3:4]))
print("\n".join(sorted(paths)))
END
is 'the requests that Pebble saw' "$(e2e_asked | sed 's/^[0-9]* //; s|\([A-Z]*\) /\([^/]*\).*|\1 \2|' | sort -u)" "$(sort -u facts)"
# The private parts of every key, in each form that they could have: PEM, hex, base64url.
is 'private keys' '' "$(grep -rlE 'PRIVATE KEY' tape err)"
is 'the binding key' '' "$(grep -rl "$mac" tape err out)"
keys=0
for key in state/keys/*.pem; do
    hex=$(openssl pkey -in "$key" -noout -text | sed -n '/^priv:/,/^pub:/{/^ /p}' | tr -d ' \n:')
    text=$(printf %s "$hex" | python3 -c 'import base64, sys
print(base64.urlsafe_b64encode(bytes.fromhex(sys.stdin.read())).decode().rstrip("="))')
    [ ${#text} -gt 40 ] || complain "the test does not find the key in $key"
    is "a key of ours in the recording" '' "$(grep -rlE -e "$hex|$text|$(sed -n 2p "$key")" tape err out)"
    keys=$((keys + 1))
done
is 'keys looked for' 2 $keys
# The signature of the binding is made with the key, and goes over the wire: it may stand there.
pebble_stop pebble

# ---- a provider over HTTP -------------------------------------------------------------

mkdir -p plugins/dns service
cp "$build"/plugdir/dns/*.so plugins/dns
cp -R "$build/plugdir/solver" "$build/plugdir/sink" plugins
# shellcheck disable=SC2046 # words
${CC:-cc} -std=c11 -D_GNU_SOURCE -fPIC -fvisibility=hidden -I "$top/core/include" $(pkg-config --cflags jansson) -shared \
    -o plugins/dns/template.so "$top/plugins/template/template.c" $(pkg-config --libs jansson) >cc.log 2>&1 ||
    complain "the template cannot be built: $(cat cc.log)"
chmod -R go-w plugins
pebble_certificate service "$at" || complain 'no certificate for the service'
python3 "$top/tests/tools/dns_service.py" "$at" 8443 service/ca.pem service/key.pem >service/log 2>service/err &
service=$!
until_true 10 grep -q ready service/log || complain "the service does not start: $(cat service/err)"
echo the-right-token >token
chmod 600 token
cat >fl.conf <<END
state = "$here/none";
authorities = { letsencrypt = { accept_terms = true; }; };
dns = { tpl = { plugin = "template"; api = "https://$at:8443/v1"; token = "file:$here/token"; ca_file = "$here/service/ca.pem"; }; };
certificates = ( { names = ["example.org"]; } );
END
chmod 600 fl.conf
# tpl ARGUMENT...: fairlead with these.
tpl() {
    status=0
    timeout 30 "$build/fairlead" -c fl.conf --plugins plugins "$@" >out 2>err </dev/null || status=$?
    silent "$*: sanitizers" 'Sanitizer|runtime error:'
}
# recorded NAME STATUS ARGUMENT...
recorded() {
    name=$1 wanted=$2
    shift 2
    tpl --record "tape-$name" dns tpl "$@"
    is "$name: exit status" "$wanted" "$status"
    mv out "$name.out"
    mv err "$name.err"
    echo "$name $wanted $*" >>plays
}
recorded add 0 add _acme-challenge.example.org TXT second
recorded list 0 list example.org _acme-challenge TXT
says 'list' '^_acme-challenge\.example\.org 60 TXT first$' list.out
says 'list' '^_acme-challenge\.example\.org 60 TXT second$' list.out
recorded zone 0 zone example.org
recorded nozone 1 zone example.net
says 'no zone' 'no such zone' nozone.err
echo another-token >token
recorded refused 1 zone example.org
says 'refused' 'no such token' refused.err
is 'tokens in recordings' '' "$(grep -rlE 'the-right-token|another-token|a-secret-session' tape-* ./*.out ./*.err)"
for name in add list zone nozone refused; do
    [ -s "tape-$name/0001.json" ] || complain "$name: nothing was recorded"
done

kill $service
wait $service 2>/dev/null
service=''
asked=$(wc -l <service/log)
while read -r name wanted arguments; do
    # shellcheck disable=SC2086 # words
    tpl --replay "tape-$name" dns tpl $arguments
    is "$name again: exit status" "$wanted" "$status"
    is "$name again: what it says" "$(cat "$name.out" "$name.err")" "$(cat out err)"
done <plays
is 'nobody was asked' "$asked" "$(wc -l <service/log)"
tpl --replay tape-add dns tpl add _acme-challenge.example.org TXT third
is 'another value: exit status' 1 "$status"
says 'another value: what was expected' '000[0-9].json' err
tpl --replay tape-list dns tpl zone example.com
is 'another zone: exit status' 1 "$status"
says 'another zone: what was expected' 'zones/example\.(org|com)' err
tpl --replay nowhere dns tpl zone example.org
is 'no such recording: exit status' 1 "$status"
says 'no such recording' 'error: --replay nowhere: the folder cannot be used: No such file' err
touch afile
tpl --record afile dns tpl zone example.org
is 'a file for a folder: exit status' 1 "$status"
says 'a file for a folder' 'error: --record afile: the folder cannot be used: ' err
tpl dns tpl zone example.org
is 'no recording, no service: exit status' 75 "$status"
e2e_end
