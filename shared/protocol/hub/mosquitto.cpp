// Devices in a Mosquitto broker, by its dynamic-security plugin (service API section 6). A device
// is a role, named by its ID, with access to the device's own topics, and a client that has it. Who
// connects by user name and key is known by the device's ID, who shows a certificate by its common
// name: the role remembers the client's name.
//
// Both carry our marker as text name. The client's description counts our writes: that is its etag.
// The plugin has neither conditions nor transactions, so that each step is repeatable, and a role
// is there before its client and after it.
#include <algorithm>
#include <charconv>
#include <string_view>
#include <utility>

#include "shared/base/encoding.hpp"
#include "shared/protocol/hub/connector.hpp"

namespace berth::hub {
namespace {

using dynsec::Acl;
using dynsec::AclKind;
using dynsec::Command;
using Kind = dynsec::Command::Kind;

// How often an operation starts over because somebody else wrote between its read and its write.
constexpr int kMaxRounds = 3;
// Longest piece of a broker's words that goes into a reason.
constexpr std::size_t kMaxShown = 64;

// A role for all who are cut off. By certificate even a disabled client connects (service API 6.6),
// so that this role denies it every topic, ahead of its own.
constexpr const char* kCutOffRole = "berth-cut-off";
constexpr int kCutOffPriority = 10;

constexpr std::string_view kByKey = "key";
constexpr std::string_view kByCertificate = "certificate";

using Ending = std::optional<Result<HubOutcome>>;

std::string role_of(const domain::DeviceId& device) {
  return "berth-device-" + device.str();
}

// Where a device's own topics begin: those that Azure's device SDKs use (service API 6.7).
std::string topics_of(const domain::DeviceId& device) {
  return "devices/" + device.str() + "/";
}

// Mosquitto has no twin: the desired properties wait for the device in a retained message.
std::string twin_topic(const domain::DeviceId& device) {
  return topics_of(device) + "twin/desired";
}

std::vector<Acl> access_of(const domain::DeviceId& device) {
  const std::string to_device = topics_of(device) + "messages/devicebound/#";
  return {{AclKind::publish_send, topics_of(device) + "messages/events/#", true},
          {AclKind::publish_receive, to_device, true},
          {AclKind::subscribe_pattern, to_device, true},
          {AclKind::publish_receive, twin_topic(device), true},
          {AclKind::subscribe_literal, twin_topic(device), true}};
}

std::vector<Acl> no_access() {
  return {{AclKind::publish_send, "#", false},
          {AclKind::publish_receive, "#", false},
          {AclKind::subscribe_pattern, "#", false}};
}

// The ID becomes a level of topics: a wildcard in it would open other devices' topics.
bool fits_into_topics(const domain::DeviceId& device) {
  return device.str().find_first_of("+#/") == std::string::npos;
}

struct Login {
  std::string user_name;
  std::optional<SecretBytes> password;  // by certificate: none
  [[nodiscard]] std::string_view how() const { return password ? kByKey : kByCertificate; }
};

Login login_of(const DesiredIdentity& identity) {
  Login login;
  login.user_name = identity.device_id.str();
  if (const auto* keys = std::get_if<SymmetricKeyCredential>(&identity.credential)) {
    // The plugin keeps one password: that of the two which the device has at hand.
    const bool takes_secondary =
        keys->primary.empty() || (keys->signed_with_secondary && !keys->secondary.empty());
    const SecretBytes& key = takes_secondary ? keys->secondary : keys->primary;
    login.password = SecretBytes::copy_of(as_bytes(to_base64(key.reveal())));
  } else if (const auto* x509 = std::get_if<ThumbprintCredential>(&identity.credential)) {
    if (!x509->common_name.empty()) login.user_name = x509->common_name;
  }
  return login;
}

// "key 7": how the client logs in, and which write of ours this is.
struct Description {
  std::string how;
  std::uint64_t write = 0;
};

Description read_description(std::string_view text) {
  Description description;
  const std::size_t space = text.find(' ');
  if (space == std::string_view::npos) return description;
  description.how = std::string(text.substr(0, space));
  const std::string_view number = text.substr(space + 1);
  std::from_chars(number.data(), number.data() + number.size(), description.write);
  return description;
}

std::string write_description(std::string_view how, std::uint64_t write) {
  return std::string(how) + " " + std::to_string(write);
}

std::string shown(std::string_view text) {
  std::string line(text.substr(0, kMaxShown));
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7F) c = '?';
  }
  return line;
}

