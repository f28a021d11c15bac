#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# test_budget.sh - how many requests a certificate costs, counted in Pebble's log, and over how many connections.
# It validates without sleep, refuses no nonce and uses no authorization again unless it says so here.
set -u
top=$(cd "${top_srcdir:-$(dirname "$0")/../..}" && pwd)
build=$(cd "${top_builddir:-$top/build}" && pwd)
folder=$(sh "$top/tests/tools/pebble.sh") || exit $?
pebble_bin=$folder/pebble
# shellcheck source=tests/tools/e2e.sh
. "$top/tests/tools/e2e.sh"
e2e_begin

# Between the two counts connections: the authority that fairlead knows is the relay.
relay=$((5400 + $$ % 200))
relay_start() {
    : >relay.log
    python3 "$top/tests/bench/count_relay.py" "$at" $relay 14000 >relay.log 2>&1 </dev/null &
    relay_pid=$!
    until_true 5 grep -q ready relay.log || complain "the relay does not start: $(cat relay.log)"
}
# shellcheck disable=SC2317 # e2e.sh calls it
e2e_more_ended() { [ -z "${relay_pid:-}" ] || kill "$relay_pid" 2>/dev/null; }
connections() { grep -c '^[0-9]' relay.log; }
conf() {
    { echo 'defaults = { solver = "txt"; };' && cat; } | e2e_conf
    sed "s|https://$at:14000/dir|https://$at:$relay/dir|" fl.conf >fl.new
    mv fl.new fl.conf
    chmod 600 fl.conf
}

# budget WHAT BASE [FEWER]: requests since the last mark: BASE, with as many looks as there were before the CSR (one
# look after it is in BASE), and one for the window in which it is to be renewed.
budget() {
    e2e_asked >asked
    found=$(awk '{ n += $1 } END { print n + 0 }' asked)
    looks=$(awk '$3 == "/my-order/" { n += $1 } END { print n - 1 }' asked)
    windows=$(awk '/renewalInfo/ { n += $1 } END { print n + 0 }' asked)
    echo "$1: $found requests, $looks looks before the CSR"
    is "$1: windows" 1 "$windows"
    [ "$found" = $(($2 + looks + 1)) ] || complain "$1: wanted $2 + $looks + 1, asked $(tr '\n' ',' <asked)"
    case $looks in
    0 | 1) ;;
    2) echo "$1: a second look at the order" ;; # a slow machine
    *) complain "$1: $looks looks" ;;
    esac
    [ "$looks" -le "${3:-9}" ] || complain "$1: a look at an order that was ready at once"
    e2e_mark
}
# shellcheck disable=SC2317 # until_true calls it
rested() { e2e_record "certificate:$1" step | grep -q rest; }
# more NAME CERTIFICATES: a running service takes them up and issues NAME.
more() {
    name=$1
    conf
    kill -HUP "$running"
    until_true 20 rested "$name" || complain "$name is not issued: $(tail -n 5 run.log)"
    until_true 20 [ -s "live/$name/cert.pem" ] || complain "$name is not delivered"
}

e2e_pebble pebble
relay_start
conf <<END
certificates = ( { names = ["a.example.test"]; } );
END
e2e once
is 'first ever: status' 0 "$status"
budget 'first ever' 9
is 'first ever: connections' 1 "$(connections)"

conf <<END
certificates = ( { names = ["a.example.test"]; }, { names = ["b.example.test"]; } );
END
e2e once
is 'account stored: status' 0 "$status"
budget 'account stored' 8
is 'account stored: connections' 2 "$(connections)"
e2e once
is 'nothing due: status' 0 "$status"
is 'nothing due' '' "$(e2e_asked)"
is 'nothing due: connections' 2 "$(connections)"

# ---- a service that is warm ----------------------------------------------------------

e2e_run "$@"
more c.example.test <<END
certificates = ( { names = ["a.example.test"]; }, { names = ["c.example.test"]; } );
END
budget 'a service that has just begun' 8
more d.example.test <<END
certificates = ( { names = ["a.example.test"]; }, { names = ["d.example.test"]; } );
END
budget 'warm' 6
more e1.example.test <<END
certificates = ( { names = ["a.example.test"]; },
                 { names = ["e1.example.test", "e2.example.test", "e3.example.test", "e4.example.test", "e5.example.test"]; } );
END
budget 'five names, warm' 14
more k.example.test <<END
certificates = ( { names = ["a.example.test"]; }, { names = ["k.example.test"]; key = ["ec256", "ec384"]; } );
END
until_true 20 rested k.example.test+ec384 || complain 'the second key type is not issued'
is 'two key types: orders' '2 POST /order-plz' "$(e2e_asked | grep order-plz)"
is 'two key types: windows' 2 "$(e2e_asked | awk '/renewalInfo/ { n += $1 } END { print n }')"
is 'a service: connections' 3 "$(connections)"
e2e_stop
is 'a service: status' 0 "$status"
pebble_stop pebble
kill "$relay_pid" 2>/dev/null
wait "$relay_pid" 2>/dev/null

# ---- valid authorizations are used again ---------------------------------------------

PEBBLE_AUTHZREUSE=100
rm -rf live state
relay=$((relay + 1))
e2e_pebble reuse
relay_start
conf <<END
certificates = ( { names = ["a.example.test"]; } );
END
e2e_run "$@"
until_true 20 rested a.example.test || complain "nothing is issued: $(tail -n 5 run.log)"
until_true 20 [ -s live/a.example.test/cert.pem ] || complain 'nothing is delivered'
e2e_mark
more again <<END
certificates = ( { names = ["a.example.test"]; }, { name = "again"; names = ["a.example.test"]; } );
END
budget 'valid authorizations, warm' 4 0
e2e_mark
more k <<END
certificates = ( { names = ["a.example.test"]; }, { name = "k"; names = ["f.example.test"]; key = ["ec256", "rsa2048"]; } );
END
until_true 30 rested k+rsa2048 || complain 'the second key type is not issued'
is 'a second key type: orders' '2 POST /order-plz' "$(e2e_asked | grep order-plz)"
is 'a second key type is proved by the first' '1 POST /authZ/ 1 POST /chalZ/' \
    "$(e2e_asked | grep -E 'authZ|chalZ' | tr '\n' ' ' | sed 's/ $//')"
is 'connections' 1 "$(connections)"
e2e_stop
e2e_end
