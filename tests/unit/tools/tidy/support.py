"""What every test of tools/tidy starts from."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[4] / "tools" / "tidy"))

from source import Source  # noqa: E402


def tree(**files):
    """Sources from keyword arguments: tree(**{"shared/base/a.hpp": "..."})."""
    return [Source(path, text) for path, text in files.items()]


def header(text=""):
    return "#pragma once\n" + text


def rules(findings):
    return sorted((finding.path, finding.line, finding.rule) for finding in findings)
