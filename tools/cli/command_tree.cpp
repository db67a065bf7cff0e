#include "tools/cli/command_tree.hpp"

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "tools/cli/commands.hpp"
#include "tools/cli/tpm_group_commands.hpp"

namespace berth::cli {
namespace {

const std::vector<std::string> kFormats{"table", "json", "jsonl"};
const std::vector<std::string> kAttestationTypes{"symmetricKey", "x509", "tpm"};
const std::vector<std::string> kStatuses{"enabled", "disabled"};
const std::vector<std::string> kReprovisionPolicies{"reprovisionandmigratedata",
                                                    "reprovisionandresetdata", "never"};
const std::vector<std::string> kAllocationPolicies{"hashed", "geoLatency", "static", "custom"};
const std::vector<std::string> kTenantAllocationPolicies{"hashed", "geoLatency", "static"};
const std::vector<std::string> kWhichKeys{"primary", "secondary"};
const std::vector<std::string> kKeyUses{"old", "new", "primary", "secondary", "unknown"};
const std::vector<std::string> kRights{"ServiceConfig",           "EnrollmentRead",
                                       "EnrollmentWrite",         "RegistrationStatusRead",
                                       "RegistrationStatusWrite", "DeviceConnect"};

const std::vector<std::string> kRowFormats{"csv", "jsonl"};
const std::vector<std::string> kImportModes{"create", "upsert", "update", "update-if-match"};

constexpr const char* kRegistrationIdNames = ",--registration-id,--enrollment-id,--eid";
constexpr const char* kGroupIdNames = ",--group-id,--enrollment-id,--eid";

constexpr const char* kAbout =
    "Berth's command line for admins, installers and developers.\n\n"
    "It calls a coordinator with the login of an access policy, or of the operator for tenants,\n"
    "sites and gateways.";

constexpr const char* kTopExamples =
    "Examples:\n"
    "  export BERTH_CONNECTION_STRING='HostName=dps.example;SharedAccessKeyName=admin;"
    "SharedAccessKey=…'\n"
    "  berth status\n"
    "  berth hub link --connection-string 'HostName=hub-a.example;SharedAccessKeyName=…;"
    "SharedAccessKey=…'\n"
    "  berth enrollment create dev-1 --attestation-type symmetricKey\n"
    "  berth registration list --output jsonl\n"
    "  source <(berth completion bash)\n\n"
    "Exit codes: 0 done, 1 refused or failed, 2 wrong usage.";

}  // namespace

struct CommandTree::Impl {
  CLI::App app{kAbout, "berth"};
  Login login;
  std::string format = kFormats.front();
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

  explicit Impl(DevCommands commands) : dev(std::move(commands)) {
    app.require_subcommand(1);
    app.fallthrough();
    app.footer(kTopExamples);
    app.set_version_flag("--version", std::string("berth 0.1.0"));
    app.add_option("--login", login.connection_string,
                   std::string("Connection string of an access policy or of the operator; "
                               "HostName may carry a port. Default: $") +
                       kLoginVariable);
    app.add_option("--ca-file", login.ca_file,
                   std::string("PEM file of the CA that the coordinator's certificate chains to. "
                               "Default: $") +
                       kCaFileVariable + ", or the machine's CA bundle");
    choose(app.add_option("--output,-o", format, "How to print: table, json or jsonl"), kFormats);
    add_enrollments();
    add_groups();
    add_registrations();
    add_allocation();
    add_hubs();
    add_policies();
    add_key_rolls();
    add_certificates();
    add_settings();
    add_tenants();
    add_sites();
    add_gateways();
    add_status();
    add_audit();
    add_root_key();
    add_dev();
    add_completion();
  }

  CLI::Option* choose(CLI::Option* option, const std::vector<std::string>& values) {
    option->transform(CLI::IsMember(values, CLI::ignore_case))->type_name("");
    choices[option] = values;
    return option;
  }

  CLI::App* noun(const std::string& name, const std::string& about) {
    CLI::App* added = app.add_subcommand(name, about);
    added->require_subcommand(1);
    return added;
  }

  CLI::App* verb(CLI::App* noun, const std::string& name, const std::string& about,
                 const std::string& examples, std::function<Result<Output>()> run) {
    CLI::App* added = noun->add_subcommand(name, about);
    added->footer("Examples:\n" + examples);
    added->callback([this, run = std::move(run)] { chosen = run; });
    return added;
  }

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
              const std::string& names = {}) {
    to->add_option("id" + names, id, what)->required()->type_name("");
  }
  void add_etag(CLI::App* to, std::string& etag, const std::string& otherwise) {
    to->add_option("--etag", etag, "Only if the record has this etag; " + otherwise);
  }

