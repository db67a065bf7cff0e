#!/usr/bin/env python3
"""The repository's own rules, checked on every file that git knows or would add.

    tools/tidy/tidy.py [ROOT]

Prints one line per finding; exit code 0 if there is none, 1 if there are, 2 if it could not look.
"""

import pathlib
import re
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import coroutine_traps  # noqa: E402
import include_graph  # noqa: E402
import library_includes  # noqa: E402
import limits  # noqa: E402
import test_mirror  # noqa: E402
import words  # noqa: E402
from source import Source  # noqa: E402

MAX_FILE_SIZE = 4 * 1024 * 1024


def read_sources(root):
    listed = subprocess.run(
        ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        check=True,
        capture_output=True,
    ).stdout
    sources = []
    for name in sorted({entry.decode() for entry in listed.split(b"\0") if entry}):
        path = root / name
        if not path.is_file() or path.is_symlink() or path.stat().st_size > MAX_FILE_SIZE:
            continue
        content = path.read_bytes()
        if b"\0" not in content:
            sources.append(Source(name, content.decode("utf-8", errors="replace")))
    return sources


def machine_registry_hosts():
    """Hosts of the package registries this machine is set up with; they are nobody else's business."""
    commands = [["apt-get", "indextargets", "--format", "$(SITE)"], ["npm", "config", "get", "registry"]]
    hosts = set()
    for command in commands:
        if shutil.which(command[0]) is None:
            continue
        answer = subprocess.run(command, capture_output=True, text=True, check=False).stdout
        hosts.update(re.findall(r"^https?://(?:[^/@\s]*@)?([^/:\s]+\.[^/:\s]+)", answer, re.MULTILINE))
    return sorted(hosts)


def findings_in(sources, registry_hosts=()):
    yield from include_graph.check(sources)
    yield from library_includes.check(sources)
    yield from limits.check(sources)
    yield from coroutine_traps.check(sources)
    yield from test_mirror.check(sources)
    yield from words.check(sources, registry_hosts)


def main(arguments):
    if len(arguments) > 1 or (arguments and arguments[0].startswith("-")):
        print(__doc__.strip(), file=sys.stderr)
        return 2
    root = pathlib.Path(arguments[0] if arguments else pathlib.Path(__file__).resolve().parents[2])
    try:
        sources = read_sources(root)
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"tidy: {root}: {error}", file=sys.stderr)
        return 2
    findings = sorted(
        findings_in(sources, machine_registry_hosts()), key=lambda f: (f.path, f.line, f.rule)
    )
    for finding in findings:
        print(finding)
    print(f"tidy: {len(sources)} files, {len(findings)} findings", file=sys.stderr)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
