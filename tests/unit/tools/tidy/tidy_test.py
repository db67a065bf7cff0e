import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

from support import header

import test_mirror

TIDY = pathlib.Path(__file__).resolve().parents[4] / "tools" / "tidy" / "tidy.py"


class TidyTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.root = pathlib.Path(self.folder.name)
        subprocess.run(["git", "init", "-q", self.root], check=True)

    def write(self, path, text):
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text)

    def run_tidy(self, *arguments):
        # Git and nothing else on PATH: the package managers take a while to say where they fetch.
        with tempfile.TemporaryDirectory() as path:
            (pathlib.Path(path) / "git").symlink_to(shutil.which("git"))
            return subprocess.run(
                [sys.executable, TIDY, *arguments],
                capture_output=True,
                text=True,
                check=False,
                env={"PATH": path},
            )

    def test_a_finding_is_printed_with_its_place_and_the_exit_code_is_1(self):
        self.write("shared/vault/late.hpp", "int a;\n")
        result = self.run_tidy(self.root)
        self.assertEqual(result.returncode, 1)
        self.assertIn("shared/vault/late.hpp:1: [pragma-once]", result.stdout)

    def test_ignored_files_are_not_looked_at(self):
        self.write(".gitignore", "/build/\n")
        self.write("build/a.hpp", "int a;\n")
        self.assertNotIn("build/a.hpp", self.run_tidy(self.root).stdout)

    def test_a_clean_tree_passes(self):
        for path in test_mirror.TESTED_ELSEWHERE:
            self.write(path, "")
        self.write("shared/base/a.hpp", header())
        result = self.run_tidy(self.root)
        self.assertEqual((result.returncode, result.stdout), (0, ""))

    def test_a_folder_that_is_no_repository_is_an_error(self):
        with tempfile.TemporaryDirectory() as folder:
            self.assertEqual(self.run_tidy(folder).returncode, 2)

    def test_wrong_usage_is_an_error(self):
        self.assertEqual(self.run_tidy("--verbose").returncode, 2)


if __name__ == "__main__":
    unittest.main()
