#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# exec-zone.py - a program for the DNS provider `exec`: keeps zones in a JSON file, whose path is its argument.
# { "example.org": { "name_servers": [...], "records": { "_acme-challenge TXT": { "ttl": 60, "values": [...] } } } }
import fcntl, json, os, sys

def say(status, **answer):
    print(json.dumps(answer))
    sys.exit(status)

def records(zone, ask):
    for key, record in zone["records"].items():
        name, kind = key.split(" ")
        if ask.get("name", name) == name and ask.get("type", kind) == kind:
            yield {"name": name, "type": kind, **record}

def apply(zone, changes):
    for c in changes:
        stands = zone["records"].get(c["name"] + " " + c["type"], {"values": []})["values"]
        if sorted(stands) not in (sorted(c["before"]), sorted(c["after"])):
            say(1, code="stale", message="%s %s holds something else" % (c["name"] or "@", c["type"]))
    for c in changes:
        key = c["name"] + " " + c["type"]
        zone["records"][key] = {"ttl": c["ttl"], "values": c["after"]}
        if not c["after"]:
            del zone["records"][key]

ask = json.load(sys.stdin)
op, path = ask["op"], sys.argv[1]
if op == "capabilities":
    say(0, operations=["zone", "create", "list", "apply", "test"], list_all=True, atomic=True, precondition=True,
        max_values=500)
with open(path + ".lock", "w") as lock:
    fcntl.flock(lock, fcntl.LOCK_EX)
    zones = json.load(open(path)) if os.path.exists(path) else {}
    if op == "test":
        say(0)
    apex = ask["zone"]["apex"]
    if op == "create":
        zones.setdefault(apex, {"name_servers": ["ns1.example.net"], "records": {}})
    if apex not in zones:
        say(65, code="reject", message="no zone " + apex)
    if op == "list":
        say(0, rrsets=list(records(zones[apex], ask)))
    if op == "apply":
        apply(zones[apex], ask["changes"])
    with open(path + ".new", "w") as new:
        json.dump(zones, new)
    os.replace(path + ".new", path)
    say(0, zone={"apex": apex, "name_servers": zones[apex]["name_servers"]})
