# CMake generated Testfile for 
# Source directory: /work/main/build/wt-audit/gateway/linux
# Build directory: /work/main/build/wt-audit/b/gateway/linux
# 
# This file includes the relevant testing commands required for 
# testing this directory and lists subdirectories to be tested as well.
