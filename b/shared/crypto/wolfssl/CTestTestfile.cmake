# CMake generated Testfile for 
# Source directory: /work/main/build/wt-audit/shared/crypto/wolfssl
# Build directory: /work/main/build/wt-audit/b/shared/crypto/wolfssl
# 
# This file includes the relevant testing commands required for 
# testing this directory and lists subdirectories to be tested as well.
