# CMake generated Testfile for 
# Source directory: /work/main/build/wt-audit/tests/unit/tools/tidy
# Build directory: /work/main/build/wt-audit/b/tests/unit/tools/tidy
# 
# This file includes the relevant testing commands required for 
# testing this directory and lists subdirectories to be tested as well.
add_test([=[tools_tidy_test]=] "/root/.pyenv/shims/python3" "-B" "-m" "unittest" "discover" "-s" "/work/main/build/wt-audit/tests/unit/tools/tidy" "-p" "*_test.py")
set_tests_properties([=[tools_tidy_test]=] PROPERTIES  LABELS "unit" TIMEOUT "120" _BACKTRACE_TRIPLES "/work/main/build/wt-audit/tests/unit/tools/tidy/CMakeLists.txt;2;add_test;/work/main/build/wt-audit/tests/unit/tools/tidy/CMakeLists.txt;0;")
