// The parts of a development installation: their configuration files, their processes, and what
// they are told once they run. Blocking; one thread.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "shared/base/result.hpp"
#include "shared/base/secret_bytes.hpp"
#include "shared/ports/certificate_authority.hpp"
#include "shared/ports/clock.hpp"
#include "shared/ports/entropy.hpp"
#include "tools/cli/service_client.hpp"
#include "tools/dev/child.hpp"
#include "tools/dev/dev.hpp"
#include "tools/dev/mosquitto.hpp"
#include "tools/dev/pki.hpp"
#include "tools/dev/ports.hpp"

namespace berth::dev {

// How long a part may take until it serves. A gateway's first start includes joining.
inline constexpr std::chrono::seconds kReadyTimeout{30};
inline constexpr std::chrono::seconds kStopGrace{5};

enum class Part : std::uint8_t { hub, mosquitto, coordinator, gateway };
[[nodiscard]] std::optional<Part> parse_part(std::string_view name);

class Installation {
 public:
  Installation(DevOptions options, Ports ports, ports::CertificateAuthority& authority,
               ports::Clock& clock, ports::Entropy& entropy);

  // Hubs and coordinator: made if new, started, told of each other.
  [[nodiscard]] Result<void> start_center();
  // The gateway, which reaches the coordinator through 127.0.0.1:`relay_port`; joins if it has not.
  [[nodiscard]] Result<void> start_gateway(std::uint16_t relay_port);
  // Ends the part if it runs, starts it, waits until it serves and writes its new pid.
  [[nodiscard]] Result<void> restart(Part part);
  // DIR/dev.json.
  [[nodiscard]] Result<void> write_description() const;
  void stop();

  [[nodiscard]] const Listener& service() const { return ports_.service; }
  [[nodiscard]] std::filesystem::path description_file() const { return dir_ / "dev.json"; }

 private:
  struct Hub {
    std::string host_name;
    SecretBytes key;
    CertificateFiles certificate;
  };

  Result<void> load_hubs();
  Result<void> write_hub_config() const;
  Result<void> write_coordinator_config() const;
  Result<void> write_gateway_config(const std::string& join_token) const;
  Result<void> start(Part part);
  // Empty if the part serves.
  [[nodiscard]] std::string trouble_of(Part part) const;
  [[nodiscard]] std::filesystem::path log_of(Part part) const;
  Result<void> wait_until_ready(Part part);
  Result<cli::ServiceClient> login(const std::string& key_name, const std::string& key) const;
  Result<void> learn_credentials();
  Result<void> link_hubs();
  Result<void> link(const std::string& host_name, boost::json::object hub);
  // Empty if the gateway has joined.
  Result<std::string> join_token();
  [[nodiscard]] std::string connection_string(const std::string& host, const std::string& key_name,
                                              const std::string& key) const;
  [[nodiscard]] std::string service_host() const;
  [[nodiscard]] std::string registry_url(std::size_t hub) const;
  std::optional<Child>& child(Part part);

  DevOptions options_;
  std::filesystem::path dir_;
  Ports ports_;
  ports::CertificateAuthority& authority_;
  ports::Clock& clock_;
  ports::Entropy& entropy_;
  std::optional<DevPki> pki_;
  CertificateFiles service_certificate_;
  CertificateFiles device_certificate_;
  std::vector<Hub> hubs_;
  std::string id_scope_;
  std::string operator_key_;  // base64
  std::string owner_key_;
  std::uint16_t relay_port_ = 0;
  std::optional<Mosquitto> mosquitto_;
  std::optional<Child> hub_child_;
  std::optional<Child> mosquitto_child_;
  std::optional<Child> coordinator_child_;
  std::optional<Child> gateway_child_;
};

}  // namespace berth::dev
