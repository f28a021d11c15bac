#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""kill_trials.py steps|random LANES.json [N] - kills the daemon again and again and looks at what it left.

steps: after every step of every table that `fairlead pipeline` prints, in every phase of the scenario that comes there.
random: N times (200), at any moment. Then it runs on to its end, and everything is counted: in the log of Pebble, in
the zone (AXFR), in the state and where it was delivered. Several lanes work side by side, each with a Pebble and a zone
of its own. Exit status 1: something was lost, done twice or left behind. What is in a lane stands in kill_lanes.sh.

The phases of the scenario:
  issue  two certificates are asked for the first time, one by records, one by a page at a published address
  renew  both are due; the first one has lost a sink, where it is to be taken away
  idle   the service makes them and runs on for more than a day
  change both get another name when their orders are half way
  revoke the key of the first one is known to others: another takes its place, and it is revoked
  rollover, contact, deactivate: the account gets a new key, another contact, and is put out of use
"""
import functools
import glob
import http.server
import json
import os
import random
import re
import shutil
import struct
import subprocess
import sys
import threading
import time
import traceback

# Orders that are wanted in each; in `change` those that were half way come on top.
WANTED = {"issue": 2, "renew": 2, "idle": 2, "change": 2, "revoke": 1, "rollover": 0, "contact": 0, "deactivate": 0}
PHASES = tuple(WANTED)
SERVICE = {"idle": None, "revoke": ["revoke", "NAME", "--reason", "keyCompromise"],
           "rollover": ["account", "pebble", "rollover"], "deactivate": ["account", "pebble", "deactivate"]}
HOUR = 3600
WHENS = ("said", "torn", "saved")
DONE = re.compile(r" step-done (\w+)=(\S+) step=(\S+) next=(\S+)")
say_lock = threading.Lock()


def say(*words):
    with say_lock:
        print(*words, flush=True)


def output(*argv, **more):
    return subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, **more).stdout


class Lane:
    """A Pebble, a zone, and the trials that use them one after the other."""

    def __init__(self, conf):
        self.__dict__.update(conf)
        self.trial, self.failures, self.bases, self.took = 0, [], {}, {}
        os.makedirs(self.folder, exist_ok=True)
        self.clock = os.path.join(self.folder, "clock")
        self.ahead(0)
        self.web = f'listen = "{self.address}:5301"'

    def ahead(self, seconds):
        mode = "r+b" if os.path.exists(self.clock) else "w+b"
        with open(self.clock, mode) as f:
            f.write(struct.pack("=q", seconds))

    def serve_pages(self):
        """A web server of somebody else's: what it shows stays when the daemon is killed."""
        class Quiet(http.server.SimpleHTTPRequestHandler):
            def log_message(self, *words):
                pass
        self.webroot = f"{self.folder}/webroot"
        os.makedirs(self.webroot)
        self.web = f'webroot = "{self.webroot}"'
        handler = functools.partial(Quiet, directory=self.webroot)
        server = http.server.ThreadingHTTPServer((self.address, 5301), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()

    # ---- the daemon ----

    def configure(self, t):
        sinks = '["disk"]' if t.phase == "renew" else '["disk", "two"]'
        more = f', "more.{t.name}"' if t.phase == "change" and t.prepared else ""
        contact = 'contact = ["mailto:ops@example.org"];' if t.phase == "contact" and t.prepared else ""
        text = f"""state = "{t.folder}/state";
log = {{ level = "debug"; }};
roots = ["{self.root}"];
authorities = {{ pebble = {{ directory = "{self.directory}"; ca_file = "{self.ca}"; accept_terms = true; {contact} }}; }};
dns = {{ real = {{ plugin = "rfc2136"; server = "{self.address}"; key = "file:{self.tsig}"; zones = ["{self.zone}"]; }}; }};
solvers = {{ txt = {{ plugin = "dns-01"; }}; web = {{ plugin = "http-01"; {self.web}; }}; }};
sinks = {{ disk = {{ plugin = "file"; directory = "{t.folder}/live"; }};
          two = {{ plugin = "file"; directory = "{t.folder}/two"; }}; }};
certificates = (
  {{ names = ["{t.name}", "*.{t.name}"{more}]; solver = "txt"; sinks = {sinks}; retire = true; }},
  {{ names = ["web.{t.name}"{more.replace("more.", "more.web.")}]; solver = "web"; addresses = ["{self.address}"]; sinks = ["disk"]; }}
);
"""
        with open(f"{t.folder}/fl.conf", "w") as f:
            f.write(text)
        os.chmod(f"{t.folder}/fl.conf", 0o600)

    def start(self, t, command, kill=None):
        env = dict(os.environ, LD_PRELOAD=self.faults, FL_CLOCK=self.clock)
        env["ASAN_OPTIONS"] = env.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
        # What the dynamic loader asks for looks like a leak when it comes through our library.
        env["LSAN_OPTIONS"] = f"suppressions={self.suppressions}:print_suppressions=0"
        if kill:
            env["FL_KILL"], env["FL_KILL_OUT"] = kill, t.killed
        argv = [self.daemon, "-v", "-c", f"{t.folder}/fl.conf", "--plugins", self.plugins] + command
        t.log = f"{t.folder}/log.{len(glob.glob(t.folder + '/log.*'))}"
        with open(t.log, "w") as f:
            return subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=f, stderr=f, env=env)

    def once(self, t, kill=None, after=None):
        """Status: 0 done, -9 killed; None: it did not end."""
        p = self.start(t, ["once", "--wait", "6s"], kill)
        try:
            return p.wait(after if after is not None else 40)
        except subprocess.TimeoutExpired:
            p.kill()
            p.wait()
            return -9 if after is not None else None

    # ---- what is outside ----

    def log_count(self, pattern):
        with open(self.pebble_log) as f:
            return len(re.findall(pattern, f.read()))

    def seen(self):
        accounts = 0
        with open(self.pebble_log) as f:
            text = f.read()
        for n in re.findall(r"There are now (\d+) accounts", text):
            accounts = int(n)
        return {"orders": text.count("Added order"), "issued": text.count("Issued certificate"), "accounts": accounts}

    def records(self):
        argv = ["dig", f"@{self.address}", self.zone, "AXFR", "-y", self.dig_key, "+nocomments", "+nocmd", "+nostats"]
        return [line.split() for line in output(*argv).splitlines() if line and not line.startswith(";")]


