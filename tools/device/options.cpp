#include "tools/device/options.hpp"

#include <algorithm>

#include <CLI/CLI.hpp>

namespace berth::device {
namespace {

constexpr std::size_t kMaxCount = 1'000'000;
constexpr int kMaxSeconds = 7 * 86400;

constexpr const char* kExamples = R"(
Examples:
  berth-device --dev ~/dev/dev.json --registration-id dev-1 --key BASE64
  berth-device --dev ~/dev/dev.json --protocol amqp-ws --registration-id dev-2 \
      --certificate dev-2.pem --private-key dev-2.key
  berth-device --host gw.factory.example --id-scope 0ne00000A0A --ca-file ca.pem \
      --registration-id press- --group-key BASE64 --count 5000 --concurrency 200
  berth-device --dev ~/dev/dev.json --registration-id press- --group-key BASE64 --count 500 \
      --protocol mqtt --duration 3600 --ramp 60 --rate 100 --quiet

Prints a JSON line per registration, and for a fleet a last line with counts, latency
percentiles and errors. Exit code: 0 if every registration got its hub, 1 if not, 2 on wrong
usage.)";

constexpr const char* kConnectExamples = R"(
Examples:
  berth-device connect --port 8443 --ca-file ca.pem --issue-from devices.pem \
      --issue-from-key devices.key
  berth-device connect --protocol mqtt --port 8883 --count 5000 --ca-file ca.pem \
      --issue-from devices.pem --issue-from-key devices.key

Prints one JSON line. Exit code: 0 if every connection was answered, 1 if not, 2 on wrong
usage.)";

constexpr const char* kAttackExamples = R"(
Examples:
  berth-device attack connection-flood --dev ~/dev/dev.json --count 20000 --concurrency 3000
  berth-device attack bad-credentials --dev ~/dev/dev.json --registration-id dev-1 --from 127.0.0.9

Prints one JSON line: how the attempts ended, and after how long. Exit code: 0 if it ran, 2 on
wrong usage.)";

std::vector<std::string> names_of_protocols() {
  std::vector<std::string> names;
  for (const Protocol protocol : all_protocols()) names.emplace_back(name_of(protocol));
  return names;
}

void add_endpoint(CLI::App& app, RegisterOptions& options) {
  app.add_option("--dev", options.dev_file,
                 "dev.json of a running `berth dev`: names the endpoint");
  app.add_option("--host", options.host, "provisioning endpoint");
  app.add_option("--https-port", options.https_port, "port of HTTPS and of WebSockets")
      ->capture_default_str();
  app.add_option("--mqtt-port", options.mqtt_port, "MQTT port")->capture_default_str();
  app.add_option("--amqp-port", options.amqp_port, "AMQP port")->capture_default_str();
  app.add_option("--coaps-port", options.coaps_port, "CoAPS port")->capture_default_str();
  app.add_option("--id-scope", options.id_scope, "ID scope of the tenant");
  app.add_option("--ca-file", options.ca_file, "PEM file of the CA that signed the endpoint");
  app.add_option("--protocol", options.protocol, "how to register")
      ->check(CLI::IsMember(names_of_protocols()))
      ->capture_default_str();
  app.add_option("--api-version", options.api_version, "what the device says it speaks")
      ->capture_default_str();
  app.add_option("--timeout", options.timeout_seconds, "seconds for one registration")
      ->check(CLI::Range(1, 86400))
      ->capture_default_str();
}

