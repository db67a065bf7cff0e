# CMake generated Testfile for 
# Source directory: /work/main/build/wt-audit/tests
# Build directory: /work/main/build/wt-audit/b/tests
# 
# This file includes the relevant testing commands required for 
# testing this directory and lists subdirectories to be tested as well.
subdirs("unit")
subdirs("conformance")
subdirs("sim")
subdirs("integration")