Error changed_meanwhile() {
  return Error{Errc::unavailable, "the client changed whenever it was about to be written"};
}

// What a batch did before such an answer stays: to be repeated.
Error unexpected(const std::string& words) {
  return Error{Errc::unavailable, "the broker answered: " + shown(words)};
}

Error not_ours(const std::string& what, const std::string& name) {
  return Error{Errc::hub_conflict, "the broker holds a " + what + " " + shown(name) +
                                       " that was not created here; it is left alone"};
}

Command command(Kind kind, std::string name) {
  Command made;
  made.kind = kind;
  made.name = std::move(name);
  return made;
}

// Only these say that what was read is there no more, or what was not read is.
bool is_about_change(const std::string& words) {
  return words == dynsec::kClientExists || words == dynsec::kRoleExists ||
         words == dynsec::kNoClient || words == dynsec::kNoRole || words == dynsec::kNoRoleToModify;
}

// What stands in the broker for one device.
struct Found {
  std::optional<dynsec::Role> role;
  std::optional<dynsec::Client> client;
};

bool has_role(const dynsec::Client& client, const std::string& role) {
  return std::any_of(client.roles.begin(), client.roles.end(),
                     [&role](const dynsec::Membership& one) { return one.role == role; });
}

// A broker need not list them in the order in which it was given them.
bool is_same_access(const std::vector<Acl>& a, const std::vector<Acl>& b) {
  return a.size() == b.size() && std::is_permutation(a.begin(), a.end(), b.begin());
}

bool is_cut_off(const dynsec::Client& client) {
  return client.disabled || has_role(client, kCutOffRole);
}

bool is_absent(const dynsec::Reply& reply) {
  return reply.error == dynsec::kNoClient || reply.error == dynsec::kNoRole ||
         reply.error == dynsec::kNoRoleToModify;
}

// Reads role and client of a device, then hands over.
class BrokerOperation : public HubOperation {
 public:
  BrokerOperation(domain::DeviceId device, std::string marker)
      : device_(std::move(device)), marker_(std::move(marker)) {}

  const HubRequest& next() const final { return request_; }

  Ending receive(const HubResponse& response) final {
    const auto* answer = std::get_if<dynsec::Answer>(&response);
    if (answer == nullptr) return Error{Errc::internal, "a broker was answered for by an IoT Hub"};
    const auto& commands = std::get_if<dynsec::Request>(&request_)->commands;
    if (answer->replies.size() != commands.size()) {
      return Error{Errc::unavailable, "the broker's answer is incomplete"};
    }
    switch (step_) {
      case Step::read: return after_read(*answer);
      case Step::write: return after_write(answer->replies);
    }
    return Error{Errc::internal, "a hub operation in no step"};
  }

 protected:
  // What to do about what stands there.
  virtual Ending decide(const Found& found) = 0;
  // All is written.
  virtual Result<HubOutcome> written() = 0;
  // What goes beside the read.
  virtual void add_to_read(dynsec::Request&) const {}
  virtual void take_from_read(const dynsec::Answer&) {}

  void read(std::string user_name) {
    step_ = Step::read;
    user_name_ = std::move(user_name);
    dynsec::Request request;
    request.commands = {command(Kind::get_role, role_of(device_)),
                        command(Kind::get_client, user_name_)};
    add_to_read(request);
    request_ = std::move(request);
  }

