#include <functional>
#include <map>
#include <string>
#include <vector>

#include <CppUTest/TestHarness.h>

#include "shared/base/encoding.hpp"
#include "shared/protocol/hub/body.hpp"
#include "shared/protocol/hub/connector.hpp"

using namespace berth;
using namespace berth::hub;

namespace {

// Bodies of this test's own: fields between bars. Boards bring bodies of theirs too.
std::vector<std::string> fields_of(std::string_view text, std::size_t count) {
  std::vector<std::string> fields;
  while (fields.size() + 1 < count) {
    const std::size_t bar = text.find('|');
    if (bar == std::string_view::npos) return {};
    fields.emplace_back(text.substr(0, bar));
    text.remove_prefix(bar + 1);
  }
  fields.emplace_back(text);
  return fields;
}

std::string text_of(const DeviceCredential& credential) {
  if (const auto* x509 = std::get_if<ThumbprintCredential>(&credential)) return x509->sha256;
  return to_hex(std::get_if<SymmetricKeyCredential>(&credential)->primary.reveal());
}

// etag|marker|enabled|credential
std::string identity_text(const std::string& etag, const std::string& marker, bool enabled,
                          const std::string& credential) {
  return etag + "|" + marker + "|" + (enabled ? "1" : "0") + "|" + credential;
}

class BarBodies : public HubBodyCodec {
 public:
  std::string write_bulk_create(const DesiredIdentity& identity,
                                const std::string& marker) override {
    return identity.device_id.str() + "|" + marker + "|" + text_of(identity.credential) + "|" +
           identity.twin.tags + "|" + identity.twin.desired;
  }
  Result<BulkAnswer> read_bulk_answer(std::string_view text) override {
    const auto fields = fields_of(text, 3);
    if (fields.empty()) return Error{Errc::malformed, "not a bulk answer"};
    return BulkAnswer{fields[0] == "ok", fields[1].empty() ? 0 : std::stoi(fields[1]), fields[2]};
  }
  Result<FoundIdentity> read_identity(std::string_view text) override {
    const auto fields = fields_of(text, 4);
    if (fields.empty()) return Error{Errc::malformed, "not an identity"};
    return FoundIdentity{fields[0], fields[1], fields[2] == "1"};
  }
  Result<std::optional<std::string>> with_credential(std::string_view text,
                                                     const DesiredIdentity& identity) override {
    const auto fields = fields_of(text, 4);
    if (fields.empty()) return Error{Errc::malformed, "not an identity"};
    const std::string credential = text_of(identity.credential);
    if (fields[2] == "1" && fields[3] == credential) return std::optional<std::string>{};
    return std::optional(identity_text(fields[0], fields[1], true, credential));
  }
  Result<std::optional<std::string>> disabled(std::string_view text) override {
    const auto fields = fields_of(text, 4);
    if (fields.empty()) return Error{Errc::malformed, "not an identity"};
    if (fields[2] == "0") return std::optional<std::string>{};
    return std::optional(identity_text(fields[0], fields[1], false, fields[3]));
  }
  Result<std::optional<std::string>> enabled(std::string_view text) override {
    const auto fields = fields_of(text, 4);
    if (fields.empty()) return Error{Errc::malformed, "not an identity"};
    if (fields[2] == "1") return std::optional<std::string>{};
    return std::optional(identity_text(fields[0], fields[1], true, fields[3]));
  }
  std::string write_twin(const domain::InitialTwin& twin) override {
    return twin.tags + "|" + twin.desired;
  }
  Result<domain::InitialTwin> read_twin(std::string_view text) override {
    const auto fields = fields_of(text, 2);
    if (fields.empty()) return Error{Errc::malformed, "not a twin"};
    return domain::InitialTwin{fields[0], fields[1]};
  }
};

// A registry as IoT Hub's REST describes it (service API 5.2).
class FakeHub {
 public:
  struct Device {
    int version = 0;
    std::string marker;
    bool enabled = true;
    std::string credential;
    std::string twin;
    [[nodiscard]] std::string etag() const { return "e" + std::to_string(version); }
    [[nodiscard]] std::string text() const {
      return identity_text(etag(), marker, enabled, credential);
    }
  };
  std::map<std::string, Device> devices;
  std::vector<std::string> seen;  // method and target

