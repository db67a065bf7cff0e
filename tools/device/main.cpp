// berth-device: one device, or thousands, registering at a provisioning endpoint.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "shared/base/encoding.hpp"
#include "shared/crypto/openssl/certificate_authority.hpp"
#include "shared/crypto/pem_files.hpp"
#include "shared/crypto/wolfssl/wolfssl.hpp"
#include "shared/domain/attestation/symmetric_key.hpp"
#include "shared/runtime/system.hpp"
#include "tools/device/fleet.hpp"

namespace {

using namespace berth;
namespace json = boost::json;

struct Options {
  std::string dev_file;
  std::string host;
  std::uint16_t https_port = 443;
  std::uint16_t mqtt_port = 8883;
  std::string id_scope;
  std::string ca_file;
  std::string protocol = "https";
  std::string registration_id;
  std::string key;
  std::string group_key;
  std::string certificate_file;
  std::string key_file;
  std::string ca_certificate_file;
  std::string ca_key_file;
  std::string payload;
  std::size_t count = 1;
  std::size_t concurrency = 50;
  int timeout_seconds = 60;
  bool keep_alive = false;
  bool quiet = false;
};

constexpr const char* kExamples = R"(
Examples:
  berth-device --dev ~/dev/dev.json --registration-id dev-1 --key BASE64
  berth-device --dev ~/dev/dev.json --protocol mqtt --registration-id dev-2 \
      --certificate dev-2.pem --private-key dev-2.key
  berth-device --host gw.factory.example --id-scope 0ne00000A0A --ca-file ca.pem \
      --registration-id press- --group-key BASE64 --count 5000 --concurrency 200

Prints a JSON line per device, and for more than one device a last line with counts,
latency percentiles and errors. Exit code: 0 if every device got its hub, 1 if not, 2 on wrong
usage.)";

Result<std::string> read_file(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream) return Error{Errc::io, path + " can't be read"};
  return std::string(std::istreambuf_iterator<char>(stream), {});
}

Result<SecretBytes> read_key(const std::string& base64) {
  auto bytes = from_base64(base64);
  if (!bytes) return Error{Errc::malformed, "a key is base64"};
  return SecretBytes(std::move(*bytes));
}

// What dev.json says stands in for --host, the ports, --id-scope and --ca-file.
Result<void> read_dev_file(Options& options) {
  const auto text = read_file(options.dev_file);
  if (!text) return text.error();
  try {
    const json::value dev = json::parse(*text);
    const json::object& device = dev.at("device").as_object();
    options.host = device.at("host").as_string().c_str();
    options.https_port = device.at("https").to_number<std::uint16_t>();
    options.mqtt_port = device.at("mqtt").to_number<std::uint16_t>();
    options.ca_file = device.at("caFile").as_string().c_str();
    options.id_scope = dev.at("idScope").as_string().c_str();
  } catch (const std::exception& error) {
    return Error{Errc::malformed, options.dev_file + ": " + error.what()};
  }
  return {};
}

// Makes the attempts of a fleet; everything that is the same for all devices is read once.
class Attempts {
 public:
  static Result<Attempts> make(const Options& options, ports::Crypto& crypto,
                               ports::TlsLibrary& tls, ports::CertificateAuthority& authority) {
    Attempts attempts(options, crypto, tls, authority);
    attempts.endpoint_ = {
        options.host, options.https_port, options.mqtt_port, options.id_scope, {}};
    auto trusted = crypto::read_certificate_file(options.ca_file);
    if (!trusted) return trusted.error();
    attempts.endpoint_.trusted = std::move(*trusted);
    if (!options.key.empty() || !options.group_key.empty()) {
      auto key = read_key(options.key.empty() ? options.group_key : options.key);
      if (!key) return key.error();
      attempts.key_ = std::move(*key);
    }
    if (!options.certificate_file.empty()) {
      auto chain = crypto::read_certificate_file(options.certificate_file);
      if (!chain) return chain.error();
      auto key = crypto::read_private_key_file(options.key_file);
      if (!key) return key.error();
      attempts.own_ = {std::move(*chain), std::move(*key)};
    }
    if (!options.ca_certificate_file.empty()) {
      auto chain = crypto::read_certificate_file(options.ca_certificate_file);
      if (!chain) return chain.error();
      auto key = crypto::read_private_key_file(options.ca_key_file);
      if (!key) return key.error();
      attempts.issuer_ = {std::move(*chain), std::move(*key)};
    }
    return attempts;
  }

