# CMake generated Testfile for 
# Source directory: /work/main/build/wt-audit/shared/protocol
# Build directory: /work/main/build/wt-audit/b/shared/protocol
# 
# This file includes the relevant testing commands required for 
# testing this directory and lists subdirectories to be tested as well.
subdirs("http")
subdirs("mqtt")
subdirs("hub")
subdirs("sync")
