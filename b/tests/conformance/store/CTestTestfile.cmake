# CMake generated Testfile for 
# Source directory: /work/main/build/wt-audit/tests/conformance/store
# Build directory: /work/main/build/wt-audit/b/tests/conformance/store
# 
# This file includes the relevant testing commands required for 
# testing this directory and lists subdirectories to be tested as well.
add_test([=[memory_store_conformance]=] "/work/main/build/wt-audit/b/tests/memory_store_conformance")
set_tests_properties([=[memory_store_conformance]=] PROPERTIES  LABELS "conformance" TIMEOUT "120" _BACKTRACE_TRIPLES "/work/main/build/wt-audit/cmake/berth.cmake;69;add_test;/work/main/build/wt-audit/tests/conformance/store/CMakeLists.txt;2;berth_test;/work/main/build/wt-audit/tests/conformance/store/CMakeLists.txt;0;")
add_test([=[sqlite_store_conformance]=] "/work/main/build/wt-audit/b/tests/sqlite_store_conformance")
set_tests_properties([=[sqlite_store_conformance]=] PROPERTIES  LABELS "conformance" TIMEOUT "120" _BACKTRACE_TRIPLES "/work/main/build/wt-audit/cmake/berth.cmake;69;add_test;/work/main/build/wt-audit/tests/conformance/store/CMakeLists.txt;5;berth_test;/work/main/build/wt-audit/tests/conformance/store/CMakeLists.txt;0;")