  void add_attestation_options(CLI::App* to, bool is_update) {
    EnrollmentOptions& o = enrollment;
    choose(
        to->add_option("--attestation-type,--at", o.attestation_type, "symmetricKey, x509 or tpm"),
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
    to->add_flag("--remove-certificate,--rc", o.remove_certificate,
                 "Remove the primary certificate");
    to->add_flag("--remove-secondary-certificate,--rsc", o.remove_secondary_certificate,
                 "Remove the secondary certificate");
  }

  void add_individual_options(CLI::App* to) {
    EnrollmentOptions& o = enrollment;
    to->add_option("--endorsement-key,--ek", o.endorsement_key, "TPM endorsement key, base64");
    to->add_option("--device-id", o.device_id,
                   "Device ID in the hub; the registration ID if absent");
    to->add_option("--device-information,--info", o.device_information,
                   "Notes about the device: a JSON object, or @FILE");
  }

  void add_provisioning_options(CLI::App* to) {
    EnrollmentOptions& o = enrollment;
    to->add_option("--initial-twin-tags,--tags", o.initial_twin_tags,
                   "Initial twin's tags: a JSON object, or @FILE");
    to->add_option("--initial-twin-properties,--props", o.initial_twin_properties,
                   "Initial twin's desired properties: a JSON object, or @FILE");
    choose(
        to->add_option("--provisioning-status,--ps", o.provisioning_status, "enabled or disabled"),
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

  void add_tpm_group_option(CLI::App* to) {
    to->add_option("--tpm-ca-path", enrollment.tpm_ca_paths,
                   "Files of the CAs whose TPMs the group admits by their certificates; those on "
                   "its list are admitted without any");
  }

  // The chips that a group of TPMs has on its list.
  void add_tpm_lists(CLI::App* group) {
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

    CLI::App* exported =
        calling_verb(group, "tpm-export",
                     "Write a group's list of TPMs as a delivery note, which tpm-import reads",
                     "  berth group tpm-export chips chips.csv", export_tpms, tpm_list);
    add_id(exported, tpm_list.group, about);
    exported->add_option("file", tpm_list.file, "Where to; what is there is replaced")
        ->required()
        ->type_name("FILE");

    CLI::App* list =
        calling_verb(group, "tpm-list", "List the TPMs on a group's list",
                     "  berth group tpm-list chips --output jsonl", list_tpms, tpm_list);
    add_id(list, tpm_list.group, about);
    list->add_option("--top", tpm_list.top, "At most so many");

    CLI::App* remove =
        calling_verb(group, "tpm-remove", "Take a TPM off a group's list",
                     "  berth group tpm-remove chips $(sha256sum < ek.tpm2b | cut -c1-64)",
                     remove_tpm, tpm_list);
    add_id(remove, tpm_list.group, about);
    remove->add_option("hash", tpm_list.hash, "SHA-256 of its endorsement key's TPM2B_PUBLIC")
        ->required()
        ->type_name("");
  }

  void add_transfers(CLI::App* group, EnrollmentKind kind) {
    const auto transferring_verb =
        [&](const std::string& name, const std::string& about, const std::string& examples,
            Result<Output> (*command)(ServiceClient&, const TransferOptions&, EnrollmentKind)) {
          CLI::App* added =
              verb(group, name, about, examples, [this, command, kind]() -> Result<Output> {
                auto client = ServiceClient::open(login);
                if (!client) return client.error();
                return command(*client, transfer, kind);
              });
          choose(
              added->add_option("--format", transfer.format,
                                "csv or jsonl (the service API's JSON, one record a line); by the "
                                "file's name if absent"),
              kRowFormats);
          added->add_flag("--resume", transfer.resume, "Go on where an earlier run stopped");
          added->add_flag("--progress", transfer.shows_progress,
                          "Say how far it is, also where standard error is no terminal");
          return added;
        };
    const std::string noun = group->get_name();
    CLI::App* import = transferring_verb(
        "import", "Write the records of a file; report which were refused, and why",
        "  berth " + noun + " import records.csv\n  berth " + noun +
            " import records.jsonl --mode upsert --report refused.jsonl\n  berth " + noun +
            " import records.csv --resume",
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

  void add_enrollments() {
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

  void add_groups() {
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

    CLI::App* key =
        verb(group, "compute-device-key", "Derive a device's key from its group's key",
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

  void add_registrations() {
    CLI::App* group = noun("registration", "Registrations: which device went to which hub");
    CLI::App* list = calling_verb(group, "list", "List registrations",
                                  "  berth registration list\n"
                                  "  berth registration list --group line-7 --output jsonl",
                                  list_registrations, listed);
    list->add_option("--group", listed.group, "Those of one enrollment group only");
    list->add_option("--top", listed.top, "At most so many");
    CLI::App* show =
        calling_verb(group, "show", "Show a registration, and why the last attempt failed",
                     "  berth registration show dev-1", show_registration, named);
    add_id(show, named.id, "Registration ID", kRegistrationIdNames);
    add_explain(group);
    CLI::App* remove =
        calling_verb(group, "delete", "Forget a registration; the hub keeps the identity",
                     "  berth registration delete dev-1", delete_registration, named);
    add_id(remove, named.id, "Registration ID", kRegistrationIdNames);
    add_etag(remove, named.etag, "otherwise whatever it is");
  }

  void add_explain(CLI::App* group) {
    CLI::App* told = calling_verb(
        group, "explain", "Tell, changing nothing, what a gateway would make of a device, and why",
        "  berth registration explain dev-1\n"
        "  berth registration explain dev-1 --evidence dev-1-chain.pem\n"
        "  berth registration explain dev-1 --evidence key.json   # {\"symmetricKey\": "
        "\"BASE64\"}\n"
        "  berth registration explain sensor-42 --group sensors --output json\n"
        "  berth registration explain dev-1 --latency hub-a.example=12 --latency hub-b.example=80",
        explain_registration, explain);
    add_id(told, explain.id, "Registration ID", kRegistrationIdNames);
    told->add_option("--evidence", explain.evidence_path,
                     "File with what the device shows: certificates in PEM, a SAS token, or JSON "
                     "with its symmetricKey (which is not sent) or its TPM's endorsementKey")
        ->type_name("FILE");
    told->add_option("--group", explain.group,
                     "Without evidence: suppose that this enrollment group takes it");
    told->add_option("--site", explain.site, "As gateways of this site see it");
    add_latency(told, explain.latencies);
  }

  void add_latency(CLI::App* to, std::vector<std::string>& latencies) {
    to->add_option("--latency", latencies,
                   "Round trip to a hub as a gateway measures it, which the coordinator does not: "
                   "HUB=MILLISECONDS")
        ->type_name("HUB=MS");
  }

  void add_allocation() {
    CLI::App* group = noun("allocation", "Allocation: which hub devices get");
    CLI::App* run = calling_verb(
        group, "dry-run",
        "Tell, changing nothing, which devices would go where at their next registration",
        "  berth allocation dry-run --weight hub-a.example=5\n"
        "  berth allocation dry-run --add-hub hub-c.example=2 --output jsonl\n"
        "  berth allocation dry-run --remove-hub hub-a.example --group line-7\n"
        "  berth allocation dry-run --policy geoLatency --latency hub-a.example=12 "
        "hub-b.example=80\n"
        "  berth allocation dry-run --group-policy line-7=static --group-hubs "
        "line-7=hub-b.example\n"
        "  berth allocation dry-run --devices planned.txt --group sensors --all",
        dry_run_allocation, dry_run);
    choose(run->add_option("--policy", dry_run.policy, "As if it were the tenant's policy"),
           kTenantAllocationPolicies);
    run->add_option("--weight", dry_run.weights, "As if a hub had this weight: HUB=1 to 1000")
        ->type_name("HUB=N");
    run->add_option("--add-hub", dry_run.added, "As if a hub were linked: HUB, or HUB=WEIGHT")
        ->type_name("HUB");
    run->add_option("--remove-hub", dry_run.removed, "As if a hub were unlinked")->type_name("HUB");
    run->add_option("--exclude-hub", dry_run.excluded,
                    "As if a hub took no part in allocation any more")
        ->type_name("HUB");
    run->add_option("--group-policy", dry_run.group_policies,
                    "As if an enrollment group had this policy: GROUP=POLICY")
        ->type_name("GROUP=POLICY");
    run->add_option("--group-hubs", dry_run.group_hubs,
                    "As if an enrollment group named these hubs: GROUP=HUB,HUB")
        ->type_name("GROUP=HUBS");
    add_latency(run, dry_run.latencies);
    run->add_option("--devices", dry_run.devices_path,
                    "File of registration IDs, one a line; all registered devices if absent")
        ->type_name("FILE");
    run->add_option("--group", dry_run.group,
                    "Devices of this enrollment group only; of a file, whose devices they are");
    run->add_flag("--all", dry_run.shows_all, "Also those that stay where they are");
  }

  void add_hub_options(CLI::App* to) {
    to->add_option("--connection-string", hub.connection_string,
                   "Of a policy of the hub that may write its registry");
    to->add_option("--policy-name", hub.policy_name, "The policy, instead of a connection string");
    to->add_option("--policy-key", hub.policy_key, "Its key, base64");
    to->add_option("--user-name", hub.user_name,
                   "Of a Mosquitto: the client that administers its dynamic security");
    to->add_option("--password-path", hub.password_path, "File whose first line is its password");
    to->add_option("--registry-url", hub.registry_url,
                   "Where identities are written, https://host[:port], or mqtts:// of a Mosquitto; "
                   "the host name if absent");
    to->add_option("--allocation-weight", hub.allocation_weight, "Its share, 1 to 1000")
        ->type_name("NUMBER");
    to->add_option("--apply-allocation-policy", hub.apply_allocation_policy,
                   "false: linked, but receives no devices")
        ->type_name("BOOL");
    to->add_option("--location", hub.location, "Where it is, for people")->type_name("TEXT");
    to->add_option("--probe-address", hub.probe_address,
                   "host[:port] where latency is measured; the registry if absent")
        ->type_name("TEXT");
    to->add_option("--requests-per-minute", hub.requests_per_minute,
                   "Requests that the hub takes in a minute, from all gateways; 0: no limit")
        ->type_name("NUMBER");
    to->add_option("--hub-ca-path", hub.ca_path,
                   "PEM file of the CA that the registry's certificate chains to");
  }

  void add_hubs() {
    CLI::App* group = noun("hub", "Linked hubs: where devices are assigned to");
    CLI::App* link = calling_verb(
        group, "link", "Link a hub",
        "  berth hub link --connection-string 'HostName=hub-a.example;SharedAccessKeyName="
        "iothubowner;SharedAccessKey=…'\n"
        "  berth hub link --host-name hub-b.example --registry-url https://10.0.0.3:8443 \\\n"
        "      --policy-name iothubowner --policy-key BASE64 --hub-ca-path hub-ca.pem\n"
        "  berth hub link --kind mosquitto --host-name broker.plant --user-name admin \\\n"
        "      --password-path admin.password --hub-ca-path broker-ca.pem",
        link_hub, hub);
    choose(link->add_option("--kind", hub.kind, "azure-iot-hub, if absent, or mosquitto"),
           {"azure-iot-hub", "mosquitto"});
    link->add_option("--host-name", hub.host_name,
                     "What devices are told; the connection string's if absent");
    link->add_option("--hub-id", hub.id,
                     "The ID under which `allocation dry-run --add-hub` told what the hub would "
                     "draw; made if absent");
    add_hub_options(link);
    calling_verb(group, "list", "List linked hubs", "  berth hub list", list_hubs);
    CLI::App* show = calling_verb(group, "show", "Show a linked hub",
                                  "  berth hub show hub-a.example", show_hub, named);
    add_id(show, named.id, "Host name or hub ID");
    CLI::App* update = calling_verb(group, "update", "Change a link; what is not said stays",
                                    "  berth hub update hub-a.example --allocation-weight 5\n"
                                    "  berth hub update hub-a.example --policy-key BASE64",
                                    update_hub, hub);
    add_id(update, hub.name, "Host name or hub ID");
    add_hub_options(update);
    add_etag(update, hub.etag, "otherwise whatever it is");
    CLI::App* unlink = calling_verb(group, "unlink", "Unlink a hub; its devices stay in it",
                                    "  berth hub unlink hub-a.example", unlink_hub, named);
    add_id(unlink, named.id, "Host name or hub ID");
    add_etag(unlink, named.etag, "otherwise whatever it is");
  }

  void add_policies() {
    CLI::App* group = noun("policy", "Shared access policies of the tenant");
    const std::string name = "The policy's name";
    CLI::App* create =
        calling_verb(group, "create", "Create a policy",
                     "  berth policy create reader --rights EnrollmentRead RegistrationStatusRead",
                     create_policy, policy);
    add_id(create, policy.name, name);
    choose(create->add_option("--rights", policy.rights, "What it may"), kRights)->required();
    create->add_option("--primary-key,--pk", policy.primary_key, "base64; made if absent");
    create->add_option("--secondary-key,--sk", policy.secondary_key, "base64; made if absent");
    calling_verb(group, "list", "List policies", "  berth policy list", list_policies);
    CLI::App* show = calling_verb(group, "show", "Show a policy",
                                  "  berth policy show reader --show-keys", show_policy, named);
    add_id(show, named.id, name);
    show->add_flag("--show-keys", named.show_keys, "With its keys");
    CLI::App* update =
        calling_verb(group, "update", "Change a policy; what is not said stays",
                     "  berth policy update reader --rights EnrollmentRead", update_policy, policy);
    add_id(update, policy.name, name);
    choose(update->add_option("--rights", policy.rights, "What it may"), kRights);
    update->add_option("--primary-key,--pk", policy.primary_key, "base64");
    update->add_option("--secondary-key,--sk", policy.secondary_key, "base64");
    add_etag(update, policy.etag, "otherwise whatever it is");
    CLI::App* remove = calling_verb(group, "delete", "Delete a policy",
                                    "  berth policy delete reader", delete_policy, named);
    add_id(remove, named.id, name);
    add_etag(remove, named.etag, "otherwise whatever it is");
    CLI::App* roll = calling_verb(group, "regenerate", "Make one of a policy's keys anew",
                                  "  berth policy regenerate reader --key secondary",
                                  regenerate_policy_key, policy);
    add_id(roll, policy.name, name);
    choose(roll->add_option("--key", policy.which_key, "primary or secondary"), kWhichKeys)
        ->required();
    roll->add_option("--etag", policy.etag, "Only if the record has this etag");
    CLI::App* string =
        calling_verb(group, "connection-string", "Print a connection string to log in with",
                     "  berth policy connection-string\n"
                     "  berth policy connection-string reader --key secondary\n"
                     "  berth policy connection-string --all",
                     show_connection_string, policy);
    string->add_option("id,--policy-name,--pn", policy.name, name + "; the owner's if absent")
        ->type_name("");
    string->add_flag("--all", policy.shows_all, "One of each policy");
    choose(string->add_option("--key,--key-type", policy.which_key, "primary or secondary"),
           kWhichKeys);
  }

  void add_key_rolls() {
    CLI::App* roll =
        noun("key", "Keys and certificates that devices attest by")
            ->add_subcommand("roll",
                             "Replace the key or certificate of a group or an enrollment, "
                             "refusing no device");
    roll->require_subcommand(1);
    roll->footer(
        "Examples:\n"
        "  berth key roll start sensors                      # both keys are good from here on\n"
        "  berth key roll status sensors                     # how many still use the old one\n"
        "  berth key roll devices sensors --output jsonl     # which\n"
        "  berth key roll finish sensors                     # the old one goes\n"
        "  berth key roll start line-7 --certificate-path next-ca.pem");
    const auto add_names = [this](CLI::App* to) {
      add_id(to, key_roll.id, "Enrollment group ID, or with --individual a registration ID",
             ",--group-id,--registration-id,--enrollment-id,--eid");
      to->add_flag("--individual", key_roll.is_individual, "The ID is of an individual enrollment");
    };
    const auto add_step = [this, &add_names](CLI::App* to, const std::string& force) {
      add_names(to);
      to->add_flag("--force", key_roll.force, force);
      add_etag(to, key_roll.etag, "otherwise if nobody changes it meanwhile");
    };

    CLI::App* start =
        calling_verb(roll, "start", "Let a new key or certificate attest beside the present one",
                     "  berth key roll start sensors\n"
                     "  berth key roll start line-7 --certificate-path next-ca.pem\n"
                     "  berth key roll start line-8 --root-ca-name plant-root-2\n"
                     "  berth key roll start press-7 --individual --key BASE64",
                     start_key_roll, key_roll);
    add_step(start, "Though devices use what is in the slot, and will be refused");
    start->add_option("--key", key_roll.key, "The new symmetric key, base64; made if absent");
    start->add_option("--certificate-path,--cp", key_roll.certificate_path,
                      "File of the new certificate, PEM or DER in base64");
    start->add_option("--root-ca-name,--cn", key_roll.ca_name,
                      "Name of the new uploaded CA certificate");
    choose(start->add_option("--slot", key_roll.slot,
                             "Where it goes: primary or secondary. Default: where no device is "
                             "refused by it"),
           kWhichKeys);

    CLI::App* status = calling_verb(roll, "status", "How many devices still use the old one",
                                    "  berth key roll status sensors\n"
                                    "  berth key roll status press-7 --individual --output json",
                                    show_key_roll, key_roll);
    add_names(status);

    CLI::App* devices = calling_verb(roll, "devices", "Which devices still use the old one",
                                     "  berth key roll devices sensors\n"
                                     "  berth key roll devices sensors --uses unknown --top 20",
                                     list_key_roll_devices, key_roll);
    add_names(devices);
    choose(devices->add_option("--uses", key_roll.uses,
                               "Those that use this: old (the default), new, primary, secondary, "
                               "or unknown"),
           kKeyUses);
    devices->add_option("--top", key_roll.top, "At most so many");

    CLI::App* finish = calling_verb(roll, "finish", "Remove the old one",
                                    "  berth key roll finish sensors\n"
                                    "  berth key roll finish sensors --force",
                                    finish_key_roll, key_roll);
    add_step(finish, "Though devices still use it, and will be refused");
    CLI::App* abort = calling_verb(roll, "abort", "Remove the new one again",
                                   "  berth key roll abort sensors", abort_key_roll, key_roll);
    add_step(abort, "Though devices use it already, and will be refused");
  }

  void add_certificates() {
    CLI::App* group = noun("certificate", "CA certificates that enrollments refer to by name");
    const auto add_name = [this](CLI::App* to) {
      to->add_option("name,--certificate-name,-n", certificate.name, "The certificate's name")
          ->required()
          ->type_name("");
    };
    const auto add_path = [this](CLI::App* to, const std::string& what) {
      return to->add_option("--path,-p", certificate.path, what);
    };
    const auto add_present_etag = [this](CLI::App* to) {
      add_etag(to, certificate.etag, "otherwise the present one is taken");
    };
    const auto add_verified = [this](CLI::App* to) {
      to->add_option("--verified,-v", certificate.verified,
                     "true: the CA is yours, no proof of possession is asked for");
    };
    const std::string file = "File of the CA certificate, PEM or DER in base64";
    CLI::App* create =
        calling_verb(group, "create", "Upload a CA certificate",
                     "  berth certificate create plant-root --path root.pem\n"
                     "  berth certificate create plant-root --path root.pem --verified true",
                     create_certificate, certificate);
    add_name(create);
    add_path(create, file)->required();
    add_verified(create);
    calling_verb(group, "list", "List CA certificates", "  berth certificate list",
                 list_certificates);
    add_name(calling_verb(group, "show", "Show a CA certificate",
                          "  berth certificate show plant-root", show_certificate, certificate));
    CLI::App* update = calling_verb(group, "update", "Replace a CA certificate, or vouch for it",
                                    "  berth certificate update plant-root --path root-2026.pem",
                                    update_certificate, certificate);
    add_name(update);
    add_path(update, file);
    add_verified(update);
    add_present_etag(update);
    CLI::App* remove =
        calling_verb(group, "delete", "Delete a CA certificate that no enrollment refers to",
                     "  berth certificate delete plant-root", delete_certificate, certificate);
    add_name(remove);
    add_present_etag(remove);
    CLI::App* code = calling_verb(group, "generate-verification-code",
                                  "Ask for the code that proves possession of the CA's key",
                                  "  berth certificate generate-verification-code plant-root",
                                  generate_verification_code, certificate);
    add_name(code);
    add_present_etag(code);
    CLI::App* proof = calling_verb(group, "verify", "Prove possession of the CA's key",
                                   "  berth certificate verify plant-root --path proof.pem",
                                   verify_certificate, certificate);
    add_name(proof);
    add_path(proof, "File of a certificate that the CA issued to the code as common name")
        ->required();
    add_present_etag(proof);
  }

  void add_settings() {
    CLI::App* group = noun("settings", "The tenant's own settings");
    calling_verb(group, "show", "Show the settings", "  berth settings show", show_settings);
    CLI::App* update = calling_verb(group, "update", "Change the settings",
                                    "  berth settings update --allocation-policy geoLatency",
                                    update_settings, tenant);
    choose(update->add_option("--allocation-policy,--ap", tenant.allocation_policy,
                              "For enrollments that don't say their own"),
           kTenantAllocationPolicies)
        ->required();
    add_etag(update, tenant.etag, "otherwise whatever it is");
  }

  void add_tenants() {
    CLI::App* group = noun("tenant", "Tenants (with the operator's login)");
    const auto add_names = [this](CLI::App* to) {
      to->add_option("--host-names", tenant.host_names,
                     "Names under which the service API answers for it")
          ->type_name("TEXT ...");
      choose(to->add_option("--allocation-policy,--ap", tenant.allocation_policy,
                            "For enrollments that don't say their own"),
             kTenantAllocationPolicies);
      to->add_flag("--default", tenant.becomes_default,
                   "The one that is meant where no tenant claims the host name");
    };
    CLI::App* create = calling_verb(
        group, "create", "Create a tenant, with an owner policy",
        "  berth tenant create --name acme --host-names acme.dps.example --output json",
        create_tenant, tenant);
    create->add_option("--name", tenant.name, "For people; 1 to 64 characters")->required();
    add_names(create);
    calling_verb(group, "list", "List tenants", "  berth tenant list", list_tenants);
    CLI::App* show =
        calling_verb(group, "show", "Show a tenant", "  berth tenant show 0ne00000A0A --show-keys",
                     show_tenant, named);
    add_id(show, named.id, "ID scope");
    show->add_flag("--show-keys", named.show_keys, "With its access policies and their keys");
    CLI::App* update = calling_verb(group, "update", "Change a tenant; what is not said stays",
                                    "  berth tenant update 0ne00000A0A --host-names acme.example",
                                    update_tenant, tenant);
    add_id(update, tenant.id, "ID scope");
    update->add_option("--name", tenant.name, "For people; 1 to 64 characters");
    add_names(update);
    add_etag(update, tenant.etag, "otherwise whatever it is");
    CLI::App* remove = calling_verb(group, "delete", "Delete a tenant with all that it owns",
                                    "  berth tenant delete 0ne00000A0A", delete_tenant, named);
    add_id(remove, named.id, "ID scope");
    add_etag(remove, named.etag, "otherwise whatever it is");
  }

  void add_sites() {
    CLI::App* group = noun("site", "Sites: places with gateways (with the operator's login)");
    CLI::App* create = calling_verb(group, "create", "Name a site", "  berth site create plant-1",
                                    create_site, named);
    add_id(create, named.id, "The site's name");
    calling_verb(group, "list", "List sites", "  berth site list", list_sites);
    CLI::App* remove = calling_verb(group, "delete", "Delete a site where no gateway stands",
                                    "  berth site delete plant-1", delete_site, named);
    add_id(remove, named.id, "The site's name");
  }

  void add_gateways() {
    CLI::App* group = noun("gateway", "Gateways (with the operator's login)");
    const std::string id = "The gateway's name or ID";
    const auto add_scope = [this](CLI::App* to) {
      to->add_option("--tenants", gateway.tenants,
                     "ID scopes of the tenants that it serves; the default tenant if absent");
    };
    CLI::App* create =
        calling_verb(group, "create", "Make a gateway and its one-time join token",
                     "  berth gateway create gw-1 --site plant-1", create_gateway, gateway);
    add_id(create, gateway.name, "The gateway's name");
    create->add_option("--site", gateway.site, "Where it stands")->required();
    add_scope(create);
    calling_verb(group, "list", "List gateways", "  berth gateway list", list_gateways);
    CLI::App* show = calling_verb(group, "show", "Show a gateway", "  berth gateway show gw-1",
                                  show_gateway, named);
    add_id(show, named.id, id);
    CLI::App* update =
        calling_verb(group, "update", "Change a gateway; what is not said stays",
                     "  berth gateway update gw-1 --site plant-2", update_gateway, gateway);
    add_id(update, gateway.name, id);
    update->add_option("--name", gateway.new_name, "Another name");
    update->add_option("--site", gateway.site, "Another site");
    add_scope(update);
    add_etag(update, gateway.etag, "otherwise whatever it is");
    const auto add_action = [&](const std::string& name, const std::string& about,
                                Result<Output> (*command)(ServiceClient&, const NamedOptions&)) {
      CLI::App* action =
          calling_verb(group, name, about, "  berth gateway " + name + " gw-1", command, named);
      add_id(action, named.id, id);
    };
    add_action("disable", "Keep a gateway from connecting", disable_gateway);
    add_action("enable", "Let a disabled gateway connect again", enable_gateway);
    add_action("remove", "Remove a gateway for good", remove_gateway);
    add_action("token", "Make another join token, which voids the one before", create_join_token);
    calling_verb(group, "quarantine",
                 "List outcomes that the coordinator could not take in, and why",
                 "  berth gateway quarantine", list_quarantine);
  }

  void add_status() {
    CLI::App* status = app.add_subcommand("status", "What there is and how it is");
    status->footer("Examples:\n  berth status\n  berth status --output json");
    status->callback([this] {
      chosen = [this]() -> Result<Output> {
        auto client = ServiceClient::open(login);
        if (!client) return client.error();
        return show_status(*client);
      };
    });
  }

  void add_audit() {
    CLI::App* group = noun("audit", "The audit log: who changed what, and what gateways decided");
    CLI::App* fetch = calling_verb(
        group, "export", "Write the audit log to a file, as JSON lines",
        "  berth audit export audit.jsonl\n"
        "  berth audit export may.jsonl --from 2026-05-01T00:00:00Z --until 2026-06-01T00:00:00Z",
        export_audit, audit);
    fetch->add_option("file", audit.file, "Where to write it")->required();
    fetch->add_option("--chain", audit.chain,
                      "One node's log only: the coordinator's ID or a gateway's");
    fetch->add_option("--from", audit.from, "Entries not older than this time");
    fetch->add_option("--until", audit.until, "Entries older than this time");
    fetch->add_option("--tenant", audit.tenant,
                      "An ID scope: its entries only (with the operator's login)");
    CLI::App* prove =
        verb(group, "verify", "Prove that an export is unbroken, or say where it is not",
             "  berth audit verify audit.jsonl --ca-file ca.pem",
             [this] { return verify_audit(login, audit); });
    prove->add_option("file", audit.file, "The export")->required();
  }

  void add_root_key() {
    CLI::App* group = noun("root-key", "Where a stopped gateway or coordinator keeps its root key");
    const auto add = [this, group](const std::string& name, const std::string& about,
                                   const std::string& more,
                                   Result<Output> (*command)(const RootKeyOptions&)) {
      CLI::App* added =
          verb(group, name, about,
               "  berth root-key " + name + " --data-dir /var/lib/berth-gateway" + more,
               [this, command] { return command(root_key); });
      added->add_option("--data-dir", root_key.data_dir, "The node's data_dir")->required();
      added->add_option("--tpm", root_key.tpm,
                        "The way to the TPM as libtss2 names it; device:/dev/tpmrm0 if absent");
      return added;
    };
    add("create",
        "Make the key of a new node, sealed to this machine's TPM; print its recovery key", "",
        create_root_key);
    add("seal", "Move the key from its file into the TPM's keeping; print its recovery key", "",
        seal_root_key);
    add("unseal", "Move the key from the TPM's keeping back into a file", "", unseal_root_key);
    CLI::App* recover =
        add("recover", "Open the data of another machine here, with its recovery key",
            " --recovery-key-file key.txt", recover_root_key);
    recover->add_option("--recovery-key-file", root_key.recovery_key_file,
                        "The file that holds it; standard input if absent");
  }

  void add_dev() {
    CLI::App* group =
        app.add_subcommand("dev", "A whole installation on this machine: a local emulator of DPS");
    group->footer(
        "Starts a coordinator, a gateway and two hubs on loopback, writes DIR/dev.json and serves\n"
        "until Ctrl-C. A second start with the same folder goes on with the same data.\n\n"
        "Examples:\n"
        "  berth dev --dir ~/berth-dev\n"
        "  berth dev --dir ~/berth-dev --standard-ports\n"
        "  berth dev offline --dir ~/berth-dev\n"
        "  berth dev restart --dir ~/berth-dev coordinator");
    CLI::Option* dir =
        group->add_option("--dir", dev_start.dir, "Folder of the installation, with all its data");
    CLI::Option* base = group->add_option(
        "--port-base", dev_start.port_base,
        "Device listeners at this port + 443 (HTTPS) and + 883 (MQTT), all on 127.0.0.1");
    base->check(CLI::Range(1024, 60000));
    group
        ->add_flag("--standard-ports", dev_start.standard_ports,
                   "The ports that unmodified SDKs assume: devices at localhost:443 and :8883, the "
                   "service API at 127.0.0.2:443, the hubs at 127.0.0.3:443 and 127.0.0.4:443")
        ->excludes(base);
    group->add_flag("--with-mosquitto", dev_start.with_mosquitto,
                    "One more hub: a Mosquitto broker, with Debian's mosquitto");
    // Without a verb it starts; the verbs speak to the one that runs.
    group->require_subcommand(0, 1);
    group->callback([this, group, dir] {
      if (!group->get_subcommands().empty()) return;
      if (!*dir) throw CLI::RequiredError("--dir");
      chosen = [this] { return done(dev.start(dev_start)); };
    });
    const auto add_control = [&](const std::string& name, const std::string& about,
                                 const std::string& example, bool has_part) {
      CLI::App* action = group->add_subcommand(name, about);
      action->footer("Examples:\n  " + example);
      action->add_option("--dir", dev_start.dir, "Folder of the installation")->required();
      if (has_part) {
        choose(action->add_option("part", dev_part, "coordinator, gateway, hub or mosquitto")
                   ->required(),
               {"coordinator", "gateway", "hub", "mosquitto"});
      }
      action->callback([this, name, has_part] {
        chosen = [this, name, has_part] {
          std::vector<std::string> command{name};
          if (has_part) command.push_back(dev_part);
          return done(dev.control(dev_start.dir, command));
        };
      });
    };
    add_control("restart", "Start a part again, which may have been killed",
                "berth dev restart --dir ~/berth-dev coordinator", true);
    add_control("offline", "Cut the gateway's link to the coordinator",
                "berth dev offline --dir ~/berth-dev", false);
    add_control("online", "Restore the gateway's link to the coordinator",
                "berth dev online --dir ~/berth-dev", false);
  }

  static Result<Output> done(const Result<void>& result) {
    if (!result) return result.error();
    return Output{};
  }

  void add_completion() {
    CLI::App* completion = noun("completion", "Shell completion");
    verb(completion, "bash", "Print a completion script for bash",
         "  source <(berth completion bash)", [this] {
           return Output{boost::json::string(script()), {}, {}};
         });
  }

  [[nodiscard]] CommandNode node_of(const CLI::App& of) const {
    CommandNode node;
    node.name = of.get_name();
    for (const CLI::Option* option : of.get_options()) {
      CommandOption described;
      for (const std::string& name : option->get_lnames()) described.names.push_back("--" + name);
      for (const std::string& name : option->get_snames()) described.names.push_back("-" + name);
      if (described.names.empty()) continue;
      if (const auto known = choices.find(option); known != choices.end()) {
        described.choices = known->second;
      }
      node.options.push_back(std::move(described));
    }
    for (const CLI::App* command : of.get_subcommands({})) {
      node.commands.push_back(node_of(*command));
    }
    return node;
  }

  [[nodiscard]] OutputFormat output_format() const {
    if (format == "json") return OutputFormat::json;
    return format == "jsonl" ? OutputFormat::jsonl : OutputFormat::table;
  }

  [[nodiscard]] std::string script() const {
    std::string text = bash_completion(node_of(app));
    text.pop_back();
    return text;
  }
};

CommandTree::CommandTree(DevCommands dev) : impl_(std::make_unique<Impl>(std::move(dev))) {}
CommandTree::~CommandTree() = default;

std::optional<int> CommandTree::parse(int argc, const char* const* argv, std::ostream& out,
                                      std::ostream& err) {
  try {
    impl_->app.parse(argc, argv);
  } catch (const CLI::ParseError& ended) {
    return impl_->app.exit(ended, out, err) == 0 ? kDone : kWrongUsage;
  }
  return std::nullopt;
}

int CommandTree::run(std::ostream& out, std::ostream& err) {
  const auto output = impl_->chosen();
  if (!output) {
    err << "berth: " << output.error().reason << std::endl;
    return output.error().code == Errc::invalid ? kWrongUsage : kFailed;
  }
  out << render(*output, impl_->output_format()) << std::flush;
  return out && !output->is_incomplete ? kDone : kFailed;
}

CommandNode CommandTree::describe() const {
  return impl_->node_of(impl_->app);
}

}  // namespace berth::cli
