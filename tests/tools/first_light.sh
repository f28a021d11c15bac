# shellcheck shell=sh disable=SC2154 # what e2e.sh sets
# SPDX-License-Identifier: Apache-2.0
# first_light.sh - from a configuration to certificates on disk, against one version of Pebble; sourced by
# tests/integration/test_first_light_pebble*.sh, which set top, build and pebble_bin.
# shellcheck source=tests/tools/e2e.sh
. "$top/tests/tools/e2e.sh"
e2e_begin

both='{ names = ["example.test", "*.example.test"]; solver = "txt"; },
  { names = ["web.example.test"]; solver = "web"; addresses = ["'$at'"]; }'

# costs WHAT ACCOUNTS: the requests of one certificate of one name whose authority is asked one after the other.
# A look at the order is needed before finalize and, unless Pebble is done with it when it answers the CSR, one
# after it; more only on a slow machine.
costs() {
    e2e_asked | grep -v -e ' POST /my-order/$' -e ' GET /.*renewalInfo/' | sort -k 3 >asked
    {
        echo '1 POST /authZ/' && echo '1 POST /certZ/' && echo '1 POST /chalZ/' && echo '1 GET /dir'
        echo '1 POST /finalize-order/' && echo '1 HEAD /nonce-plz' && echo '1 POST /order-plz'
        [ "$2" = 0 ] || echo '1 POST /sign-me-up'
    } | sort -k 3 >wanted
    cmp -s wanted asked || complain "$1: asked $(tr '\n' ',' <asked)"
    looks=$(e2e_asked | sed -n 's/ POST .my-order.$//p')
    case $looks in
    [12]) ;;
    [3-6]) echo "$1: $looks looks at the order" ;;
    *) complain "$1: $looks looks at the order" ;;
    esac
    e2e_mark
}

# ---- two certificates, by record and by page ------------------------------------------

e2e_pebble pebble
e2e_conf <<END
certificates = ( $both );
END
e2e check
is 'check: status' 0 "$status"
e2e status
is 'status before anything: status' 1 "$status"
e2e once
is 'once: status' 0 "$status"
says 'once: last lines' '^example\.test +delivered valid until 20' out
says 'once: last lines' '^web\.example\.test +delivered valid until 20' out
e2e_delivered example.test example.test '*.example.test'
e2e_delivered web.example.test web.example.test
is 'the reload command was run' 2 "$(grep -c reloaded reloads)"
e2e_no_txt example.test
is 'keys: account and two' 3 "$(find state/keys -name '*.pem' | wc -l)"
is 'permissions in the state' '' "$(find state ! -type l -perm /077)"
is 'nothing waits for a cleanup' '' "$(find state -name 'cleanup:*')"
is 'the type of key' 'id-ecPublicKey' \
    "$(openssl x509 -in live/example.test/cert.pem -noout -text | sed -n 's/.*Public Key Algorithm: //p')"
openssl x509 -in live/example.test/cert.pem -noout -checkhost any.example.test | grep -q 'does match' ||
    complain 'the wildcard is not in the certificate'

# ---- again: nothing is asked, nothing changes -----------------------------------------

e2e_mark
find live -printf '%p %i %T@ %s\n' | sort >before
began=$(date +%s)
e2e once
is 'the second once: status' 0 "$status"
is 'the second once asks nobody' '' "$(e2e_asked)"
find live -printf '%p %i %T@ %s\n' | sort >after
diff before after >differs || complain "the second once changed: $(cat differs)"
is 'the reload command was not run again' 2 "$(grep -c reloaded reloads)"
[ $(($(date +%s) - began)) -lt 10 ] || complain 'the second once took 10 s and more'

e2e status
is 'status: status' 0 "$status"
is 'status: a line a certificate' 2 "$(grep -c ' delivered valid until ' out)"
e2e status web.example.test
is 'status NAME: status' 0 "$status"
serial=$(openssl x509 -in live/web.example.test/cert.pem -noout -serial | sed 's/serial=//' | tr A-F a-f)
says 'status NAME: serial' "^ +serial +$serial\$" out
says 'status NAME: history' '  issued +serial ' out
says 'status NAME: sink' '^sink disk$' out
e2e status nobody.example.test
is 'status of nobody: status' 1 "$status"
says 'status of nobody' 'error: there is no certificate .nobody.example.test.' err
e2e status --json
is 'status --json: status' 0 "$status"
python3 -c 'import json, sys
doc = json.load(sys.stdin)
certs = {c["name"]: c for c in doc["certificates"]}
assert sorted(certs) == ["example.test", "web.example.test"], certs
assert doc["orphans"] == []
for c in certs.values():
    (line,), (target,) = c["lineages"], c["targets"]
    assert c["state"] == "delivered" and line["code"] == target["code"] == "ok", c
    assert line["step"] == "rest" and target["step"] == "idle" and target["sink"] == "disk"
    assert target["serials"] == [line["live"]["serial"]]
    assert line["live"]["not_before"] < line["live"]["renew_at"] < line["live"]["not_after"]
    assert line["live"]["not_before"] < line["next_at"] <= line["live"]["renew_at"] and line["live"]["authority"] == "pebble"
    assert [h["event"] for h in c["history"]] == ["plan", "order", "issued", "delivered"], c["history"]
assert certs["example.test"]["names"] == ["example.test", "*.example.test"]
print(certs["web.example.test"]["lineages"][0]["live"]["serial"])' <out >facts 2>&1 || complain "status --json: $(cat facts)"
is 'status --json: serial' "$serial" "$(cat facts)"

