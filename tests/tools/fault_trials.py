#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""fault_trials.py CONF.json KIND... - one thing that the daemon asks for fails, in a run of `once` of its own for each.

KIND: alloc, write, fsync, rename, open (faults.c) and http (quick_ca.c). A run without faults follows, hours later by
its clock; then the certificate is delivered, the authority has seen one account, one order and one finalize, and nothing
lies about. Both runs under ASan and LSan, if the daemon was built with them. Of the allocations one for each distinct
way to get there; FL_FAULT_ALL=1: every one. Exit status 1: something was wrong.
"""
import concurrent.futures
import glob
import json
import os
import shutil
import subprocess
import sys
import threading
import time
import urllib.request

ERRNOS = {"write": {"ENOSPC": 28, "EIO": 5}, "fsync": {"EIO": 5, "ENOSPC": 28},
          "rename": {"ENOSPC": 28, "EIO": 5}, "open": {"EMFILE": 24, "EIO": 5, "ENOSPC": 28}, "alloc": {"ENOMEM": 12}}
EXCHANGES = ("drop", "lost", "cut", "e500", "e503", "mess", "none")
# Callers that make a way: inside of libcrypto what the next ones are tells little. Some are the library's own.
DEPTH = {"c": 4, "o": 6}
lock = threading.Lock()


class Rig:
    def __init__(self, conf):
        self.__dict__.update(conf)
        self.failures = []
        shutil.rmtree("trials", ignore_errors=True)
        with open("ahead", "wb") as f:
            f.write((3 * 3600).to_bytes(8, "little"))
        self.env = {k: v for k, v in os.environ.items() if not k.startswith("FL_")}
        self.env["ASAN_OPTIONS"] = ("verify_asan_link_order=0:malloc_context_size=8:quarantine_size_mb=1:"
                                    "detect_stack_use_after_return=0:allocator_may_return_null=1")
        self.env["LSAN_OPTIONS"] = f"suppressions={self.suppressions}:print_suppressions=0"

    def configure(self, name, tenant):
        folder = os.path.abspath(f"trials/{name}")
        os.makedirs(folder + "/web")
        with open(f"{folder}/fl.conf", "w") as f:
            f.write(f"""state = "{folder}/state";