class Trial:
    def __init__(self, lane, phase, what):
        lane.trial += 1
        self.lane, self.phase, self.what = lane, phase, what
        self.folder = f"{lane.folder}/{lane.trial}"
        # Made by the one that FL_KILL ends: our own p.kill() looks like it from outside.
        self.killed = f"{self.folder}/killed"
        base = lane.bases.get(phase)
        self.name = base.name if base else f"t{lane.trial}.{lane.zone}"
        os.makedirs(self.folder)
        self.log, self.told, self.prepared, self.client = None, False, False, None
        lane.ahead(0)
        for part in ("state", "live", "two") if base else ():
            shutil.copytree(f"{base.folder}/{part}", f"{self.folder}/{part}", symlinks=True)
        lane.configure(self)
        self.prepare()

    def prepare(self):
        """What was there before, where it is not the copy of another trial's."""
        if self.phase == "change":
            self.before = self.lane.seen()
            if self.lane.once(self, "certificate:authorize:saved") != -9:
                self.complain("it does not come to authorize")
            # That one is part of the scenario, not the trial.
            if os.path.exists(self.killed):
                os.unlink(self.killed)
        elif self.phase not in ("issue", "renew", "idle") and self.lane.once(self) != 0:
            self.complain("the first run failed")
        if self.phase != "change":
            self.before = self.lane.seen()
        self.prepared = True
        self.lane.configure(self)

    def complain(self, *words):
        text = f"{self.what}: " + " ".join(str(w) for w in words)
        self.lane.failures.append(text)
        say("FAILED", text, f"({self.folder})")

    # ---- the interruption ----

    def interrupt(self, kill=None, after=None):
        if self.phase not in SERVICE:
            return self.lane.once(self, kill, after)
        p = self.lane.start(self, ["run"], kill)
        deadline, began = time.time() + (after if after is not None else 30), 0
        while p.poll() is None and time.time() < deadline:
            time.sleep(0.05)
            text = open(self.log).read()
            if not self.told and len(re.findall(" step=verify ", text)) >= 3:
                self.told, began = True, len(text)
                self.tell()
            elif self.told and self.has_come(text, text[began:]):
                time.sleep(0.5)
                break
        p.kill()
        if self.client:
            # Without a service it does the work itself, and holds the state meanwhile.
            self.client.wait(30)
        return p.wait()

    def has_come(self, text, since):
        """What it was told for; a day later every task that sleeps till then has to be seen at it."""
        if self.phase == "idle":
            return all(re.search(rf" step-done {kind}=\S+ step=idle ", since) for kind in ("authority", "host"))
        return re.search(" step=(revoke|rollover|deactivate) | authority=pebble step=idle ", text)

    def tell(self):
        if self.phase == "idle":
            self.lane.ahead(25 * HOUR)
            return
        argv = [self.lane.daemon, "-c", f"{self.folder}/fl.conf", "--plugins", self.lane.plugins,
                *(self.name if word == "NAME" else word for word in SERVICE[self.phase])]
        with open(f"{self.folder}/told.out", "w") as f:
            self.client = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=f, stderr=f)

    def steps(self):
        return [m.group(1, 3) for path in sorted(glob.glob(self.folder + "/log.*")) for m in DONE.finditer(open(path).read())]

    # ---- what is left when it has run on ----

    def run_on(self):
        self.lane.ahead(0)
        status = self.lane.once(self)
        if status != 0:
            tail = "".join(open(self.log).readlines()[-6:])
            self.complain(f"run on: status {status}:", tail)
        return status == 0

    def state_files(self, group):
        found = {}
        for path in glob.glob(f"{self.folder}/state/{group}/**", recursive=True):
            if os.path.isfile(path):
                found[os.path.basename(path)] = path
        return found

    def check(self, at_random):
        lane, now = self.lane, self.lane.seen()
        certs = {n: json.load(open(p)) for n, p in self.state_files("certs").items()}
        wanted = WANTED[self.phase] if self.told or self.phase != "revoke" else 0
        orders, issued = now["orders"] - self.before["orders"], now["issued"] - self.before["issued"]
        lost = sum(h.get("event") == "lost" for c in certs.values() for h in c.get("history", []))
        given_up = min(max(orders - wanted, 1), 2) if self.phase == "change" else 0
        if not at_random and (orders != wanted + given_up or lost):
            self.complain(f"{orders} orders, {wanted} are needed, {given_up} were given up")
        if orders != issued + lost + given_up:
            self.complain(f"{orders} orders, {issued} certificates, {lost} validations that nobody answered")
        if issued > wanted:
            self.complain(f"{issued} certificates, {wanted} are needed")
        accounts = now["accounts"] - self.before["accounts"]
        if accounts != (1 if self.phase in ("issue", "idle", "change") else 0):
            self.complain(f"{accounts} new accounts")
        self.check_keys(certs, at_random)
        self.check_zone()
        self.check_account()
        left = [n for n in certs if n.startswith("cleanup")]
        if left:
            self.complain("left to be cleaned up:", left)
        pages = [p for p in glob.glob(getattr(lane, "webroot", "/dev/null") + "/**", recursive=True, include_hidden=True)
                 if os.path.isfile(p) and p != "/dev/null"]
        if pages:
            self.complain("left in the webroot:", pages)
        for part in ("state", "live", "two"):
            litter = [p for p in glob.glob(f"{self.folder}/{part}/**", recursive=True, include_hidden=True)
                      if ".tmp" in os.path.basename(p) or p.endswith("~")]
            if litter:
                self.complain("left behind while writing:", litter)
        self.check_logs()

    def check_keys(self, certs, at_random):
        keys = {re.sub(r"\.pem$", "", n) for n in self.state_files("keys")}
        named = set()
        for where in (certs, {n: json.load(open(p)) for n, p in self.state_files("archive").items()},
                      {n: json.load(open(p)) for n, p in self.state_files("accounts").items()}):
            for record in where.values():
                for part in (record, record.get("live") or {}, record.get("order") or {}):
                    named.update(str(part.get(k))[len("file:"):] for k in ("key", "next_key")
                                 if str(part.get(k)).startswith("file:"))
        if named - keys:
            self.complain("keys that are lost:", named - keys)
        # Those that were made in the very moment may lie there unused, one a certificate.
        if len(keys - named) > 2:
            self.complain("keys that nobody knows:", keys - named)
        for name in (self.name, f"web.{self.name}"):
            record = certs.get(f"certificate:{name}", {})
            live = record.get("live") or {}
            folder = f"{self.folder}/live/{name}"
            try:
                text = open(f"{folder}/cert.pem").read()
                delivered = output("openssl", "pkey", "-in", f"{folder}/privkey.pem", "-pubout")
                fits = output("openssl", "x509", "-in", f"{folder}/cert.pem", "-noout", "-pubkey")
            except OSError as e:
                self.complain(f"{name}:", e)
                continue
            if not live or text.strip() != live["leaf"].strip() or delivered != fits:
                self.complain(f"{name}: what is delivered is not what is live")
        there = os.path.exists(f"{self.folder}/two/{self.name}/cert.pem")
        if there != (self.phase != "renew"):
            self.complain("the second sink", "holds it still" if there else "does not hold it")

    def check_account(self):
        """Where something was asked of the account it came about; if not, it goes on to be one."""
        (path,) = self.state_files("accounts").values()
        record = json.load(open(path))
        if self.phase == "deactivate" and self.told:
            pass  # it may have ended before it heard of it
        elif not record.get("key") or not record.get("url"):
            self.complain("the account is lost:", record)
        if self.phase == "contact" and record.get("contact") != ["mailto:ops@example.org"]:
            self.complain("the contact is not told:", record.get("contact"))
        if record.get("ask"):
            self.complain("still to be done for the account:", record["ask"])

    def check_zone(self):
        records = self.lane.records()
        if not records:
            self.complain("no zone transfer")
        # The marks of addresses stay with them.
        left = [r for r in records if r[3] == "TXT" and "heritage=external-dns," not in r[4]]
        if left:
            self.complain("left in the zone:", left)
        marked = {r[0] for r in records if r[3] == "TXT" and "owner=fairlead," in r[4]}
        bare = [r for r in records if r[3] == "A" and ".web." in "." + r[0] and "a-" + r[0] not in marked]
        if bare:
            self.complain("addresses without a mark:", bare)
        if not any(r[3] == "A" and r[0] == f"web.{self.name}." and r[4] == self.lane.address for r in records):
            self.complain("the address is not in the zone")

    def check_logs(self):
        for path in glob.glob(self.folder + "/log.*"):
            text = open(path).read()
            if "Sanitizer" in text or "runtime error:" in text:
                self.complain("the sanitizers:", text[-3000:])

    def clear(self):
        if not any(f.startswith(self.what + ":") for f in self.lane.failures):
            shutil.rmtree(self.folder)


