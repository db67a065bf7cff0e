# CMake generated Testfile for 
# Source directory: /work/main/build/wt-audit/gateway/core/registration
# Build directory: /work/main/build/wt-audit/b/gateway/core/registration
# 
# This file includes the relevant testing commands required for 
# testing this directory and lists subdirectories to be tested as well.
