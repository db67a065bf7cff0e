# CMake generated Testfile for 
# Source directory: /work/main/build/wt-audit
# Build directory: /work/main/build/wt-audit/b
# 
# This file includes the relevant testing commands required for 
# testing this directory and lists subdirectories to be tested as well.
subdirs("shared")
subdirs("gateway")
subdirs("coordinator")
subdirs("tools")
subdirs("tests")
