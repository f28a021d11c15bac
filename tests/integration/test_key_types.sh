#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# test_key_types.sh - Ed25519, which no Pebble takes, and certificates with several types of key, with the project's own
# authority, which checks every signature.
set -u
top=$(cd "${top_srcdir:-$(dirname "$0")/../..}" && pwd)
build=$(cd "${top_builddir:-$top/build}" && pwd)
# shellcheck disable=SC2034 # e2e_begin looks for it
pebble_bin=true
# shellcheck source=tests/tools/e2e.sh
. "$top/tests/tools/e2e.sh"
e2e_begin
# shellcheck source=tests/tools/quick.sh
. "$top/tests/tools/quick.sh"
quick_start

live=$here/live
mkdir web
# conf TENANT OPTIONS-OF-THE-AUTHORITY CERTIFICATES
conf() {
    cat >fl.conf <<END
state = "$here/state";
authorities = { own = { directory = "$quick/$1/dir"; accept_terms = true; $2 }; };
solvers = { web = { plugin = "http-01"; webroot = "$here/web"; }; };
sinks = { disk = { plugin = "file"; directory = "$live"; reload = ["/bin/sh", "-c", "echo reloaded >>$here/reloads"]; }; };
defaults = { solver = "web"; };
certificates = ( $3 );
END
    chmod 600 fl.conf
}
serial() { openssl x509 -in "$1" -noout -serial; }
kind() { openssl x509 -in "$1" -noout -text | sed -n 's/ *Public Key Algorithm: *//p'; }
# belongs FOLDER END: the files that end so verify and belong together.
belongs() {
    openssl verify -CAfile quick/root.pem -untrusted "$1/chain$2.pem" "$1/cert$2.pem" >verify.log 2>&1 ||
        complain "$1 $2: $(cat verify.log)"
    is "$1 $2: key and certificate" "$(openssl pkey -in "$1/privkey$2.pem" -pubout)" \
        "$(openssl x509 -in "$1/cert$2.pem" -noout -pubkey)"
    is "$1 $2: key, certificate and chain" "$(cat "$1/privkey$2.pem" "$1/cert$2.pem" "$1/chain$2.pem")" \
        "$(cat "$1/combined$2.pem")"
}

# ---- Ed25519 for the account and for the certificate -----------------------------------

conf strict-ed 'account_key = "ed25519";' '{ names = ["a.example.test", "b.example.test"]; key = "ed25519"; }'
e2e once
is 'Ed25519: status' 0 "$status"
e2e_delivered a.example.test a.example.test b.example.test
is 'Ed25519: the certificate' ED25519 "$(kind "$live/a.example.test/cert.pem")"
is 'Ed25519: the account' EdDSA "$(quick_stats strict-ed alg)"
is 'Ed25519: one order' '1 1' "$(quick_stats strict-ed orders) $(quick_stats strict-ed accounts)"
first=$(serial "$live/a.example.test/cert.pem")
e2e once
is 'again: status' 0 "$status"
is 'again: no order' 1 "$(quick_stats strict-ed orders)"
e2e renew a.example.test
is 'renewed: status' 0 "$status"
e2e_delivered a.example.test a.example.test b.example.test
[ "$first" != "$(serial "$live/a.example.test/cert.pem")" ] || complain 'it was not renewed'
is 'renewed: the certificate' ED25519 "$(kind "$live/a.example.test/cert.pem")"
is 'renewed: two orders, one account' '2 1' "$(quick_stats strict-ed orders) $(quick_stats strict-ed accounts)"
is 'renewed: what is live' "$(serial "$live/a.example.test/cert.pem" | sed 's/serial=//')" \
    "$(e2e_record certificate:a.example.test live serial | tr a-f A-F)"

e2e account own
says 'the account is shown' "$quick/strict-ed/acct/0"

# ---- three types of key, one certificate ----------------------------------------------

rm -rf state live reloads
conf strict-three 'account_key = "ed25519";' \
    '{ name = "three"; names = ["c.example.test", "d.example.test"]; key = ["rsa2048", "ec256", "ed25519"]; }'
e2e once
is 'three: status' 0 "$status"
types='rsa2048 ec256 ed25519'
for type in $types; do belongs "$live/three" "-$type"; done
is 'three: RSA' rsaEncryption "$(kind "$live/three/cert-rsa2048.pem")"
is 'three: EC' id-ecPublicKey "$(kind "$live/three/cert-ec256.pem")"
is 'three: Ed25519' ED25519 "$(kind "$live/three/cert-ed25519.pem")"
is 'three: orders' 3 "$(quick_stats strict-three orders)"
# Each delivery brings all that there are: never one less than before, and nothing is left out in the end.
is 'three: a reload for each at most' '' "$(sed -n 4p reloads)"
is 'three: all in one folder' 1 "$(readlink "$live/three" | wc -l)"
for type in $types; do serial "$live/three/cert-$type.pem"; done >before
e2e renew three
is 'three, renewed: status' 0 "$status"
is 'three, renewed: orders' 6 "$(quick_stats strict-three orders)"
for type in $types; do
    belongs "$live/three" "-$type"
    ! grep -qx "$(serial "$live/three/cert-$type.pem")" before || complain "three: $type was not renewed"
done

# ---- a type more, and one less --------------------------------------------------------

for type in $types; do serial "$live/three/cert-$type.pem"; done >before
conf strict-three 'account_key = "ed25519";' \
    '{ name = "three"; names = ["c.example.test", "d.example.test"]; key = ["rsa2048", "ed25519", "ec384"]; }'
e2e once
is 'other types: status' 0 "$status"
is 'other types: those that stay are not ordered' 7 "$(quick_stats strict-three orders)"
for type in rsa2048 ed25519 ec384; do belongs "$live/three" "-$type"; done
[ ! -e "$live/three/cert-ec256.pem" ] || complain 'the type that is gone is still delivered'
for type in rsa2048 ed25519; do
    grep -qx "$(serial "$live/three/cert-$type.pem")" before || complain "other types: $type was ordered anew"
done
e2e_end
