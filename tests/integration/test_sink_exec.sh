#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# test_sink_exec.sh - the sink `exec` and a real program: what it reads, what becomes of what it says, that a deadline ends
# it, and that no key comes into words, arguments or environment.
set -u
top=$(cd "${top_srcdir:-$(dirname "$0")/../..}" && pwd)
build=$(cd "${top_builddir:-$top/build}" && pwd)
for tool in openssl python3; do
    command -v "$tool" >/dev/null || { echo "$tool is missing (packages openssl, python3)" && exit 77; }
done
plugin="exec"
# shellcheck source=tests/tools/sinks.sh
. "$top/tests/tools/sinks.sh"

cert one 00a1 "$ec" 'DNS:a.example.test,DNS:*.a.example.test,IP:192.0.2.7'
cert two 00b2 "$rsa" 'DNS:a.example.test'
cat >program.py <<'END'
#!/usr/bin/env python3
import json, os, sys, time
work = os.path.dirname(os.path.abspath(__file__))
doc = json.load(sys.stdin)
with open(work + "/seen", "w") as f:
    json.dump({"doc": doc, "argv": sys.argv[1:]}, f)
how = open(work + "/how").read().strip()
if how == "slow":
    print("working on it", file=sys.stderr, flush=True)
    time.sleep(60)
elif how == "quotes":
    print("cannot read this:", doc["lineages"][0]["key"], file=sys.stderr)
    sys.exit(1)
elif how == "refuses":
    print(json.dumps({"code": "reject", "message": "the balancer does not want it"}))
elif doc["op"] == "deploy":
    for l in doc["lineages"]:
        with open(work + "/" + l["key_type"] + ".pem", "w") as f:
            f.write(l["key"] + l["certificate"] + l["chain"])
elif doc["op"] == "verify":
    text = open(work + "/" + doc["lineages"][0]["key_type"] + ".pem").read()
    if doc["lineages"][0]["certificate"] not in text:
        print("the old one is still there", file=sys.stderr)
        sys.exit(75)
elif doc["op"] == "held":
    text = open(work + "/" + doc["lineages"][0]["key_type"] + ".pem").read()
    print(json.dumps({"chain": text[text.index("-----BEGIN CERT"):]}))
END
cat >program.sh <<END
#!/bin/sh
tr '\\0' '\\n' </proc/\$\$/environ | sed 's/=.*//' | sort >$work/environment
exec python3 $work/program.py "\$@"
END
chmod 755 program.sh
how() { echo "$1" >how; }
# seen PYTHON: a value of what the program last saw.
seen() { python3 -c "import json; d = json.load(open('seen')); print($1)"; }
cat >sink.conf <<END
program = ["$work/program.sh", "--fast", "a b"]; operations = ["deploy", "verify", "held"]; environment = ["TARGET=x"];
END

how works
sink deploy web one two
ended 'deploy' ok
is 'EC: key and chain' "$(cat one/key.pem one/chain.pem)" "$(cat ec256.pem)"
is 'RSA: key and chain' "$(cat two/key.pem two/chain.pem)" "$(cat rsa2048.pem)"
is 'arguments' "['--fast', 'a b']" "$(seen 'd["argv"]')"
is 'environment' 'FAIRLEAD_NAME FAIRLEAD_OP FAIRLEAD_SINK LANG PATH TARGET' "$(tr '\n' ' ' <environment | sed 's/ $//')"
is 'names' "['a.example.test', '*.a.example.test', '192.0.2.7']" "$(seen 'd["doc"]["lineages"][0]["names"]')"
is 'serials' '00a1 00b2' "$(seen '" ".join(l["serial"] for l in d["doc"]["lineages"])')"
sink verify web one
ended 'verify' ok
is 'no key for verify' False "$(seen '"key" in d["doc"]["lineages"][0]')"
cert three 00c4 "$ec" 'DNS:a.example.test'
sink verify web three
ended 'verify of what is not there' again
says 'verify of what is not there' "$work/program.sh: not yet: the old one is still there"
sink held web ec256
ended 'held' ok
is 'what is held' "$(cat one/chain.pem)" "$(cat out)"
sink retire web one
ended 'retire, which is not among its operations' ok
is 'it was not run for that' held "$(seen 'd["doc"]["op"]')"

how refuses
sink deploy web one
ended 'refused' reject
says 'refused' 'program.sh: the balancer does not want it'
how quotes
sink deploy web one
ended 'it quotes the key' temp
says 'it quotes the key' 'what it says holds a private key and is not shown'
! grep -q "$(sed -n 2p one/key.pem)" said || complain 'the key is told'
how slow # every call of sink_probe has 20 s
began=$(date +%s)
sink deploy web one
ended 'it takes too long' temp
says 'it takes too long' 'was not done in time and was ended: raise this sink.s .timeout.: working on it'
[ $(($(date +%s) - began)) -lt 30 ] || complain 'it was not ended in time'
sinks_verdict
