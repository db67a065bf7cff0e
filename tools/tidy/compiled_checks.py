#!/usr/bin/env python3
"""The checks that need a compiler: each header compiles alone, and clang-tidy is content with what
ships.

    tools/tidy/compiled_checks.py headers|lint [--full | --since REVISION]

Looks at what changed since REVISION (default: where this branch left origin/main; without an origin,
the last commit) and at what is not committed; with --full at everything. What passed once is not
looked at again until it, or a file of ours that it includes, changes. Needs a configured and built
build/release, whose compile_commands.json says how each file is compiled.
"""

import concurrent.futures
import hashlib
import json
import os
import pathlib
import shlex
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from tidy import read_sources  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
DATABASE = ROOT / "build" / "release" / "compile_commands.json"
CLANG_TIDY = "clang-tidy-16"
PASSED = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "berth-check"


def git(*arguments):
    result = subprocess.run(
        ["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, check=False
    )
    return result.stdout.strip() if result.returncode == 0 else None


def default_base():
    head = git("rev-parse", "HEAD")
    base = git("merge-base", "HEAD", "origin/main")
    return base if base and base != head else git("rev-parse", "HEAD~1")


def changed_since(revision):
    changed = set((git("ls-files", "--others", "--exclude-standard") or "").splitlines())
    if revision:
        changed.update((git("diff", "--name-only", revision) or "").splitlines())
    return changed


class Commands:
    """How files are compiled. A file without a command of its own is compiled as its neighbours."""

    def __init__(self, entries):
        self._flags = {}
        for entry in entries:
            path = os.path.relpath(entry["file"], ROOT)
            self._flags[path] = self._flags_of(shlex.split(entry["command"]))

    @staticmethod
    def _flags_of(command):
        # What decides the meaning of the text; warnings and optimisation are each check's own.
        kept = []
        words = iter(command)
        for word in words:
            if word in ("-isystem", "-I", "-D", "-include"):
                kept += [word, next(words)]
            elif word.startswith(("-I", "-D", "-std=", "-isystem", "-fno-exceptions", "-fno-rtti")):
                kept.append(word)
        return kept

    def has(self, path):
        return path in self._flags

    def flags_for(self, path):
        if path in self._flags:
            return self._flags[path]
        folder = path
        while folder:
            folder = folder.rpartition("/")[0]
            neighbours = [p for p in self._flags if not folder or p.startswith(folder + "/")]
            if neighbours:
                # The one with most to see: a header may be the adapter's.
                return max((self._flags[p] for p in sorted(neighbours)), key=len)
        return [f"-I{ROOT}", "-std=c++20"]


def closure(path, includes):
    """The file and every file of ours that it includes, directly or not."""
    seen = set()
    waiting = [path]
    while waiting:
        at = waiting.pop()
        if at in includes and at not in seen:
            seen.add(at)
            waiting.extend(includes[at])
    return sorted(seen)


def run(check, path, command, stdin=None):
    result = subprocess.run(
        command, input=stdin, capture_output=True, text=True, check=False, cwd=ROOT
    )
    text = result.stdout.strip()
    if check == "headers" or result.returncode not in (0, 1):
        text = (text + "\n" + result.stderr.strip()).strip()
    return path, result.returncode, text


def command_for(check, path, flags):
    if check == "headers":
        warnings = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror"]
        return ["g++", "-fsyntax-only", *warnings, *flags, "-x", "c++", "-"], f'#include "{path}"\n'
    return [CLANG_TIDY, "--quiet", path, "--", *flags], None


def targets_of(check, sources, commands, chosen):
    if check == "headers":
        return [s.path for s in sources if s.is_header and s.path in chosen]
    wanted = []
    for source in sources:
        if source.is_header or not source.is_cpp or not commands.has(source.path):
            continue
        # Tests are held to the compiler's warnings; CppUTest's macros would drown the rest.
        if source.path.startswith("tests/"):
            continue
        # A changed header is seen through the source of its name.
        if source.path in chosen or source.path[: -len(".cpp")] + ".hpp" in chosen:
            wanted.append(source.path)
    return wanted


def main(arguments):
    if not arguments or arguments[0] not in ("headers", "lint"):
        print(__doc__.strip(), file=sys.stderr)
        return 2
    check, *options = arguments
    if options == ["--full"]:
        full, base = True, None
    elif len(options) == 2 and options[0] == "--since":
        full, base = False, options[1]
    elif not options:
        full, base = False, default_base()
    else:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    if not DATABASE.exists():
        print(f"{check}: {DATABASE} is missing: cmake --preset release", file=sys.stderr)
        return 2

    commands = Commands(json.loads(DATABASE.read_text()))
    sources = [s for s in read_sources(ROOT) if s.is_cpp]
    text_of = {s.path: s.text for s in sources}
    includes = {s.path: [t for _, quoted, t in s.includes() if quoted] for s in sources}
    chosen = set(text_of) if full else changed_since(base)
    targets = targets_of(check, sources, commands, chosen)

    tool = ["g++", "--version"] if check == "headers" else [CLANG_TIDY, "--version"]
    version = subprocess.run(tool, capture_output=True, text=True, check=True).stdout
    rules = (ROOT / ".clang-tidy").read_text() if check == "lint" else ""

    def stamp_of(path, command):
        digest = hashlib.sha256()
        relative = [word.replace(str(ROOT), ".") for word in command]
        for part in (check, version, rules, *relative, *(text_of[p] for p in closure(path, includes))):
            digest.update(part.encode())
            digest.update(b"\0")
        return PASSED / digest.hexdigest()

    PASSED.mkdir(parents=True, exist_ok=True)
    waiting = []
    for path in targets:
        command, stdin = command_for(check, path, commands.flags_for(path))
        stamp = stamp_of(path, command)
        if stamp.exists():
            stamp.touch()
        else:
            waiting.append((path, command, stdin, stamp))

    failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        stamps = {path: stamp for path, _, _, stamp in waiting}
        jobs = [pool.submit(run, check, path, command, stdin) for path, command, stdin, _ in waiting]
        for job in concurrent.futures.as_completed(jobs):
            path, code, text = job.result()
            if code == 0:
                stamps[path].touch()
            else:
                failed += 1
                print(f"{check}: {path}\n{text}", flush=True)
    print(f"{check}: {len(targets)} files, {len(waiting)} new, {failed} failed", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
