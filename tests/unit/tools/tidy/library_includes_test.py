import unittest

from support import header, rules, tree

import library_includes


def uses(*paths):
    return header("".join(f"#include <{path}>\n" for path in paths))


class LibraryIncludesTest(unittest.TestCase):
    def findings(self, **files):
        return rules(library_includes.check(tree(**files)))

    def test_every_library_is_refused_outside_its_folders(self):
        examples = {
            "Asio and Beast": "boost/asio/ip/tcp.hpp",
            "Boost.JSON": "boost/json.hpp",
            "wolfSSL": "wolfssl/options.h",
            "OpenSSL": "openssl/ec.h",
            "libcoap": "coap3/coap.h",
            "libtss2": "tss2/tss2_esys.h",
            "mbedTLS": "mbedtls/ssl.h",
            "qpid-proton": "proton/engine.h",
            "SQLite": "sqlite3.h",
            "protobuf": "google/protobuf/message_lite.h",
            "prometheus-cpp": "prometheus/registry.h",
            "spdlog": "spdlog/spdlog.h",
            "toml11": "toml.hpp",
            "CLI11": "CLI/CLI.hpp",
            "libcsv": "csv.h",
            "CppUTest": "CppUTest/TestHarness.h",
        }
        self.assertEqual(set(examples), {what for what, _, _ in library_includes.LIBRARIES})
        for what, path in examples.items():
            with self.subTest(what):
                self.assertEqual(
                    self.findings(**{"shared/domain/model/a.cpp": f"#include <{path}>\n"}),
                    [("shared/domain/model/a.cpp", 1, "library-include")],
                )

    def test_every_library_is_welcome_in_its_folders(self):
        self.assertEqual(
            self.findings(
                **{
                    "shared/runtime/a.cpp": uses("boost/asio.hpp", "boost/beast/http.hpp"),
                    "shared/json/b.cpp": uses("boost/json.hpp"),
                    "shared/crypto/wolfssl/c.cpp": uses("wolfssl/options.h"),
                    "shared/sqlite/d.cpp": uses("sqlite3.h"),
                    "tools/hub/e.cpp": uses("sqlite3.h"),
                }
            ),
            [],
        )

    def test_one_crypto_backend_may_not_borrow_another(self):
        self.assertEqual(
            self.findings(**{"shared/crypto/wolfssl/a.cpp": "#include <openssl/ec.h>\n"}),
            [("shared/crypto/wolfssl/a.cpp", 1, "library-include")],
        )

    def test_generated_headers_stay_in_the_sync_protocol(self):
        generated = '#include "shared/protocol/sync/sync.pb.h"\n'
        self.assertEqual(
            self.findings(
                **{
                    "shared/protocol/sync/codec.cpp": generated,
                    "coordinator/sync/session.cpp": generated,
                }
            ),
            [("coordinator/sync/session.cpp", 1, "library-include")],
        )

    def test_a_slow_library_is_refused_in_a_header_and_in_a_second_source(self):
        self.assertEqual(
            self.findings(
                **{
                    "tools/cli/a.hpp": uses("CLI/CLI.hpp"),
                    "tools/cli/b.cpp": "#include <CLI/CLI.hpp>\n",
                    "tools/cli/c.cpp": "#include <CLI/CLI.hpp>\n",
                    "tools/hub/d.cpp": "#include <CLI/App.hpp>\n#include <CLI/Config.hpp>\n",
                }
            ),
            [
                ("tools/cli/a.hpp", 2, "library-include"),
                ("tools/cli/c.cpp", 1, "library-include"),
            ],
        )

    def test_a_pure_folder_has_no_threads_files_or_clock(self):
        self.assertEqual(
            self.findings(
                **{
                    "gateway/core/a.cpp": "#include <mutex>\n#include <sys/socket.h>\n",
                    "gateway/core/b.cpp": "auto t = std::chrono::system_clock::now();\n",
                    "gateway/linux/c.cpp": "#include <mutex>\nauto t = steady_clock::now();\n",
                }
            ),
            [
                ("gateway/core/a.cpp", 1, "pure-room"),
                ("gateway/core/a.cpp", 2, "pure-room"),
                ("gateway/core/b.cpp", 1, "pure-room"),
            ],
        )

    def test_a_clock_in_a_comment_is_no_clock(self):
        self.assertEqual(
            self.findings(**{"gateway/core/b.cpp": "// never system_clock::now()\n"}), []
        )


if __name__ == "__main__":
    unittest.main()
