// The verbs of enrollments and enrollment groups: their records, their lists of TPMs, import and
// export.
#include "tools/cli/verbs.hpp"

namespace berth::cli {
namespace {

const std::vector<std::string> kAttestationTypes{"symmetricKey", "x509", "tpm"};
const std::vector<std::string> kStatuses{"enabled", "disabled"};
const std::vector<std::string> kReprovisionPolicies{"reprovisionandmigratedata",
                                                    "reprovisionandresetdata", "never"};
const std::vector<std::string> kAllocationPolicies{"hashed", "geoLatency", "static", "custom"};
const std::vector<std::string> kRowFormats{"csv", "jsonl"};
const std::vector<std::string> kImportModes{"create", "upsert", "update", "update-if-match"};
constexpr const char* kGroupIdNames = ",--group-id,--enrollment-id,--eid";

}  // namespace

void CommandTree::Impl::add_attestation_options(CLI::App* to, bool is_update) {
  EnrollmentOptions& o = enrollment;
  choose(to->add_option("--attestation-type,--at", o.attestation_type, "symmetricKey, x509 or tpm"),
         kAttestationTypes);
  to->add_option("--certificate-path,--cp", o.certificate_path,
                 "File of the (primary) certificate, PEM or DER in base64");
  to->add_option("--secondary-certificate-path,--scp", o.secondary_certificate_path,
                 "File of the secondary certificate");
  to->add_option("--root-ca-name,--cn", o.root_ca_name, "Name of an uploaded CA certificate");
  to->add_option("--secondary-root-ca-name,--scn", o.secondary_root_ca_name,
                 "Name of the secondary CA certificate");
  to->add_option("--primary-key,--pk", o.primary_key,
                 "Primary symmetric key, base64; made if absent");
  to->add_option("--secondary-key,--sk", o.secondary_key,
                 "Secondary symmetric key, base64; made if absent");
  if (!is_update) return;
  to->add_flag("--remove-certificate,--rc", o.remove_certificate, "Remove the primary certificate");
  to->add_flag("--remove-secondary-certificate,--rsc", o.remove_secondary_certificate,
               "Remove the secondary certificate");
}

void CommandTree::Impl::add_individual_options(CLI::App* to) {
  EnrollmentOptions& o = enrollment;
  to->add_option("--endorsement-key,--ek", o.endorsement_key, "TPM endorsement key, base64");
  to->add_option("--device-id", o.device_id, "Device ID in the hub; the registration ID if absent");
  to->add_option("--device-information,--info", o.device_information,
                 "Notes about the device: a JSON object, or @FILE");
}

void CommandTree::Impl::add_provisioning_options(CLI::App* to) {
  EnrollmentOptions& o = enrollment;
  to->add_option("--initial-twin-tags,--tags", o.initial_twin_tags,
                 "Initial twin's tags: a JSON object, or @FILE");
  to->add_option("--initial-twin-properties,--props", o.initial_twin_properties,
                 "Initial twin's desired properties: a JSON object, or @FILE");
  choose(to->add_option("--provisioning-status,--ps", o.provisioning_status, "enabled or disabled"),
         kStatuses);
  choose(to->add_option("--reprovision-policy,--rp", o.reprovision_policy,
                        "What happens when a device registers again"),
         kReprovisionPolicies);
  choose(to->add_option("--allocation-policy,--ap", o.allocation_policy,
                        "How the hub is chosen; the tenant's way if absent"),
         kAllocationPolicies);
  to->add_option("--iot-hubs,--ih", o.iot_hubs,
                 "Host names of linked hubs to choose from; all if absent");
  to->add_option("--webhook-url,--wh", o.webhook_url, "Webhook of the custom allocation policy");
  to->add_option("--api-version,--av", o.api_version, "API version that the webhook speaks");
  to->add_option("--edge-enabled,--ee", o.edge_enabled, "Whether devices are IoT Edge devices")
      ->type_name("BOOL");
  to->add_option("--sites", o.sites, "Sites that may serve it; all if absent");
}

void CommandTree::Impl::add_tpm_group_option(CLI::App* to) {
  to->add_option("--tpm-ca-path", enrollment.tpm_ca_paths,
                 "Files of the CAs whose TPMs the group admits by their certificates; those on "
                 "its list are admitted without any");
}

void CommandTree::Impl::add_tpm_lists(CLI::App* group) {
  const std::string about = "Enrollment group ID";
  CLI::App* import = calling_verb(
      group, "tpm-import",
      "Put the TPMs of a delivery note on a group's list; report which were refused, and why. "
      "The note is CSV; its first row names the columns endorsementKeyHash (SHA-256 of the "
      "TPM2B_PUBLIC, hex) or endorsementKey (base64), and may name registrationId",
      "  berth group tpm-import chips delivery.csv\n"
      "  berth group tpm-import chips delivery.csv --report refused.csv",
      import_tpms, tpm_list);
  add_id(import, tpm_list.group, about);
  import->add_option("file", tpm_list.file, "The delivery note")->required()->type_name("FILE");
  import->add_option("--report", tpm_list.report, "Write the refused rows here, as CSV");

  CLI::App* list = calling_verb(group, "tpm-list", "List the TPMs on a group's list",
                                "  berth group tpm-list chips --output jsonl", list_tpms, tpm_list);
  add_id(list, tpm_list.group, about);
  list->add_option("--top", tpm_list.top, "At most so many");

  CLI::App* remove = calling_verb(
      group, "tpm-remove", "Take a TPM off a group's list",
      "  berth group tpm-remove chips $(sha256sum < ek.tpm2b | cut -c1-64)", remove_tpm, tpm_list);
  add_id(remove, tpm_list.group, about);
  remove->add_option("hash", tpm_list.hash, "SHA-256 of its endorsement key's TPM2B_PUBLIC")
      ->required()
      ->type_name("");
}

void CommandTree::Impl::add_transfers(CLI::App* group, EnrollmentKind kind) {
  const auto transferring_verb =
      [&](const std::string& name, const std::string& about, const std::string& examples,
          Result<Output> (*command)(ServiceClient&, const TransferOptions&, EnrollmentKind)) {
        CLI::App* added =
            verb(group, name, about, examples, [this, command, kind]() -> Result<Output> {
              auto client = ServiceClient::open(login);
              if (!client) return client.error();
              return command(*client, transfer, kind);
            });
        choose(added->add_option("--format", transfer.format,
                                 "csv or jsonl (the service API's JSON, one record a line); by the "
                                 "file's name if absent"),
               kRowFormats);
        added->add_flag("--resume", transfer.resume, "Go on where an earlier run stopped");
        added->add_flag("--progress", transfer.shows_progress,
                        "Say how far it is, also where standard error is no terminal");
        return added;
      };
  const std::string noun = group->get_name();
  CLI::App* import =
      transferring_verb("import", "Write the records of a file; report which were refused, and why",
                        "  berth " + noun + " import records.csv\n  berth " + noun +
                            " import records.jsonl --mode upsert --report refused.jsonl\n  berth " +
                            noun + " import records.csv --resume",
                        import_records);
  import->add_option("file", transfer.file, "The file; docs/cli.md says its columns")->required();
  choose(import->add_option("--mode", transfer.mode,
                            "create: what exists is refused; upsert: it is replaced; update: it "
                            "has to exist; update-if-match: with the row's etag"),
         kImportModes);
  import->add_option("--report", transfer.report,
                     "Where refused rows are reported, as CSV or JSON lines by its name; "
                     "FILE.refused.csv if absent");
  CLI::App* fetch = transferring_verb("export", "Write all records to a file that import takes",
                                      "  berth " + noun + " export records.csv\n  berth " + noun +
                                          " export backup.jsonl --with-keys\n  berth " + noun +
                                          " export - --format csv",
                                      export_records);
  fetch->add_option("file", transfer.file, "The file, or - for standard output")->required();
  fetch->add_flag("--with-keys", transfer.with_keys,
                  "With symmetric keys; only the file's owner can read it");
}

void CommandTree::Impl::add_enrollments() {
  CLI::App* group = noun("enrollment", "Individual enrollments: one device each");
  const std::string id = "Registration ID";
  CLI::App* create = calling_verb(
      group, "create", "Create an individual enrollment",
      "  berth enrollment create dev-1 --attestation-type symmetricKey\n"
      "  berth enrollment create dev-2 --certificate-path dev-2.pem --iot-hubs hub-a.example\n"
      "  berth enrollment create dev-3 --at symmetricKey --tags '{\"line\":\"7\"}' --props "
      "@desired.json\n"
      "  berth enrollment create stolen-1 --at symmetricKey --provisioning-status disabled",
      create_enrollment, enrollment);
  add_id(create, enrollment.id, id, kRegistrationIdNames);
  add_individual_options(create);
  add_attestation_options(create, false);
  add_provisioning_options(create);

  CLI::App* update =
      calling_verb(group, "update", "Change an individual enrollment; what is not said stays",
                   "  berth enrollment update dev-1 --provisioning-status disabled\n"
                   "  berth enrollment update dev-2 --secondary-certificate-path next.pem",
                   update_enrollment, enrollment);
  add_id(update, enrollment.id, id, kRegistrationIdNames);
  add_individual_options(update);
  add_attestation_options(update, true);
  add_provisioning_options(update);
  add_etag(update, enrollment.etag, "otherwise if nobody changes it meanwhile; * always");

  CLI::App* show = calling_verb(group, "show", "Show an individual enrollment",
                                "  berth enrollment show dev-1 --show-keys --output json",
                                show_enrollment, named);
  add_id(show, named.id, id, kRegistrationIdNames);
  show->add_flag("--show-keys", named.show_keys, "With its symmetric keys");

  CLI::App* list = calling_verb(group, "list", "List individual enrollments",
                                "  berth enrollment list --top 20\n"
                                "  berth enrollment list --output jsonl",
                                list_enrollments, listed);
  list->add_option("--top", listed.top, "At most so many");

  add_transfers(group, EnrollmentKind::individual);

  CLI::App* remove = calling_verb(group, "delete", "Delete an individual enrollment",
                                  "  berth enrollment delete dev-1", delete_enrollment, named);
  add_id(remove, named.id, id, kRegistrationIdNames);
  add_etag(remove, named.etag, "otherwise whatever it is");
}

void CommandTree::Impl::add_groups() {
  CLI::App* group = noun("group", "Enrollment groups: many devices by one CA or key");
  const std::string id = "Enrollment group ID";
  CLI::App* create = calling_verb(
      group, "create", "Create an enrollment group",
      "  berth group create line-7 --certificate-path factory-ca.pem\n"
      "  berth group create sensors --primary-key BASE64 --allocation-policy geoLatency\n"
      "  berth group create chips --attestation-type tpm\n"
      "  berth group create chips --tpm-ca-path maker-1.pem maker-2.pem",
      create_group, enrollment);
  add_id(create, enrollment.id, id, kGroupIdNames);
  add_attestation_options(create, false);
  add_tpm_group_option(create);
  add_provisioning_options(create);

  CLI::App* update =
      calling_verb(group, "update", "Change an enrollment group; what is not said stays",
                   "  berth group update line-7 --iot-hubs hub-a.example hub-b.example\n"
                   "  berth group update line-7 --secondary-certificate-path next-ca.pem",
                   update_group, enrollment);
  add_id(update, enrollment.id, id, kGroupIdNames);
  add_attestation_options(update, true);
  add_tpm_group_option(update);
  add_provisioning_options(update);
  add_etag(update, enrollment.etag, "otherwise if nobody changes it meanwhile; * always");

  CLI::App* show = calling_verb(group, "show", "Show an enrollment group",
                                "  berth group show line-7 --show-keys", show_group, named);
  add_id(show, named.id, id, kGroupIdNames);
  show->add_flag("--show-keys", named.show_keys, "With its symmetric keys");

  CLI::App* list = calling_verb(group, "list", "List enrollment groups", "  berth group list",
                                list_groups, listed);
  list->add_option("--top", listed.top, "At most so many");

  add_transfers(group, EnrollmentKind::group);
  add_tpm_lists(group);

  CLI::App* remove = calling_verb(group, "delete", "Delete an enrollment group",
                                  "  berth group delete line-7", delete_group, named);
  add_id(remove, named.id, id, kGroupIdNames);
  add_etag(remove, named.etag, "otherwise whatever it is");

  CLI::App* key = verb(group, "compute-device-key", "Derive a device's key from its group's key",
                       "  berth group compute-device-key sensors --registration-id sensor-42\n"
                       "  berth group compute-device-key --key BASE64 --registration-id sensor-42",
                       [this] { return compute_device_key(login, device_key); });
  key->add_option(std::string("id") + kGroupIdNames, device_key.group,
                  id + "; not needed with --key")
      ->type_name("");
  key->add_option("--registration-id,--rid", device_key.registration_id,
                  "The device's registration ID, in the spelling that it uses")
      ->required();
  key->add_option("--key", device_key.key, "The group's key, base64; then no login is needed");
}

}  // namespace berth::cli
