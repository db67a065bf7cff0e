import unittest

import support  # noqa: F401
from source import Source


class SourceTest(unittest.TestCase):
    def code(self, text):
        source = Source("a.cpp", text)
        self.assertEqual(len(source.code), len(text))
        self.assertEqual(source.code.count("\n"), text.count("\n"))
        return source.code

    def test_comments_are_blank(self):
        self.assertEqual(self.code("a; // b\nc;").split(), ["a;", "c;"])
        self.assertEqual(self.code("a; /* b\n d */ c;").split(), ["a;", "c;"])

    def test_literals_are_blank_and_keep_their_quotes(self):
        self.assertEqual(self.code('f("co_await");'), 'f("        ");')
        self.assertEqual(self.code("f('x');"), "f(' ');")
        self.assertNotIn("co_await", self.code('f(R"(co_await "x")");'))
        self.assertNotIn("co_await", self.code('f(R"json(co_await )" )json");'))

    def test_a_comment_within_a_string_is_none(self):
        self.assertIn("after", self.code('f("https://x"); after();'))

    def test_a_digit_separator_opens_no_literal(self):
        self.assertIn("after", self.code("int n = 1'000'000; after();"))

    def test_includes_are_listed_with_their_lines(self):
        source = Source("a.cpp", '#include <vector>\n// #include "x.hpp"\n#include "y.hpp"\n')
        self.assertEqual(source.includes(), [(1, False, "vector"), (3, True, "y.hpp")])

    def test_an_include_in_a_block_comment_is_none(self):
        self.assertEqual(Source("a.cpp", '/*\n#include "x.hpp"\n*/\n').includes(), [])


if __name__ == "__main__":
    unittest.main()
