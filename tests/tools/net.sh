# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# net.sh - loopback networks for tests: a root, a top-level domain, name servers, a resolver. To be sourced,
# with $top being the tree's top folder (or NET_TOOLS this one):
#
#     . "$top/tests/tools/net.sh"
#     net_can || exit 77               # says what is missing
#     trap net_stop EXIT
#     net_start                        # root on $NET_ROOT, "test." on $NET_TLD, both port 53
#     self=$(net_addr 10)              # 127.A.B.10; 1 to 3 are taken by root, TLD and resolver
#     net_delegate example.test "ns1.example.test=$self"
#     net_resolver                     # unbound on those roots, on $NET_RESOLVER
#     dig "@$NET_RESOLVER" example.test TXT
#
# Every network has a prefix 127.A.B of its own, so that tests can run side by side. All
# files are in $NET_DIR (made by net_start, removed by net_stop; FL_KEEP=1 keeps it). Nothing of the
# system's configuration is read or written. Processes are ended by their number.
#
#   net_can                            0: the programs and rights are there; else says what is missing
#   net_start [TLD]                    default "test"; sets NET_DIR NET_PREFIX NET_ROOT NET_TLD NET_TLD_NAME
#   net_addr N                         prints address N (1..254) of this network
#   net_delegate ZONE NAME[=ADDR]...   (re)delegates ZONE, below the TLD, to name servers, with the addresses given
#                                      as glue of those below the TLD. Without servers: takes the delegation back
#   net_record LINE...                 adds lines (zone file form) to the TLD's zone
#   net_resolver [LINE...]             starts unbound on $NET_RESOLVER:53: qname-minimisation-strict,
#                                      harden-below-nxdomain, use-caps-for-id; LINEs go into its server clause
#   net_knot ADDR ZONE [KEY...]        starts Knot as the primary of ZONE on ADDR:53; each KEY, written as
#   net_bind ADDR ZONE [KEY...]        ALGORITHM:NAME:SECRET (hmac-sha256:k1:...), may update and transfer; BIND
#                                      the same. The zone has an SOA and NS ns1.ZONE -> ADDR. Both print nothing;
#                                      $NET_PID is the number of what was started last
#   net_add ADDR ZONE LINE...          adds lines (zone file form) to a zone of net_knot, while it runs
#   net_wait ADDR NAME [TYPE]          until ADDR answers NAME with NOERROR (10 s), default SOA
#   net_spawn LOGNAME COMMAND...       starts anything in the background, to be ended by net_stop
#   net_kill PID                       ends one of them now
#   net_log                            shows the logs of all, for a failed test
#   net_stop                           ends all, removes $NET_DIR

NET_PIDS=''

net_can() {
    for net_x in knotd named unbound dig python3; do
        command -v "$net_x" >/dev/null 2>&1 || [ -x "/usr/sbin/$net_x" ] || {
            echo "net.sh: $net_x is not installed (packages knot, bind9, unbound, bind9-dnsutils, python3)" >&2
            return 1
        }
    done
    net_x=$(cat /proc/sys/net/ipv4/ip_unprivileged_port_start 2>/dev/null || echo 1024)
    if [ "$(id -u)" != 0 ] && [ "$net_x" -gt 53 ]; then
        echo "net.sh: DNS servers on 127.0.x.y:53 need root, or sysctl net.ipv4.ip_unprivileged_port_start=53" >&2
        return 1
    fi
}

net_addr() { echo "$NET_PREFIX.$1"; }

net_spawn() {
    net_x=$1
    shift
    "$@" >"$NET_DIR/$net_x.log" 2>&1 </dev/null &
    NET_PID=$!
    NET_PIDS="$NET_PIDS $NET_PID"
}

net_kill() {
    kill "$1" 2>/dev/null
    wait "$1" 2>/dev/null || :
    net_x=''
    for net_p in $NET_PIDS; do
        [ "$net_p" = "$1" ] || net_x="$net_x $net_p"
    done
    NET_PIDS=$net_x
}

net_wait() {
    net_x=0
    while [ "$net_x" -lt 200 ]; do
        if dig "@$1" "$2" "${3:-SOA}" +time=1 +tries=1 2>/dev/null | grep -q 'status: NOERROR'; then
            return 0
        fi
        net_x=$((net_x + 1))
        sleep 0.05
    done
    echo "net.sh: no answer about $2 from $1 after 10 s" >&2
    net_log >&2
    return 1
}

net_log() {
    for net_x in "$NET_DIR"/*.log; do
        [ -f "$net_x" ] || continue
        echo "== ${net_x##*/}"
        tail -n 40 "$net_x"
    done
}

