# CMake generated Testfile for 
# Source directory: /work/main/build/wt-audit/tests/unit/shared/protocol/http
# Build directory: /work/main/build/wt-audit/b/tests/unit/shared/protocol/http
# 
# This file includes the relevant testing commands required for 
# testing this directory and lists subdirectories to be tested as well.
add_test([=[shared_protocol_http_test]=] "/work/main/build/wt-audit/b/tests/shared_protocol_http_test")
set_tests_properties([=[shared_protocol_http_test]=] PROPERTIES  LABELS "unit" TIMEOUT "120" _BACKTRACE_TRIPLES "/work/main/build/wt-audit/cmake/berth.cmake;69;add_test;/work/main/build/wt-audit/tests/unit/shared/protocol/http/CMakeLists.txt;1;berth_test;/work/main/build/wt-audit/tests/unit/shared/protocol/http/CMakeLists.txt;0;")