# ---- the two tests ---------------------------------------------------------------------


def make_base(lane):
    """Everything delivered once: what the renewals begin with."""
    base = Trial(lane, "issue", "base")
    if lane.once(base) != 0:
        raise SystemExit("the first run of all failed: " + open(base.log).read()[-3000:])
    base.check(False)
    for path in glob.glob(f"{base.folder}/state/certs/*/certificate:*"):
        record, now = json.load(open(path)), int(time.time())
        # As if the authority had wished for it (RFC 9773), and the moment had come.
        record["live"]["ari"] = {"start_at": now - 60, "end_at": now - 30, "moment_at": now - 60, "look_at": now + 80000}
        with open(path, "w") as f:
            json.dump(record, f, separators=(",", ":"), sort_keys=True)
    lane.bases["renew"] = base


def discover(lane):
    """What each phase comes to, and how long it takes."""
    reached = {}
    make_base(lane)
    for phase in PHASES:
        t = Trial(lane, phase, f"{phase}, left alone")
        began = time.time()
        status = t.interrupt()
        lane.took[phase] = time.time() - began
        if status not in (0, -9):
            t.complain("status", status)
        reached[phase] = list(dict.fromkeys(t.steps()))
        if t.run_on():
            t.check(False)
        t.clear()
    return reached


