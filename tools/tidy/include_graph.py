"""Which folder may include which (ARCHITECTURE.md shows the same graph as a picture).

A folder may include itself, and whatever its arrows reach. A folder that is not named belongs to the
nearest one above it that is.
"""

from source import Finding

ARROWS = {
    "shared/base": [],
    "shared/ports": ["shared/base"],
    "shared/domain": ["shared/ports"],
    "shared/protocol": ["shared/domain"],
    "shared/vault": ["shared/domain"],
    "shared/store": ["shared/vault"],
    # Record bodies and frames name the tables of the store.
    "shared/protocol/sync": ["shared/protocol", "shared/store"],
    "shared/json": ["shared/protocol"],
    "shared/config": ["shared/base"],
    "shared/crypto": ["shared/ports"],
    "shared/sqlite": ["shared/base"],
    "shared/store/memory": ["shared/store"],
    "shared/store/memory": ["shared/store"],
    "shared/store/sqlite": ["shared/store", "shared/sqlite"],
    "shared/runtime": ["shared/ports", "shared/protocol"],
    "gateway/core": ["shared/protocol/sync"],
    "gateway/linux": [
        "gateway/core",
        "shared/config",
        "shared/crypto",
        "shared/json",
        "shared/runtime",
        "shared/store/sqlite",
    ],
    "coordinator/store": ["shared/protocol/sync"],
    "coordinator/fleet": ["coordinator/store"],
    "coordinator/sync": ["coordinator/fleet"],
    "coordinator/audit": ["coordinator/fleet", "shared/json"],
    "coordinator/explain": ["coordinator/sync"],
    "coordinator/api": ["coordinator/audit", "coordinator/explain", "shared/json"],
    "coordinator/app": [
        "coordinator/api",
        "coordinator/sync",
        "shared/config",
        "shared/crypto",
        "shared/runtime",
        "shared/store/sqlite",
    ],
    # A tool stands beside the programs and speaks to them over the wire; a device may borrow the
    # gateway's codecs.
    "tools": [
        "gateway/core",
        "shared/config",
        "shared/crypto",
        "shared/json",
        "shared/runtime",
        "shared/sqlite",
    ],
    # The simulator runs both sides in one process: the one place that sees them both.
    "tools/sim": [
        "coordinator/api",
        "coordinator/sync",
        "gateway/linux",
        "shared/store/memory",
        "tools",
    ],
}

# Tools do not see each other, but for these. A tool's main.cpp may see any: it puts them together.
TOOL_ARROWS = {
    "tools/dev": ["tools/cli"],  # sets an installation up as an admin would
    "tools/sim": ["tools/hub"],
}

# May look into everything.
TESTS = "tests"


def room_of(path, arrows=ARROWS):
    """The named folder that a file or folder belongs to, or None."""
    while path:
        if path in arrows:
            return path
        path = path.rpartition("/")[0]
    return None


def reachable(room, arrows=ARROWS):
    seen = set()
    waiting = [room]
    while waiting:
        at = waiting.pop()
        if at not in seen:
            seen.add(at)
            waiting.extend(arrows[at])
    return seen


def check(sources, arrows=ARROWS):
    paths = {source.path for source in sources}
    for source in sources:
        if not source.is_cpp:
            continue
        own = room_of(source.path, arrows)
        in_tests = source.path.startswith(TESTS + "/")
        allowed = reachable(own, arrows) if own else set()
        for line, quoted, target in source.includes():
            if not quoted:
                if target in paths:
                    yield Finding(
                        source, line, "include-direction", f'write "{target}", in quotes: it is ours'
                    )
                continue
            if target.endswith(".pb.h"):
                continue  # generated; library_includes says who may see it
            if target not in paths:
                yield Finding(
                    source,
                    line,
                    "include-direction",
                    f'"{target}" is no file of the repository: includes start at its root',
                )
                continue
            if in_tests:
                continue
            if target.startswith(TESTS + "/"):
                yield Finding(source, line, "include-direction", "nothing outside tests/ sees tests/")
                continue
            room = room_of(target, arrows)
            if own is None:
                yield Finding(
                    source,
                    line,
                    "include-direction",
                    f"{source.folder} is no room of the house: name it in tools/tidy/include_graph.py",
                )
                break
            if room not in allowed:
                yield Finding(
                    source, line, "include-direction", f"{own} may not include {room or target}"
                )
            elif room.startswith("tools") and not _tool_may(source, _tool_of(target)):
                yield Finding(
                    source,
                    line,
                    "include-direction",
                    f"{_tool_of(source.path)} may not include {_tool_of(target)}",
                )


def _tool_may(source, target):
    own = _tool_of(source.path)
    return own == target or source.name == "main.cpp" or target in TOOL_ARROWS.get(own, [])


def _tool_of(path):
    return "/".join(path.split("/")[:2])
