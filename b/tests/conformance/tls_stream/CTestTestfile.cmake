# CMake generated Testfile for 
# Source directory: /work/main/build/wt-audit/tests/conformance/tls_stream
# Build directory: /work/main/build/wt-audit/b/tests/conformance/tls_stream
# 
# This file includes the relevant testing commands required for 
# testing this directory and lists subdirectories to be tested as well.
add_test([=[tls_stream_conformance]=] "/work/main/build/wt-audit/b/tests/tls_stream_conformance")
set_tests_properties([=[tls_stream_conformance]=] PROPERTIES  LABELS "conformance" TIMEOUT "120" _BACKTRACE_TRIPLES "/work/main/build/wt-audit/cmake/berth.cmake;69;add_test;/work/main/build/wt-audit/tests/conformance/tls_stream/CMakeLists.txt;1;berth_test;/work/main/build/wt-audit/tests/conformance/tls_stream/CMakeLists.txt;0;")