void add_identity(CLI::App& app, RegisterOptions& options) {
  app.add_option("--registration-id", options.registration_id,
                 "registration ID; with --count it is a prefix, followed by a number from 0");
  auto* key = app.add_option("--key", options.key, "symmetric key of the device, base64");
  auto* group_key =
      app.add_option("--group-key", options.group_key,
                     "symmetric key of the enrollment group, base64: device keys are derived");
  app.add_option("--group-id", options.group_id,
                 "enrollment group of that key, which CoAPS must name")
      ->needs(group_key);
  app.add_flag("--secondary-key", options.is_secondary_key,
               "the key is the secondary one, which CoAPS must say");
  auto* certificate = app.add_option("--certificate", options.certificate_file,
                                     "PEM file of the device's certificate and its chain");
  auto* private_key =
      app.add_option("--private-key", options.key_file, "PEM file of the certificate's key");
  auto* issuer = app.add_option("--issue-from", options.issuer_file,
                                "PEM file of a CA chain; every device gets a fresh certificate "
                                "from it");
  auto* issuer_key =
      app.add_option("--issue-from-key", options.issuer_key_file, "PEM file of that CA's key");
  certificate->needs(private_key);
  private_key->needs(certificate);
  issuer->needs(issuer_key);
  issuer_key->needs(issuer);
  auto* tcti = app.add_option("--tcti", options.tcti,
                              "TPM to attest with, as libtss2 names it: device:/dev/tpmrm0 or "
                              "swtpm:host=127.0.0.1,port=2321; HTTPS and AMQP");
  app.add_flag("--hub-token", options.wants_hub_token,
               "show a token for the hub, signed with the key that the TPM was given")
      ->needs(tcti);
  app.add_flag(
         "--ek-certificate", options.shows_certificate,
         "show the certificate that the TPM's maker put into it, for a group that admits TPMs "
         "by it; not for Azure's own service")
      ->needs(tcti);
  key->excludes(group_key, certificate, issuer, tcti);
  group_key->excludes(certificate, issuer, tcti);
  certificate->excludes(issuer, tcti);
  issuer->excludes(tcti);
  app.add_option("--payload", options.payload, "JSON object for custom allocation");
  app.add_flag("--force", options.force,
               "ask for a new assignment, whatever the enrollment's policy says; HTTPS and AMQP");
}

void add_load(CLI::App& app, RegisterOptions& options) {
  app.add_option("--count", options.count, "number of devices")
      ->check(CLI::Range(std::size_t{1}, kMaxCount))
      ->capture_default_str();
  app.add_option("--concurrency", options.concurrency, "devices under way at once")
      ->check(CLI::Range(std::size_t{1}, kMaxConcurrency))
      ->capture_default_str();
  app.add_option("--duration", options.duration_seconds,
                 "seconds in which the devices register again and again; 0: once each")
      ->check(CLI::Range(0, kMaxSeconds));
  app.add_option("--ramp", options.ramp_seconds, "seconds until all --concurrency are under way")
      ->check(CLI::Range(0, kMaxSeconds));
  app.add_option("--rate", options.per_second, "registrations begun per second, at most")
      ->check(CLI::PositiveNumber);
  app.add_flag("--keep-alive", options.keep_connections,
               "connections are used again: over HTTPS by one device after another, else by the "
               "same device")
      ->excludes(app.get_option("--issue-from"));
  app.add_flag("--quiet", options.quiet, "only the summary line");
}

void check_tpm(const RegisterOptions& options) {
  if (options.count > 1) throw CLI::ValidationError("--tcti: a TPM is one device");
  if (!options.protocol.starts_with("https") && !options.protocol.starts_with("amqp")) {
    throw CLI::ValidationError("--tcti: TPMs attest over HTTPS and AMQP");
  }
}

void check(const RegisterOptions& options) {
  if (!options.tcti.empty()) {
    check_tpm(options);
  } else {
    if (options.registration_id.empty()) throw CLI::RequiredError("--registration-id");
    if (options.key.empty() && options.group_key.empty() && options.certificate_file.empty() &&
        options.issuer_file.empty()) {
      throw CLI::ValidationError("give --key, --group-key, --certificate, --issue-from or --tcti");
    }
  }
  if (options.force && options.protocol.starts_with("mqtt")) {
    throw CLI::ValidationError("--force: MQTT has no words for it");
  }
  if (options.protocol == name_of(Protocol::coaps) && !options.group_key.empty() &&
      options.group_id.empty()) {
    throw CLI::ValidationError("--group-key: over CoAPS it needs --group-id");
  }
  if (options.dev_file.empty() &&
      (options.host.empty() || options.id_scope.empty() || options.ca_file.empty())) {
    throw CLI::ValidationError("give --dev FILE, or --host, --id-scope and --ca-file");
  }
}