  http::Response answer(const http::Request& request) {
    seen.push_back(request.method + " " + request.target);
    CHECK_TRUE(request.target.ends_with("?api-version=2021-04-12"));
    CHECK_FALSE(request.headers.has("Authorization"));
    const std::string path = request.target.substr(0, request.target.find('?'));
    if (path == "/devices" && request.method == "POST") return create(request);
    const bool is_twin = path.starts_with("/twins/");
    const std::string id = *percent_decode(path.substr(path.rfind('/') + 1));
    const auto found = devices.find(id);
    if (found == devices.end()) return refusal(404, "DeviceNotFound");
    Device& device = found->second;
    if (request.method == "GET") return response(200, is_twin ? device.twin : device.text());
    const std::string_view if_match = request.headers.get("If-Match");
    if (if_match != "\"*\"" && if_match != "\"" + device.etag() + "\"") return response(412, "");
    if (request.method == "DELETE") {
      devices.erase(found);
      return response(204, "");
    }
    CHECK_TRUE(request.method == "PUT");
    if (is_twin) {
      device.twin = request.body;
      return response(200, device.twin);
    }
    const auto fields = fields_of(request.body, 4);
    device.marker = fields[1];
    device.enabled = fields[2] == "1";
    device.credential = fields[3];
    ++device.version;
    return response(200, device.text());
  }

  static http::Response refusal(int status, std::string name) {
    http::Response made = response(status, "");
    made.headers.set("iothub-errorcode", std::move(name));
    return made;
  }
  static http::Response response(int status, std::string body) {
    http::Response made;
    made.status = status;
    made.body = std::move(body);
    return made;
  }

 private:
  http::Response create(const http::Request& request) {
    const auto fields = fields_of(request.body, 5);
    if (devices.contains(fields[0])) return response(400, "no||DeviceAlreadyExists");
    devices[fields[0]] = Device{1, fields[1], true, fields[2], fields[3] + "|" + fields[4]};
    return response(200, "ok||");
  }
};

constexpr int kMostExchanges = 20;

http::Request asked(const HubOperation& operation) {
  return std::get<http::Request>(operation.next());
}

}  // namespace

