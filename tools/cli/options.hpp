// The options of every command, as plain values. The command tree fills them in; the commands turn
// them into requests.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace berth::cli {

// What create and update of enrollments and groups take alike (service API 4.5). Texts of JSON may
// be "@FILE".
struct EnrollmentOptions {
  std::string id;
  std::string attestation_type;
  std::string certificate_path;
  std::string secondary_certificate_path;
  bool remove_certificate = false;
  bool remove_secondary_certificate = false;
  std::string root_ca_name;
  std::string secondary_root_ca_name;
  std::string primary_key;
  std::string secondary_key;
  std::string endorsement_key;
  std::vector<std::string> tpm_ca_paths;  // groups only
  std::string device_id;
  std::string initial_twin_tags;
  std::string initial_twin_properties;
  std::string device_information;
  std::string provisioning_status;
  std::string reprovision_policy;
  std::string allocation_policy;
  std::vector<std::string> iot_hubs;
  std::string webhook_url;
  std::string api_version;
  std::optional<bool> edge_enabled;
  std::vector<std::string> sites;
  std::string etag;
};

// Show, delete and the like.
struct NamedOptions {
  std::string id;
  std::string etag;
  bool show_keys = false;
};

struct ListOptions {
  std::size_t top = 0;  // 0: all
  std::string group;    // registrations only
};

// Import and export of enrollments and groups.
struct TransferOptions {
  std::string file;
  std::string format;  // empty: by the file's name
  std::string mode = "create";
  std::string report;  // empty: beside the file
  bool with_keys = false;
  bool resume = false;
  bool shows_progress = false;
};

struct DeviceKeyOptions {
  std::string group;
  std::string registration_id;
  std::string key;  // empty: asked of the coordinator
};

struct HubOptions {
  std::string name;
  std::string id;  // link only
  std::string kind;
  std::string user_name;
  std::string password_path;
  std::optional<std::uint32_t> requests_per_minute;
  std::string connection_string;
  std::string host_name;
  std::string policy_name;
  std::string policy_key;
  std::string registry_url;
  std::optional<std::uint32_t> allocation_weight;
  std::optional<bool> apply_allocation_policy;
  std::optional<std::string> location;
  std::optional<std::string> probe_address;
  std::string ca_path;
  std::string etag;
};

struct TenantOptions {
  std::string id;
  std::string name;
  std::optional<std::vector<std::string>> host_names;
  std::string allocation_policy;
  bool becomes_default = false;
  std::string etag;
};

struct PolicyOptions {
  std::string name;
  std::vector<std::string> rights;
  std::string primary_key;
  std::string secondary_key;
  std::string which_key = "primary";
  bool shows_all = false;
  std::string etag;
};

struct KeyRollOptions {
  std::string id;
  bool is_individual = false;
  std::string key;
  std::string certificate_path;
  std::string ca_name;
  std::string slot;
  bool force = false;
  std::string uses;
  std::size_t top = 0;  // 0: all
  std::string etag;
};

struct CertificateOptions {
  std::string name;
  std::string path;  // of the certificate, PEM or DER in base64
  std::optional<bool> verified;
  std::string etag;
};

struct GatewayOptions {
  std::string name;
  std::string new_name;
  std::string site;
  std::vector<std::string> tenants;
  std::string etag;
};

struct AuditOptions {
  std::string file;
  std::string chain;
  std::string from;
  std::string until;
  std::string tenant;
};

// `berth dev`.
struct DevStartOptions {
  std::string dir;
  std::optional<std::uint16_t> port_base;
  bool standard_ports = false;
  bool with_mosquitto = false;
};

struct RootKeyOptions {
  std::string data_dir;
  std::string tpm;  // empty: the machine's own
  std::string recovery_key_file;
};

}  // namespace berth::cli
