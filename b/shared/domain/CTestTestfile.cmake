# CMake generated Testfile for 
# Source directory: /work/main/build/wt-audit/shared/domain
# Build directory: /work/main/build/wt-audit/b/shared/domain
# 
# This file includes the relevant testing commands required for 
# testing this directory and lists subdirectories to be tested as well.
subdirs("model")
subdirs("attestation")
subdirs("allocation")
subdirs("audit")
