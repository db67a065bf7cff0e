// Debian's mosquitto with its dynamic-security plugin, on loopback, without TLS.
#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include "shared/base/assert.hpp"
#include "shared/base/encoding.hpp"
#include "shared/json/dynamic_security_json.hpp"
#include "shared/protocol/mqtt/codec.hpp"
#include "shared/runtime/broker_client.hpp"
#include "shared/runtime/plain_engine.hpp"
#include "shared/runtime/tls_stream.hpp"
#include "tests/conformance/hub/hub_fixture.hpp"
#include "tests/support/fake_entropy.hpp"
#include "tests/support/loop.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tools/dev/child.hpp"

namespace berth::testing {
namespace {

using namespace std::chrono_literals;
using boost::asio::ip::tcp;

constexpr auto kPatience = 30s;

std::filesystem::path plugin() {
  for (const auto& folder : std::filesystem::directory_iterator("/usr/lib")) {
    const auto file = folder.path() / "mosquitto_dynamic_security.so";
    std::error_code failed;
    if (std::filesystem::exists(file, failed)) return file;
  }
  return {};
}

std::uint16_t free_port() {
  boost::asio::io_context loop;
  tcp::acceptor acceptor(loop, tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0));
  return acceptor.local_endpoint().port();
}

bool listens(std::uint16_t port) {
  boost::asio::io_context loop;
  tcp::socket socket(loop);
  boost::system::error_code failed;
  socket.connect(tcp::endpoint(boost::asio::ip::address_v4::loopback(), port), failed);
  return !failed;
}

class MosquittoFixture final : public HubFixture {
 public:
  MosquittoFixture() {
    const auto clients = folder_.file("dynamic-security.json");
    auto control = dev::Child::start("/usr/bin/mosquitto_ctrl",
                                     {"dynsec", "init", clients, "admin", "admin's"},
                                     folder_.file("mosquitto_ctrl.log"));
    BERTH_ASSERT(control && control->ends_within(kPatience));
    // Somebody else may take the port first: then another one.
    while (!start(clients)) {
    }
    gateway_ = client("admin", "admin's");
    make_gateway();
    gateway_ = client("gateway", "gateway's");
  }
  ~MosquittoFixture() override {
    gateway_.reset();
    broker_.reset();
    loop_.drain();
  }

  hub::HubConnector& connector() override { return *connector_; }
  hub::HubConnector& others() override { return *others_; }

  hub::HubResponse send(const hub::HubRequest& request) override {
    auto answer = loop_.run(gateway_->ask(std::get<hub::dynsec::Request>(request), kPatience));
    BERTH_ASSERT(answer.has_value());
    return std::move(*answer);
  }

  bool lets_in(const std::string& device, const SecretBytes& key) override {
    return connect(device, to_base64(key.reveal())) != nullptr;
  }

  std::string desired(const std::string& device) override {
    hub::dynsec::Request request;
    request.read_retained = "devices/" + device + "/twin/desired";
    hub::dynsec::Command any;
    any.kind = hub::dynsec::Command::Kind::get_client;
    any.name = "gateway";
    request.commands.push_back(any);
    return std::get<hub::dynsec::Answer>(send(request)).retained;
  }

  void make_by_hand(const std::string& device, const SecretBytes& key) override {
    hub::dynsec::Command create;
    create.kind = hub::dynsec::Command::Kind::create_client;
    create.name = device;
    create.password = SecretBytes::copy_of(as_bytes(to_base64(key.reveal())));
    hub::dynsec::Request request;
    request.commands.push_back(create);
    static_cast<void>(send(request));
  }

