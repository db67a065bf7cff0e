// The verbs of a tenant's own things: linked hubs, access policies, keys, CA certificates,
// settings.
#include "tools/cli/verbs.hpp"

namespace berth::cli {
namespace {

const std::vector<std::string> kWhichKeys{"primary", "secondary"};
const std::vector<std::string> kKeyUses{"old", "new", "primary", "secondary", "unknown"};
const std::vector<std::string> kRights{"ServiceConfig",           "EnrollmentRead",
                                       "EnrollmentWrite",         "RegistrationStatusRead",
                                       "RegistrationStatusWrite", "DeviceConnect"};

}  // namespace

void CommandTree::Impl::add_hub_options(CLI::App* to) {
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

void CommandTree::Impl::add_hubs() {
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

void CommandTree::Impl::add_policies() {
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

void CommandTree::Impl::add_key_rolls() {
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

void CommandTree::Impl::add_certificates() {
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

void CommandTree::Impl::add_settings() {
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

}  // namespace berth::cli
