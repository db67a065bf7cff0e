"""g++ 12.2 destroys two kinds of temporaries twice when they stand in a co_await expression: an
aggregate that is built with braces, and a lambda with captures. Both must be named on a line above.

Types with a constructor are safe, but their names do not tell; so every brace-built temporary is
refused, save those of std::chrono and Asio's completion token, which have constructors.
"""

import re

from source import Finding

_AWAIT = re.compile(r"\bco_await\b")
_OPEN = "([{"
_CLOSE = ")]}"
_PAIR = {")": "(", "]": "[", "}": "{"}
_HARMLESS_TYPE = re.compile(
    r"(\bchrono\s*::\s*\w+|\buse_awaitable_t\s*(<[\w:\s]*>)?)\s*$"
)
# A closing brace before one of these ends an operand, not a block.
_AFTER_OPERAND = ",.)]?:+-*/&|=<>%^"


def _expression_start(code, at):
    """Where the full expression around the co_await at `at` begins."""
    depth = 0
    i = at - 1
    while i >= 0:
        c = code[i]
        if c == "}" and depth == 0:
            following = code[i + 1 :].lstrip()[:1]
            if following not in _AFTER_OPERAND:
                return i + 1
            depth += 1
        elif c in _CLOSE:
            depth += 1
        elif c in _OPEN:
            if depth == 0:
                if c == "{":
                    return i + 1
                head = code[:i].rstrip()
                if re.search(r"\b(if|while|for|switch|constexpr)$", head):
                    return i + 1
            else:
                depth -= 1
        elif c == ";" and depth == 0:
            return i + 1
        i -= 1
    return 0


def _expression_end(code, at):
    depth = 0
    i = at
    while i < len(code):
        c = code[i]
        if c in _OPEN:
            if c == "{" and depth == 0 and code[:i].rstrip()[-1:] == ")":
                return i  # the block of an if whose parenthesis was passed
            depth += 1
        elif c in _CLOSE:
            if depth == 0:
                # The end of a parenthesis that was opened before the co_await: within a call the
                # expression goes on, in an `if (...)` the block follows.
                if c == "}" or code[i + 1 :].lstrip()[:1] == "{":
                    return i
            else:
                depth -= 1
        elif c == ";" and depth == 0:
            return i
        i += 1
    return i


def _matching(code, opening):
    depth = 0
    for i in range(opening, len(code)):
        if code[i] in _OPEN:
            depth += 1
        elif code[i] in _CLOSE:
            depth -= 1
            if depth == 0:
                return i
    return len(code) - 1


def _lambda_body(code, closing_bracket):
    """The range of the body of a lambda whose introducer ends at closing_bracket, or None."""
    i = closing_bracket + 1
    rest = code[i:].lstrip()
    if not rest or rest[0] not in "({<m-":
        return None
    brace = code.find("{", i)
    semicolon = code.find(";", i)
    if brace < 0 or (0 <= semicolon < brace):
        return None
    return brace, _matching(code, brace)


def traps_in(code, begin, end):
    """(offset, message) of every trap within one full expression."""
    i = begin
    while i < end:
        c = code[i]
        before = code[begin:i].rstrip()
        if c == "[" and code[i : i + 2] != "[[" and (
            not before or not re.search(r"[\w)\]>]$", before) or re.search(r"\b(return|co_return|co_await)$", before)
        ):
            closing = _matching(code, i)
            body = _lambda_body(code, closing)
            if body:
                if code[i + 1 : closing].strip():
                    yield i, "a capturing lambda inside a co_await expression"
                i = body[1] + 1
                continue
        if c == "{":
            opener = before[-1:]
            if re.search(r"[\w>]$", before):
                type_name = re.search(r"[\w:<>,\s]*$", before).group(0)
                if not _HARMLESS_TYPE.search(type_name):
                    yield i, "a brace-built temporary inside a co_await expression"
            elif opener in ("(", ",", "{", "=") or not opener:
                yield i, "a braced argument inside a co_await expression"
            i = _matching(code, i) + 1
            continue
        i += 1


def check(sources):
    for source in sources:
        if not source.is_cpp:
            continue
        seen = set()
        for match in _AWAIT.finditer(source.code):
            begin = _expression_start(source.code, match.start())
            end = _expression_end(source.code, match.end())
            for offset, message in traps_in(source.code, begin, end):
                if offset not in seen:
                    seen.add(offset)
                    yield Finding(
                        source,
                        source.line_of(offset),
                        "co-await-trap",
                        message + ": g++ 12 destroys it twice; name it on the line above",
                    )
