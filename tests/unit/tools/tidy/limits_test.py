import unittest

from support import header, rules, tree

import limits

LIMIT = "inline constexpr std::size_t kMaxThings = 3;\n"


class LimitsTest(unittest.TestCase):
    def findings(self, files):
        return rules(limits.check(tree(**files)))

    def test_a_limit_elsewhere_in_the_gateway_is_found(self):
        for declared in [
            LIMIT,
            "constexpr int kMostThings{3};\n",
            "constexpr std::chrono::seconds kThingDeadline{3};\n",
            "inline constexpr std::chrono::milliseconds kThingTimeout =\n    std::chrono::seconds{3};\n",
            "const int kThingsPerSecond = 3;\n",
            "class A {\n  static constexpr std::size_t kMaxThings = 3;\n};\n",
        ]:
            with self.subTest(declared):
                found = self.findings({"gateway/linux/a.hpp": header(declared)})
                self.assertEqual([(path, rule) for path, _, rule in found], [("gateway/linux/a.hpp", "limits")])

    def test_what_is_no_limit_may_stay(self):
        kept = "constexpr int kMagic = 3;\nconstexpr auto kSweepInterval = 5s;\nconstexpr int kMaximal = 1;\n"
        used = "void f() {\n  constexpr int kMaxShift = 3;\n  if (a == kMaxThings) b = kMaxThings;\n}\n"
        self.assertEqual(self.findings({"gateway/linux/a.cpp": kept + used}), [])

    def test_a_comment_declares_nothing(self):
        self.assertEqual(self.findings({"gateway/core/a.hpp": header("// " + LIMIT)}), [])

    def test_the_rule_is_of_the_gateway(self):
        self.assertEqual(self.findings({"shared/protocol/a.hpp": header(LIMIT)}), [])

    def test_a_limit_without_a_test_is_found(self):
        self.assertEqual(
            self.findings({"gateway/core/limits.hpp": header(LIMIT), "gateway/core/a.cpp": "kMaxThings"}),
            [("gateway/core/limits.hpp", 2, "limits")],
        )

    def test_any_constant_of_the_file_needs_a_test(self):
        tempo = "inline constexpr std::chrono::seconds kFirstRetry{1};\n"
        self.assertEqual(len(self.findings({"gateway/core/limits.hpp": header(tempo)})), 1)

    def test_a_test_that_names_it_answers(self):
        for path, text in [("tests/unit/gateway/core/a_test.cpp", "CHECK(kMaxThings);\n"),
                           ("tests/integration/a.test.mjs", "// kMaxThings\n")]:
            with self.subTest(path):
                self.assertEqual(
                    self.findings({"gateway/core/limits.hpp": header(LIMIT), path: text}), []
                )

    def test_a_comment_of_a_c_plus_plus_test_does_not_answer(self):
        files = {
            "gateway/core/limits.hpp": header(LIMIT),
            "tests/unit/gateway/core/a_test.cpp": "// kMaxThings\nCHECK(kMaxThingsElse);\n",
        }
        self.assertEqual(len(self.findings(files)), 1)


if __name__ == "__main__":
    unittest.main()