  Ending write(dynsec::Request request) {
    step_ = Step::write;
    request_ = std::move(request);
    return std::nullopt;
  }

  [[nodiscard]] const domain::DeviceId& device() const { return device_; }
  [[nodiscard]] const std::string& marker() const { return marker_; }
  [[nodiscard]] const std::string& user_name() const { return user_name_; }

 private:
  enum class Step : std::uint8_t { read, write };

  Ending after_read(const dynsec::Answer& answer) {
    Found found;
    for (const dynsec::Reply& reply : answer.replies) {
      if (!reply.error.empty() && !is_absent(reply)) return unexpected(reply.error);
      if (reply.error.empty() && !reply.role && !reply.client) return unexpected("nothing");
      if (reply.role) found.role = reply.role;
      if (reply.client) found.client = reply.client;
    }
    take_from_read(answer);
    return decide(found);
  }

  Ending after_write(const std::vector<dynsec::Reply>& replies) {
    bool is_changed = false;
    const auto& commands = std::get_if<dynsec::Request>(&request_)->commands;
    for (std::size_t i = 0; i < replies.size(); ++i) {
      const std::string& words = replies[i].error;
      if (words.empty() || is_harmless(commands[i], replies[i])) continue;
      if (!is_about_change(words)) return unexpected(words);
      is_changed = true;
    }
    if (!is_changed) return written();
    if (++rounds_ >= kMaxRounds) return changed_meanwhile();
    read(user_name_);
    return std::nullopt;
  }

  // The shared role is made whenever it is needed; what is to go may be gone.
  static bool is_harmless(const Command& command, const dynsec::Reply& reply) {
    if (command.kind == Kind::create_role && command.name == kCutOffRole) {
      return reply.error == dynsec::kRoleExists;
    }
    const bool removes = command.kind == Kind::delete_client || command.kind == Kind::delete_role;
    return removes && is_absent(reply);
  }

  domain::DeviceId device_;
  std::string marker_;
  std::string user_name_;
  Step step_ = Step::read;
  HubRequest request_;
  int rounds_ = 0;
};

class Upsert final : public BrokerOperation {
 public:
  Upsert(DesiredIdentity identity, std::string marker)
      : BrokerOperation(identity.device_id, std::move(marker)),
        identity_(std::move(identity)),
        login_(login_of(identity_)) {
    read(login_.user_name);
  }

 private:
  Ending decide(const Found& found) override {
    if (!fits_into_topics(device())) {
      return Error{Errc::hub_refused,
                   "a device ID with '+', '#' or '/' has no topics of its own in "
                   "a broker"};
    }
    if (found.role && found.role->text_name != marker()) {
      return not_ours("role", found.role->name);
    }
    if (found.client && found.client->text_name != marker()) {
      return not_ours("client", found.client->user_name);
    }
    if (found.client && is_of_another_device(*found.client)) {
      return Error{Errc::hub_conflict, "the broker's client " + shown(login_.user_name) +
                                           " belongs to a device that logs in differently"};
    }
    outcome_ = HubOutcome{};
    outcome_.found = found.client.has_value();
    dynsec::Request request;
    put_role(found, request);
    put_client(found, request);
    if (!outcome_.found || identity_.replace_twin) {
      request.retain = {twin_topic(device()), identity_.twin.desired};
    }
    if (request.commands.empty() && !request.retain) return outcome_;
    return write(std::move(request));
  }

  // A certificate may come under another device ID. But a device whose ID is the common name of
  // another's certificate cannot have the client too.
  [[nodiscard]] bool is_of_another_device(const dynsec::Client& client) const {
    return !has_role(client, role_of(device())) &&
           read_description(client.text_description).how != login_.how();
  }

