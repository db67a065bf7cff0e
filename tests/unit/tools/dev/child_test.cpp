#include "tools/dev/child.hpp"

#include <csignal>
#include <fstream>
#include <string>
#include <utility>

#include <CppUTest/TestHarness.h>

#include "tests/support/temporary_folder.hpp"

using namespace berth;
using namespace std::chrono_literals;
using dev::Child;

TEST_GROUP(Child) {
  testing::TemporaryFolder folder_;

  Child shell(const std::string& script) {
    return Child::start("/bin/sh", {"-c", script}, folder_.file("log")).value();
  }
  // Until the child has written that line.
  void await_line(const std::string& wanted) {
    for (;;) {
      std::ifstream log(folder_.file("log"));
      std::string line;
      while (std::getline(log, line)) {
        if (line == wanted) return;
      }
    }
  }
  static bool exists(pid_t pid) {
    return ::kill(pid, 0) == 0;
  }
};

TEST(Child, WritesWhatItSaysIntoItsLog) {
  std::ofstream(folder_.file("log")) << "before\n";
  Child child = shell("echo out; echo err >&2");
  await_line("before");
  await_line("out");
  await_line("err");
}

TEST(Child, RunsUntilItIsStopped) {
  Child child = shell("echo ready; exec sleep 600");
  await_line("ready");
  CHECK(child.running());
  const pid_t pid = child.pid();
  child.stop(60s);
  CHECK_FALSE(child.running());
  CHECK_FALSE(exists(pid));
}

TEST(Child, IsKilledIfItDoesNotHearSigterm) {
  Child child = shell("trap '' TERM; echo ready; exec sleep 600");
  await_line("ready");
  const pid_t pid = child.pid();
  child.stop(1ms);
  CHECK_FALSE(exists(pid));
}

TEST(Child, KnowsThatItHasEnded) {
  Child child = shell("exit 0");
  const pid_t pid = child.pid();
  while (child.running()) {
  }
  CHECK_FALSE(exists(pid));
  child.stop(1ms);  // there is nothing to stop
  CHECK_FALSE(child.running());
}

TEST(Child, EndsWithItsOwner) {
  pid_t pid = -1;
  {
    Child child = shell("exec sleep 600");
    pid = child.pid();
    CHECK(exists(pid));
  }
  CHECK_FALSE(exists(pid));
}

TEST(Child, StopsTheOneThatItReplaces) {
  Child child = shell("exec sleep 600");
  const pid_t first = child.pid();
  child = shell("exec sleep 600");
  CHECK_FALSE(exists(first));
  CHECK(child.running());
  Child moved = std::move(child);
  CHECK(moved.running());
}

TEST(Child, AProgramThatIsNotThereEndsAtOnce) {
  Child child = Child::start("/nonexistent", {}, folder_.file("log")).value();
  while (child.running()) {
  }
  LONGS_EQUAL(-1, child.pid());
}

TEST(Child, NeedsALogThatCanBeWritten) {
  CHECK(Child::start("/bin/true", {}, folder_.file("no/log")).error().code == Errc::io);
}

TEST(Child, IsWaitedForUntilItEndsByItself) {
  auto brief = dev::Child::start("/bin/true", {}, folder_.file("log"));
  CHECK(brief->ends_within(std::chrono::seconds{30}));
  CHECK_FALSE(brief->running());
  auto lasting = dev::Child::start("/bin/sleep", {"60"}, folder_.file("log"));
  CHECK_FALSE(lasting->ends_within(std::chrono::milliseconds{1}));
  CHECK(lasting->running());
}
