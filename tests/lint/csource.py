#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""csource.py FILE... - C text without comments and the insides of literals.

Prints FILE:LINE:TEXT for each line on which something is left. Other lints
import strip() so that there is one notion of what is code.
"""
import re
import sys

LEXEMES = re.compile(
    r"""(?P<comment>/\*.*?\*/|//[^\n]*)|(?P<string>"(?:\\.|[^"\\\n])*")|(?P<char>'(?:\\.|[^'\\\n])*')""",
    re.DOTALL | re.VERBOSE,
)


def blank(match):
    text = match.group(0)
    if match.lastgroup == "comment":
        return re.sub(r"[^\n]", " ", text)
    quote = text[0]
    return quote + re.sub(r"[^\n]", " ", text[1:-1]) + quote


def strip(text):
    """The text, line for line, with comments and literals blanked out."""
    return LEXEMES.sub(blank, text)


def read(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def main(paths):
    for path in paths:
        for number, line in enumerate(strip(read(path)).split("\n"), 1):
            if line.strip():
                print(f"{path}:{number}:{line.rstrip()}")


if __name__ == "__main__":
    main(sys.argv[1:])