def tables(lane):
    out, kind = [], None
    for line in output(lane.daemon, "pipeline").splitlines():
        if m := re.match(r"^(\w+): ", line):
            kind = m.group(1)
        elif m := re.match(r"^  (\w+) +-> ", line):
            out.append((kind, m.group(1)))
    return out


def jobs_steps(lane):
    reached, out = discover(lane), []
    for step in tables(lane):
        phases = [p for p in PHASES if step in reached[p]]
        if not phases:
            lane.failures.append(f"{step[0]} {step[1]}: the scenario never comes there: extend it")
            say("FAILED", lane.failures[-1])
        # Where it is done by every start anyway there is nothing new in the later phases.
        # Not so where a task sleeps: whether it is woken there again is a race, and only a day later it is sure.
        for phase in phases if "issue" not in phases or step[1] == "idle" else [p for p in phases if p in ("issue", "renew")]:
            # The rounds of a zone are not written down, its journal is.
            for when in WHENS if step[0] != "zone" else WHENS[:1]:
                out.append((phase, f"{step[0]}:{step[1]}:{when}", None))
    return out


def jobs_random(lane, n):
    discover(lane)
    out = []
    for i in range(n):
        phase = ("issue", "renew")[i % 2]
        out.append((phase, None, random.random() * lane.took[phase] * 0.95))
    return out


