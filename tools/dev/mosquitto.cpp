#include "tools/dev/mosquitto.hpp"

#include <chrono>
#include <optional>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "shared/base/encoding.hpp"
#include "tools/dev/files.hpp"

namespace berth::dev {
namespace {

namespace fs = std::filesystem;

constexpr const char* kHostName = "mosquitto.localhost";
constexpr const char* kAdministrator = "admin";
constexpr std::size_t kPasswordEntropy = 24;
constexpr const char* kPluginFile = "mosquitto_dynamic_security.so";
// For mosquitto_ctrl, which writes one small file.
constexpr std::chrono::seconds kControlTimeout{10};

Error no_mosquitto(const std::string& what) {
  return Error{Errc::not_found, "there is no " + what + ": apt-get install mosquitto"};
}

std::optional<fs::path> find_program(const std::string& name) {
  for (const char* folder : {"/usr/sbin", "/usr/bin", "/usr/local/sbin", "/usr/local/bin"}) {
    std::error_code failed;
    if (fs::exists(fs::path(folder) / name, failed)) return fs::path(folder) / name;
  }
  return std::nullopt;
}

// Where Debian puts libraries depends on the processor: /usr/lib/x86_64-linux-gnu and the like.
std::optional<fs::path> find_plugin() {
  std::error_code failed;
  for (const fs::directory_entry& folder : fs::directory_iterator("/usr/lib", failed)) {
    if (fs::exists(folder.path() / kPluginFile, failed)) return folder.path() / kPluginFile;
  }
  return std::nullopt;
}

}  // namespace

Result<Mosquitto> Mosquitto::prepare(const fs::path& dir, const BrokerListeners& at, DevPki& pki,
                                     ports::Entropy& entropy) {
  const auto program = find_program("mosquitto");
  if (!program) return no_mosquitto("mosquitto");
  const auto plugin = find_plugin();
  if (!plugin) return no_mosquitto(kPluginFile);
  Mosquitto broker(dir / "mosquitto", at);
  broker.program_ = *program;
  broker.host_name_ = kHostName;
  std::error_code failed;
  fs::create_directories(broker.dir_, failed);
  if (failed) return Error{Errc::io, broker.dir_.string() + ": " + failed.message()};
  auto done = broker.make_administrator(entropy);
  if (done) done = broker.write_configuration(pki, *plugin);
  if (!done) return done.error();
  auto password = read_file(broker.dir_ / "admin.password");
  if (!password) return password.error();
  broker.password_ = password->substr(0, password->find('\n'));
  return broker;
}

Result<void> Mosquitto::make_administrator(ports::Entropy& entropy) const {
  const fs::path clients = dir_ / "dynamic-security.json";
  if (fs::exists(clients)) return {};
  const auto control = find_program("mosquitto_ctrl");
  if (!control) return no_mosquitto("mosquitto_ctrl");
  const std::string password = to_hex(entropy.bytes(kPasswordEntropy));
  auto kept = write_file(dir_ / "admin.password", password + "\n", FileMode::owner_only);
  if (!kept) return kept.error();
  auto child =
      Child::start(*control, {"dynsec", "init", clients.string(), kAdministrator, password}, log());
  if (!child) return child.error();
  if (!child->ends_within(kControlTimeout) || !fs::exists(clients)) {
    return Error{Errc::unavailable, "mosquitto_ctrl failed; see " + log().string()};
  }
  return {};
}

Result<void> Mosquitto::write_configuration(DevPki& pki, const fs::path& plugin) const {
  const auto certificate = pki.server("mosquitto", {kHostName}, {"127.0.0.5", "127.0.0.1"});
  if (!certificate) return certificate.error();
  const fs::path device_cas = dir_ / "device-cas.pem";
  if (!fs::exists(device_cas)) {
    const auto own = read_file(pki.ca().certificate);
    if (!own) return own.error();
    const auto written = write_file(device_cas, *own, FileMode::readable);
    if (!written) return written.error();
  }
  const std::string server = "certfile " + certificate->certificate.string() + "\nkeyfile " +
                             certificate->private_key.string() + "\n";
  // "user root": started as root it would change to a user that cannot read these files.
  const std::string text =
      "per_listener_settings false\nallow_anonymous false\nuser root\npersistence true\n"
      "autosave_on_changes true\nautosave_interval 1\n"
      "persistence_location " +
      dir_.string() + "/\nplugin " + plugin.string() + "\nplugin_opt_config_file " +
      (dir_ / "dynamic-security.json").string() + "\nlistener " + std::to_string(at_.keys.port) +
      " " + at_.keys.address + "\ncafile " + pki.ca().certificate.string() + "\n" + server +
      "listener " + std::to_string(at_.certificates.port) + " " + at_.certificates.address +
      "\ncafile " + device_cas.string() + "\n" + server +
      "require_certificate true\nuse_identity_as_username true\nuse_username_as_clientid true\n";
  return write_file(dir_ / "mosquitto.conf", text, FileMode::owner_only);
}

Result<Child> Mosquitto::start() const {
  return Child::start(program_, {"-c", (dir_ / "mosquitto.conf").string()}, log());
}

std::string Mosquitto::not_ready() const {
  boost::asio::io_context loop;
  for (const Listener* listener : {&at_.keys, &at_.certificates}) {
    boost::asio::ip::tcp::socket socket(loop);
    boost::system::error_code failed;
    socket.connect({boost::asio::ip::make_address(listener->address), listener->port}, failed);
    if (failed) return failed.message();
  }
  return {};
}

boost::json::object Mosquitto::link() const {
  return {{"kind", "mosquitto"},
          {"hostName", host_name_},
          {"registryUrl", "mqtts://" + at_.keys.address + ":" + std::to_string(at_.keys.port)},
          {"userName", kAdministrator},
          {"password", password_}};
}

boost::json::object Mosquitto::description() const {
  return {{"hostName", host_name_},
          {"kind", "mosquitto"},
          {"mqtt",
           {{"host", at_.keys.address},
            {"port", at_.keys.port},
            {"certificatePort", at_.certificates.port}}}};
}

}  // namespace berth::dev
