# CMake generated Testfile for 
# Source directory: /work/main/build/wt-audit/tests/unit/coordinator/api
# Build directory: /work/main/build/wt-audit/b/tests/unit/coordinator/api
# 
# This file includes the relevant testing commands required for 
# testing this directory and lists subdirectories to be tested as well.
add_test([=[coordinator_api_test]=] "/work/main/build/wt-audit/b/tests/coordinator_api_test")
set_tests_properties([=[coordinator_api_test]=] PROPERTIES  LABELS "unit" TIMEOUT "120" _BACKTRACE_TRIPLES "/work/main/build/wt-audit/cmake/berth.cmake;69;add_test;/work/main/build/wt-audit/tests/unit/coordinator/api/CMakeLists.txt;1;berth_test;/work/main/build/wt-audit/tests/unit/coordinator/api/CMakeLists.txt;0;")
