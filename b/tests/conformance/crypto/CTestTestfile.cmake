# CMake generated Testfile for 
# Source directory: /work/main/build/wt-audit/tests/conformance/crypto
# Build directory: /work/main/build/wt-audit/b/tests/conformance/crypto
# 
# This file includes the relevant testing commands required for 
# testing this directory and lists subdirectories to be tested as well.
add_test([=[crypto_wolfssl_conformance]=] "/work/main/build/wt-audit/b/tests/crypto_wolfssl_conformance")
set_tests_properties([=[crypto_wolfssl_conformance]=] PROPERTIES  LABELS "conformance" TIMEOUT "120" _BACKTRACE_TRIPLES "/work/main/build/wt-audit/cmake/berth.cmake;69;add_test;/work/main/build/wt-audit/tests/conformance/crypto/CMakeLists.txt;14;berth_test;/work/main/build/wt-audit/tests/conformance/crypto/CMakeLists.txt;0;")
add_test([=[crypto_mbedtls_conformance]=] "/work/main/build/wt-audit/b/tests/crypto_mbedtls_conformance")
set_tests_properties([=[crypto_mbedtls_conformance]=] PROPERTIES  LABELS "conformance" TIMEOUT "120" _BACKTRACE_TRIPLES "/work/main/build/wt-audit/cmake/berth.cmake;69;add_test;/work/main/build/wt-audit/tests/conformance/crypto/CMakeLists.txt;14;berth_test;/work/main/build/wt-audit/tests/conformance/crypto/CMakeLists.txt;0;")
add_test([=[tls_wolfssl_to_wolfssl_conformance]=] "/work/main/build/wt-audit/b/tests/tls_wolfssl_to_wolfssl_conformance")
set_tests_properties([=[tls_wolfssl_to_wolfssl_conformance]=] PROPERTIES  LABELS "conformance" TIMEOUT "120" _BACKTRACE_TRIPLES "/work/main/build/wt-audit/cmake/berth.cmake;69;add_test;/work/main/build/wt-audit/tests/conformance/crypto/CMakeLists.txt;21;berth_test;/work/main/build/wt-audit/tests/conformance/crypto/CMakeLists.txt;0;")
add_test([=[tls_wolfssl_to_mbedtls_conformance]=] "/work/main/build/wt-audit/b/tests/tls_wolfssl_to_mbedtls_conformance")
set_tests_properties([=[tls_wolfssl_to_mbedtls_conformance]=] PROPERTIES  LABELS "conformance" TIMEOUT "120" _BACKTRACE_TRIPLES "/work/main/build/wt-audit/cmake/berth.cmake;69;add_test;/work/main/build/wt-audit/tests/conformance/crypto/CMakeLists.txt;21;berth_test;/work/main/build/wt-audit/tests/conformance/crypto/CMakeLists.txt;0;")
add_test([=[tls_mbedtls_to_wolfssl_conformance]=] "/work/main/build/wt-audit/b/tests/tls_mbedtls_to_wolfssl_conformance")
set_tests_properties([=[tls_mbedtls_to_wolfssl_conformance]=] PROPERTIES  LABELS "conformance" TIMEOUT "120" _BACKTRACE_TRIPLES "/work/main/build/wt-audit/cmake/berth.cmake;69;add_test;/work/main/build/wt-audit/tests/conformance/crypto/CMakeLists.txt;21;berth_test;/work/main/build/wt-audit/tests/conformance/crypto/CMakeLists.txt;0;")
add_test([=[tls_mbedtls_to_mbedtls_conformance]=] "/work/main/build/wt-audit/b/tests/tls_mbedtls_to_mbedtls_conformance")
set_tests_properties([=[tls_mbedtls_to_mbedtls_conformance]=] PROPERTIES  LABELS "conformance" TIMEOUT "120" _BACKTRACE_TRIPLES "/work/main/build/wt-audit/cmake/berth.cmake;69;add_test;/work/main/build/wt-audit/tests/conformance/crypto/CMakeLists.txt;21;berth_test;/work/main/build/wt-audit/tests/conformance/crypto/CMakeLists.txt;0;")
add_test([=[tls_wolfssl_to_openssl_conformance]=] "/work/main/build/wt-audit/b/tests/tls_wolfssl_to_openssl_conformance")
set_tests_properties([=[tls_wolfssl_to_openssl_conformance]=] PROPERTIES  LABELS "conformance" TIMEOUT "120" _BACKTRACE_TRIPLES "/work/main/build/wt-audit/cmake/berth.cmake;69;add_test;/work/main/build/wt-audit/tests/conformance/crypto/CMakeLists.txt;36;berth_test;/work/main/build/wt-audit/tests/conformance/crypto/CMakeLists.txt;0;")
add_test([=[tls_mbedtls_to_openssl_conformance]=] "/work/main/build/wt-audit/b/tests/tls_mbedtls_to_openssl_conformance")
set_tests_properties([=[tls_mbedtls_to_openssl_conformance]=] PROPERTIES  LABELS "conformance" TIMEOUT "120" _BACKTRACE_TRIPLES "/work/main/build/wt-audit/cmake/berth.cmake;69;add_test;/work/main/build/wt-audit/tests/conformance/crypto/CMakeLists.txt;36;berth_test;/work/main/build/wt-audit/tests/conformance/crypto/CMakeLists.txt;0;")
