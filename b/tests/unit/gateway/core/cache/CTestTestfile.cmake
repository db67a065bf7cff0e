# CMake generated Testfile for 
# Source directory: /work/main/build/wt-audit/tests/unit/gateway/core/cache
# Build directory: /work/main/build/wt-audit/b/tests/unit/gateway/core/cache
# 
# This file includes the relevant testing commands required for 
# testing this directory and lists subdirectories to be tested as well.
add_test([=[gateway_core_cache_test]=] "/work/main/build/wt-audit/b/tests/gateway_core_cache_test")
set_tests_properties([=[gateway_core_cache_test]=] PROPERTIES  LABELS "unit" TIMEOUT "120" _BACKTRACE_TRIPLES "/work/main/build/wt-audit/cmake/berth.cmake;69;add_test;/work/main/build/wt-audit/tests/unit/gateway/core/cache/CMakeLists.txt;3;berth_test;/work/main/build/wt-audit/tests/unit/gateway/core/cache/CMakeLists.txt;0;")
