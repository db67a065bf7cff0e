# CMake generated Testfile for 
# Source directory: /work/main/build/wt-audit/tests/unit/coordinator/sync
# Build directory: /work/main/build/wt-audit/b/tests/unit/coordinator/sync
# 
# This file includes the relevant testing commands required for 
# testing this directory and lists subdirectories to be tested as well.
add_test([=[coordinator_sync_test]=] "/work/main/build/wt-audit/b/tests/coordinator_sync_test")
set_tests_properties([=[coordinator_sync_test]=] PROPERTIES  LABELS "unit" TIMEOUT "120" _BACKTRACE_TRIPLES "/work/main/build/wt-audit/cmake/berth.cmake;69;add_test;/work/main/build/wt-audit/tests/unit/coordinator/sync/CMakeLists.txt;1;berth_test;/work/main/build/wt-audit/tests/unit/coordinator/sync/CMakeLists.txt;0;")
