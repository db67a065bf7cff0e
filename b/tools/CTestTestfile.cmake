# CMake generated Testfile for 
# Source directory: /work/main/build/wt-audit/tools
# Build directory: /work/main/build/wt-audit/b/tools
# 
# This file includes the relevant testing commands required for 
# testing this directory and lists subdirectories to be tested as well.
subdirs("tidy")
subdirs("hub")
subdirs("device")
subdirs("load")
subdirs("cli")
subdirs("dev")
subdirs("sim")
