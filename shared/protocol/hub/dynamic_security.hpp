// Mosquitto's dynamic-security plugin (service API section 6) as shapes: the commands that go to a
// broker's control topic, and what it answers. DynamicSecurityCodec reads and writes them:
// shared/json/dynamic_security_json on Linux.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/base/result.hpp"
#include "shared/base/secret_bytes.hpp"
#include "shared/domain/model/twin.hpp"

namespace berth::hub::dynsec {

inline constexpr const char* kCommandTopic = "$CONTROL/dynamic-security/v1";
// Shared by all administrators (service API 6.2): answers are told apart by their correlation.
inline constexpr const char* kAnswerTopic = "$CONTROL/dynamic-security/v1/response";

// Largest answer that is looked at, its deepest nesting, and most commands in one publication.
inline constexpr std::size_t kMaxAnswer = 256 * 1024;
inline constexpr std::size_t kMaxAnswerDepth = 16;
inline constexpr std::size_t kMaxCommands = 64;

// Access to topics. There is no substitution in them, so that each device has a role of its own.
enum class AclKind : std::uint8_t {
  publish_send,
  publish_receive,
  subscribe_literal,
  subscribe_pattern,
};
struct Acl {
  AclKind kind = AclKind::publish_send;
  std::string topic;
  bool allow = true;
  friend bool operator==(const Acl&, const Acl&) = default;
};

// A client's part in a role; the highest priority is asked first.
struct Membership {
  std::string role;
  int priority = 0;
  friend bool operator==(const Membership&, const Membership&) = default;
};

struct Command {
  enum class Kind : std::uint8_t {
    create_client,
    modify_client,
    delete_client,
    get_client,
    list_clients,
    set_client_password,
    enable_client,
    disable_client,
    create_role,
    modify_role,
    delete_role,
    get_role,
  };
  Kind kind = Kind::get_client;
  std::string name;  // of the client or the role
  // Of a client or role that is created or modified; what is absent stays as it is.
  std::optional<std::string> text_name;
  std::optional<std::string> text_description;
  std::optional<std::string> client_id;
  std::optional<SecretBytes> password;
  std::optional<std::vector<Membership>> roles;  // replaces the list
  std::optional<std::vector<Acl>> acls;          // replaces the list
  // list_clients.
  std::size_t offset = 0;
  std::size_t count = 0;
};

struct Client {
  std::string user_name;
  std::string client_id;
  std::string text_name;
  std::string text_description;
  bool disabled = false;
  std::vector<Membership> roles;
};

struct Role {
  std::string name;
  std::string text_name;
  std::string text_description;
  std::vector<Acl> acls;
};

// The exact words of the plugin (service API 6.3).
inline constexpr std::string_view kClientExists = "Client already exists";
inline constexpr std::string_view kRoleExists = "Role already exists";
inline constexpr std::string_view kNoClient = "Client not found";
inline constexpr std::string_view kNoRole = "Role not found";
inline constexpr std::string_view kNoRoleToModify = "Role does not exist";

// The answer to one command.
struct Reply {
  std::string correlation;  // empty: somebody else's
  std::string error;        // empty: done
  std::optional<Client> client;
  std::optional<Role> role;
  std::vector<std::string> names;  // of list_clients
  std::size_t total = 0;
};

// What goes to a broker at once. Its parts take effect in this order, on one connection.
struct Request {
  // A retained message: what the device finds when it comes. An empty text removes it.
  struct Retained {
    std::string topic;
    std::string text;
  };
  std::optional<Retained> retain;
  std::string read_retained;  // a topic; empty: nothing is to be read
  std::vector<Command> commands;
};

struct Answer {
  std::vector<Reply> replies;  // one for each command, in order
  std::string retained;        // of read_retained; empty: there is none
};

class DynamicSecurityCodec {
 public:
  virtual ~DynamicSecurityCodec() = default;

  // One publication. The n-th command gets the n-th correlation.
  [[nodiscard]] virtual std::string write_commands(
      const std::vector<Command>& commands, const std::vector<std::string>& correlations) = 0;
  [[nodiscard]] virtual Result<std::vector<Reply>> read_replies(std::string_view text) = 0;
  // The text of one JSON object, as the domain keeps it.
  [[nodiscard]] virtual Result<domain::JsonText> read_object(std::string_view text) = 0;
};

}  // namespace berth::hub::dynsec
