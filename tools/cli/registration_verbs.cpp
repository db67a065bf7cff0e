// The verbs of registrations and of allocation: what became of devices, and what would.
#include "tools/cli/verbs.hpp"

namespace berth::cli {

void CommandTree::Impl::add_registrations() {
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

void CommandTree::Impl::add_explain(CLI::App* group) {
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

void CommandTree::Impl::add_latency(CLI::App* to, std::vector<std::string>& latencies) {
  to->add_option("--latency", latencies,
                 "Round trip to a hub as a gateway measures it, which the coordinator does not: "
                 "HUB=MILLISECONDS")
      ->type_name("HUB=MS");
}

void CommandTree::Impl::add_allocation() {
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

}  // namespace berth::cli