net_stop() {
    for net_p in $NET_PIDS; do kill "$net_p" 2>/dev/null || :; done
    for net_p in $NET_PIDS; do
        net_x=0
        while kill -0 "$net_p" 2>/dev/null && [ "$net_x" -lt 60 ]; do
            net_x=$((net_x + 1))
            sleep 0.05
        done
        kill -9 "$net_p" 2>/dev/null || :
        wait "$net_p" 2>/dev/null || :
    done
    NET_PIDS=''
    [ -n "${NET_LOCK-}" ] && rmdir "$NET_LOCK" 2>/dev/null
    NET_LOCK=''
    [ -n "${NET_DIR-}" ] && [ -z "${FL_KEEP-}" ] && rm -rf "$NET_DIR"
    return 0
}

# A prefix that no other test holds: the folder in TMPDIR is the lock.
net_prefix() {
    net_x=0
    while [ "$net_x" -lt 100 ]; do
        net_p=$(od -An -N2 -tu2 /dev/urandom)
        NET_PREFIX=127.$((64 + net_p % 180)).$((1 + net_p / 180 % 254))
        NET_LOCK=${TMPDIR:-/tmp}/fairlead-net-$NET_PREFIX
        mkdir "$NET_LOCK" 2>/dev/null && return 0
        net_x=$((net_x + 1))
    done
    NET_LOCK=''
    echo "net.sh: no free loopback prefix: remove old ${TMPDIR:-/tmp}/fairlead-net-* folders" >&2
    return 1
}

# net_zone FILE ZONE NS ADDR: a zone with one name server.
net_zone() {
    cat >"$1" <<EOF
\$ORIGIN $2.
\$TTL 5
@ SOA $3. hostmaster.$3. 1 3600 600 86400 5
@ NS $3.
EOF
    case $3 in *".$2" | "$2") echo "$3. A $4" >>"$1" ;; esac
}

