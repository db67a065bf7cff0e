// A Mosquitto broker as one more hub of a development installation, configured as
// docs/hubs/mosquitto.md says: the dynamic-security plugin, one listener for user names and keys,
// one for certificates. The programs are Debian's.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include <boost/json/object.hpp>

#include "shared/base/result.hpp"
#include "shared/ports/entropy.hpp"
#include "tools/dev/child.hpp"
#include "tools/dev/pki.hpp"
#include "tools/dev/ports.hpp"

namespace berth::dev {

class Mosquitto {
 public:
  // Writes DIR/mosquitto: its configuration and, the first time, its administrator, and
  // device-cas.pem, whose CAs issue what devices log in with: the installation's own, to which
  // others may be added. Errc::not_found, with what to install, if there is no mosquitto.
  static Result<Mosquitto> prepare(const std::filesystem::path& dir, const BrokerListeners& at,
                                   DevPki& pki, ports::Entropy& entropy);

  [[nodiscard]] Result<Child> start() const;
  // Empty once it listens; otherwise what stands in the way.
  [[nodiscard]] std::string not_ready() const;

  [[nodiscard]] const std::string& host_name() const { return host_name_; }
  [[nodiscard]] std::filesystem::path log() const { return dir_.parent_path() / "mosquitto.log"; }
  // What the coordinator is told, but for the CA certificate.
  [[nodiscard]] boost::json::object link() const;
  // Its place in dev.json, but for the CA file.
  [[nodiscard]] boost::json::object description() const;

 private:
  Mosquitto(std::filesystem::path dir, BrokerListeners at)
      : dir_(std::move(dir)), at_(std::move(at)) {}

  Result<void> write_configuration(DevPki& pki, const std::filesystem::path& plugin) const;
  Result<void> make_administrator(ports::Entropy& entropy) const;

  std::filesystem::path dir_;  // DIR/mosquitto
  BrokerListeners at_;
  std::filesystem::path program_;
  std::string host_name_;
  std::string password_;
};

}  // namespace berth::dev