# ---- as a service: the proofs are gone, the address stays -----------------------------

e2e_run "$@"
says 'run: what it says first' 'info +started' run.log
until_true 5 dig "@$at" -p 5300 web.example.test A +time=1 +tries=1 || complain 'the responder does not answer'
is 'the address is kept' "$at" "$(dig "@$at" -p 5300 web.example.test A +short +tries=1 +time=5)"
e2e_no_txt example.test
token=$(sed -n 's|.*acme-challenge/\([A-Za-z0-9_-]*\).*|\1|p' pebble/log | head -n 1)
page=$(python3 -c 'import sys, urllib.request, urllib.error
try: print(urllib.request.urlopen(sys.argv[1], timeout=5).status)
except urllib.error.HTTPError as e: print(e.code)' "http://$at:5301/.well-known/acme-challenge/$token")
is 'the page of the proof' 404 "$page"
e2e status --json
is 'status beside run: status' 0 "$status"
e2e once
is 'once beside run: status' 0 "$status"
e2e_stop
is 'run: status' 0 "$status"
is 'run asks nobody' '' "$(e2e_asked)"

# ---- what it costs --------------------------------------------------------------------

e2e_state=cost e2e_live=cost-live
e2e_conf <<END
certificates = ( { names = ["a.example.test"]; solver = "txt"; } );
END
e2e_mark
e2e once
is 'first ever: status' 0 "$status"
costs 'first ever' 1
e2e_delivered a.example.test a.example.test
e2e_conf <<END
certificates = ( { names = ["a.example.test"]; solver = "txt"; }, { names = ["b.example.test"]; solver = "txt"; } );
END
e2e once
is 'account stored: status' 0 "$status"
costs 'account stored' 0
# Other names: a new certificate, delivered in place of the first.
old=$(openssl x509 -in cost-live/b.example.test/cert.pem -noout -serial)
e2e_conf <<END
certificates = ( { names = ["a.example.test"]; solver = "txt"; },
                 { names = ["b.example.test", "c.example.test"]; solver = "txt"; } );
END
e2e once
is 'other names: status' 0 "$status"
e2e_delivered b.example.test b.example.test c.example.test
[ "$(openssl x509 -in cost-live/b.example.test/cert.pem -noout -serial)" != "$old" ] || complain 'the old one is still there'
is 'other names: one order' '1 POST /order-plz' "$(e2e_asked | grep order-plz)"
e2e_conf <<END
certificates = ( { names = ["a.example.test"]; solver = "txt"; } );
END
e2e status
says 'out of the file' '^b\.example\.test +orphan ' out
pebble_stop pebble

# ---- valid authorizations are used ----------------------------------------------------

PEBBLE_AUTHZREUSE=100
e2e_state=reuse e2e_live=reuse-live
e2e_pebble reuse
e2e_conf <<END
certificates = ( { names = ["a.example.test"]; solver = "txt"; } );
END
e2e once
costs 'first ever, at an authority that uses authorizations again' 1
e2e_conf <<END
certificates = ( { names = ["a.example.test"]; solver = "txt"; },
                 { name = "again"; names = ["a.example.test"]; solver = "txt"; } );
END
e2e once
is 'authorized already: status' 0 "$status"
e2e_delivered again a.example.test
is 'authorized already: asks for no proof' '' "$(e2e_asked | grep -E 'authZ|chalZ')"
is 'authorized already: one order' '1 POST /order-plz' "$(e2e_asked | grep order-plz)"
pebble_stop reuse
PEBBLE_AUTHZREUSE=0

# ---- a fifth of the nonces refused ----------------------------------------------------

PEBBLE_WFE_NONCEREJECT=20
e2e_state=nonces e2e_live=nonces-live
e2e_pebble nonces
e2e_conf <<END
certificates = ( $(for i in 1 2 3 4 5 6 7 8; do echo "{ names = [\"n$i.example.test\"]; solver = \"txt\"; },"; done) $both );
END
e2e once
is 'nonces refused: status' 0 "$status"
e2e_delivered example.test example.test '*.example.test'
e2e_delivered web.example.test web.example.test
for i in 1 2 3 4 5 6 7 8; do e2e_delivered n$i.example.test n$i.example.test; done
is 'nonces refused: one order each' 10 "$(grep -c 'Added order' nonces/log)"
# Without a refusal: an account; and for each order, authorization, answer, CSR and certificate, one with two names.
posts=$(e2e_asked | grep -v my-order | awk '$2 == "POST" { n += $1 } END { print n }')
[ "$posts" -gt $((1 + 9 * 5 + 7)) ] || complain "nonces refused: only $posts requests, so none was refused"
pebble_stop nonces
PEBBLE_WFE_NONCEREJECT=0

# ---- an authority that wants accounts bound -------------------------------------------

pebble_eab='kid-1 zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W'
echo "${pebble_eab#* }" >eab.key
chmod 600 eab.key
e2e_state=bound e2e_live=bound-live e2e_authority="eab = { kid = \"kid-1\"; hmac = \"file:$here/eab.key\"; };"
e2e_pebble bound
e2e_conf <<END
certificates = ( { names = ["a.example.test"]; solver = "txt"; } );
END
e2e once
is 'bound: status' 0 "$status"
costs 'bound' 1
e2e_delivered a.example.test a.example.test
is 'the binding key is nowhere' '' "$(grep -rl "${pebble_eab#* }" bound bound-live out err | grep -v config.json)"
pebble_stop bound
pebble_eab='' e2e_authority=''