authorities = {{ quick = {{ directory = "http://127.0.0.1:{self.port}/{tenant}/dir"; accept_terms = true; }}; }};
solvers = {{ web = {{ plugin = "http-01"; webroot = "{folder}/web"; }}; }};
sinks = {{ disk = {{ plugin = "file"; directory = "{folder}/live"; reload = ["/bin/true"]; }}; }};
certificates = ( {{ names = ["a.example.test"]; solver = "web"; }} );
""")
        os.chmod(f"{folder}/fl.conf", 0o600)
        return folder

    def run(self, folder, log, **env):
        argv = [self.daemon, "-c", f"{folder}/fl.conf", "--plugins", self.plugins, "once", "--wait", "15s" if log == "log.count" else "3s"]
        with open(f"{folder}/{log}", "w") as f:
            try:
                return subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=f, stderr=f, timeout=60,
                                      env=dict(self.env, LD_PRELOAD=self.faults, **env)).returncode
            except subprocess.TimeoutExpired:
                return "no end"

    def stats(self, tenant):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/{tenant}/stats", timeout=20) as answer:
            return json.load(answer)

    # ---- one trial ----

    def trial(self, name, what, tenant, fault):
        folder = self.configure(name, tenant)
        wrong = []
        status = self.run(folder, "log.fault", **fault)
        hit = os.path.exists(fault.get("FL_FAULT_OUT", "/"))
        if status not in (0, 1, 75):
            wrong.append(f"status {status}")
        if hit:
            # What was done in spite of it, and left nothing to do, is done: another run would only say so.
            done = status == 0 and not self.look(folder, tenant)
            last = 0 if done else self.run(folder, "log.after", FL_CLOCK=os.path.abspath("ahead"))
            if last != 0:
                wrong.append(f"afterwards: status {last}")
            wrong += [] if done else self.look(folder, tenant)
        elif status not in (0, 75):  # 75: on a machine with much to do three seconds are over soon
            wrong.append("nothing failed, and yet")
        for log in glob.glob(folder + "/log.*"):
            text = open(log, errors="replace").read()
            if "Sanitizer" in text or "runtime error:" in text:
                wrong.append("the sanitizers, in " + os.path.basename(log))
        if wrong:
            self.complain(what, wrong, folder)
        else:
            shutil.rmtree(folder)
        return hit

    def look(self, folder, tenant):
        wrong = []
        stats = self.stats(tenant)
        for what in ("accounts", "orders", "finalized"):
            if stats[what] != 1:
                wrong.append(f"{stats[what]} {what}")
        if not os.path.exists(folder + "/live/a.example.test/cert.pem"):
            wrong.append("not delivered")
        left = [p for part in ("state", "live", "web") for p in
                glob.glob(f"{folder}/{part}/**", recursive=True, include_hidden=True)
                if ".tmp" in p or p.endswith("~") or "cleanup:" in p or (part == "web" and os.path.isfile(p))]
        if left:
            wrong.append(f"left: {left}")
        return wrong

    def complain(self, what, wrong, folder):
        """Many have one cause: said once, with all their numbers."""
        try:
            frames = [line.split("(")[-1].split("[")[0] if "fairlead" in line or ".so" in line else line
                      for line in open(folder + "/hit").read().splitlines()[2:7]]
        except OSError:
            frames = []
        with lock:
            self.failures.append(f"{what}: {'; '.join(wrong)}")
            print("FAILED", self.failures[-1], f"({folder})", *frames, sep="\n    " if frames else " ", flush=True)

    # ---- all of a kind ----

    def count(self):
        folder = self.configure("count", f"{os.getpid()}c")
        stacks = os.path.abspath("stacks")
        status = self.run(folder, "log.count", FL_FAULT_COUNT=folder + "/counts", FL_FAULT_STACKS=stacks)
        if status != 0:
            raise SystemExit("without any fault: " + open(folder + "/log.count").read()[-4000:])
        counts = {k: int(n) for k, n in (line.split() for line in open(folder + "/counts"))}
        counts["http"] = self.stats(f"{os.getpid()}c")["requests"]
        ways = {}
        for line in open(stacks):
            n, who, *callers = line.split()
            ways.setdefault(tuple(callers[:DEPTH[who]]), int(n))
        counts["ways"] = sorted(ways.values())
        print({k: v if k != "ways" else len(v) for k, v in counts.items()}, flush=True)
        return counts

    def jobs(self, kind, counts):
        if kind == "http":
            for how in EXCHANGES:
                for i in range(counts["http"]):
                    yield f"{kind}-{how}-{i}", f"{kind} {i} {how}", f"{os.getpid()}~{how}~{i}", {"FL_FAULT_OUT": "/dev/null"}
            return
        numbers = range(counts[kind])
        if kind == "alloc" and not os.environ.get("FL_FAULT_ALL"):
            numbers = counts["ways"]
        part, parts = [int(n) for n in os.environ.get("FL_FAULT_PART", "0/1").split("/")]
        for k, (word, number) in enumerate(ERRNOS[kind].items()):
            # So many are opened that each errno has its turn at every third only.
            for i in numbers if kind != "open" or os.environ.get("FL_FAULT_ALL") else numbers[k::3]:
                name = f"{kind}-{word}-{i}"
                if i % parts == part:
                    yield name, f"{kind} {i} {word}", f"{os.getpid()}-{name}", {
                        "FL_FAULT": f"{kind}:{i}:{number}", "FL_FAULT_OUT": os.path.abspath(f"trials/{name}/hit")}


def main():
    rig = Rig(json.load(open(sys.argv[1])))
    counts = rig.count()
    for kind in sys.argv[2:]:
        began = time.time()
        with concurrent.futures.ThreadPoolExecutor(int(os.environ.get("FL_FAULT_JOBS", "6"))) as pool:
            hits = list(pool.map(lambda job: rig.trial(*job), rig.jobs(kind, counts)))
        print(f"{kind}: {len(hits)} runs, {sum(hits)} of them met it, {time.time() - began:.0f} s", flush=True)
        if sum(hits) < len(hits) * 0.8:
            rig.failures.append(f"{kind}: too few met it")
    print(f"{len(rig.failures)} failed")
    return 1 if rig.failures else 0


if __name__ == "__main__":
    sys.exit(main())
