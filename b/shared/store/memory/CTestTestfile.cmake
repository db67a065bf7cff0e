# CMake generated Testfile for 
# Source directory: /work/main/build/wt-audit/shared/store/memory
# Build directory: /work/main/build/wt-audit/b/shared/store/memory
# 
# This file includes the relevant testing commands required for 
# testing this directory and lists subdirectories to be tested as well.
