// What the verbs of `berth` hang on: the parser, the options that they fill and how one is added.
// Each group of verbs is a file of its own.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "tools/cli/command_tree.hpp"
#include "tools/cli/commands.hpp"
#include "tools/cli/tpm_group_commands.hpp"

namespace berth::cli {

inline const std::vector<std::string> kTenantAllocationPolicies{"hashed", "geoLatency", "static"};
inline constexpr const char* kRegistrationIdNames = ",--registration-id,--enrollment-id,--eid";

struct CommandTree::Impl {
  CLI::App app;
  Login login;
  std::string format = "table";
  std::function<Result<Output>()> chosen;
  std::map<const CLI::Option*, std::vector<std::string>> choices;

  // One set of each, since one command runs.
  EnrollmentOptions enrollment;
  NamedOptions named;
  ListOptions listed;
  TransferOptions transfer;
  ExplainOptions explain;
  DryRunOptions dry_run;
  TpmListOptions tpm_list;
  DeviceKeyOptions device_key;
  HubOptions hub;
  TenantOptions tenant;
  PolicyOptions policy;
  KeyRollOptions key_roll;
  CertificateOptions certificate;
  GatewayOptions gateway;
  AuditOptions audit;
  RootKeyOptions root_key;
  DevStartOptions dev_start;
  std::string dev_part;
  DevCommands dev;

  explicit Impl(DevCommands commands);

  CLI::Option* choose(CLI::Option* option, const std::vector<std::string>& values);
  CLI::App* noun(const std::string& name, const std::string& about);
  CLI::App* verb(CLI::App* noun, const std::string& name, const std::string& about,
                 const std::string& examples, std::function<Result<Output>()> run);
  // A verb that calls the coordinator.
  template <class... Options>
  CLI::App* calling_verb(CLI::App* noun, const std::string& name, const std::string& about,
                         const std::string& examples,
                         Result<Output> (*command)(ServiceClient&, const Options&...),
                         const Options&... options) {
    return verb(noun, name, about, examples, [this, command, &options...]() -> Result<Output> {
      auto client = ServiceClient::open(login);
      if (!client) return client.error();
      return command(*client, options...);
    });
  }
  // `names`: other ways to give it, such as ",--registration-id".
  void add_id(CLI::App* to, std::string& id, const std::string& what,
              const std::string& names = {});
  void add_etag(CLI::App* to, std::string& etag, const std::string& otherwise);

  void add_attestation_options(CLI::App* to, bool is_update);
  void add_individual_options(CLI::App* to);
  void add_provisioning_options(CLI::App* to);
  void add_tpm_group_option(CLI::App* to);
  // The chips that a group of TPMs has on its list.
  void add_tpm_lists(CLI::App* group);
  void add_transfers(CLI::App* group, EnrollmentKind kind);
  void add_enrollments();
  void add_groups();
  void add_registrations();
  void add_explain(CLI::App* group);
  void add_latency(CLI::App* to, std::vector<std::string>& latencies);
  void add_allocation();
  void add_hub_options(CLI::App* to);
  void add_hubs();
  void add_policies();
  void add_key_rolls();
  void add_certificates();
  void add_settings();
  void add_tenants();
  void add_sites();
  void add_gateways();
  void add_status();
  void add_audit();
  void add_root_key();
  void add_dev();
  static Result<Output> done(const Result<void>& result);
  void add_completion();

  [[nodiscard]] CommandNode node_of(const CLI::App& of) const;
  [[nodiscard]] OutputFormat output_format() const;
  [[nodiscard]] std::string script() const;
};

}  // namespace berth::cli
