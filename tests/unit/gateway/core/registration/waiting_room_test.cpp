#include "gateway/core/registration/waiting_room.hpp"

#include "gateway/core/limits.hpp"
#include "tests/unit/gateway/core/registration/engine_bench.hpp"

using namespace berth;
using namespace berth::gateway;
using namespace berth::testing;
using std::chrono::milliseconds;

TEST_GROUP(WaitingRoom) {
  FakeClock clock{kNow};
  WaitingRoom room{3, milliseconds{2000}, clock};
  Actions out;
  const domain::IdScope tenant{"0ne00LAB001"};

  PendingRequest pending(const std::string& id) {
    PendingRequest one;
    one.tenant = tenant;
    one.registration_id = rid(id);
    one.arrived = clock.monotonic();
    return one;
  }
  template <class T>
  std::vector<T> asked() {
    std::vector<T> all;
    for (const Action& action : out) {
      if (const T* one = std::get_if<T>(&action)) all.push_back(*one);
    }
    return all;
  }
};

TEST(WaitingRoom, AsksOneFenceForAllAndAnotherForThoseWhoComeMeanwhile) {
  room.wait_for_fence(pending("a"), out);
  room.wait_for_fence(pending("b"), out);
  LONGS_EQUAL(1, asked<RequestFence>().size());
  const auto first = room.release_fence(tenant, asked<RequestFence>()[0].ticket, out);
  LONGS_EQUAL(1, first.size());
  CHECK_TRUE(first[0].fenced);
  LONGS_EQUAL(2, asked<RequestFence>().size());
  LONGS_EQUAL(0, room.release_fence(tenant, asked<RequestFence>()[0].ticket, out).size());
  LONGS_EQUAL(1, room.release_fence(tenant, asked<RequestFence>()[1].ticket, out).size());
  LONGS_EQUAL(0, room.size());
}

TEST(WaitingRoom, LetsNobodyWaitPastTheFencesDeadline) {
  room.wait_for_fence(pending("a"), out);
  CHECK_TRUE(*room.next_wake() == clock.monotonic() + kFenceDeadline);
  clock.advance(kFenceDeadline - milliseconds{1});
  LONGS_EQUAL(0, room.release_due_fences(clock.monotonic(), out).size());
  clock.advance(milliseconds{1});
  LONGS_EQUAL(1, room.release_due_fences(clock.monotonic(), out).size());
  CHECK_FALSE(room.next_wake().has_value());
}

TEST(WaitingRoom, LooksBackOnceForAllRequestsOfADevice) {
  room.wait_for_look_back(pending("a"), out);
  room.wait_for_look_back(pending("A"), out);
  room.wait_for_look_back(pending("b"), out);
  LONGS_EQUAL(2, asked<LookBack>().size());
  CHECK_FALSE(room.has_room());
  const auto released = room.release_look_back(tenant, rid("a"));
  LONGS_EQUAL(2, released.size());
  CHECK_TRUE(released[0].looked_back);
  LONGS_EQUAL(0, room.release_look_back(tenant, rid("a")).size());
  CHECK_TRUE(room.has_room());

  clock.advance(milliseconds{2000});
  LONGS_EQUAL(1, room.release_due_look_back(clock.monotonic()).size());
  LONGS_EQUAL(0, room.release_due_look_back(clock.monotonic()).size());
  LONGS_EQUAL(0, room.size());
}
