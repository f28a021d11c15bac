# SPDX-License-Identifier: Apache-2.0
"""unit_run.py [--bind FROM=TO]... [--listen tcp:IP:PORT]... UNIT[,DROP-IN]... UID COMMAND... - runs a command as systemd would run it by
that unit, as far as a kernel without systemd can: its user and capabilities, NoNewPrivileges, a read-only system with its
StateDirectory, RuntimeDirectory and ReadWritePaths, PrivateTmp, ProtectHome, its filter of system calls and address families, no memory that
is both written and executed. Needs root. FROM=TO: a folder of ours put below a fresh /run; STATE=FROM and RUNTIME=FROM: what the two
directories are. Status 77 with words: this machine cannot."""

import ctypes
import ctypes.util
import os
import socket
import subprocess
import sys

PYTHON = "/usr/bin/python3"
CLONE_NEWNS, MS_REC, MS_PRIVATE = 0x20000, 0x4000, 0x40000
ALLOW, EPERM_ACTION = 0x7FFF0000, 0x00050001
MASKED_EQ, EQ = 7, 4


def read_units(names):
    """The settings of [Service] of a unit and its drop-ins: lists, emptied by an empty value."""
    out = {}
    for name in names:
        section = ""
        with open(name, encoding="utf-8") as f:
            for line in f:
                line = line.strip()
                if line.startswith("["):
                    section = line
                elif section == "[Service]" and "=" in line and line[0] not in "#;":
                    key, value = line.split("=", 1)
                    if value:
                        out.setdefault(key, []).append(value)
                    else:
                        out[key] = []
    return out


def yes(unit, key):
    return unit.get(key, ["no"])[-1] in ("yes", "true", "1", "on", "strict")


def words(unit, key):
    return " ".join(unit.get(key, [])).split()


# ---- mounts ---------------------------------------------------------------------------------


def mount(*args):
    subprocess.run(("mount",) + args, check=True, stdout=subprocess.DEVNULL)


def mounts():
    with open("/proc/self/mountinfo", encoding="utf-8") as f:
        return [line.split()[4].replace("\\040", " ") for line in f]


def private(path, mode):
    mount("-t", "tmpfs", "-o", "mode=" + mode, "tmpfs", path)


def writable(path):
    mount("--bind", path, path)
    mount("-o", "remount,bind,rw", path)


