#include "tools/cli/dry_run.hpp"

#include <CppUTest/TestHarness.h>

#include "shared/json/json_text.hpp"

using namespace berth;
using namespace berth::cli;

namespace {

std::string request_text(const DryRunOptions& options) {
  const auto body = dry_run_request(options);
  return body ? json::serialize(*body) : body.error().reason;
}

boost::json::object page(const std::string& text) {
  return *json::parse_object(text, {64 * 1024, 16});
}

}  // namespace

TEST_GROUP(DryRun) {
  DryRunOptions options;
};

TEST(DryRun, AsksForEveryChangeInOneRequest) {
  options.policy = "hashed";
  options.weights = {"hub-a=5"};
  options.excluded = {"hub-b"};
  options.added = {"hub-c", "hub-d=7"};
  options.removed = {"hub-e"};
  options.group_policies = {"line-7=static"};
  options.group_hubs = {"line-7=hub-a,hub-b"};
  options.latencies = {"hub-a=12.5"};
  options.group = "line-7";
  STRCMP_EQUAL(R"({"allocationPolicy":"hashed",)"
               R"("hubs":[{"hostName":"hub-a","allocationWeight":5},)"
               R"({"hostName":"hub-b","applyAllocationPolicy":false}],)"
               R"("addHubs":[{"hostName":"hub-c"},{"hostName":"hub-d","allocationWeight":7}],)"
               R"("removeHubs":["hub-e"],)"
               R"("enrollmentGroups":[{"allocationPolicy":"static","iotHubs":["hub-a","hub-b"],)"
               R"("enrollmentGroupId":"line-7"}],)"
               R"("latencies":{"hub-a":1.25E1},"enrollmentGroupId":"line-7","onlyChanges":true})",
               request_text(options).c_str());
}

TEST(DryRun, NamesTheOptionThatCannotBeRead) {
  for (const char* text :
       {"hub-a", "=5", "hub-a=", "hub-a=x", "hub-a=0", "hub-a=1001", "hub-a=1.5"}) {
    options.weights = {text};
    const auto request = dry_run_request(options);
    CHECK_FALSE(request.has_value());
    CHECK(request.error().code == Errc::invalid);
    CHECK(request.error().reason.find("--weight") != std::string::npos);
  }
  options.weights = {"hub-a=1000"};
  CHECK(dry_run_request(options).has_value());
}

TEST(DryRun, ReadsADeviceALine) {
  const auto devices = read_devices(
      "# planned\ndev-1\r\n\n{\"registrationId\":\"dev-2\",\"enrollmentGroupId\":\"g\"}\n");
  STRCMP_EQUAL(R"([{"registrationId":"dev-1"},{"registrationId":"dev-2","enrollmentGroupId":"g"}])",
               json::serialize(*devices).c_str());
  CHECK(read_devices("\n# nothing\n").error().code == Errc::invalid);
  CHECK(read_devices("dev-1\n{nonsense\n").error().reason.find("line 2") != std::string::npos);
}

TEST(DryRun, ReadsAHundredThousandDevicesAndNoMore) {
  std::string text;
  for (std::size_t n = 0; n < kMaxDryRunDevices; ++n) text += "d\n";
  CHECK_EQUAL(kMaxDryRunDevices, read_devices(text)->size());
  CHECK(read_devices(text + "d\n").error().code == Errc::too_large);
}

TEST(DryRun, AddsPagesUp) {
  DryRunTotal total;
  CHECK(total
            .add(page(R"({"summary":{"devices":2,"outcomes":{"stays":1,"moves":1},"hubs":[)"
                      R"({"hostName":"a","before":2,"after":1},{"hostName":"b","before":0,)"
                      R"("after":1}]},"addHubs":[{"hostName":"b","hubId":"0f"}],)"
                      R"("value":[{"registrationId":"dev-1"}]})"))
            .has_value());
  CHECK(total
            .add(page(R"({"summary":{"devices":1,"outcomes":{"stays":1},"hubs":[)"
                      R"({"hostName":"a","before":1,"after":1}]},"value":[]})"))
            .has_value());
  CHECK_EQUAL(3U, total.devices());
  CHECK_EQUAL(1U, total.rows().size());
  STRCMP_EQUAL(R"({"devices":3,"outcomes":{"moves":1,"stays":2},"hubs":[)"
               R"({"hostName":"a","before":3,"after":2},{"hostName":"b","before":0,"after":1}],)"
               R"("addHubs":[{"hostName":"b","hubId":"0f"}]})",
               json::serialize(total.summary()).c_str());
  const std::string words = total.words();
  CHECK(words.find("3 devices: 1 moves, 2 stays") != std::string::npos);
  CHECK(words.find("a: 3 today, 2 then") != std::string::npos);
  CHECK(words.find("--hub-id 0f") != std::string::npos);
}

TEST(DryRun, RefusesWhatIsNoPage) {
  for (const char* text : {"{}", R"({"summary":{}})",
                           R"({"summary":{"devices":1,"outcomes":{},)"
                           R"("hubs":[{}]},"value":[]})"}) {
    DryRunTotal total;
    CHECK(total.add(page(text)).error().code == Errc::malformed);
  }
}