TEST_GROUP(IotHub) {
  BarBodies bodies;
  FakeHub hub;
  std::string ours = ownership_marker(domain::CoordinatorId("c0ffee"));
  std::unique_ptr<HubConnector> connector =
      iot_hub_connector(domain::CoordinatorId("c0ffee"), bodies);
  DesiredIdentity identity;
  domain::DeviceId device{"dev:1#a"};

  void setup() override {
    identity.device_id = device;
    identity.credential = ThumbprintCredential{"AB"};
    identity.twin = {"{\"site\":1}", "{\"interval\":30}"};
  }
  FakeHub::Device& stands(const std::string& marker, const std::string& credential) {
    return hub.devices[device.str()] = FakeHub::Device{5, marker, true, credential, "old|twin"};
  }
  FakeHub::Device& held() {
    return hub.devices.at(device.str());
  }

  Result<HubOutcome> run(HubOperation & operation) {
    for (int i = 0; i < kMostExchanges; ++i) {
      if (auto end = operation.receive(hub.answer(asked(operation)))) return *end;
    }
    FAIL("the operation does not end");
    return Error{};
  }
  HubOutcome done(std::unique_ptr<HubOperation> operation) {
    auto outcome = run(*operation);
    if (!outcome) FAIL(outcome.error().reason.c_str());
    return *outcome;
  }
  Error failed(std::unique_ptr<HubOperation> operation) {
    auto outcome = run(*operation);
    CHECK_FALSE(outcome.has_value());
    return outcome ? Error{} : outcome.error();
  }
  // What the first answer of this status makes of an operation.
  Errc kind_after(std::unique_ptr<HubOperation> operation, int status, std::string body = "") {
    auto end = operation->receive(FakeHub::response(status, std::move(body)));
    CHECK_TRUE(end.has_value() && !end->has_value());
    return end && !*end ? end->error().code : Errc::internal;
  }

  // Runs `make` to its end from `before`, then again with a failure at every exchange in turn: the
  // answer lost before the hub acted, or after it. Repeated from its start it must come to the
  // same.
  void check_every_failure(const std::map<std::string, FakeHub::Device>& before,
                           const std::function<std::unique_ptr<HubOperation>()>& make) {
    hub.devices = before;
    auto smooth = make();
    CHECK_TRUE(run(*smooth).has_value());
    const auto expected = hub.devices;
    for (int step = 0; step < kMostExchanges; ++step) {
      for (const bool hub_acted : {false, true}) {
        hub.devices = before;
        auto broken = make();
        bool ended = false;
        for (int i = 0; i < step && !ended; ++i) {
          ended = broken->receive(hub.answer(asked(*broken))).has_value();
        }
        if (ended) return;
        if (hub_acted) static_cast<void>(hub.answer(asked(*broken)));
        auto repeated = make();
        auto outcome = run(*repeated);
        if (!outcome) FAIL(outcome.error().reason.c_str());
        CHECK_EQUAL(expected.size(), hub.devices.size());
        for (const auto& [id, wanted] : expected) {
          const FakeHub::Device& got = hub.devices.at(id);
          CHECK_TRUE(got.marker == wanted.marker);
          CHECK_EQUAL(wanted.enabled, got.enabled);
          CHECK_TRUE(got.credential == wanted.credential);
          CHECK_TRUE(got.twin == wanted.twin);
        }
      }
    }
    FAIL("the operation does not end");
  }
};

TEST(IotHub, TheMarkerNamesTheCoordinator) {
  CHECK_TRUE(ours == "berth:c0ffee");
}

TEST(IotHub, CreatesIdentityAndTwinInOneCall) {
  const HubOutcome outcome = done(connector->upsert(identity));
  CHECK_FALSE(outcome.found);
  CHECK_EQUAL(1, hub.seen.size());
  CHECK_TRUE(held().marker == ours);
  CHECK_TRUE(held().credential == "AB");
  CHECK_TRUE(held().twin == "{\"site\":1}|{\"interval\":30}");
}

TEST(IotHub, TakesUpAnIdentityOfOursAndLeavesItsTwinAlone) {
  stands(ours, "CD");
  const HubOutcome outcome = done(connector->upsert(identity));
  CHECK_TRUE(outcome.found);
  CHECK_TRUE(outcome.etag == held().etag());
  CHECK_EQUAL(6, held().version);
  CHECK_TRUE(held().credential == "AB");
  CHECK_TRUE(held().twin == "old|twin");
}

TEST(IotHub, WritesNothingIfTheIdentityIsAsItShallBe) {
  stands(ours, "AB");
  const HubOutcome outcome = done(connector->upsert(identity));
  CHECK_TRUE(outcome.found);
  CHECK_TRUE(outcome.etag == "e5");
  CHECK_EQUAL(5, held().version);
}

TEST(IotHub, EnablesAnIdentityThatACleanUpHadDisabled) {
  stands(ours, "AB").enabled = false;
  done(connector->upsert(identity));
  CHECK_TRUE(held().enabled);
}

TEST(IotHub, ReplacesTheTwinOfAMovedDevice) {
  stands(ours, "AB");
  identity.replace_twin = true;
  done(connector->upsert(identity));
  CHECK_TRUE(held().twin == "{\"site\":1}|{\"interval\":30}");
}

TEST(IotHub, NeverOverwritesAForeignIdentity) {
  for (const char* marker : {"", "berth:deadbeef", "berth:c0ffee2", "by hand"}) {
    stands(marker, "CD");
    CHECK_TRUE(failed(connector->upsert(identity)).code == Errc::hub_conflict);
    CHECK_EQUAL(5, held().version);
    CHECK_TRUE(held().credential == "CD");
  }
}