  void put_role(const Found& found, dynsec::Request& request) const {
    const bool is_as_wanted = found.role && is_same_access(found.role->acls, access_of(device())) &&
                              found.role->text_description == login_.user_name;
    if (is_as_wanted) return;
    Command put = command(found.role ? Kind::modify_role : Kind::create_role, role_of(device()));
    put.text_name = marker();
    put.text_description = login_.user_name;
    put.acls = access_of(device());
    request.commands.push_back(std::move(put));
  }

  void put_client(const Found& found, dynsec::Request& request) {
    const Description before =
        read_description(found.client ? found.client->text_description : std::string());
    outcome_.etag = std::to_string(before.write);
    if (found.client && before.how == login_.how() && !login_.password &&
        is_as_wanted(*found.client)) {
      return;
    }
    const std::uint64_t write = before.write + 1;
    outcome_.etag = std::to_string(write);
    const bool modifies = found.client && before.how == login_.how();
    // A password cannot be taken from a client again: another kind of login is another client.
    if (found.client && !modifies) {
      request.commands.push_back(command(Kind::delete_client, login_.user_name));
    }
    Command put = command(modifies ? Kind::modify_client : Kind::create_client, login_.user_name);
    put.text_name = marker();
    put.text_description = write_description(login_.how(), write);
    put.client_id = device().str();
    put.roles = std::vector<dynsec::Membership>{{role_of(device()), 0}};
    if (!modifies) put.password = login_.password;
    request.commands.push_back(std::move(put));
    if (modifies && login_.password) {
      Command password = command(Kind::set_client_password, login_.user_name);
      password.password = login_.password;
      request.commands.push_back(std::move(password));
    }
    if (modifies && found.client->disabled) {
      request.commands.push_back(command(Kind::enable_client, login_.user_name));
    }
  }

  [[nodiscard]] bool is_as_wanted(const dynsec::Client& client) const {
    return !is_cut_off(client) && client.client_id == device().str() && client.roles.size() == 1 &&
           client.roles.front().role == role_of(device());
  }

  Result<HubOutcome> written() override { return outcome_; }

  DesiredIdentity identity_;
  Login login_;
  HubOutcome outcome_;
};

class ReadTwin final : public BrokerOperation {
 public:
  ReadTwin(const domain::DeviceId& device, std::string marker, dynsec::DynamicSecurityCodec& json)
      : BrokerOperation(device, std::move(marker)), json_(json) {
    read(device.str());
  }

 private:
  void add_to_read(dynsec::Request& request) const override {
    if (fits_into_topics(device())) request.read_retained = twin_topic(device());
  }

  void take_from_read(const dynsec::Answer& answer) override { retained_ = answer.retained; }

  Ending decide(const Found& found) override {
    HubOutcome outcome;
    if (!found.role || found.role->text_name != marker()) return outcome;
    outcome.found = true;
    if (retained_.empty()) return outcome;
    auto desired = json_.read_object(retained_);
    if (!desired) {
      return Error{Errc::unavailable,
                   "the broker's retained twin cannot be read: " + desired.error().reason};
    }
    outcome.twin.desired = std::move(*desired);
    return outcome;
  }

  Result<HubOutcome> written() override { return HubOutcome{}; }

  dynsec::DynamicSecurityCodec& json_;
  std::string retained_;
};

// Disables, enables or deletes what is ours, and nobody else's.
class Retire final : public BrokerOperation {
 public:
  enum class What : std::uint8_t { disable, enable, remove };

  Retire(What what, const domain::DeviceId& device, std::string etag, std::string marker)
      : BrokerOperation(device, std::move(marker)), what_(what), etag_(std::move(etag)) {
    read(device.str());
  }

