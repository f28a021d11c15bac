#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""shared.py - finds what threads could share and compares it with docs/design.md.

Found are, in core/ and plugins/: variables of file scope and static variables of
functions that are not const, and mutexes, read-write locks, conditions,
semaphores, once flags and atomics wherever they are declared. Each must stand in
the table under the heading "Shared mutable things" of docs/design.md:

    | what                  | file            | lock | owner |
    | `queue.lock`          | core/engine/... | ...  | ...   |

`what` is the variable, or the member with its struct before it; several may share
a row. Each row must name something that is there.
"""
import os
import re
import sys

from csource import read, strip

LOCK_TYPES = {
    "pthread_mutex_t", "pthread_rwlock_t", "pthread_cond_t", "pthread_once_t", "pthread_spinlock_t",
    "pthread_barrier_t", "pthread_key_t", "sem_t", "mtx_t", "cnd_t", "tss_t", "once_flag", "_Atomic",
}
TOKEN = re.compile(r"[A-Za-z_]\w*|\d[\w.]*|\"[^\"\n]*\"|'[^'\n]*'|->|\S")
NAME = re.compile(r"[A-Za-z_]\w*$")
ATTRIBUTE = re.compile(r"__attribute__\s*\(\((?:[^()]|\([^()]*\))*\)\)|_Alignas\([^()]*\)")
BUILTIN = re.compile(r"__(?:atomic|sync)_\w+$")


def is_lock(word):
    return word in LOCK_TYPES or word.startswith("atomic_") and not word.startswith(
        ("atomic_load", "atomic_store", "atomic_exchange", "atomic_compare", "atomic_fetch", "atomic_init",
         "atomic_thread", "atomic_signal", "atomic_is"))


def tokens_of(text):
    """(word, line) of the code, without preprocessor lines."""
    text = ATTRIBUTE.sub("", strip(text))
    text = re.sub(r"\\\n", " \x01", text)  # \x01 keeps the count of lines
    line = 1
    for row in text.split("\n"):
        joined = row.count("\x01")
        if not row.lstrip().startswith("#"):
            for match in TOKEN.finditer(row):
                if match.group(0) != "\x01":
                    yield match.group(0), line + row[: match.start()].count("\x01")
        line += 1 + joined


def untagged(words):
    """`struct x` as one word, for x is a type and not the name of an object."""
    after = [word for word, _ in words[1:]] + [""]
    return [pair for pair, follows in zip(words, after)
            if not (pair[0] in ("struct", "union", "enum") and NAME.match(follows))]


def drop(words, opening, closing):
    """The declaration's words without what stands between such brackets."""
    depth, left = 0, []
    for word, line in words:
        if word == opening:
            depth += 1
        elif word == closing:
            depth -= 1
        elif depth == 0:
            left.append((word, line))
    return left


def declarators(words):
    """Splits `int a = 1, *b` after the type: lists of words, initialisers gone."""
    depth, current, parts, skipping = 0, [], [], False
    for word, line in words:
        depth += (word in "([{") - (word in ")]}")
        if depth == 0 and word == ",":
            parts.append(current)
            current, skipping = [], False
            continue
        skipping = skipping or (depth == 0 and word == "=")
        if not skipping:
            current.append((word, line))
    return parts + [current]


