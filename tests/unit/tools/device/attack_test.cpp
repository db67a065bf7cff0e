#include "tools/device/attack.hpp"

#include <set>

#include <CppUTest/TestHarness.h>

#include "shared/base/encoding.hpp"
#include "shared/protocol/mqtt/codec.hpp"
#include "tools/device/lies.hpp"

using namespace berth;

namespace {

Errc refusal_of(const std::string& address, const std::string& from = "") {
  device::AttackOptions options;
  options.kind = "half-open";
  options.address = address;
  options.from = from;
  options.dev_file = "/nowhere/dev.json";
  return device::run_attack(options).error().code;
}

}  // namespace

TEST_GROUP(Attack){};

TEST(Attack, StaysOnThisMachine) {
  for (const char* address :
       {"192.0.2.1", "10.0.0.1", "0.0.0.0", "128.0.0.1", "::", "2001:db8::1", "::ffff:192.0.2.1"}) {
    CHECK_TEXT(refusal_of(address) == Errc::forbidden, address);
    CHECK_TEXT(refusal_of("127.0.0.1", address) == Errc::forbidden, address);
  }
  CHECK(refusal_of("localhost") == Errc::malformed);
}

TEST(Attack, LeavesTheAddressCheckBehindOnLoopbackOnly) {
  // The next thing that can go wrong is the file.
  for (const char* address : {"127.0.0.1", "127.255.255.254", "::1"}) {
    CHECK_TEXT(refusal_of(address) == Errc::io, address);
  }
}

TEST(Attack, EveryKindHasANameAndAMeaning) {
  std::set<std::string_view> names;
  for (const device::AttackKind kind : device::all_attacks()) {
    CHECK(device::attack_named(device::name_of(kind)) == kind);
    CHECK_FALSE(device::meaning_of(kind).empty());
    names.insert(device::name_of(kind));
  }
  LONGS_EQUAL(device::all_attacks().size(), names.size());
  CHECK_FALSE(device::attack_named("kindness").has_value());
}

TEST(Attack, ReportsHowTheAttemptsEnded) {
  device::AttackOptions options;
  options.kind = "idle";
  device::AttackReport report;
  report.attempts = 3;
  report.ends = {{"closed", 2}, {"held to the end", 1}};
  report.durations = {std::chrono::milliseconds{1}, std::chrono::milliseconds{5},
                      std::chrono::milliseconds{9}};
  STRCMP_EQUAL(R"({"attack":"idle","attempts":3,"ends":{"closed":2,"held to the end":1},)"
               R"("milliseconds":{"min":1,"p50":5,"max":9}})",
               device::line_of(report, options).c_str());
}

TEST_GROUP(Lies) {
  device::LiePlace place_{"127.0.0.1", "0ne00LAB001", "dev-1"};
};

TEST(Lies, AreManyAndEachHasAName) {
  for (const auto& lies :
       {device::http_lies(place_), device::json_lies(place_), device::mqtt_lies(place_),
        device::amqp_lies(), device::web_socket_lies(place_)}) {
    CHECK_TRUE(lies.size() >= 6);
    std::set<std::string> names;
    for (const device::Lie& lie : lies) {
      names.insert(lie.name);
      CHECK_FALSE(lie.bytes.empty());
      // One byte more than a body may have is as long as any of them is.
      CHECK_TRUE(lie.bytes.size() + lie.repeated.size() < 128 * 1024);
    }
    LONGS_EQUAL(lies.size(), names.size());
  }
}

TEST(Lies, OverMqttAreRefusedByTheCodecOrNeverEnd) {
  for (const device::Lie& lie : device::mqtt_lies(place_)) {
    mqtt::Decoder decoder;
    decoder.feed(lie.bytes);
    auto packet = decoder.next();
    if (packet && *packet && std::holds_alternative<mqtt::Connect>(**packet)) {
      packet = decoder.next();
    }
    // The only packet that decodes is one that a session must refuse.
    const bool is_out_of_order =
        packet && *packet && std::holds_alternative<mqtt::Pingreq>(**packet);
    CHECK_TEXT((packet && !*packet) || is_out_of_order, lie.name.c_str());
  }
}
