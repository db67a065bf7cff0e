# CMake generated Testfile for 
# Source directory: /work/main/build/wt-audit/tests/conformance
# Build directory: /work/main/build/wt-audit/b/tests/conformance
# 
# This file includes the relevant testing commands required for 
# testing this directory and lists subdirectories to be tested as well.
subdirs("crypto")
subdirs("store")
subdirs("tls_stream")
