#include "tools/dev/installation.hpp"

#include <iostream>
#include <poll.h>
#include <utility>

#include <boost/json.hpp>

#include "shared/base/encoding.hpp"
#include "shared/crypto/pem.hpp"
#include "shared/protocol/connection_string.hpp"
#include "tools/dev/files.hpp"
#include "tools/dev/readiness.hpp"

namespace berth::dev {
namespace {

namespace json = boost::json;

constexpr std::size_t kHubKeySize = 32;
constexpr const char* kHubPolicy = "iothubowner";
constexpr const char* kOwnerPolicy = "provisioningserviceowner";
constexpr const char* kOperatorPolicy = "operator";
constexpr const char* kGatewayName = "dev-gateway";
constexpr const char* kSite = "dev";
constexpr std::uint16_t kHttpsPort = 443;

std::string text_of(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

// A TOML basic string.
std::string quoted(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "\"";
}

std::string quoted_list(const std::vector<std::string>& texts) {
  std::string list;
  for (const std::string& text : texts) list += (list.empty() ? "" : ", ") + quoted(text);
  return "[" + list + "]";
}

std::string with_port(const std::string& host, std::uint16_t port) {
  return port == kHttpsPort ? host : host + ":" + std::to_string(port);
}

Error in_context(const std::string& what, const Error& error) {
  return {error.code, what + ": " + error.reason};
}

const char* name_of(Part part) {
  switch (part) {
    case Part::hub: return "berth-hub";
    case Part::mosquitto: return "mosquitto";
    case Part::coordinator: return "berth-coordinator";
    case Part::gateway: return "berth-gateway";
  }
  return "";
}

}  // namespace

std::optional<Part> parse_part(std::string_view name) {
  if (name == "hub") return Part::hub;
  if (name == "mosquitto") return Part::mosquitto;
  if (name == "coordinator") return Part::coordinator;
  if (name == "gateway") return Part::gateway;
  return std::nullopt;
}

Installation::Installation(DevOptions options, Ports ports, ports::CertificateAuthority& authority,
                           ports::Clock& clock, ports::Entropy& entropy)
    : options_(std::move(options)),
      dir_(options_.dir),
      ports_(std::move(ports)),
      authority_(authority),
      clock_(clock),
      entropy_(entropy) {}

std::optional<Child>& Installation::child(Part part) {
  switch (part) {
    case Part::hub: return hub_child_;
    case Part::mosquitto: return mosquitto_child_;
    case Part::coordinator: return coordinator_child_;
    case Part::gateway: break;
  }
  return gateway_child_;
}

// ---- Start ----

Result<void> Installation::start_center() {
  for (const char* folder : {"coordinator", "gateway", "hubs"}) {
    std::error_code failed;
    std::filesystem::create_directories(dir_ / folder, failed);
    if (failed) return Error{Errc::io, (dir_ / folder).string() + ": " + failed.message()};
  }
  auto pki = DevPki::open(dir_, authority_, clock_);
  if (!pki) return pki.error();
  pki_ = std::move(*pki);
  // Good for every way of choosing ports, so that a second start may choose another.
  auto device = pki_->server("device", {"localhost"}, {"127.0.0.1", "::1"});
  if (!device) return device.error();
  device_certificate_ = *device;
  auto service = pki_->server("service", {"localhost"}, {"127.0.0.2", "127.0.0.1"});
  if (!service) return service.error();
  service_certificate_ = *service;

  auto done = load_hubs();
  if (done) done = write_hub_config();
  if (done) done = write_coordinator_config();
  if (done && ports_.broker) {
    auto broker = Mosquitto::prepare(dir_, *ports_.broker, *pki_, entropy_);
    if (!broker) return in_context("mosquitto", broker.error());
    mosquitto_ = std::move(*broker);
    done = start(Part::mosquitto);
  }
  if (done) done = start(Part::hub);
  if (done) done = start(Part::coordinator);
  if (done) done = wait_until_ready(Part::hub);
  if (done && mosquitto_) done = wait_until_ready(Part::mosquitto);
  if (done) done = wait_until_ready(Part::coordinator);
  if (done) done = learn_credentials();
  if (done) done = link_hubs();
  return done;
}

Result<void> Installation::start_gateway(std::uint16_t relay_port) {
  relay_port_ = relay_port;
  const auto token = join_token();
  if (!token) return token.error();
  auto done = write_gateway_config(*token);
  if (done) done = start(Part::gateway);
  if (done) done = wait_until_ready(Part::gateway);
  return done;
}

Result<void> Installation::restart(Part part) {
  if (part == Part::mosquitto && !mosquitto_) {
    return Error{Errc::invalid, "there is no mosquitto; it comes with --with-mosquitto"};
  }
  child(part).reset();
  auto done = start(part);
  if (done) done = wait_until_ready(part);
  if (done) done = write_description();
  return done;
}

void Installation::stop() {
  // Devices first, then what serves them.
  for (const Part part : {Part::gateway, Part::coordinator, Part::hub, Part::mosquitto}) {
    if (child(part)) child(part)->stop(kStopGrace);
  }
}

Result<void> Installation::start(Part part) {
  const std::string name = name_of(part);
  auto started = part == Part::mosquitto
                     ? mosquitto_->start()
                     : Child::start(options_.programs / name,
                                    {"--config", (dir_ / (name + ".toml")).string()}, log_of(part));
  if (!started) return in_context(name, started.error());
  child(part) = std::move(*started);
  return {};
}

std::filesystem::path Installation::log_of(Part part) const {
  return dir_ / (std::string(name_of(part)) + ".log");
}

std::string Installation::trouble_of(Part part) const {
  switch (part) {
    case Part::hub: return not_ready(ports_.hub_management);
    case Part::mosquitto: return mosquitto_->not_ready();
    case Part::coordinator: return not_ready(ports_.coordinator_management);
    case Part::gateway: break;
  }
  return not_ready(ports_.gateway_management);
}

Result<void> Installation::wait_until_ready(Part part) {
  const auto deadline = clock_.monotonic() + kReadyTimeout;
  std::string trouble;
  while (clock_.monotonic() < deadline) {
    trouble = trouble_of(part);
    if (trouble.empty()) return {};
    if (!child(part)->running()) {
      return Error{Errc::unavailable,
                   std::string(name_of(part)) + " ended; see " + log_of(part).string()};
    }
    constexpr int kPauseMilliseconds = 50;
    ::poll(nullptr, 0, kPauseMilliseconds);
  }
  return Error{Errc::timed_out, std::string(name_of(part)) + " does not serve (" + trouble +
                                    "); see " + log_of(part).string()};
}

// ---- Configuration files ----

Result<void> Installation::load_hubs() {
  const std::filesystem::path file = dir_ / "hubs.json";
  json::object keys;
  if (std::filesystem::exists(file)) {
    const auto text = read_file(file);
    if (!text) return text.error();
    json::error_code failed;
    const json::value parsed = json::parse(*text, failed);
    if (failed || !parsed.is_object()) return Error{Errc::corrupt, file.string() + " is damaged"};
    keys = parsed.get_object();
  }
  const std::size_t known = keys.size();
  for (std::size_t i = 0; i < ports_.hubs.size(); ++i) {
    Hub hub;
    const std::string name = std::string("hub-") + static_cast<char>('a' + i);
    hub.host_name = name + ".localhost";
    if (!keys.contains(hub.host_name)) {
      keys[hub.host_name] = to_base64(entropy_.bytes(kHubKeySize));
    }
    auto key = from_base64(text_of(keys, hub.host_name));
    if (!key) return Error{Errc::corrupt, file.string() + " is damaged"};
    hub.key = SecretBytes(std::move(*key));
    auto certificate =
        pki_->server(name, {hub.host_name}, {"127.0.0." + std::to_string(3 + i), "127.0.0.1"});
    if (!certificate) return certificate.error();
    hub.certificate = *certificate;
    hubs_.push_back(std::move(hub));
  }
  if (keys.size() == known) return {};
  return write_file(file, json::serialize(keys), FileMode::owner_only);
}

Result<void> Installation::write_hub_config() const {
  std::string toml =
      "database = " + quoted((dir_ / "hubs" / "hubs.db").string()) +
      "\n[management]\naddress = \"127.0.0.1\"\nport = " + std::to_string(ports_.hub_management) +
      "\n";
  for (std::size_t i = 0; i < hubs_.size(); ++i) {
    const Hub& hub = hubs_[i];
    toml += "[[hub]]\nhost_name = " + quoted(hub.host_name) +
            "\naddress = " + quoted(ports_.hubs[i].address) +
            "\nport = " + std::to_string(ports_.hubs[i].port) +
            "\ncertificate_file = " + quoted(hub.certificate.certificate.string()) +
            "\nprivate_key_file = " + quoted(hub.certificate.private_key.string()) +
            "\n[[hub.policy]]\nname = " + quoted(kHubPolicy) +
            "\nkey = " + quoted(to_base64(hub.key.reveal())) +
            "\nrights = [\"RegistryWrite\", \"ServiceConnect\", \"DeviceConnect\"]\n";
  }
  return write_file(dir_ / "berth-hub.toml", toml, FileMode::owner_only);
}

Result<void> Installation::write_coordinator_config() const {
  const std::string toml =
      "data_dir = " + quoted((dir_ / "coordinator").string()) +
      "\n[service]\naddresses = " + quoted_list({ports_.service.address}) +
      "\nport = " + std::to_string(ports_.service.port) +
      "\nnames = " + quoted_list({ports_.service.address, "127.0.0.1", "localhost"}) +
      "\ncertificate = " + quoted(service_certificate_.certificate.string()) +
      "\nprivate_key = " + quoted(service_certificate_.private_key.string()) +
      "\n[ca]\ncertificate = " + quoted(pki_->ca().certificate.string()) +
      "\nprivate_key = " + quoted(pki_->ca().private_key.string()) +
      "\n[urls]\nallow_loopback = true\n[webhooks]\ntrusted_ca = " +
      quoted(pki_->ca().certificate.string()) + "\n[management]\naddress = \"127.0.0.1\"\nport = " +
      std::to_string(ports_.coordinator_management) + "\n";
  return write_file(dir_ / "berth-coordinator.toml", toml, FileMode::owner_only);
}

Result<void> Installation::write_gateway_config(const std::string& join_token) const {
  std::string toml = "data_dir = " + quoted((dir_ / "gateway").string()) +
                     "\n[coordinator]\nhost = \"127.0.0.1\"\nport = " + std::to_string(relay_port_);
  if (!join_token.empty()) toml += "\njoin_token = " + quoted(join_token);
  toml += "\n[devices]\naddresses = " + quoted_list(ports_.device_addresses) +
          "\nhttps_port = " + std::to_string(ports_.https) +
          "\nmqtt_port = " + std::to_string(ports_.mqtt) +
          "\namqp_port = " + std::to_string(ports_.amqp) +
          "\ncoap_port = " + std::to_string(ports_.coap) +
          "\ncoaps_port = " + std::to_string(ports_.coaps) +
          "\ncertificate = " + quoted(device_certificate_.certificate.string()) +
          "\nprivate_key = " + quoted(device_certificate_.private_key.string()) +
          "\n[urls]\nallow_loopback = true\n[webhooks]\ntrusted_ca = " +
          quoted(pki_->ca().certificate.string()) +
          "\n[probes]\ninterval_seconds = 5\n[management]\naddress = \"127.0.0.1\"\nport = " +
          std::to_string(ports_.gateway_management) + "\n";
  return write_file(dir_ / "berth-gateway.toml", toml, FileMode::owner_only);
}

// ---- What the coordinator is told ----

std::string Installation::service_host() const {
  return with_port(ports_.service.address, ports_.service.port);
}

std::string Installation::registry_url(std::size_t hub) const {
  return "https://" + with_port(ports_.hubs[hub].address, ports_.hubs[hub].port);
}

std::string Installation::connection_string(const std::string& host, const std::string& key_name,
                                            const std::string& key) const {
  return "HostName=" + host + ";SharedAccessKeyName=" + key_name + ";SharedAccessKey=" + key;
}

Result<cli::ServiceClient> Installation::login(const std::string& key_name,
                                               const std::string& key) const {
  return cli::ServiceClient::open(
      {connection_string(service_host(), key_name, key), pki_->ca().certificate.string()});
}

Result<void> Installation::learn_credentials() {
  const auto text = read_file(dir_ / "coordinator" / "operator.connection-string");
  if (!text) return text.error();
  const auto parsed = protocol::parse_connection_string(text->substr(0, text->find('\n')));
  if (!parsed) return in_context("operator.connection-string", parsed.error());
  operator_key_ = to_base64(parsed->key.reveal());
  auto client = login(kOperatorPolicy, operator_key_);
  if (!client) return client.error();
  const auto tenants = client->call("GET", "/berth/v1/tenants");
  if (!tenants) return tenants.error();
  for (const json::value& tenant : tenants->body.at("value").as_array()) {
    if (tenant.at("isDefault").as_bool()) id_scope_ = text_of(tenant.as_object(), "idScope");
  }
  const auto keys = client->call("POST", cli::path_of("/berth/v1/tenants", id_scope_, "listKeys"));
  if (!keys) return keys.error();
  for (const json::value& policy : keys->body.at("value").as_array()) {
    if (text_of(policy.as_object(), "keyName") == kOwnerPolicy) {
      owner_key_ = text_of(policy.as_object(), "primaryKey");
    }
  }
  return {};
}

Result<void> Installation::link_hubs() {
  for (std::size_t i = 0; i < hubs_.size(); ++i) {
    json::object hub{{"kind", "azure-iot-hub"},
                     {"hostName", hubs_[i].host_name},
                     {"registryUrl", registry_url(i)},
                     {"policyName", kHubPolicy},
                     {"policyKey", to_base64(hubs_[i].key.reveal())},
                     {"requestsPerMinute", 0}};
    auto linked = link(hubs_[i].host_name, std::move(hub));
    if (!linked) return linked.error();
  }
  if (!mosquitto_) return {};
  return link(mosquitto_->host_name(), mosquitto_->link());
}

Result<void> Installation::link(const std::string& host_name, json::object hub) {
  auto client = login(kOwnerPolicy, owner_key_);
  if (!client) return client.error();
  const auto linked = client->call("GET", "/berth/v1/linkedHubs");
  if (!linked) return linked.error();
  hub["caCertificate"] = crypto::write_pem("CERTIFICATE", pki_->ca_certificate());
  bool is_known = false;
  for (const json::value& known : linked->body.at("value").as_array()) {
    is_known = is_known || text_of(known.as_object(), "hostName") == host_name;
  }
  const auto written = is_known
                           ? client->call("PUT", cli::path_of("/berth/v1/linkedHubs", host_name),
                                          hub, {{"If-Match", "*"}})
                           : client->call("POST", "/berth/v1/linkedHubs", hub);
  if (!written) return in_context("linking " + host_name, written.error());
  return {};
}

Result<std::string> Installation::join_token() {
  auto client = login(kOperatorPolicy, operator_key_);
  if (!client) return client.error();
  const auto gateways = client->call("GET", "/berth/v1/gateways");
  if (!gateways) return gateways.error();
  for (const json::value& gateway : gateways->body.at("value").as_array()) {
    if (text_of(gateway.as_object(), "name") != kGatewayName) continue;
    const bool has_joined = text_of(gateway.as_object(), "status") == "active" &&
                            std::filesystem::exists(dir_ / "gateway" / "gateway.db");
    if (has_joined) return std::string();
    const auto again =
        client->call("POST", cli::path_of("/berth/v1/gateways", kGatewayName, "joinToken"));
    if (!again) return again.error();
    return text_of(again->body.as_object(), "joinToken");
  }
  const auto sites = client->call("GET", "/berth/v1/sites");
  if (!sites) return sites.error();
  if (sites->body.at("value").as_array().empty()) {
    const auto site = client->call("POST", "/berth/v1/sites", json::object{{"siteId", kSite}});
    if (!site) return in_context("making the site", site.error());
  }
  const auto made = client->call("POST", "/berth/v1/gateways",
                                 json::object{{"name", kGatewayName}, {"site", kSite}});
  if (!made) return in_context("making the gateway", made.error());
  return text_of(made->body.as_object(), "joinToken");
}

// ---- dev.json ----

Result<void> Installation::write_description() const {
  const std::string ca_file = std::filesystem::absolute(pki_->ca().certificate).string();
  json::array hubs;
  for (std::size_t i = 0; i < hubs_.size(); ++i) {
    const std::string host = with_port(ports_.hubs[i].address, ports_.hubs[i].port);
    hubs.push_back(json::object{
        {"hostName", hubs_[i].host_name},
        {"kind", "azure-iot-hub"},
        {"registryUrl", registry_url(i)},
        {"connectionString", connection_string(host, kHubPolicy, to_base64(hubs_[i].key.reveal()))},
        {"caFile", ca_file}});
  }
  if (mosquitto_) {
    json::object hub = mosquitto_->description();
    hub["caFile"] = ca_file;
    hubs.push_back(std::move(hub));
  }
  json::object pids{{"coordinator", coordinator_child_ ? coordinator_child_->pid() : -1},
                    {"gateway", gateway_child_ ? gateway_child_->pid() : -1},
                    {"hubs", json::array{hub_child_ ? hub_child_->pid() : -1}}};
  if (mosquitto_child_) pids["mosquitto"] = mosquitto_child_->pid();
  const std::string loopback = "http://127.0.0.1:";
  const json::object description{
      {"idScope", id_scope_},
      {"device",
       {{"host", "localhost"},
        {"https", ports_.https},
        {"mqtt", ports_.mqtt},
        {"amqp", ports_.amqp},
        {"coap", ports_.coap},
        {"coaps", ports_.coaps},
        {"caFile", ca_file}}},
      {"service",
       {{"url", "https://" + service_host()},
        {"connectionString", connection_string(service_host(), kOwnerPolicy, owner_key_)},
        {"caFile", ca_file}}},
      {"operator",
       {{"connectionString", connection_string(service_host(), kOperatorPolicy, operator_key_)}}},
      {"metrics",
       {{"coordinator", loopback + std::to_string(ports_.coordinator_management) + "/metrics"},
        {"gateway", loopback + std::to_string(ports_.gateway_management) + "/metrics"}}},
      {"gatewayStatus", loopback + std::to_string(ports_.gateway_management) + "/"},
      {"hubs", std::move(hubs)},
      {"pids", std::move(pids)}};
  return write_file(description_file(), json::serialize(description) + "\n", FileMode::owner_only);
}

}  // namespace berth::dev