class File:
    def __init__(self, path):
        self.path = path
        self.found = []  # (line, name, why)

    def scan(self):
        self.block(list(tokens_of(read(self.path))), "file", "")
        return self.found

    def note(self, line, name, why):
        self.found.append((line, name, why))

    def block(self, words, scope, owner):
        """Takes a scope ("file", "struct", "function") apart into declarations."""
        current, index = [], 0
        while index < len(words):
            word, line = words[index]
            if word == "{":
                close = self.matching(words, index)
                inner = words[index + 1: close]
                tail = words[close + 1][0] if close + 1 < len(words) else ";"
                self.braced(current, inner, tail, owner if scope == "struct" else "")
                kept = self.goes_on(current, tail, scope)
                current = current + [("{", line), ("}", line)] if kept else []
                index = close + 1
                continue
            if word == ";":
                self.declaration(current, scope, owner)
                current = []
            elif not (scope == "function" and word == ":" and len(current) < 3):
                current.append((word, line))
            index += 1

    @staticmethod
    def matching(words, index):
        depth = 0
        for at in range(index, len(words)):
            depth += (words[at][0] == "{") - (words[at][0] == "}")
            if depth == 0:
                return at
        return len(words) - 1

    @staticmethod
    def goes_on(head, tail, scope):
        """Does the declaration continue after the brace, as in `} x;` or `= {..};`?"""
        text = [word for word, _ in head]
        if "=" in text:
            return True
        if any(word in text for word in ("struct", "union", "enum")) and "(" not in text:
            return True
        return scope == "function" and tail in (",", ";", ")", ".")

    def braced(self, head, inner, tail, owner):
        """Goes into a struct, a function or nothing; a struct without a tag has the
        name of what is declared with it."""
        text = [word for word, _ in head]
        if "=" in text or "enum" in text and "(" not in text:
            return
        if ("struct" in text or "union" in text) and "(" not in text:
            which = max(at for at, word in enumerate(text) if word in ("struct", "union"))
            tag = next((word for word in text[which + 1:] if NAME.match(word)), tail)
            name = tag if NAME.match(tag) else ""
            self.block(inner, "struct", ".".join(part for part in (owner, name) if part))
        elif text[:2] == ["extern", '" "']:
            self.block(inner, "file", owner)
        else:
            self.block(inner, "function", owner)

    def declaration(self, words, scope, owner):
        for word, line in words:
            if BUILTIN.match(word):
                self.note(line, word, "an atomic builtin; declare the variable _Atomic and name it")
        text = [word for word, _ in words]
        if not text or "typedef" in text:
            return
        locked = any(is_lock(word) for word in text)
        static = "static" in text or "_Thread_local" in text or scope == "file"
        if not locked and (scope == "struct" or not static):
            return
        if scope == "function" and not static and text[0] in ("return", "if", "for", "while", "case", "else"):
            return
        for name, line, const in self.names(words, locked):
            shown = f"{owner}.{name}" if scope == "struct" and owner else name
            if locked:
                self.note(line, shown, "a lock or atomic")
            elif not const:
                self.note(line, shown, "a variable that is not const")

    @staticmethod
    def names(words, locked):
        """(name, line, const) of each object that the declaration makes."""
        flat = untagged(drop(words, "{", "}"))
        first = True
        base_const = False
        for part in declarators(flat):
            plain = drop(part, "[", "]")
            text = [word for word, _ in plain]
            # `int (*f)(void)` is an object, `int f(int (*g)(void))` is not.
            pointer = "(" in text and text[text.index("(") + 1: text.index("(") + 2] == ["*"]
            if "(" in text and not pointer:
                if not locked or text[0] not in ("_Atomic", "static"):
                    first = False
                    continue  # a function, a macro's call
                plain = drop(plain, "(", ")")
            if pointer:
                inner = plain[text.index("(") + 1: text.index(")")]
                const = "const" in [word for word, _ in inner]
                named = [pair for pair in inner if NAME.match(pair[0]) and pair[0] != "const"]
            else:
                stars = [at for at, (word, _) in enumerate(plain) if word == "*"]
                head = plain[: stars[-1]] if stars else plain
                if first:
                    base_const = "const" in [word for word, _ in (plain[: stars[0]] if stars else plain)]
                const = "const" in [w for w, _ in plain[stars[-1]:]] if stars else base_const
                named = [pair for pair in plain if NAME.match(pair[0])]
                if locked and stars and any(is_lock(word) for word, _ in head):
                    first = False
                    continue  # a pointer to a lock is not a lock
                if first and len(named) < 2:
                    first = False
                    continue  # `struct x;`
            first = False
            if named:
                yield named[-1][0], named[-1][1], const


def table(path):
    """{(file, name): line} of the rows under the heading."""
    rows, inside = {}, False
    if not os.path.exists(path):
        return rows
    for number, line in enumerate(read(path).split("\n"), 1):
        if line.startswith("#"):
            inside = "shared mutable things" in line.lower()
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if not inside or not line.lstrip().startswith("|") or len(cells) < 2:
            continue
        file = cells[1].strip("`")
        for name in re.findall(r"`([^`]+)`", cells[0]):
            rows[(file, name)] = number
    return rows


def main():
    known, design = table("docs/design.md"), "docs/design.md"
    seen = set()
    for path in sys.stdin.read().split():
        for line, name, why in File(path).scan():
            seen.add((path, name))
            if (path, name) not in known:
                print(f"{path}:{line}: shared: {name} is {why}; make it const or part of a struct that one "
                      f"thread has, else give it a row in {design}, Shared mutable things")
    for (path, name), line in known.items():
        if (path, name) not in seen:
            print(f"{design}:{line}: shared: {name} is not in {path} (any more): mend the row")


if __name__ == "__main__":
    main()
