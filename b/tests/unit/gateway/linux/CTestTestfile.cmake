# CMake generated Testfile for 
# Source directory: /work/main/build/wt-audit/tests/unit/gateway/linux
# Build directory: /work/main/build/wt-audit/b/tests/unit/gateway/linux
# 
# This file includes the relevant testing commands required for 
# testing this directory and lists subdirectories to be tested as well.
add_test([=[gateway_linux_test]=] "/work/main/build/wt-audit/b/tests/gateway_linux_test")
set_tests_properties([=[gateway_linux_test]=] PROPERTIES  LABELS "unit" TIMEOUT "120" _BACKTRACE_TRIPLES "/work/main/build/wt-audit/cmake/berth.cmake;69;add_test;/work/main/build/wt-audit/tests/unit/gateway/linux/CMakeLists.txt;1;berth_test;/work/main/build/wt-audit/tests/unit/gateway/linux/CMakeLists.txt;0;")
