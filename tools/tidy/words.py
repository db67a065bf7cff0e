"""Words and calls that do not belong in the tree, and what every header must have."""

import re

from source import Finding

# Spelled in parts, so that this file passes its own rule.
_UNFINISHED = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK"]) + r")\b")
_UNFINISHED_PHRASE = re.compile(r"\b(" + "for " + "now|not (yet )?" + r"implemented)\b", re.IGNORECASE)
_DETACHED = re.compile(r"\bdetached\b|\.\s*detach\s*\(")
_SLEEP = re.compile(r"\b(sleep_for|sleep_until|sleep|usleep|nanosleep)\s*\(")
_SHELL_SLEEP = re.compile(r"^\s*sleep\s+[\d.$]", re.MULTILINE)
_SKIPPED_TEST = re.compile(r"\bIGNORE_TEST\b|\b(?:it|test|describe)\.(?:skip|only|todo)\s*\(")
_VAGUE_NAME = re.compile(r"(^|_)(util|utils|common|manager|helper|helpers|misc)(_|\.|$)")
_LOCK_ADDRESS = re.compile(r'"resolved"\s*:')
_REGISTRY_ADDRESS = re.compile(r"https?://(registry|npm|deb|ftp|mirror)s?\.")

_CODE = (".cpp", ".hpp", ".h", ".cc", ".py", ".sh", ".js", ".mjs", ".ts", ".cmake", ".proto", ".toml")


def _is_code(source):
    return source.path.endswith(_CODE) or source.text.startswith("#!")


def check(sources, registry_hosts=()):
    for source in sources:
        yield from _check_one(source, registry_hosts)


def _check_one(source, registry_hosts):
    text = source.text

    def found(pattern, where, rule, message):
        for match in pattern.finditer(where):
            yield Finding(source, source.line_of(match.start()), rule, message)

    if _is_code(source):
        yield from found(_UNFINISHED, text, "unfinished", "finish it, or leave it out")
        yield from found(_UNFINISHED_PHRASE, text, "unfinished", "finish it, or leave it out")
        yield from found(_SKIPPED_TEST, source.code, "skipped-test", "a test runs, or it goes")
    for part in source.path.split("/"):
        if _VAGUE_NAME.search(part) and part != source.path:
            yield Finding(source, 1, "vague-name", f"{part} says nothing: name what it is for")
    if source.is_cpp:
        if source.is_header and not re.search(r"^#pragma once$", text, re.MULTILINE):
            yield Finding(source, 1, "pragma-once", "a header begins with #pragma once")
        if not source.name.startswith("main"):
            yield from found(
                _DETACHED, source.code, "detached", "every task has an owner: outside main, none is detached"
            )
    if source.path.startswith("tests/"):
        if source.is_cpp or source.path.endswith(".py"):
            yield from found(_SLEEP, source.code, "sleeping-test", "wait for a condition, not for a time")
        elif text.startswith("#!") and "sh" in text.split("\n", 1)[0]:
            yield from found(_SHELL_SLEEP, text, "sleeping-test", "wait for a condition, not for a time")
    if source.name == "package-lock.json":
        yield from found(
            _LOCK_ADDRESS, text, "registry-address", "a lock file names versions and hashes, no addresses"
        )
    yield from found(
        _REGISTRY_ADDRESS, text, "registry-address", "the machine says where its registries are"
    )
    for host in registry_hosts:
        yield from found(
            re.compile(re.escape(host)), text, "registry-address", "the machine says where its registries are"
        )
