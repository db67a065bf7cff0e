#include "coordinator/fleet/broker_upkeep.hpp"

#include <algorithm>
#include <deque>
#include <map>
#include <utility>

namespace berth::coordinator {
namespace {

namespace dynsec = hub::dynsec;
using Kind = dynsec::Command::Kind;

// What all gateways may do: everything to clients and roles, for the plugin knows no less, and the
// devices' retained twins.
constexpr const char* kRole = "berth-gateway";

constexpr std::size_t kListedAtOnce = 500;

std::vector<dynsec::Acl> access() {
  using dynsec::AclKind;
  const std::string control = "$CONTROL/dynamic-security/#";
  const std::string twin = "devices/+/twin/desired";
  return {{AclKind::publish_send, control, true},      {AclKind::publish_receive, control, true},
          {AclKind::subscribe_pattern, control, true}, {AclKind::publish_send, twin, true},
          {AclKind::publish_receive, twin, true},      {AclKind::subscribe_pattern, twin, true}};
}

bool is_same_access(const std::vector<dynsec::Acl>& a, const std::vector<dynsec::Acl>& b) {
  return a.size() == b.size() && std::is_permutation(a.begin(), a.end(), b.begin());
}

dynsec::Command command(Kind kind, std::string name) {
  dynsec::Command made;
  made.kind = kind;
  made.name = std::move(name);
  return made;
}

// Somebody else was faster, or it is done already: the next look shows.
bool is_harmless(const std::string& words) {
  return words.empty() || words == dynsec::kClientExists || words == dynsec::kRoleExists ||
         words == dynsec::kNoClient || words == dynsec::kNoRole;
}

using Ending = std::optional<Result<hub::HubOutcome>>;

class Upkeep final : public hub::HubOperation {
 public:
  Upkeep(std::string prefix, std::string marker, std::vector<BrokerAccount> wanted)
      : prefix_(std::move(prefix)), marker_(std::move(marker)) {
    for (BrokerAccount& account : wanted) missing_.emplace(account.user_name, std::move(account));
    dynsec::Command list = command(Kind::list_clients, {});
    list.count = kListedAtOnce;
    send({command(Kind::get_role, kRole), std::move(list)});
  }

  const hub::HubRequest& next() const override { return request_; }

  Ending receive(const hub::HubResponse& response) override {
    const auto* answer = std::get_if<dynsec::Answer>(&response);
    const auto& commands = std::get_if<dynsec::Request>(&request_)->commands;
    if (answer == nullptr || answer->replies.size() != commands.size()) {
      return Error{Errc::unavailable, "the broker's answer is incomplete"};
    }
    for (std::size_t i = 0; i < commands.size(); ++i) {
      const dynsec::Reply& reply = answer->replies[i];
      if (!is_harmless(reply.error)) {
        return Error{Errc::unavailable, "the broker answered: " + reply.error.substr(0, 64)};
      }
      switch (commands[i].kind) {
        case Kind::get_role:
          if (!look_at_role(reply)) return foreign("role", kRole);
          break;
        case Kind::list_clients: look_at_list(commands[i], reply); break;
        case Kind::get_client:
          if (!look_at_client(reply)) return foreign("client", commands[i].name);
          break;
        case Kind::create_client:
        case Kind::modify_client:
        case Kind::delete_client:
        case Kind::set_client_password:
        case Kind::enable_client:
        case Kind::disable_client:
        case Kind::create_role:
        case Kind::modify_role:
        case Kind::delete_role: break;
      }
    }
    return go_on();
  }

 private:
  static Error foreign(const std::string& what, const std::string& name) {
    return Error{Errc::hub_conflict,
                 "the broker holds a " + what + " " + name + " that was not created here"};
  }

  void send(std::vector<dynsec::Command> commands) {
    dynsec::Request request;
    request.commands = std::move(commands);
    request_ = std::move(request);
  }

  bool look_at_role(const dynsec::Reply& reply) {
    // All coordinators of a broker share it: it gives the same to each.
    const bool is_there = reply.role.has_value();
    if (is_there && !reply.role->text_name.starts_with("berth:")) return false;
    if (is_there && is_same_access(reply.role->acls, access())) return true;
    dynsec::Command put = command(is_there ? Kind::modify_role : Kind::create_role, kRole);
    put.text_name = marker_;
    put.acls = access();
    waiting_.push_back(std::move(put));
    return true;
  }

  void look_at_list(const dynsec::Command& list, const dynsec::Reply& reply) {
    for (const std::string& name : reply.names) {
      if (name.starts_with(prefix_)) waiting_.push_back(command(Kind::get_client, name));
    }
    const std::size_t seen = list.offset + reply.names.size();
    if (!reply.names.empty() && seen < reply.total && seen < kMaxBrokerClients) {
      dynsec::Command more = command(Kind::list_clients, {});
      more.offset = seen;
      more.count = kListedAtOnce;
      waiting_.push_back(std::move(more));
    }
  }

  bool look_at_client(const dynsec::Reply& reply) {
    if (!reply.client) return true;  // gone meanwhile
    if (reply.client->text_name != marker_) return false;
    const auto found = missing_.find(reply.client->user_name);
    if (found == missing_.end()) {
      waiting_.push_back(command(Kind::delete_client, reply.client->user_name));
      return true;
    }
    const BrokerAccount account = std::move(found->second);
    missing_.erase(found);
    const bool is_as_wanted = reply.client->text_description == account.fingerprint &&
                              !reply.client->disabled && reply.client->roles.size() == 1 &&
                              reply.client->roles.front().role == kRole;
    if (is_as_wanted) return true;
    // Any change ends the client's connection; so there is none without need.
    waiting_.push_back(command(Kind::delete_client, account.user_name));
    waiting_.push_back(creation_of(account));
    return true;
  }

  dynsec::Command creation_of(const BrokerAccount& account) const {
    dynsec::Command create = command(Kind::create_client, account.user_name);
    create.text_name = marker_;
    create.text_description = account.fingerprint;
    create.password = account.password;
    create.roles = std::vector<dynsec::Membership>{{kRole, 0}};
    return create;
  }

  Ending go_on() {
    // What is not there is known when all was listed and looked at.
    const bool looks = std::any_of(waiting_.begin(), waiting_.end(), [](const auto& one) {
      return one.kind == Kind::list_clients || one.kind == Kind::get_client;
    });
    if (!looks) {
      for (const auto& [name, account] : std::exchange(missing_, {})) {
        waiting_.push_back(creation_of(account));
      }
    }
    if (waiting_.empty()) return hub::HubOutcome{};
    std::vector<dynsec::Command> batch;
    while (!waiting_.empty() && batch.size() < dynsec::kMaxCommands) {
      batch.push_back(std::move(waiting_.front()));
      waiting_.pop_front();
    }
    send(std::move(batch));
    return std::nullopt;
  }

  std::string prefix_;
  std::string marker_;
  std::map<std::string, BrokerAccount> missing_;  // wanted, not seen yet; by user name
  std::deque<dynsec::Command> waiting_;
  hub::HubRequest request_;
};

}  // namespace

std::unique_ptr<hub::HubOperation> broker_upkeep(std::string prefix, std::string marker,
                                                 std::vector<BrokerAccount> wanted) {
  return std::make_unique<Upkeep>(std::move(prefix), std::move(marker), std::move(wanted));
}

}  // namespace berth::coordinator
