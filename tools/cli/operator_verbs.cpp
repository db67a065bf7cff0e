// The verbs of whoever runs the coordinator: tenants, sites, gateways, the audit log, root keys.
#include "tools/cli/verbs.hpp"

namespace berth::cli {

void CommandTree::Impl::add_tenants() {
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
  CLI::App* create =
      calling_verb(group, "create", "Create a tenant, with an owner policy",
                   "  berth tenant create --name acme --host-names acme.dps.example --output json",
                   create_tenant, tenant);
  create->add_option("--name", tenant.name, "For people; 1 to 64 characters")->required();
  add_names(create);
  calling_verb(group, "list", "List tenants", "  berth tenant list", list_tenants);
  CLI::App* show = calling_verb(group, "show", "Show a tenant",
                                "  berth tenant show 0ne00000A0A --show-keys", show_tenant, named);
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

void CommandTree::Impl::add_sites() {
  CLI::App* group = noun("site", "Sites: places with gateways (with the operator's login)");
  CLI::App* create = calling_verb(group, "create", "Name a site", "  berth site create plant-1",
                                  create_site, named);
  add_id(create, named.id, "The site's name");
  calling_verb(group, "list", "List sites", "  berth site list", list_sites);
  CLI::App* remove = calling_verb(group, "delete", "Delete a site where no gateway stands",
                                  "  berth site delete plant-1", delete_site, named);
  add_id(remove, named.id, "The site's name");
}

void CommandTree::Impl::add_gateways() {
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
  calling_verb(group, "quarantine", "List outcomes that the coordinator could not take in, and why",
               "  berth gateway quarantine", list_quarantine);
}

void CommandTree::Impl::add_status() {
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

void CommandTree::Impl::add_audit() {
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

void CommandTree::Impl::add_root_key() {
  CLI::App* group = noun("root-key", "Where a stopped gateway or coordinator keeps its root key");
  const auto add = [this, group](const std::string& name, const std::string& about,
                                 const std::string& more,
                                 Result<Output> (*command)(const RootKeyOptions&)) {
    CLI::App* added = verb(group, name, about,
                           "  berth root-key " + name + " --data-dir /var/lib/berth-gateway" + more,
                           [this, command] { return command(root_key); });
    added->add_option("--data-dir", root_key.data_dir, "The node's data_dir")->required();
    added->add_option("--tpm", root_key.tpm,
                      "The way to the TPM as libtss2 names it; device:/dev/tpmrm0 if absent");
    return added;
  };
  add("create", "Make the key of a new node, sealed to this machine's TPM; print its recovery key",
      "", create_root_key);
  add("seal", "Move the key from its file into the TPM's keeping; print its recovery key", "",
      seal_root_key);
  add("unseal", "Move the key from the TPM's keeping back into a file", "", unseal_root_key);
  CLI::App* recover = add("recover", "Open the data of another machine here, with its recovery key",
                          " --recovery-key-file key.txt", recover_root_key);
  recover->add_option("--recovery-key-file", root_key.recovery_key_file,
                      "The file that holds it; standard input if absent");
}

}  // namespace berth::cli
