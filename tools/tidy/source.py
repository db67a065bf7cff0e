"""A source file as the rules see it: its text, and its code without comments and literals.

`code` has the same length and the same line breaks as `text`: what is in a comment or in a string
literal is blank, so that an offset in one is an offset in the other.
"""

import re

_TOKEN = re.compile(
    r"""
      (?P<line_comment>//[^\n]*)
    | (?P<block_comment>/\*.*?\*/)
    | (?P<raw_string>R"(?P<fence>[^()\\\s]{0,16})\(.*?\)(?P=fence)")
    | (?P<string>"(?:\\.|[^"\\\n])*")
    | (?P<digit_separator>(?<=[0-9a-fA-F])'(?=[0-9a-fA-F]))
    | (?P<character>'(?:\\.|[^'\\\n])*')
    """,
    re.VERBOSE | re.DOTALL,
)

_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)[>"]', re.MULTILINE)


def _blank(match):
    kind = match.lastgroup if match.lastgroup != "fence" else "raw_string"
    text = match.group(0)
    if kind == "digit_separator":
        return text
    blank = re.sub(r"[^\n]", " ", text)
    if kind in ("string", "character", "raw_string") and len(text) >= 2:
        # The quotes stay, so that a literal still reads as an operand.
        return text[-1] + blank[1:-1] + text[-1]
    return blank


class Source:
    """One file: `path` is relative to the repository's root, with slashes."""

    def __init__(self, path, text):
        self.path = path
        self.text = text
        self.is_header = path.endswith((".hpp", ".h"))
        self.is_cpp = self.is_header or path.endswith((".cpp", ".cc"))
        self.code = _TOKEN.sub(_blank, text) if self.is_cpp else text

    @property
    def folder(self):
        return self.path.rpartition("/")[0]

    @property
    def name(self):
        return self.path.rpartition("/")[2]

    def line_of(self, offset):
        return self.text.count("\n", 0, offset) + 1

    def includes(self):
        """(line, quoted, what is included), in order; commented-out ones are not."""
        found = []
        for match in _INCLUDE.finditer(self.text):
            # In `code` a quoted path is blank, so ask it only whether the directive is real.
            if self.code[match.start() : match.start(1)].strip():
                found.append((self.line_of(match.start()), match.group(1) == '"', match.group(2)))
        return found


class Finding:
    """One broken rule at one place."""

    def __init__(self, source, line, rule, message):
        self.path = source.path if isinstance(source, Source) else source
        self.line = line
        self.rule = rule
        self.message = message

    def __str__(self):
        return f"{self.path}:{self.line}: [{self.rule}] {self.message}"

    def __repr__(self):
        return str(self)
