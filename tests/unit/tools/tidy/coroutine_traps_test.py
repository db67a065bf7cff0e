import unittest

from support import rules, tree

import coroutine_traps


class CoroutineTrapsTest(unittest.TestCase):
    def lines(self, code):
        text = "Task<void> f() {\n" + code + "\n}\n"
        found = rules(coroutine_traps.check(tree(**{"a.cpp": text})))
        self.assertTrue(all(rule == "co-await-trap" for _, _, rule in found))
        return [line - 1 for _, line, _ in found]

    def accepted(self, code):
        self.assertEqual(self.lines(code), [], code)

    def refused(self, code, line=1):
        self.assertEqual(self.lines(code), [line], code)

    def test_a_brace_built_argument_is_refused(self):
        self.refused("co_await send(Request{1, 2});")
        self.refused("auto r = co_await send(http::Request{});")
        self.refused("co_return co_await send(std::vector<int>{1});")

    def test_a_bare_braced_argument_is_refused(self):
        self.refused("co_await send({1, 2});")
        self.refused("co_await send(a, {});")

    def test_the_line_of_the_brace_is_reported(self):
        self.refused("co_await send(\n    a,\n    Request{1});", line=3)

    def test_a_temporary_before_the_co_await_is_refused(self):
        self.refused("use(Point{1, 2}, co_await read());")

    def test_a_temporary_after_it_in_the_same_expression_is_refused(self):
        self.refused("use(co_await read(), Point{1, 2});")

    def test_a_capturing_lambda_is_refused(self):
        self.refused("co_await run([x] { return x; });")
        self.refused("co_await run([&](int a) { return a; });")
        self.refused("co_await run([this, y = z]() mutable -> Task<void> { co_return; });")

    def test_a_lambda_without_captures_is_accepted(self):
        self.accepted("co_await run([](int a) { return Point{a}; });")

    def test_what_is_named_on_the_line_above_is_accepted(self):
        self.accepted("const Request request{1, 2};\nco_await send(request);")
        self.accepted("auto job = [x] { return x; };\nco_await run(job);")

    def test_a_call_and_a_constructor_in_parentheses_are_accepted(self):
        self.accepted("co_await send(make_request(1), std::string(\"x\"));")

    def test_a_duration_is_accepted(self):
        self.accepted("co_await wait(std::chrono::seconds{5});")

    def test_asio_s_completion_token_is_accepted(self):
        self.accepted("co_await timer.async_wait(asio::use_awaitable_t<asio::executor>{});")

    def test_the_block_of_a_condition_is_no_temporary(self):
        self.accepted("if (co_await read()) {\n  use(Point{1});\n}")
        self.accepted("while (!(co_await read()).empty()) {\n  use(Point{1});\n}")
        self.accepted("if (auto r = co_await read(); r) {\n  use(Point{1});\n}")
        self.accepted("for (const auto& x : co_await read()) {\n  use(Point{x});\n}")

    def test_a_temporary_in_a_condition_is_refused(self):
        self.refused("if (co_await read(Point{1})) {\n}")

    def test_statements_before_and_after_are_not_its_expression(self):
        self.accepted("use(Point{1});\nco_await read();\nuse(Point{2});")
        self.accepted("if (x) {\n  use(Point{1});\n}\nco_await read();")

    def test_a_subscript_is_no_lambda(self):
        self.accepted("co_await send(items[i]);")
        self.accepted("co_await send(items[i](3));")

    def test_braces_in_a_string_or_comment_are_none(self):
        self.accepted("co_await send(\"Point{1}\");  // like Point{1}")

    def test_a_declared_result_with_braces_around_the_await_is_refused(self):
        self.refused("co_await outer(Holder{co_await inner()});")


if __name__ == "__main__":
    unittest.main()