 private:
  Ending decide(const Found& found) override {
    outcome_ = HubOutcome{};
    if (!found.role || found.role->text_name != marker()) return outcome_;
    const std::string& name = found.role->text_description;
    if (!name.empty() && name != user_name()) {
      read(name);
      return std::nullopt;
    }
    const bool is_its_client = found.client && found.client->text_name == marker() &&
                               has_role(*found.client, found.role->name);
    if (!is_its_client) return drop_role();
    const Description before = read_description(found.client->text_description);
    const bool is_our_disabling = what_ == What::disable && is_cut_off(*found.client);
    if (!etag_.empty() && etag_ != std::to_string(before.write) && !is_our_disabling) {
      return outcome_;
    }
    outcome_.found = true;
    outcome_.etag = std::to_string(before.write);
    switch (what_) {
      case What::disable: return disable(*found.client, before);
      case What::enable: return enable(*found.client, before);
      case What::remove: return remove();
    }
    return Error{Errc::internal, "a hub operation of no kind"};
  }

  // A role whose client never came, or went to another device.
  Ending drop_role() {
    if (what_ == What::enable) return outcome_;
    dynsec::Request request;
    request.commands = {command(Kind::delete_role, role_of(device()))};
    return write(std::move(request));
  }

  Ending disable(const dynsec::Client& client, const Description& before) {
    if (client.disabled && has_role(client, kCutOffRole)) return outcome_;
    Command cut_off = command(Kind::create_role, kCutOffRole);
    cut_off.text_name = marker();
    cut_off.acls = no_access();
    dynsec::Request request;
    request.commands = {std::move(cut_off),
                        change(before, {{kCutOffRole, kCutOffPriority}, {role_of(device()), 0}}),
                        command(Kind::disable_client, user_name())};
    return write(std::move(request));
  }

  Ending enable(const dynsec::Client& client, const Description& before) {
    if (!is_cut_off(client)) return outcome_;
    dynsec::Request request;
    request.commands = {change(before, {{role_of(device()), 0}}),
                        command(Kind::enable_client, user_name())};
    return write(std::move(request));
  }

  Ending remove() {
    outcome_.etag.clear();
    dynsec::Request request;
    if (fits_into_topics(device())) request.retain = {twin_topic(device()), std::string()};
    request.commands = {command(Kind::delete_client, user_name()),
                        command(Kind::delete_role, role_of(device()))};
    return write(std::move(request));
  }

  Command change(const Description& before, std::vector<dynsec::Membership> roles) {
    outcome_.etag = std::to_string(before.write + 1);
    Command modify = command(Kind::modify_client, user_name());
    modify.text_description = write_description(before.how, before.write + 1);
    modify.roles = std::move(roles);
    return modify;
  }

  Result<HubOutcome> written() override { return outcome_; }

  What what_;
  std::string etag_;
  HubOutcome outcome_;
};

class Mosquitto final : public HubConnector {
 public:
  Mosquitto(const domain::CoordinatorId& owner, dynsec::DynamicSecurityCodec& json)
      : marker_(ownership_marker(owner)), json_(json) {}

  std::unique_ptr<HubOperation> upsert(const DesiredIdentity& identity) override {
    return std::make_unique<Upsert>(identity, marker_);
  }
  std::unique_ptr<HubOperation> read_twin(const domain::DeviceId& device) override {
    return std::make_unique<ReadTwin>(device, marker_, json_);
  }
  std::unique_ptr<HubOperation> disable(const domain::DeviceId& device,
                                        const std::string& etag) override {
    return std::make_unique<Retire>(Retire::What::disable, device, etag, marker_);
  }
  std::unique_ptr<HubOperation> enable(const domain::DeviceId& device) override {
    return std::make_unique<Retire>(Retire::What::enable, device, std::string(), marker_);
  }
  std::unique_ptr<HubOperation> remove(const domain::DeviceId& device,
                                       const std::string& etag) override {
    return std::make_unique<Retire>(Retire::What::remove, device, etag, marker_);
  }

 private:
  std::string marker_;
  dynsec::DynamicSecurityCodec& json_;
};

}  // namespace

std::unique_ptr<HubConnector> mosquitto_connector(const domain::CoordinatorId& owner,
                                                  dynsec::DynamicSecurityCodec& json) {
  return std::make_unique<Mosquitto>(owner, json);
}

}  // namespace berth::hub
