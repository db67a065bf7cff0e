# CMake generated Testfile for 
# Source directory: /work/main/build/wt-audit/gateway/core
# Build directory: /work/main/build/wt-audit/b/gateway/core
# 
# This file includes the relevant testing commands required for 
# testing this directory and lists subdirectories to be tested as well.
subdirs("device")
subdirs("registration")
subdirs("cache")
