# CMake generated Testfile for 
# Source directory: /work/main/build/wt-audit/shared/protocol/hub
# Build directory: /work/main/build/wt-audit/b/shared/protocol/hub
# 
# This file includes the relevant testing commands required for 
# testing this directory and lists subdirectories to be tested as well.
