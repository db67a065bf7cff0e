# CMake generated Testfile for 
# Source directory: /work/main/build/wt-audit/coordinator/api
# Build directory: /work/main/build/wt-audit/b/coordinator/api
# 
# This file includes the relevant testing commands required for 
# testing this directory and lists subdirectories to be tested as well.
