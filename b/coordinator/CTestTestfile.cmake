# CMake generated Testfile for 
# Source directory: /work/main/build/wt-audit/coordinator
# Build directory: /work/main/build/wt-audit/b/coordinator
# 
# This file includes the relevant testing commands required for 
# testing this directory and lists subdirectories to be tested as well.
subdirs("store")
subdirs("fleet")
subdirs("sync")
subdirs("api")
subdirs("app")
