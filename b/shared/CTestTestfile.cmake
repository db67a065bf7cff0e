# CMake generated Testfile for 
# Source directory: /work/main/build/wt-audit/shared
# Build directory: /work/main/build/wt-audit/b/shared
# 
# This file includes the relevant testing commands required for 
# testing this directory and lists subdirectories to be tested as well.
subdirs("base")
subdirs("ports")
subdirs("domain")
subdirs("vault")
subdirs("store")
subdirs("crypto")
subdirs("protocol")
subdirs("config")
subdirs("json")
subdirs("sqlite")
subdirs("runtime")