  Result<device::Attempt> operator()(std::size_t index) {
    device::Attempt attempt;
    attempt.endpoint = endpoint_;
    attempt.identity.registration_id =
        options_->registration_id + (options_->count > 1 ? std::to_string(index) : "");
    attempt.identity.payload = options_->payload;
    attempt.timeout = std::chrono::seconds{options_->timeout_seconds};
    attempt.unix_now = unix_seconds(clock_.wall());
    if (!options_->group_key.empty()) {
      attempt.identity.symmetric_key =
          domain::derive_device_key(key_, attempt.identity.registration_id, *crypto_);
    } else if (!options_->key.empty()) {
      attempt.identity.symmetric_key = key_;
    } else if (!own_.chain.empty()) {
      attempt.identity.certificate = own_;
    } else {
      auto issued = issue(attempt.identity.registration_id);
      if (!issued) return issued.error();
      attempt.identity.certificate = std::move(*issued);
    }
    // Devices that show the same certificate, or none, share one context.
    const bool is_shared = issuer_.chain.empty();
    if (!is_shared || context_ == nullptr) {
      ports::TlsClientSettings settings;
      settings.trusted = endpoint_.trusted;
      settings.identity = attempt.identity.certificate;
      auto context = tls_->client(settings);
      if (!context) return context.error();
      context_ = std::move(*context);
    }
    attempt.tls = context_;
    return attempt;
  }

 private:
  Attempts(const Options& options, ports::Crypto& crypto, ports::TlsLibrary& tls,
           ports::CertificateAuthority& authority)
      : options_(&options), crypto_(&crypto), tls_(&tls), authority_(&authority) {}

  Result<ports::TlsIdentity> issue(const std::string& common_name) {
    auto pair = authority_->generate_p256();
    if (!pair) return pair.error();
    ports::CertificateRequest request;
    request.common_name = common_name;
    request.public_key = pair->public_key;
    request.not_before = clock_.wall() - std::chrono::hours{1};
    request.not_after = clock_.wall() + std::chrono::hours{24};
    request.client_auth = true;
    auto leaf = authority_->issue(request, issuer_.chain.front(), issuer_.private_key);
    if (!leaf) return leaf.error();
    ports::TlsIdentity identity{{std::move(*leaf)}, std::move(pair->private_key)};
    identity.chain.insert(identity.chain.end(), issuer_.chain.begin(), issuer_.chain.end());
    return identity;
  }

  const Options* options_;
  ports::Crypto* crypto_;
  ports::TlsLibrary* tls_;
  ports::CertificateAuthority* authority_;
  runtime::SystemClock clock_;
  device::Endpoint endpoint_;
  SecretBytes key_;
  ports::TlsIdentity own_;
  ports::TlsIdentity issuer_;
  std::shared_ptr<ports::TlsContext> context_;
};

std::int64_t milliseconds(std::chrono::microseconds time) {
  return std::chrono::round<std::chrono::milliseconds>(time).count();
}

void print(const device::Report& report) {
  json::object line;
  line["registrationId"] = report.registration_id;
  line["milliseconds"] = milliseconds(report.took);
  if (!report.outcome) {
    line["status"] = "error";
    line["message"] = report.outcome.error().reason;
  } else if (report.outcome->assigned) {
    line["status"] = "assigned";
    line["assignedHub"] = report.outcome->hub;
    line["deviceId"] = report.outcome->device_id;
    line["substatus"] = report.outcome->substatus;
  } else {
    line["status"] = "refused";
    line["errorCode"] = report.outcome->error_code;
    line["message"] = report.outcome->message;
  }
  std::cout << json::serialize(line) << '\n';
}

void print(const device::Summary& summary, std::size_t count, std::chrono::microseconds took) {
  json::object line;
  line["devices"] = count;
  line["assigned"] = summary.assigned;
  line["totalMilliseconds"] = milliseconds(took);
  line["perSecond"] = static_cast<std::int64_t>(summary.assigned) * 1'000'000 /
                      std::max<std::int64_t>(1, took.count());
  line["milliseconds"] = {{"p50", milliseconds(summary.percentile(50))},
                          {"p90", milliseconds(summary.percentile(90))},
                          {"p99", milliseconds(summary.percentile(99))},
                          {"max", milliseconds(summary.percentile(100))}};
  json::object hubs;
  for (const auto& [hub, devices] : summary.hubs) hubs[hub] = devices;
  line["hubs"] = std::move(hubs);
  json::object errors;
  for (const auto& [error, devices] : summary.errors) errors[error] = devices;
  line["errors"] = std::move(errors);
  std::cout << json::serialize(line) << '\n';
}

