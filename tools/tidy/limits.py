"""A gateway's limits are declared in gateway/core/limits.hpp and nowhere else in gateway/, and every
one of them is named by a test.

A limit is a constant of a namespace or a class whose name says so: kMax… and kMost…, and what ends
in Deadline, Timeout, Burst or PerSecond.
"""

import re

from source import Finding

LIMITS = "gateway/core/limits.hpp"

_CONSTANT = re.compile(
    r"^(?:[ \t]*(?:static[ \t]+(?:inline[ \t]+)?|inline[ \t]+static[ \t]+)|(?:inline[ \t]+)?)"
    r"(?:constexpr|const)\b[^=;(){}]*?\b(k[A-Z]\w*)\s*(?:=|\{)",
    re.MULTILINE,
)
_LIMIT = re.compile(r"^k(?:(?:Max|Most)[A-Z0-9]\w*|\w*(?:Deadline|Timeout|Burst|PerSecond))$")
_NAME = re.compile(r"\bk[A-Z]\w*")


def check(sources):
    tested = set()
    for source in sources:
        if source.path.startswith("tests/"):
            tested.update(_NAME.findall(source.code))
    for source in sources:
        if not source.is_cpp or not source.path.startswith("gateway/"):
            continue
        for match in _CONSTANT.finditer(source.code):
            name = match.group(1)
            line = source.line_of(match.start(1))
            if source.path == LIMITS:
                if name not in tested:
                    yield Finding(source, line, "limits", f"no test names {name}: at it, and one past it")
            elif _LIMIT.match(name):
                yield Finding(source, line, "limits", f"{name} belongs into {LIMITS}")
