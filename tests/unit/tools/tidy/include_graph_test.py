import unittest

from support import header, rules, tree

import include_graph


def include(path):
    return header(f'#include "{path}"\n')


class IncludeGraphTest(unittest.TestCase):
    def findings(self, **files):
        return rules(include_graph.check(tree(**files)))

    def test_the_graph_has_no_cycle(self):
        for room in include_graph.ARROWS:
            for arrow in include_graph.ARROWS[room]:
                self.assertNotIn(room, include_graph.reachable(arrow), f"{room} <-> {arrow}")

    def test_only_the_simulator_sees_both_gateway_and_coordinator(self):
        for room in include_graph.ARROWS:
            if room == "tools/sim":
                continue
            reached = include_graph.reachable(room)
            self.assertFalse(
                any(r.startswith("gateway/") for r in reached)
                and any(r.startswith("coordinator/") for r in reached),
                room,
            )

    def test_the_domain_sees_neither_protocol_nor_vault(self):
        self.assertEqual(
            include_graph.reachable("shared/domain"), {"shared/domain", "shared/ports", "shared/base"}
        )

    def test_the_gateway_core_never_sees_the_runtime(self):
        reached = include_graph.reachable("gateway/core")
        for room in ("shared/runtime", "shared/json", "shared/crypto", "shared/sqlite"):
            self.assertNotIn(room, reached)

    def test_an_arrow_may_be_followed_and_so_may_its_arrows(self):
        self.assertEqual(
            self.findings(
                **{
                    "shared/base/a.hpp": header(),
                    "shared/ports/b.hpp": include("shared/base/a.hpp"),
                    "shared/domain/model/c.hpp": include("shared/base/a.hpp"),
                }
            ),
            [],
        )

    def test_an_include_against_the_arrows_is_found(self):
        self.assertEqual(
            self.findings(
                **{
                    "shared/ports/b.hpp": header(),
                    "shared/base/a.hpp": include("shared/ports/b.hpp"),
                }
            ),
            [("shared/base/a.hpp", 2, "include-direction")],
        )

    def test_a_deeper_folder_has_arrows_of_its_own(self):
        files = {
            "shared/store/table.hpp": header(),
            "shared/protocol/sync/a.hpp": include("shared/store/table.hpp"),
            "shared/protocol/hub/b.hpp": include("shared/store/table.hpp"),
        }
        self.assertEqual(
            self.findings(**files), [("shared/protocol/hub/b.hpp", 2, "include-direction")]
        )

    def test_an_include_relative_to_its_own_folder_is_found(self):
        self.assertEqual(
            self.findings(**{"shared/base/a.hpp": include("b.hpp"), "shared/base/b.hpp": header()}),
            [("shared/base/a.hpp", 2, "include-direction")],
        )

    def test_our_own_header_in_angle_brackets_is_found(self):
        self.assertEqual(
            self.findings(
                **{
                    "shared/base/a.hpp": header(),
                    "shared/base/b.hpp": header("#include <shared/base/a.hpp>\n"),
                }
            ),
            [("shared/base/b.hpp", 2, "include-direction")],
        )

    def test_nothing_outside_tests_sees_tests(self):
        files = {
            "tests/support/fake.hpp": header(),
            "tests/unit/a_test.cpp": include("tests/support/fake.hpp"),
            "tools/cli/main.cpp": include("tests/support/fake.hpp"),
        }
        self.assertEqual(self.findings(**files), [("tools/cli/main.cpp", 2, "include-direction")])

    def test_a_tool_does_not_see_another_tool(self):
        files = {
            "tools/cli/a.hpp": header(),
            "tools/cli/b.hpp": include("tools/cli/a.hpp"),
            "tools/hub/c.hpp": include("tools/cli/a.hpp"),
        }
        self.assertEqual(self.findings(**files), [("tools/hub/c.hpp", 2, "include-direction")])

    def test_a_tool_sees_another_where_an_arrow_says_so(self):
        files = {"tools/cli/a.hpp": header(), "tools/dev/b.hpp": include("tools/cli/a.hpp")}
        self.assertEqual(self.findings(**files), [])

    def test_a_main_puts_tools_together(self):
        files = {"tools/dev/a.hpp": header(), "tools/cli/main.cpp": include("tools/dev/a.hpp")}
        self.assertEqual(self.findings(**files), [])

    def test_a_folder_that_is_no_room_is_found(self):
        files = {"shared/base/a.hpp": header(), "attic/b.hpp": include("shared/base/a.hpp")}
        self.assertEqual(self.findings(**files), [("attic/b.hpp", 2, "include-direction")])


if __name__ == "__main__":
    unittest.main()