TEST(IotHub, DeviceIdsAreEncodedInTargets) {
  stands(ours, "CD");
  done(connector->upsert(identity));
  CHECK_TRUE(hub.seen[1] == "GET /devices/dev%3A1%23a?api-version=2021-04-12");
}

TEST(IotHub, AnAlreadyExistsIsRecognisedInAllItsForms) {
  for (const auto& [status, body] :
       std::vector<std::pair<int, std::string>>{{409, ""},
                                                {400, "no|409001|"},
                                                {400, "no||DeviceAlreadyExists"},
                                                {200, "no||DeviceAlreadyExists"}}) {
    auto operation = connector->upsert(identity);
    CHECK_FALSE(operation->receive(FakeHub::response(status, body)).has_value());
    CHECK_TRUE(asked(*operation).method == "GET");
  }
}

TEST(IotHub, WritesTheIdentityItReadOrReadsAgain) {
  stands(ours, "CD");
  auto operation = connector->upsert(identity);
  CHECK_FALSE(operation->receive(hub.answer(asked(*operation))).has_value());
  CHECK_FALSE(operation->receive(hub.answer(asked(*operation))).has_value());
  CHECK_TRUE(asked(*operation).method == "PUT");
  CHECK_TRUE(asked(*operation).headers.get("If-Match") == "\"e5\"");
  held().version = 6;  // somebody else wrote
  CHECK_FALSE(operation->receive(hub.answer(asked(*operation))).has_value());
  CHECK_TRUE(asked(*operation).method == "GET");
  auto outcome = run(*operation);
  CHECK_TRUE(outcome.has_value() && held().credential == "AB");
}

TEST(IotHub, GivesUpOnAnIdentityThatChangesAllTheTime) {
  stands(ours, "CD");
  auto operation = connector->upsert(identity);
  for (int i = 0; i < kMostExchanges; ++i) {
    auto response = hub.answer(asked(*operation));
    ++held().version;
    if (auto end = operation->receive(response)) {
      CHECK_TRUE(!*end && end->error().code == Errc::unavailable);
      return;
    }
  }
  FAIL("the operation does not end");
}

TEST(IotHub, CreatesAnewIfTheIdentityGoesAwayMeanwhile) {
  stands(ours, "CD");
  auto operation = connector->upsert(identity);
  CHECK_FALSE(operation->receive(hub.answer(asked(*operation))).has_value());
  hub.devices.clear();
  auto outcome = run(*operation);
  CHECK_TRUE(outcome.has_value() && !outcome->found);
  CHECK_TRUE(held().credential == "AB");
}

// Service API 5.3.
TEST(IotHub, EveryRefusalToCreateHasItsMeaning) {
  const std::map<std::pair<int, std::string>, Errc> meanings{
      {{400, "IotHubFormatError"}, Errc::hub_refused},
      {{401, "IotHubUnauthorizedAccess"}, Errc::hub_unauthorized},
      {{403, "IotHubSuspended"}, Errc::hub_full},
      {{403, "IotHubQuotaExceeded"}, Errc::hub_full},
      {{404, "IotHubNotFound"}, Errc::unavailable},
      {{413, "TooManyDevices"}, Errc::hub_full},
      {{413, "MessageTooLarge"}, Errc::hub_refused},
      {{429, "ThrottlingException"}, Errc::throttled},
      {{500, "ServerError"}, Errc::unavailable},
      {{503, "ServiceUnavailable"}, Errc::unavailable}};
  for (const auto& [answer, expected] : meanings) {
    auto operation = connector->upsert(identity);
    const auto end = operation->receive(FakeHub::refusal(answer.first, answer.second));
    CHECK_TRUE(end && !*end && end->error().code == expected);
  }
}

