"""Which folder may include which library. Everything else goes through a port or an adapter, so that
a library can be exchanged in one place, and so that most of the tree compiles without the slow ones.
"""

import re

from source import Finding

# (what, pattern of the included path, folders that may)
LIBRARIES = [
    (
        "Asio and Beast",
        r"boost/(asio|beast)(/|\.)",
        ["shared/runtime", "gateway/linux", "coordinator/app", "tools"],
    ),
    (
        "Boost.JSON",
        r"boost/json(/|\.)",
        ["shared/json", "shared/runtime", "coordinator/api", "tools"],
    ),
    ("wolfSSL", r"wolfssl/", ["shared/crypto/wolfssl"]),
    ("libtss2", r"tss2/", ["shared/crypto/tss2", "tools/device"]),
    ("OpenSSL", r"openssl/", ["shared/crypto/openssl"]),
    ("libcoap", r"coap3/", ["shared/runtime", "gateway/linux", "tools/device"]),
    ("mbedTLS", r"(mbedtls|psa)/", ["shared/crypto/mbedtls"]),
    ("SQLite", r"sqlite3(ext)?\.h$", ["shared/sqlite", "tools/hub"]),
    ("protobuf", r"google/protobuf/|.*\.pb\.h$", ["shared/protocol/sync"]),
    ("prometheus-cpp", r"prometheus/", ["shared/runtime", "gateway/linux", "coordinator/app"]),
    (
        "spdlog",
        r"spdlog/",
        ["shared/runtime", "gateway/linux", "coordinator/app", "tools"],
    ),
    ("toml11", r"toml(\.hpp$|/)", ["shared/config"]),
    ("CLI11", r"CLI/", ["shared/config", "tools"]),
    ("libcsv", r"csv\.h$", ["tools/cli"]),
    ("qpid-proton", r"proton/", ["gateway/linux", "tools/device"]),
    ("CppUTest", r"CppUTest(Ext)?/", ["tests"]),
]

# These take seconds to compile: one .cpp of a folder includes them, and no header does.
SLOW = ["spdlog", "toml11", "CLI11"]

# Folders that know neither threads, nor files, nor sockets, nor a clock of their own. They are told
# the time and given their bytes.
PURE = [
    "shared/base",
    "shared/ports",
    "shared/domain",
    "shared/protocol",
    "shared/vault",
    "shared/store",
    "gateway/core",
    "coordinator/store",
    "coordinator/fleet",
    "coordinator/audit",
    "coordinator/sync",
    "coordinator/api",
]
# What is allowed more all the same, and why.
EXCEPTIONS = {
    "gateway/core/cache/known_absent.hpp": "shared by the shards: a mutex, but no thread",
    "gateway/core/cache/uplink.hpp": "asked by the shards: a mutex, but no thread",
    "shared/store/root_key_file.cpp": "the root key's file, the same for every engine below the store",
    "shared/store/memory": "one of the engines below the store",
    "shared/store/sqlite": "one of the engines below the store",
}
_IMPURE_HEADER = re.compile(
    r"(thread|mutex|shared_mutex|condition_variable|future|fstream|iostream|filesystem|random"
    r"|unistd\.h|fcntl\.h|sys/.*|netinet/.*|arpa/.*|netdb\.h)$"
)
_CLOCK = re.compile(r"\b(system_clock|steady_clock|high_resolution_clock)\s*::\s*now\b")


def _within(path, folders):
    return any(path == folder or path.startswith(folder + "/") for folder in folders)


def check(sources):
    slow_users = {}
    for source in sources:
        if not source.is_cpp:
            continue
        in_tests = source.path.startswith("tests/")
        pure = _within(source.path, PURE) and not _within(source.path, EXCEPTIONS)
        for line, _, target in source.includes():
            for what, pattern, folders in LIBRARIES:
                if not re.match(pattern, target):
                    continue
                if not in_tests and not _within(source.path, folders):
                    yield Finding(
                        source,
                        line,
                        "library-include",
                        f"{what} is included by {', '.join(folders)} only",
                    )
                if what in SLOW:
                    if source.is_header:
                        yield Finding(
                            source, line, "library-include", f"{what} is slow: no header includes it"
                        )
                    else:
                        slow_users.setdefault((what, source.folder), []).append((source, line))
            if pure and _IMPURE_HEADER.match(target):
                yield Finding(
                    source,
                    line,
                    "pure-room",
                    f"<{target}> is for adapters: this folder is given its time and its bytes",
                )
        if pure:
            for match in _CLOCK.finditer(source.code):
                yield Finding(
                    source,
                    source.line_of(match.start()),
                    "pure-room",
                    "the time comes through ports::Clock",
                )
    for (what, folder), users in slow_users.items():
        for source, line in users[1:]:
            if source is users[0][0]:
                continue
            yield Finding(
                source,
                line,
                "library-include",
                f"{what} is slow: {users[0][0].path} includes it for {folder} already",
            )
