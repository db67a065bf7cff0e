# CMake generated Testfile for 
# Source directory: /work/main/build/wt-audit/tests/unit/shared/json
# Build directory: /work/main/build/wt-audit/b/tests/unit/shared/json
# 
# This file includes the relevant testing commands required for 
# testing this directory and lists subdirectories to be tested as well.
add_test([=[shared_json_test]=] "/work/main/build/wt-audit/b/tests/shared_json_test")
set_tests_properties([=[shared_json_test]=] PROPERTIES  LABELS "unit" TIMEOUT "120" _BACKTRACE_TRIPLES "/work/main/build/wt-audit/cmake/berth.cmake;69;add_test;/work/main/build/wt-audit/tests/unit/shared/json/CMakeLists.txt;1;berth_test;/work/main/build/wt-audit/tests/unit/shared/json/CMakeLists.txt;0;")