// Whatever else answers, a proxy or a portal, has refused no device: the device stays `assigning`.
TEST(IotHub, NonsenseIsNeverADefiniteNo) {
  const std::map<int, Errc> meanings{
      {301, Errc::unavailable},      {400, Errc::unavailable}, {401, Errc::hub_unauthorized},
      {403, Errc::hub_unauthorized}, {404, Errc::unavailable}, {405, Errc::unavailable},
      {408, Errc::timed_out},        {413, Errc::unavailable}, {415, Errc::unavailable},
      {429, Errc::throttled},        {500, Errc::unavailable}, {503, Errc::unavailable},
      {200, Errc::unavailable}};
  for (const auto& [status, expected] : meanings) {
    CHECK_TRUE(kind_after(connector->upsert(identity), status, "<html>") == expected);
    CHECK_TRUE(kind_after(connector->read_twin(device), status, "<html>") == expected);
    CHECK_TRUE(kind_after(connector->remove(device, ""), status, "<html>") == expected);
  }
}

// A device that moves on to another hub would leave it behind.
TEST(IotHub, NothingIsADefiniteNoOnceTheIdentityWasFound) {
  stands(ours, "CD");
  for (const auto& [status, name] : std::vector<std::pair<int, std::string>>{
           {400, "ArgumentInvalid"}, {403, "IotHubQuotaExceeded"}, {413, "TooManyDevices"}}) {
    auto operation = connector->upsert(identity);
    CHECK_FALSE(operation->receive(hub.answer(asked(*operation))).has_value());
    CHECK_FALSE(operation->receive(hub.answer(asked(*operation))).has_value());
    CHECK_TRUE(asked(*operation).method == "PUT");
    const auto end = operation->receive(FakeHub::refusal(status, name));
    CHECK_TRUE(end && !*end && end->error().code == Errc::unavailable);
  }
}

TEST(IotHub, ARefusalIsNamedInItsBodyWhereNoHeaderNamesIt) {
  CHECK_TRUE(kind_after(connector->upsert(identity), 403,
                        "{\"Message\":\"ErrorCode:IotHubQuotaExceeded;full\"}") == Errc::hub_full);
  CHECK_TRUE(kind_after(connector->upsert(identity), 413,
                        "{\"Message\":\"ErrorCode:TooManyDevices\"}") == Errc::hub_full);
  auto removal = connector->remove(device, "");
  const auto end =
      removal->receive(FakeHub::response(404, "{\"Message\":\"ErrorCode:DeviceNotFound;x\"}"));
  CHECK_TRUE(end && end->has_value());
}

TEST(IotHub, ARefusedBulkItemHasItsMeaning) {
  CHECK_TRUE(kind_after(connector->upsert(identity), 400, "no|413002|") == Errc::hub_full);
  CHECK_TRUE(kind_after(connector->upsert(identity), 400, "no||TooManyDevices") == Errc::hub_full);
  CHECK_TRUE(kind_after(connector->upsert(identity), 400, "no|400004|") == Errc::hub_refused);
  CHECK_TRUE(kind_after(connector->upsert(identity), 400, "no|429001|") == Errc::throttled);
  CHECK_TRUE(kind_after(connector->upsert(identity), 400, "no||ArgumentInvalid") ==
             Errc::hub_refused);
  CHECK_TRUE(kind_after(connector->upsert(identity), 200, "no||") == Errc::hub_refused);
}

TEST(IotHub, TheHubsOwnNameOfAnErrorIsInTheReasonFitForALog) {
  auto operation = connector->upsert(identity);
  http::Response response = FakeHub::response(401, "");
  response.headers.set("iothub-errorcode", "IotHubUnauthorizedAccess\r\n" + std::string(500, 'x'));
  auto end = operation->receive(response);
  const std::string reason = end->error().reason;
  CHECK_TRUE(reason.find("401 IotHubUnauthorizedAccess??x") != std::string::npos);
  CHECK_TRUE(reason.size() < 150);
}

