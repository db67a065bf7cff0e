# CMake generated Testfile for 
# Source directory: /work/main/build/wt-audit/tests/unit/tools/cli
# Build directory: /work/main/build/wt-audit/b/tests/unit/tools/cli
# 
# This file includes the relevant testing commands required for 
# testing this directory and lists subdirectories to be tested as well.
add_test([=[tools_cli_test]=] "/work/main/build/wt-audit/b/tests/tools_cli_test")
set_tests_properties([=[tools_cli_test]=] PROPERTIES  LABELS "unit" TIMEOUT "120" _BACKTRACE_TRIPLES "/work/main/build/wt-audit/cmake/berth.cmake;69;add_test;/work/main/build/wt-audit/tests/unit/tools/cli/CMakeLists.txt;1;berth_test;/work/main/build/wt-audit/tests/unit/tools/cli/CMakeLists.txt;0;")