int run(Options& options) {
  if (!options.dev_file.empty()) {
    const auto read = read_dev_file(options);
    if (!read) {
      std::cerr << "berth-device: " << read.error().reason << '\n';
      return 2;
    }
  }
  if (options.host.empty() || options.id_scope.empty() || options.ca_file.empty()) {
    std::cerr << "berth-device: give --dev FILE, or --host, --id-scope and --ca-file\n";
    return 2;
  }
  const auto crypto = crypto::make_wolfssl_crypto();
  const auto tls = crypto::make_wolfssl_tls();
  const auto authority = crypto::make_certificate_authority();
  auto attempts = Attempts::make(options, *crypto, *tls, *authority);
  if (!attempts) {
    std::cerr << "berth-device: " << attempts.error().reason << '\n';
    return 2;
  }
  device::Fleet fleet;
  fleet.protocol = options.protocol == "mqtt" ? device::Protocol::mqtt : device::Protocol::https;
  fleet.count = options.count;
  fleet.concurrency = options.concurrency;
  fleet.keep_alive = options.keep_alive;
  fleet.attempt = [&attempts](std::size_t index) { return (*attempts)(index); };
  fleet.on_report = [&options](const device::Report& report) {
    if (!options.quiet) print(report);
  };
  const auto start = std::chrono::steady_clock::now();
  const device::Summary summary = device::run_fleet(fleet, *crypto);
  const auto took = std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::steady_clock::now() - start);
  if (options.count > 1) print(summary, options.count, took);
  return summary.assigned == options.count ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app{"A device, or a fleet of them, that registers at a DPS-compatible endpoint.",
               "berth-device"};
  app.footer(kExamples);
  app.add_option("--dev", options.dev_file,
                 "dev.json of a running `berth dev`: names the endpoint");
  app.add_option("--host", options.host, "provisioning endpoint");
  app.add_option("--https-port", options.https_port, "HTTPS port")->capture_default_str();
  app.add_option("--mqtt-port", options.mqtt_port, "MQTT port")->capture_default_str();
  app.add_option("--id-scope", options.id_scope, "ID scope of the tenant");
  app.add_option("--ca-file", options.ca_file, "PEM file of the CA that signed the endpoint");
  app.add_option("--protocol", options.protocol, "https or mqtt")
      ->check(CLI::IsMember({"https", "mqtt"}))
      ->capture_default_str();
  app.add_option("--registration-id", options.registration_id,
                 "registration ID; with --count it is a prefix, followed by a number from 0")
      ->required();
  auto* key = app.add_option("--key", options.key, "symmetric key of the device, base64");
  auto* group_key =
      app.add_option("--group-key", options.group_key,
                     "symmetric key of the enrollment group, base64: device keys are derived");
  auto* certificate = app.add_option("--certificate", options.certificate_file,
                                     "PEM file of the device's certificate and its chain");
  auto* private_key =
      app.add_option("--private-key", options.key_file, "PEM file of the certificate's key");
  auto* ca_certificate =
      app.add_option("--issue-from", options.ca_certificate_file,
                     "PEM file of a CA chain; every device gets a fresh certificate from it");
  auto* ca_key =
      app.add_option("--issue-from-key", options.ca_key_file, "PEM file of that CA's key");
  certificate->needs(private_key);
  private_key->needs(certificate);
  ca_certificate->needs(ca_key);
  ca_key->needs(ca_certificate);
  key->excludes(group_key, certificate, ca_certificate);
  group_key->excludes(certificate, ca_certificate);
  certificate->excludes(ca_certificate);
  app.add_option("--payload", options.payload, "JSON object for custom allocation");
  app.add_option("--count", options.count, "number of devices")
      ->check(CLI::Range(std::size_t{1}, std::size_t{1000000}))
      ->capture_default_str();
  app.add_option("--concurrency", options.concurrency, "devices under way at once")
      ->check(CLI::Range(std::size_t{1}, device::kMaxConcurrency))
      ->capture_default_str();
  app.add_option("--timeout", options.timeout_seconds, "seconds for one registration")
      ->check(CLI::Range(1, 86400))
      ->capture_default_str();
  app.add_flag("--keep-alive", options.keep_alive,
               "devices use one HTTPS connection after another, not one each")
      ->excludes(ca_certificate);
  app.add_flag("--quiet", options.quiet, "only the summary line");
  try {
    app.parse(argc, argv);
    if (!*key && !*group_key && !*certificate && !*ca_certificate) {
      throw CLI::ValidationError("give --key, --group-key, --certificate or --issue-from");
    }
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return run(options);
}
