# CMake generated Testfile for 
# Source directory: /work/main/build/wt-audit/tools/load
# Build directory: /work/main/build/wt-audit/b/tools/load
# 
# This file includes the relevant testing commands required for 
# testing this directory and lists subdirectories to be tested as well.