TEST(IotHub, ReadsTheTwinOfADeviceAndNothingOfAnAbsentOne) {
  stands(ours, "AB");
  const HubOutcome outcome = done(connector->read_twin(device));
  CHECK_TRUE(outcome.found);
  CHECK_TRUE(outcome.twin.tags == "old");
  CHECK_TRUE(outcome.twin.desired == "twin");
  hub.devices.clear();
  CHECK_FALSE(done(connector->read_twin(device)).found);
  CHECK_TRUE(kind_after(connector->read_twin(device), 503) == Errc::unavailable);
  CHECK_TRUE(kind_after(connector->read_twin(device), 200, "?") == Errc::unavailable);
}

TEST(IotHub, DisablesAndRemovesWhatIsOurs) {
  stands(ours, "AB");
  const HubOutcome outcome = done(connector->disable(device, "e5"));
  CHECK_FALSE(held().enabled);
  CHECK_TRUE(outcome.etag == "e6");
  done(connector->remove(device, outcome.etag));
  CHECK_TRUE(hub.devices.empty());
}

TEST(IotHub, EnablesWhatIsOursAgain) {
  stands(ours, "AB").enabled = false;
  CHECK_TRUE(done(connector->enable(device)).etag == "e6");
  CHECK_TRUE(held().enabled);
  CHECK_TRUE(held().credential == "AB");
  // Once more changes nothing.
  CHECK_TRUE(done(connector->enable(device)).etag == "e6");
  stands("by hand", "AB").enabled = false;
  CHECK_FALSE(done(connector->enable(device)).found);
  CHECK_FALSE(held().enabled);
}

TEST(IotHub, AnEmptyEtagGoesByTheMarkerAlone) {
  stands(ours, "AB");
  done(connector->remove(device, ""));
  CHECK_TRUE(hub.devices.empty());
}

TEST(IotHub, LeavesWhatIsForeignOrWasWrittenSince) {
  stands("by hand", "AB");
  CHECK_FALSE(done(connector->disable(device, "")).found);
  CHECK_FALSE(done(connector->remove(device, "e5")).found);
  stands(ours, "AB");
  CHECK_FALSE(done(connector->disable(device, "e4")).found);
  CHECK_FALSE(done(connector->remove(device, "e4")).found);
  CHECK_TRUE(held().enabled);
  CHECK_EQUAL(5, held().version);
}

TEST(IotHub, AnAbsentIdentityIsRetiredAlready) {
  CHECK_FALSE(done(connector->disable(device, "e5")).found);
  CHECK_FALSE(done(connector->remove(device, "e5")).found);
}

TEST(IotHub, RemovesOnlyWhatItRead) {
  stands(ours, "AB");
  auto operation = connector->remove(device, "e5");
  CHECK_FALSE(operation->receive(hub.answer(asked(*operation))).has_value());
  CHECK_TRUE(asked(*operation).headers.get("If-Match") == "\"e5\"");
  held().version = 6;
  auto outcome = run(*operation);
  CHECK_TRUE(outcome.has_value() && !outcome->found);
  CHECK_EQUAL(1, hub.devices.size());
}

TEST(IotHub, EveryOperationMayBeRepeatedFromItsStartAfterAFailureAtAnyStep) {
  const std::string id = device.str();
  const auto upsert = [this] { return connector->upsert(identity); };
  const FakeHub::Device same{5, ours, true, "AB", "old|twin"};
  const FakeHub::Device other{5, ours, true, "CD", "old|twin"};
  const FakeHub::Device off{5, ours, false, "CD", "old|twin"};
  for (const bool replace_twin : {false, true}) {
    identity.replace_twin = replace_twin;
    if (!replace_twin) check_every_failure({}, upsert);
    check_every_failure({{id, same}}, upsert);
    check_every_failure({{id, other}}, upsert);
    check_every_failure({{id, off}}, upsert);
  }
  check_every_failure({{id, same}}, [this] { return connector->read_twin(device); });
  check_every_failure({{id, same}}, [this] { return connector->disable(device, "e5"); });
  check_every_failure({{id, same}}, [this] { return connector->remove(device, "e5"); });
  check_every_failure({{id, off}}, [this] { return connector->remove(device, ""); });
}