# The zone file's serial goes up, then Knot reads it again.
net_reload_tld() {
    NET_SERIAL=$((NET_SERIAL + 1))
    {
        echo "\$ORIGIN $NET_TLD_NAME."
        echo "\$TTL 5"
        echo "@ SOA a.tld-servers. hostmaster.tld-servers. $NET_SERIAL 3600 600 86400 5"
        echo "@ NS a.tld-servers."
        cat "$NET_DIR"/tld.d/*
    } >"$NET_DIR/tld.zone.new"
    mv "$NET_DIR/tld.zone.new" "$NET_DIR/tld.zone"
    knotc -s "$NET_DIR/knot-$NET_TLD/knot.sock" -b zone-reload "$NET_TLD_NAME." >/dev/null 2>>"$NET_DIR/knotc.log"
}

net_delegate() {
    net_z=$1
    shift
    : >"$NET_DIR/tld.d/$net_z"
    for net_s; do
        echo "$net_z. NS ${net_s%%=*}." >>"$NET_DIR/tld.d/$net_z"
        case $net_s in
        *".$NET_TLD_NAME="*) ;;
        *) continue ;;
        esac
        case ${net_s#*=} in
        *:*) echo "${net_s%%=*}. AAAA ${net_s#*=}" >>"$NET_DIR/tld.d/$net_z" ;;
        *) echo "${net_s%%=*}. A ${net_s#*=}" >>"$NET_DIR/tld.d/$net_z" ;;
        esac
    done
    net_reload_tld
}

net_record() {
    for net_s; do echo "$net_s" >>"$NET_DIR/tld.d/+records"; done
    net_reload_tld
}

# net_knotd ADDR ZONE FILE [KEY...]
net_knotd() {
    net_a=$1 net_z=$2 net_f=$3
    shift 3
    net_d=$NET_DIR/knot-$net_a
    mkdir -p "$net_d"
    {
        cat <<EOF
server:
    rundir: $net_d
    listen: $net_a@53
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
log:
  - target: stdout
    any: info
database:
    storage: $net_d
EOF
        [ $# -gt 0 ] && echo "key:"
        net_names=''
        for net_s; do
            net_k=${net_s#*:}
            printf '  - id: %s\n    algorithm: %s\n    secret: %s\n' "${net_k%%:*}" "${net_s%%:*}" "${net_k#*:}"
            net_names="$net_names${net_names:+, }${net_k%%:*}"
        done
        [ $# -gt 0 ] && printf 'acl:\n  - id: writers\n    key: [%s]\n    action: [update, transfer]\n' "$net_names"
        cat <<EOF
zone:
  - domain: $net_z
    file: $net_f
    zonefile-load: whole
    zonefile-sync: -1
    journal-content: none
EOF
        [ $# -gt 0 ] && echo "    acl: writers"
        :
    } >"$net_d/knot.conf"
    net_spawn "knot-$net_a" knotd -c "$net_d/knot.conf"
    net_wait "$net_a" "$net_z"
}

net_knot() {
    net_zone "$NET_DIR/$1-$2.zone" "$2" "ns1.$2" "$1"
    net_a=$1 net_z=$2
    shift 2
    net_knotd "$net_a" "$net_z." "$NET_DIR/$net_a-$net_z.zone" "$@"
}

net_add() {
    net_a=$1 net_z=$2
    shift 2
    for net_s; do echo "$net_s" >>"$NET_DIR/$net_a-$net_z.zone"; done
    # Knot skips a zone whose serial has stayed.
    net_x=$(awk '$2 == "SOA" { print $5 }' "$NET_DIR/$net_a-$net_z.zone")
    sed -i "/ SOA /s/ $net_x / $((net_x + 1)) /" "$NET_DIR/$net_a-$net_z.zone"
    knotc -s "$NET_DIR/knot-$net_a/knot.sock" -b zone-reload "$net_z." >/dev/null 2>>"$NET_DIR/knotc.log"
}

net_bind() {
    net_a=$1 net_z=$2
    shift 2
    net_d=$NET_DIR/bind-$net_a
    mkdir -p "$net_d"
    net_zone "$net_d/zone" "$net_z" "ns1.$net_z" "$net_a"
    net_p=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    {
        net_names=''
        for net_s; do
            net_k=${net_s#*:}
            echo "key \"${net_k%%:*}\" { algorithm ${net_s%%:*}; secret \"${net_k#*:}\"; };"
            net_names="$net_names key \"${net_k%%:*}\";"
        done
        echo "options { directory \"$net_d\"; pid-file \"$net_d/pid\"; session-keyfile none; recursion no;"
        echo "  listen-on port $net_p { 127.0.0.1; }; listen-on-v6 { none; }; notify no; dnssec-validation no;"
        echo "  managed-keys-directory \"$net_d\"; querylog no; };"
        echo "controls { };"
        echo "zone \"$net_z\" { type primary; file \"$net_d/zone\"; allow-update { ${net_names:-none;} };"
        echo "  allow-transfer { ${net_names:-none;} }; };"
    } >"$net_d/named.conf"
    # named listens only on addresses that an interface has: a relay lends it this one.
    net_spawn "relay-$net_a" python3 "${NET_TOOLS:-$top/tests/tools}/dns_relay.py" "$net_a" "$net_p"
    net_spawn "bind-$net_a" named -g -n 1 -c "$net_d/named.conf"
    net_wait "$net_a" "$net_z"
}

net_start() {
    PATH=$PATH:/usr/sbin:/sbin
    NET_TLD_NAME=${1:-test} NET_SERIAL=1
    net_prefix || return 1
    NET_ROOT=$(net_addr 1) NET_TLD=$(net_addr 2) NET_RESOLVER=$(net_addr 3)
    NET_DIR=$(mktemp -d "${TMPDIR:-/tmp}/fairlead-net.XXXXXX") || return 1
    mkdir "$NET_DIR/tld.d"
    : >"$NET_DIR/tld.d/+records"
    cat >"$NET_DIR/root.zone" <<EOF
\$TTL 5
. SOA a.root-servers. hostmaster.root-servers. 1 3600 600 86400 5
. NS a.root-servers.
a.root-servers. A $NET_ROOT
$NET_TLD_NAME. NS a.tld-servers.
a.tld-servers. A $NET_TLD
EOF
    cat >"$NET_DIR/root.hints" <<EOF
. 3600000 NS a.root-servers.
a.root-servers. 3600000 A $NET_ROOT
EOF
    net_zone "$NET_DIR/tld.zone" "$NET_TLD_NAME" a.tld-servers "$NET_TLD"
    net_knotd "$NET_ROOT" . "$NET_DIR/root.zone" &&
        net_knotd "$NET_TLD" "$NET_TLD_NAME." "$NET_DIR/tld.zone"
}

net_resolver() {
    {
        cat <<EOF
server:
  directory: "$NET_DIR"
  chroot: ""
  username: ""
  pidfile: ""
  use-syslog: no
  logfile: ""
  verbosity: 1
  num-threads: 1
  interface: $NET_RESOLVER
  do-ip6: no
  access-control: 127.0.0.0/8 allow
  root-hints: "$NET_DIR/root.hints"
  module-config: "iterator"
  do-not-query-localhost: no
  local-zone: "$NET_TLD_NAME." nodefault
  qname-minimisation: yes
  qname-minimisation-strict: yes
  harden-below-nxdomain: yes
  use-caps-for-id: yes
  msg-cache-size: 1m
  rrset-cache-size: 1m
EOF
        for net_s; do echo "  $net_s"; done
        echo "remote-control:"
        echo "  control-enable: no"
    } >"$NET_DIR/unbound.conf"
    net_spawn unbound unbound -d -c "$NET_DIR/unbound.conf"
    net_wait "$NET_RESOLVER" "$NET_TLD_NAME"
}
