#include "coordinator/app/config.hpp"

#include "shared/config/config_file.hpp"
#include "shared/crypto/tss2/tpm_key_sealer.hpp"

namespace berth::coordinator {
namespace {

constexpr std::chrono::seconds kDefaultGatewayCertificate = std::chrono::days{90};
// Renewing takes a moment, and times in certificates have whole seconds.
constexpr std::chrono::seconds kShortestGatewayCertificate{10};
constexpr std::chrono::seconds kLongestGatewayCertificate = std::chrono::days{3650};

// All records of such a kind are read at once now and then.
constexpr std::size_t kMostRecordsOfAKind = 1000;
// These are only counted.
constexpr std::size_t kMostEnrollments = 100'000'000;
constexpr std::int64_t kMostOperationsPerMinute = 1'000'000;

void check_pair(const config::Section& section, const std::string& certificate,
                const std::string& key) {
  if (certificate.empty() != key.empty()) {
    section.refuse("certificate", "certificate and private_key go together");
  }
}

std::size_t quota(const config::Section& section, const char* name, std::size_t standard,
                  std::size_t most) {
  return static_cast<std::size_t>(section.integer(name, static_cast<std::int64_t>(standard), 1,
                                                  static_cast<std::int64_t>(most)));
}

void read_quotas(const config::Section& section, CoordinatorConfig& config) {
  const Quotas standard;
  config.quotas.individual_enrollments =
      quota(section, "individual_enrollments", standard.individual_enrollments, kMostEnrollments);
  config.quotas.x509_groups =
      quota(section, "x509_groups", standard.x509_groups, kMostRecordsOfAKind);
  config.quotas.symmetric_groups =
      quota(section, "symmetric_groups", standard.symmetric_groups, standard.symmetric_groups);
  config.quotas.ca_certificates =
      quota(section, "ca_certificates", standard.ca_certificates, kMostRecordsOfAKind);
  config.quotas.linked_hubs =
      quota(section, "linked_hubs", standard.linked_hubs, kMostRecordsOfAKind);
  config.operations_per_minute = static_cast<std::uint32_t>(
      section.integer("operations_per_minute", 0, 0, kMostOperationsPerMinute));
}

}  // namespace

Result<CoordinatorConfig> CoordinatorConfig::load(const std::string& path) {
  const auto file = config::ConfigFile::load(path);
  if (!file) return file.error();
  const config::Section root = file->root();
  CoordinatorConfig config;
  config.data_dir = root.text("data_dir", "/var/lib/berth-coordinator");
  const std::string root_key = root.text("root_key", "file");
  config.root_key_in_tpm = root_key == "tpm";
  if (!config.root_key_in_tpm && root_key != "file") {
    root.refuse("root_key", "must be \"file\" or \"tpm\"");
  }
  config.tpm = root.text("tpm", crypto::kDefaultTcti);

  const config::Section service = root.section("service");
  config.addresses = service.texts("addresses");
  if (config.addresses.empty()) config.addresses = {"0.0.0.0", "::"};
  config.port = service.port("port", 443);
  config.names = service.texts("names");
  if (config.names.empty()) {
    service.refuse("names", "name the host names and addresses that admins and gateways use");
  }
  config.public_port = service.port("public_port", config.port);
  config.certificate_file = service.text("certificate", "");
  config.private_key_file = service.text("private_key", "");
  check_pair(service, config.certificate_file, config.private_key_file);
  config.max_connections =
      static_cast<std::size_t>(service.integer("max_connections", 2000, 1, 20000));

  const config::Section ca = root.section("ca");
  config.ca_certificate_file = ca.text("certificate", "");
  config.ca_private_key_file = ca.text("private_key", "");
  check_pair(ca, config.ca_certificate_file, config.ca_private_key_file);
  config.gateway_certificate_lifetime = std::chrono::seconds{
      ca.integer("gateway_certificate_seconds", kDefaultGatewayCertificate.count(),
                 kShortestGatewayCertificate.count(), kLongestGatewayCertificate.count())};

  config.reach = config::read_reach(root.section("urls"), {});
  config.webhook_ca_file = root.section("webhooks").text("trusted_ca", "");

  read_quotas(root.section("quotas"), config);

  const config::Section management = root.section("management");
  config.management_address = management.text("address", "127.0.0.1");
  config.management_port = management.port("port", 9444);
  config.log_level = root.section("log").text("level", "info");

  const auto checked = file->check();
  if (!checked) return checked.error();
  return config;
}

}  // namespace berth::coordinator
