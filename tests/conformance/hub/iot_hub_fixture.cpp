// berth-hub's registry, without its sockets.
#include <memory>
#include <string>

#include <boost/json.hpp>

#include "shared/base/encoding.hpp"
#include "shared/crypto/mbedtls/mbedtls.hpp"
#include "shared/json/hub_json.hpp"
#include "shared/protocol/sas_token.hpp"
#include "tests/conformance/hub/hub_fixture.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/fake_entropy.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tools/hub/rest.hpp"

namespace berth::testing {
namespace {

namespace json = boost::json;

class IotHubFixture final : public HubFixture {
 public:
  hub::HubConnector& connector() override { return *connector_; }
  hub::HubConnector& others() override { return *others_; }

  hub::HubResponse send(const hub::HubRequest& request) override {
    return answer(std::get<http::Request>(request));
  }

  bool lets_in(const std::string& device, const SecretBytes& key) override {
    const json::object identity = get("/devices/" + device);
    if (identity.empty() || identity.at("status").as_string() != "enabled") return false;
    const json::object& authentication = identity.at("authentication").as_object();
    if (authentication.at("type").as_string() != "sas") return false;
    return authentication.at("symmetricKey").at("primaryKey").as_string() ==
           json::string_view(to_base64(key.reveal()));
  }

  std::string desired(const std::string& device) override {
    const json::object twin = get("/twins/" + device);
    if (twin.empty()) return {};
    json::object own;
    for (const auto& [name, value] : twin.at("properties").at("desired").as_object()) {
      if (!name.starts_with('$')) own[name] = value;
    }
    return own.empty() ? std::string() : json::serialize(own);
  }

  void make_by_hand(const std::string& device, const SecretBytes& key) override {
    const std::string base64 = to_base64(key.reveal());
    const json::object identity{
        {"deviceId", device},
        {"authentication",
         {{"type", "sas"}, {"symmetricKey", {{"primaryKey", base64}, {"secondaryKey", base64}}}}}};
    static_cast<void>(answer(request("PUT", "/devices/" + device, json::serialize(identity))));
  }

 private:
  static http::Request request(const std::string& method, const std::string& path,
                               std::string body = {}) {
    http::Request made;
    made.method = method;
    made.target = path + "?api-version=2021-04-12";
    made.body = std::move(body);
    return made;
  }
  http::Response answer(http::Request made) {
    made.headers.set("Authorization",
                     protocol::make_sas_token("hub-a", key_, unix_seconds(clock_.wall()) + 60,
                                              "owner", *crypto_));
    return rest_.handle(made);
  }
  json::object get(const std::string& path) {
    const http::Response response = answer(request("GET", path));
    if (response.status != 200) return {};
    return json::parse(response.body).as_object();
  }

  TemporaryFolder folder_;
  FakeClock clock_;
  FakeEntropy entropy_;
  std::unique_ptr<ports::Crypto> crypto_ = crypto::make_mbedtls_crypto();
  std::unique_ptr<hub_server::DeviceTable> table_ =
      std::move(hub_server::DeviceTable::open(folder_.file("hub.db"))).value();
  SecretBytes key_{to_bytes("0123456789abcdef")};
  hub_server::Registry registry_{"hub-a", 1000, *table_, clock_, entropy_};
  hub_server::Access access_{
      {"hub-a"},
      {{"owner", key_, {hub_server::Right::registry_write, hub_server::Right::service_connect}}},
      *crypto_};
  hub_server::Rest rest_{registry_, access_, clock_, entropy_};
  berth::json::IotHubBodyCodec bodies_;
  std::unique_ptr<hub::HubConnector> connector_ =
      hub::iot_hub_connector(domain::CoordinatorId("c0ffee"), bodies_);
  std::unique_ptr<hub::HubConnector> others_ =
      hub::iot_hub_connector(domain::CoordinatorId("deadbeef"), bodies_);
};

}  // namespace

std::unique_ptr<HubFixture> hub_fixture() {
  return std::make_unique<IotHubFixture>();
}

}  // namespace berth::testing
