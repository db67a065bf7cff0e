import unittest

from support import header, rules, tree

import words


class WordsTest(unittest.TestCase):
    def findings(self, path, text, hosts=()):
        return [(line, rule) for _, line, rule in rules(words.check(tree(**{path: text}), hosts))]

    def test_unfinished_words_are_found_in_code(self):
        for word in ("TO" + "DO", "FIX" + "ME", "for " + "now", "not yet " + "implemented"):
            with self.subTest(word):
                self.assertEqual(
                    self.findings("a.cpp", f"int a;\n// {word}\n"), [(2, "unfinished")]
                )

    def test_words_that_only_contain_them_are_fine(self):
        self.assertEqual(self.findings("a.cpp", "// waits for nowhere; mastodon\n"), [])

    def test_a_header_needs_pragma_once(self):
        self.assertEqual(self.findings("a.hpp", "int a;\n"), [(1, "pragma-once")])
        self.assertEqual(self.findings("a.hpp", "// says\n#pragma once\n"), [])

    def test_detached_tasks_are_found_outside_main(self):
        spawn = "co_spawn(executor, f(), detached);\nthread.detach();\n"
        self.assertEqual(self.findings("a.cpp", spawn), [(1, "detached"), (2, "detached")])
        self.assertEqual(self.findings("main.cpp", spawn), [])
        self.assertEqual(self.findings("a.cpp", "// never detached\n"), [])

    def test_tests_do_not_sleep(self):
        nap = "std::this_thread::sleep_" + "for(1ms);\n"
        self.assertEqual(self.findings("tests/a.cpp", nap), [(1, "sleeping-test")])
        self.assertEqual(self.findings("tools/a.cpp", nap), [])
        self.assertEqual(
            self.findings("tests/a", "#!/bin/bash\nsleep 1\n"), [(2, "sleeping-test")]
        )

    def test_no_test_is_skipped(self):
        self.assertEqual(
            self.findings("tests/a_test.cpp", "IGNORE_" + "TEST(A, b) {}\n"), [(1, "skipped-test")]
        )
        self.assertEqual(self.findings("tests/a.mjs", "it" + ".skip(f);\n"), [(1, "skipped-test")])

    def test_vague_names_are_found(self):
        self.assertEqual(self.findings("shared/util/a.cpp", ""), [(1, "vague-name")])
        self.assertEqual(self.findings("shared/base/string_utils.cpp", ""), [(1, "vague-name")])
        self.assertEqual(self.findings("shared/base/utility_meter.cpp", ""), [])

    def test_a_lock_file_names_no_address(self):
        self.assertEqual(
            self.findings("tests/package-lock.json", '{\n"resol' + 'ved": "x"}\n'),
            [(2, "registry-address")],
        )

    def test_registry_hosts_are_found(self):
        self.assertEqual(
            self.findings("README.md", "see https://regis" + "try.example/x\n"),
            [(1, "registry-address")],
        )
        self.assertEqual(
            self.findings("README.md", "see packages.example\n", ["packages.example"]),
            [(1, "registry-address")],
        )

    def test_a_clean_header_has_no_findings(self):
        self.assertEqual(self.findings("shared/base/a.hpp", header("int a();\n")), [])


if __name__ == "__main__":
    unittest.main()
