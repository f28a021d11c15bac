#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# test_drop.sh - names that fail before anything is validated are left out after five times, too (on_bad_name = "drop").
# shellcheck disable=SC2154
set -u
top=$(cd "${top_srcdir:-$(dirname "$0")/../..}" && pwd)
build=$(cd "${top_builddir:-$top/build}" && pwd)
# shellcheck source=tests/tools/e2e.sh
. "$top/tests/tools/e2e.sh"
e2e_begin
ends() { is "$1: exit status" "$2" "$status"; }
pebble_json='"domainBlocklist": ["no.example.test"],'
e2e_pebble pebble

# left_out NAME WORDS: five times it fails, with these words; then the certificate comes without it.
left_out() {
    name=$1 words=$2
    echo "certificates = ( { names = [\"a.example.test\", \"$name\", \"b.example.test\"]; solver = \"txt\"; on_bad_name = \"drop\"; } );" | e2e_conf
    e2e once --wait 2s
    ends "$name, once" 1
    says "$name, once" "$words" out
    for try in 2 3 4 5; do
        is "$name, try $try: nothing is issued" '' "$(e2e_record certificate:a.example.test live serial)"
        e2e renew a.example.test --wait 2s
    done
    says "$name: log" "error name-dropped .*name=$name .*$words" err
    [ -n "$(e2e_record certificate:a.example.test live serial)" ] || e2e renew a.example.test --wait 2s
    is "$name: names" "['a.example.test', 'b.example.test']" "$(e2e_record certificate:a.example.test live names)"
    e2e_delivered a.example.test a.example.test b.example.test
    e2e status a.example.test
    says "$name: status" "^a\\.example\\.test +failed .*$name is left out: .*$words" out
}

e2e_state=state2 e2e_live=live2
left_out no.example.test 'no.example.test'
# What it takes the authority to look is known to the next run.
grep -q '"dns-01":[0-9]' state2/budget/pebble*pace || complain "nothing was learned: $(ls state2/budget)"
e2e_end