def build(unit, binds, uid):
    """A mount namespace as the unit describes it."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNS) != 0 or libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None) != 0:
        print("no mount namespace can be made here:", os.strerror(ctypes.get_errno()))
        sys.exit(77)
    state, runtime = binds.pop("STATE", None), binds.pop("RUNTIME", None)
    private("/mnt", "0755")
    for number, (to, source) in enumerate(sorted(binds.items())):
        os.mkdir("/mnt/%d" % number)
        mount("--rbind", source, "/mnt/%d" % number)
    for name, source in (("state", state), ("runtime", runtime)):
        os.mkdir("/mnt/" + name)
        if source:
            mount("--bind", source, "/mnt/" + name)
    private("/run", "0755")
    for number, (to, source) in enumerate(sorted(binds.items())):
        os.makedirs(to)
        mount("--rbind", "/mnt/%d" % number, to)
    private("/var/lib", "0755")
    if yes(unit, "PrivateTmp"):
        private("/tmp", "1777")
        private("/var/tmp", "1777")
    own = []
    for kind, base, source in (("StateDirectory", "/var/lib", "state"), ("RuntimeDirectory", "/run", "runtime")):
        for name in words(unit, kind):
            path = os.path.join(base, name)
            os.makedirs(path)
            mount("--bind", "/mnt/" + source, path)
            os.chown(path, uid, uid)
            own.append(path)
    if unit.get("ProtectSystem", [""])[-1] == "strict":
        for path in sorted(set(mounts()), key=len):
            if not path.startswith(("/proc", "/dev", "/sys", "/tmp", "/var/tmp")) and path not in own:
                subprocess.run(["mount", "-o", "remount,bind,ro", path], check=False, stderr=subprocess.DEVNULL)
    if yes(unit, "ProtectHome"):
        for path in ("/home", "/root"):
            mount("-t", "tmpfs", "-o", "ro,mode=0000", "tmpfs", path)
    for path in words(unit, "ReadWritePaths"):
        writable(path)


# ---- system calls -------------------------------------------------------------------------------


def expand(names, seen):
    """System calls of a list that names groups."""
    out = set()
    for name in names:
        if not name.startswith("@"):
            out.add(name)
        elif name not in seen:
            seen.add(name)
            text = subprocess.run(["systemd-analyze", "syscall-filter", "--no-pager", name], check=True,
                                  stdout=subprocess.PIPE, encoding="utf-8").stdout
            lines = [line.strip() for line in text.splitlines()[1:]]
            out |= expand([line for line in lines if line and not line.startswith("#")], seen)
    return out


class Compare(ctypes.Structure):
    _fields_ = [("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]


def allowed_calls(unit):
    calls = set()
    for line in unit.get("SystemCallFilter", []):
        if line.startswith("~"):
            calls -= expand(line[1:].split(), set())
        else:
            calls |= expand(line.split(), set())
    return calls


def conditions(unit):
    """For some calls: alternatives of which one must hold, each (argument, mask or None, value)."""
    out = {}
    if unit.get("RestrictAddressFamilies"):
        out["socket"] = [(0, None, int(getattr(socket, name))) for name in words(unit, "RestrictAddressFamilies")]
    if yes(unit, "MemoryDenyWriteExecute"):
        out["mmap"] = [(2, 4, 0), (2, 2, 0)]
        out["mprotect"] = out["pkey_mprotect"] = [(2, 4, 0)]
    return out


def filter_calls(unit):
    """The filter of system calls, for this process and what it becomes."""
    lib = ctypes.CDLL("libseccomp.so.2")
    lib.seccomp_init.restype = ctypes.c_void_p
    lib.seccomp_init.argtypes = [ctypes.c_uint32]
    lib.seccomp_load.argtypes = lib.seccomp_release.argtypes = [ctypes.c_void_p]
    add = lib.seccomp_rule_add_array
    add.argtypes = [ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int, ctypes.c_uint, ctypes.POINTER(Compare)]
    calls, where = allowed_calls(unit), conditions(unit)
    if not calls:
        return
    ctx = lib.seccomp_init(EPERM_ACTION)
    for name in sorted(calls):
        number = lib.seccomp_syscall_resolve_name(name.encode())
        if number == -1:
            continue
        for arg, mask, value in where.get(name, []):
            one = Compare(arg, EQ, value, 0) if mask is None else Compare(arg, MASKED_EQ, mask, value)
            add(ctx, ALLOW, number, 1, ctypes.byref(one))
        if name not in where:
            add(ctx, ALLOW, number, 0, None)
    if lib.seccomp_load(ctx) != 0:
        print("no filter of system calls can be loaded here")
        sys.exit(77)
    lib.seccomp_release(ctx)


# ---- the two halves ---------------------------------------------------------------------------


def bound(text):
    kind, ip, port = text.split(":")
    s = socket.socket(socket.AF_INET, socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM)
    if kind == "tcp":
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((ip, int(port)))
    if kind == "tcp":
        s.listen(128)
    return s


def pass_sockets(texts):
    high = [os.dup(s) for s in [bound(text).detach() for text in texts]]
    for number, fd in enumerate(high):
        os.dup2(fd, 3 + number, inheritable=True)
    if texts:
        os.environ["LISTEN_FDS"], os.environ["LISTEN_PID"] = str(len(texts)), str(os.getpid())


def outer(argv):
    binds, listens = {}, []
    while argv[0].startswith("--"):
        if argv[0] == "--bind":
            source, to = argv[1].split("=", 1)
            if source in ("STATE", "RUNTIME"):
                source, to = to, source
            binds[to] = source
        else:
            listens.append(argv[1])
        argv = argv[2:]
    units, uid, command = argv[0].split(","), argv[1], argv[2:]
    unit = read_units(units)
    caps = [c.lower().replace("cap_", "+") for c in words(unit, "AmbientCapabilities")]
    bounds = [c.lower().replace("cap_", "+") for c in words(unit, "CapabilityBoundingSet")]
    copies = []
    for name in units:  # they may be out of sight soon
        with open(name, encoding="utf-8") as f:
            copies.append(f.read())
    with open(__file__, encoding="utf-8") as f:
        me = f.read()
    build(unit, binds, int(uid))
    pass_sockets(listens)
    os.umask(int(unit.get("UMask", ["0022"])[-1], 8))
    os.environ["UNIT_RUN_UNITS"] = "\n".join(copies)
    os.chdir("/")
    os.execvp("setpriv", ["setpriv", "--reuid", uid, "--regid", uid, "--clear-groups",
                          "--bounding-set", ",".join(["-all"] + bounds), "--inh-caps", ",".join(["-all"] + caps),
                          "--ambient-caps", ",".join(["-all"] + caps)]
              + (["--no-new-privs"] if yes(unit, "NoNewPrivileges") else [])
              + [PYTHON, "-c", me, "--inner"] + command)


def inner(command):
    path = "/tmp/unit-%d" % os.getpid()
    with open(path, "w", encoding="utf-8") as f:
        f.write(os.environ.pop("UNIT_RUN_UNITS"))
    unit = read_units([path])
    os.unlink(path)
    filter_calls(unit)
    os.execvp(command[0], command)


if __name__ == "__main__":
    if sys.argv[1] == "--inner":
        inner(sys.argv[2:])
    else:
        outer(sys.argv[1:])