CLI::App* add_connect(CLI::App& app, ConnectOptions& options) {
  auto* connect = app.add_subcommand(
      "connect",
      "Connections as devices make them, to any server: mutual TLS with ECDSA P-256, one request, "
      "and the end. For comparing what a registration costs with what other servers pay.");
  connect->footer(kConnectExamples);
  connect->add_option("--protocol", options.protocol, "https (GET) or mqtt (CONNECT)")
      ->check(CLI::IsMember({"https", "mqtt"}))
      ->capture_default_str();
  connect->add_option("--host", options.host, "server")->capture_default_str();
  connect->add_option("--port", options.port, "its port")->capture_default_str();
  connect->add_option("--path", options.path, "what to GET")->capture_default_str();
  connect->add_option("--ca-file", options.ca_file, "PEM file of the CA that signed the server")
      ->required();
  connect
      ->add_option("--issue-from", options.issuer_file,
                   "PEM file of the CA chain that device certificates are made from")
      ->required();
  connect->add_option("--issue-from-key", options.issuer_key_file, "PEM file of that CA's key")
      ->required();
  connect->add_option("--count", options.count, "connections")
      ->check(CLI::Range(std::size_t{1}, kMaxCount))
      ->capture_default_str();
  connect->add_option("--concurrency", options.concurrency, "connections at once")
      ->check(CLI::Range(std::size_t{1}, kMaxConcurrency))
      ->capture_default_str();
  connect->add_option("--identities", options.identities, "different device keys")
      ->check(CLI::Range(std::size_t{1}, kMaxIdentities))
      ->capture_default_str();
  return connect;
}

CLI::App* add_tpm(CLI::App& app, TpmOptions& options) {
  auto* tpm = app.add_subcommand(
      "tpm",
      "Shows what an enrollment needs to know of a TPM: its endorsement key, and the registration "
      "ID that is made of it. Makes the TPM's keys, if it has none.");
  tpm->add_option("--tcti", options.tcti, "the TPM, as libtss2 names it")->required();
  return tpm;
}

std::string kinds_of_attack() {
  std::string text = "\nKinds:\n";
  for (const AttackKind kind : all_attacks()) {
    std::string name(name_of(kind));
    name.resize(std::max<std::size_t>(name.size(), 20), ' ');
    text += "  " + name + std::string(meaning_of(kind)) + "\n";
  }
  return text + kAttackExamples;
}

CLI::App* add_attack(CLI::App& app, AttackOptions& options) {
  auto* attack = app.add_subcommand(
      "attack",
      "Behaves as a hostile device, to see whether a gateway stays up and fair. For loopback only: "
      "any other address is refused.");
  attack->footer(kinds_of_attack());
  std::vector<std::string> kinds;
  for (const AttackKind kind : all_attacks()) kinds.emplace_back(name_of(kind));
  attack->add_option("kind", options.kind, "what it does")->required()->check(CLI::IsMember(kinds));
  attack->add_option("--dev", options.dev_file, "dev.json of a running `berth dev`")->required();
  attack->add_option("--address", options.address, "address of the gateway, a loopback address")
      ->capture_default_str();
  attack->add_option("--port", options.port, "its port, if not the one in dev.json");
  attack->add_option("--from", options.from, "source address, a loopback address");
  attack
      ->add_option("--registration-id", options.registration_id,
                   "the device that bad credentials are shown for")
      ->capture_default_str();
  attack->add_option("--count", options.count, "attempts")
      ->check(CLI::Range(std::size_t{1}, kMaxAttackCount))
      ->capture_default_str();
  attack->add_option("--concurrency", options.concurrency, "attempts at once")
      ->check(CLI::Range(std::size_t{1}, kMaxConcurrency))
      ->capture_default_str();
  attack->add_option("--seconds", options.seconds, "after so many it ends")
      ->check(CLI::Range(1, kMaxAttackSeconds))
      ->capture_default_str();
  attack
      ->add_option("--hold", options.hold_milliseconds,
                   "milliseconds that connection-flood holds a connection")
      ->check(CLI::Range(0, kMaxAttackSeconds * 1000))
      ->capture_default_str();
  return attack;
}

}  // namespace

Command parse_command_line(int argc, const char* const* argv) {
  RegisterOptions registering;
  ConnectOptions connecting;
  AttackOptions attacking;
  CLI::App app{"A device, or a fleet of them, that registers at a DPS-compatible endpoint.",
               "berth-device"};
  app.footer(kExamples);
  app.require_subcommand(0, 1);
  add_endpoint(app, registering);
  add_identity(app, registering);
  add_load(app, registering);
  const CLI::App* connect = add_connect(app, connecting);
  const CLI::App* attack = add_attack(app, attacking);
  TpmOptions showing;
  const CLI::App* tpm = add_tpm(app, showing);
  try {
    app.parse(argc, argv);
    if (connect->parsed()) return connecting;
    if (attack->parsed()) return attacking;
    if (tpm->parsed()) return showing;
    check(registering);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return registering;
}

}  // namespace berth::device
