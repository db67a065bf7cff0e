import unittest

from support import header, rules, tree

import test_mirror


class TestMirrorTest(unittest.TestCase):
    def findings(self, files, elsewhere=None):
        return rules(test_mirror.check(tree(**files), elsewhere or {}))

    def test_a_source_without_a_test_is_found(self):
        self.assertEqual(
            self.findings({"shared/base/a.cpp": "", "gateway/core/b.cpp": ""}),
            [("gateway/core/b.cpp", 1, "test-mirror"), ("shared/base/a.cpp", 1, "test-mirror")],
        )

    def test_a_unit_test_of_the_same_path_answers(self):
        self.assertEqual(
            self.findings({"shared/base/a.cpp": "", "tests/unit/shared/base/a_test.cpp": ""}), []
        )

    def test_a_unit_test_elsewhere_does_not_answer(self):
        self.assertEqual(
            len(self.findings({"shared/base/a.cpp": "", "tests/unit/shared/a_test.cpp": ""})), 1
        )

    def test_a_conformance_test_of_the_same_name_answers(self):
        self.assertEqual(
            self.findings(
                {"shared/sqlite/store.cpp": "", "tests/conformance/store/store_test.cpp": ""}
            ),
            [],
        )

    def test_headers_and_other_folders_need_none(self):
        self.assertEqual(
            self.findings({"shared/base/a.hpp": header(), "gateway/linux/b.cpp": ""}), []
        )

    def test_an_excuse_holds_while_its_file_exists(self):
        excuse = {"shared/base/a.cpp": "a reason"}
        self.assertEqual(self.findings({"shared/base/a.cpp": ""}, excuse), [])
        self.assertEqual(
            self.findings({"shared/base/b.hpp": header()}, excuse),
            [("shared/base/a.cpp", 1, "test-mirror")],
        )


if __name__ == "__main__":
    unittest.main()
