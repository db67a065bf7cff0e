# CMake generated Testfile for 
# Source directory: /work/main/build/wt-audit/tests/sim
# Build directory: /work/main/build/wt-audit/b/tests/sim
# 
# This file includes the relevant testing commands required for 
# testing this directory and lists subdirectories to be tested as well.
add_test([=[simulation_test]=] "/work/main/build/wt-audit/b/tests/simulation_test")
set_tests_properties([=[simulation_test]=] PROPERTIES  LABELS "sim" TIMEOUT "300" _BACKTRACE_TRIPLES "/work/main/build/wt-audit/cmake/berth.cmake;69;add_test;/work/main/build/wt-audit/tests/sim/CMakeLists.txt;1;berth_test;/work/main/build/wt-audit/tests/sim/CMakeLists.txt;0;")
