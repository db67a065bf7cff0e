# CMake generated Testfile for 
# Source directory: /work/main/build/wt-audit/shared/crypto
# Build directory: /work/main/build/wt-audit/b/shared/crypto
# 
# This file includes the relevant testing commands required for 
# testing this directory and lists subdirectories to be tested as well.
subdirs("asn1")
subdirs("tls")
subdirs("mbedtls")
subdirs("openssl")
subdirs("wolfssl")
