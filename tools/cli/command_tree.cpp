#include "tools/cli/command_tree.hpp"

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "tools/cli/verbs.hpp"

namespace berth::cli {
namespace {

const std::vector<std::string> kFormats{"table", "json", "jsonl"};
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

CommandTree::Impl::Impl(DevCommands commands) : app(kAbout, "berth"), dev(std::move(commands)) {
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

CLI::Option* CommandTree::Impl::choose(CLI::Option* option,
                                       const std::vector<std::string>& values) {
  option->transform(CLI::IsMember(values, CLI::ignore_case))->type_name("");
  choices[option] = values;
  return option;
}

CLI::App* CommandTree::Impl::noun(const std::string& name, const std::string& about) {
  CLI::App* added = app.add_subcommand(name, about);
  added->require_subcommand(1);
  return added;
}

CLI::App* CommandTree::Impl::verb(CLI::App* noun, const std::string& name, const std::string& about,
                                  const std::string& examples,
                                  std::function<Result<Output>()> run) {
  CLI::App* added = noun->add_subcommand(name, about);
  added->footer("Examples:\n" + examples);
  added->callback([this, run = std::move(run)] { chosen = run; });
  return added;
}

void CommandTree::Impl::add_id(CLI::App* to, std::string& id, const std::string& what,
                               const std::string& names) {
  to->add_option("id" + names, id, what)->required()->type_name("");
}

void CommandTree::Impl::add_etag(CLI::App* to, std::string& etag, const std::string& otherwise) {
  to->add_option("--etag", etag, "Only if the record has this etag; " + otherwise);
}

void CommandTree::Impl::add_dev() {
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

Result<Output> CommandTree::Impl::done(const Result<void>& result) {
  if (!result) return result.error();
  return Output{};
}

void CommandTree::Impl::add_completion() {
  CLI::App* completion = noun("completion", "Shell completion");
  verb(completion, "bash", "Print a completion script for bash",
       "  source <(berth completion bash)", [this] {
         return Output{boost::json::string(script()), {}, {}};
       });
}

CommandNode CommandTree::Impl::node_of(const CLI::App& of) const {
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

OutputFormat CommandTree::Impl::output_format() const {
  if (format == "json") return OutputFormat::json;
  return format == "jsonl" ? OutputFormat::jsonl : OutputFormat::table;
}

std::string CommandTree::Impl::script() const {
  std::string text = bash_completion(node_of(app));
  text.pop_back();
  return text;
}

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