def work(lane, jobs, mode, tally):
    if not lane.bases:
        make_base(lane)
    while jobs:
        try:
            phase, kill, after = jobs.pop()
        except IndexError:
            return
        t = Trial(lane, phase, f"{phase}, killed " + (f"at {kill}" if kill else f"after {after:.3f} s"))
        status = t.interrupt(kill, after)
        if status == -9:
            tally["killed"] += kill is None or os.path.exists(t.killed)
            if kill and os.path.exists(t.killed):
                tally["where"].add(kill)
        elif status != 0:
            t.complain("it was not killed but ended with status", status)
        if t.run_on():
            t.check(mode == "random")
        t.clear()


def main():
    mode, lanes = sys.argv[1], [Lane(c) for c in json.load(open(sys.argv[2]))]
    # A validation that comes when nobody is there to answer costs an order; with random kills that is counted.
    for lane in lanes if mode == "steps" else ():
        lane.serve_pages()
    began, tally = time.time(), {"killed": 0, "where": set()}
    jobs = jobs_steps(lanes[0]) if mode == "steps" else jobs_random(lanes[0], int(sys.argv[3]))
    total, wheres = len(jobs), {job[1] for job in jobs if job[1]}

    def guarded(lane):
        try:
            work(lane, jobs, mode, tally)
        except BaseException:
            lane.failures.append(traceback.format_exc())
            say(lane.failures[-1])

    everything = list(jobs)
    for _ in range(8):
        threads = [threading.Thread(target=guarded, args=(lane,)) for lane in lanes]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        # Where tasks race a step is not always come to.
        jobs = [job for job in everything if job[1] and job[1] not in tally["where"]]
        if not jobs:
            break
    for where in wheres - tally["where"]:
        lanes[0].failures.append(f"{where}: never killed there")
        say("FAILED", lanes[0].failures[-1])
    failures = [f for lane in lanes for f in lane.failures]
    say(f"{total} trials, {tally['killed']} killed, {len(failures)} failed, {time.time() - began:.0f} s")
    if mode == "random" and tally["killed"] < total * 0.8:
        say("FAILED: too many ended before they were killed")
        return 1
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
