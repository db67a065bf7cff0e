"""Every source of shared/ and gateway/core has a test file of the same name: under tests/unit at the
mirrored path, or anywhere under tests/conformance.
"""

from source import Finding

MIRRORED = ["shared", "gateway/core"]

# Sources that are tested under another name, and why.
TESTED_ELSEWHERE = {
    "shared/base/assert.cpp": "its one function ends the program",
    "shared/base/errc.cpp": "a table of names; protocol/errors_test reads it row by row",
    "shared/runtime/asio_src.cpp": "compiles Asio",
    "shared/store/memory/memory_store.cpp": "conformance/store/record_store_test runs on it",
    "shared/runtime/beast_src.cpp": "compiles Beast",
}


def _is_mirrored(path):
    return path.endswith(".cpp") and any(path.startswith(folder + "/") for folder in MIRRORED)


def check(sources, elsewhere=None):
    elsewhere = TESTED_ELSEWHERE if elsewhere is None else elsewhere
    paths = {source.path for source in sources}
    conformance = {
        path.rpartition("/")[2]
        for path in paths
        if path.startswith("tests/conformance/") and path.endswith("_test.cpp")
    }
    for source in sources:
        if not _is_mirrored(source.path) or source.path in elsewhere:
            continue
        stem = source.path[: -len(".cpp")]
        name = stem.rpartition("/")[2]
        if f"tests/unit/{stem}_test.cpp" in paths or f"{name}_test.cpp" in conformance:
            continue
        yield Finding(source, 1, "test-mirror", f"no tests/unit/{stem}_test.cpp")
    for path in elsewhere:
        if path not in paths:
            yield Finding(path, 1, "test-mirror", "tools/tidy/test_mirror.py excuses a file that is gone")