 private:
  // As the coordinator lets gateways in (coordinator/fleet/broker_upkeep).
  void make_gateway() {
    using hub::dynsec::AclKind;
    using hub::dynsec::Command;
    const std::string control = "$CONTROL/dynamic-security/#";
    const std::string twin = "devices/+/twin/desired";
    Command role;
    role.kind = Command::Kind::create_role;
    role.name = "gateways";
    role.acls.emplace();
    for (const std::string& topic : {control, twin}) {
      for (const AclKind kind :
           {AclKind::publish_send, AclKind::publish_receive, AclKind::subscribe_pattern}) {
        role.acls->push_back({kind, topic, true});
      }
    }
    Command account;
    account.kind = Command::Kind::create_client;
    account.name = "gateway";
    account.password = SecretBytes::copy_of(as_bytes("gateway's"));
    account.roles.emplace();
    account.roles->push_back({"gateways", 0});
    hub::dynsec::Request request;
    request.commands = {std::move(role), std::move(account)};
    const hub::HubResponse answer = send(request);
    for (const auto& reply : std::get<hub::dynsec::Answer>(answer).replies) {
      BERTH_ASSERT(reply.error.empty());
    }
  }

  bool start(const std::string& clients) {
    port_ = free_port();
    const std::string configuration = folder_.file("mosquitto.conf");
    std::ofstream(configuration)
        << "per_listener_settings false\nallow_anonymous false\nuser root\n"
        << "plugin " << plugin().string() << "\nplugin_opt_config_file " << clients << "\nlistener "
        << port_ << " 127.0.0.1\n";
    auto broker = dev::Child::start("/usr/sbin/mosquitto", {"-c", configuration},
                                    folder_.file("mosquitto.log"));
    BERTH_ASSERT(broker.has_value());
    const auto end = std::chrono::steady_clock::now() + kPatience;
    while (!listens(port_)) {
      BERTH_ASSERT(std::chrono::steady_clock::now() < end);
      if (broker->ends_within(20ms)) return false;
    }
    broker_ = std::move(*broker);
    return true;
  }

  std::unique_ptr<runtime::BrokerClient> client(const std::string& name,
                                                const std::string& password) {
    return std::make_unique<runtime::BrokerClient>(
        loop_.executor(), runtime::make_plain_context(),
        runtime::BrokerAccount{"127.0.0.1", port_, name, SecretBytes::copy_of(as_bytes(password)),
                               name},
        entropy_, json_);
  }

  // The connection of a device that was let in.
  std::unique_ptr<runtime::TlsStream> connect(const std::string& device,
                                              const std::string& password) {
    auto stream = loop_.run(runtime::connect_tls(loop_.executor(), "127.0.0.1", port_,
                                                 runtime::make_plain_context(), kPatience));
    BERTH_ASSERT(stream.has_value());
    mqtt::Connect packet;
    packet.client_id = device;
    packet.username = device;
    packet.password = SecretBytes::copy_of(as_bytes(password));
    const Bytes bytes = mqtt::encode(packet);
    BERTH_ASSERT(loop_.run((*stream)->write_all(bytes, kPatience)).has_value());
    mqtt::Decoder decoder;
    for (;;) {
      Bytes chunk(256);
      const auto count = loop_.run((*stream)->read_some(chunk, kPatience));
      if (!count || *count == 0) return nullptr;
      decoder.feed(ByteView(chunk.data(), *count));
      const auto answer = decoder.next();
      if (!answer) continue;
      const auto* connack = *answer ? std::get_if<mqtt::Connack>(&**answer) : nullptr;
      const bool is_in = connack != nullptr && connack->code == mqtt::ConnectCode::accepted;
      return is_in ? std::move(*stream) : nullptr;
    }
  }

  TemporaryFolder folder_;
  Loop loop_;
  FakeEntropy entropy_;
  std::uint16_t port_ = 0;
  std::optional<dev::Child> broker_;
  json::DynamicSecurityJson json_;
  std::unique_ptr<runtime::BrokerClient> gateway_;
  std::unique_ptr<hub::HubConnector> connector_ =
      hub::mosquitto_connector(domain::CoordinatorId("c0ffee"), json_);
  std::unique_ptr<hub::HubConnector> others_ =
      hub::mosquitto_connector(domain::CoordinatorId("deadbeef"), json_);
};

}  // namespace

std::unique_ptr<HubFixture> hub_fixture() {
  return std::make_unique<MosquittoFixture>();
}

}  // namespace berth::testing
