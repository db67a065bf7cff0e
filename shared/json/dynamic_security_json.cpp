#include "shared/json/dynamic_security_json.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "shared/json/json_text.hpp"

namespace berth::json {
namespace {

namespace bj = boost::json;
namespace dynsec = hub::dynsec;

using Kind = dynsec::Command::Kind;

constexpr TextLimits kAnswerLimits{dynsec::kMaxAnswer, dynsec::kMaxAnswerDepth};
// Most of anything that a list in an answer holds.
constexpr std::size_t kMaxListed = 10'000;

std::string_view name_of(Kind kind) {
  switch (kind) {
    case Kind::create_client: return "createClient";
    case Kind::modify_client: return "modifyClient";
    case Kind::delete_client: return "deleteClient";
    case Kind::get_client: return "getClient";
    case Kind::list_clients: return "listClients";
    case Kind::set_client_password: return "setClientPassword";
    case Kind::enable_client: return "enableClient";
    case Kind::disable_client: return "disableClient";
    case Kind::create_role: return "createRole";
    case Kind::modify_role: return "modifyRole";
    case Kind::delete_role: return "deleteRole";
    case Kind::get_role: return "getRole";
  }
  return "";
}

bool is_about_role(Kind kind) {
  return kind == Kind::create_role || kind == Kind::modify_role || kind == Kind::delete_role ||
         kind == Kind::get_role;
}

std::string_view name_of(dynsec::AclKind kind) {
  switch (kind) {
    case dynsec::AclKind::publish_send: return "publishClientSend";
    case dynsec::AclKind::publish_receive: return "publishClientReceive";
    case dynsec::AclKind::subscribe_literal: return "subscribeLiteral";
    case dynsec::AclKind::subscribe_pattern: return "subscribePattern";
  }
  return "";
}

std::optional<dynsec::AclKind> acl_kind(std::string_view name) {
  for (const auto kind : {dynsec::AclKind::publish_send, dynsec::AclKind::publish_receive,
                          dynsec::AclKind::subscribe_literal, dynsec::AclKind::subscribe_pattern}) {
    if (name_of(kind) == name) return kind;
  }
  return std::nullopt;
}

bj::string text_of(std::string_view text) {
  return bj::string(text.data(), text.size());
}

bj::object written(const dynsec::Command& command, const std::string& correlation) {
  bj::object out;
  out["command"] = text_of(name_of(command.kind));
  if (command.kind == Kind::list_clients) {
    out["verbose"] = false;
    out["offset"] = command.offset;
    out["count"] = command.count;
  } else {
    out[is_about_role(command.kind) ? "rolename" : "username"] = text_of(command.name);
  }
  if (command.text_name) out["textname"] = text_of(*command.text_name);
  if (command.text_description) out["textdescription"] = text_of(*command.text_description);
  if (command.client_id) out["clientid"] = text_of(*command.client_id);
  if (command.password) out["password"] = text_of(as_text(command.password->reveal()));
  if (command.roles) {
    bj::array roles;
    for (const dynsec::Membership& one : *command.roles) {
      roles.push_back({{"rolename", text_of(one.role)}, {"priority", one.priority}});
    }
    out["roles"] = std::move(roles);
  }
  if (command.acls) {
    bj::array acls;
    for (const dynsec::Acl& one : *command.acls) {
      // What is not said to be allowed is denied, and what has no priority has 0 (service API 6.3).
      acls.push_back({{"acltype", text_of(name_of(one.kind))},
                      {"topic", text_of(one.topic)},
                      {"priority", 0},
                      {"allow", one.allow}});
    }
    out["acls"] = std::move(acls);
  }
  out["correlationData"] = text_of(correlation);
  return out;
}

Result<std::string> text_in(const bj::object& object, std::string_view name) {
  auto text = find_string(object, name);
  if (!text) return text.error();
  return text->value_or(std::string());
}

// Each object of a list, given to `take`, which tells whether it could be read.
template <class Take>
Result<void> each(const bj::object& object, std::string_view name, Take take) {
  const auto list = find_array(object, name);
  if (!list) return list.error();
  if (*list == nullptr) return {};
  if ((*list)->size() > kMaxListed) return Error{Errc::too_large, "a list is too long"};
  for (const bj::value& one : **list) {
    if (auto taken = take(one); !taken) return taken.error();
  }
  return {};
}

Result<void> read_membership(const bj::value& value, std::vector<dynsec::Membership>& out) {
  const bj::object* object = value.if_object();
  if (object == nullptr) return Error{Errc::malformed, "a role of a client is no object"};
  auto role = text_in(*object, "rolename");
  if (!role) return role.error();
  dynsec::Membership one;
  one.role = std::move(*role);
  const bj::value* priority = find(*object, "priority");
  if (priority != nullptr && priority->if_int64() != nullptr) {
    one.priority = static_cast<int>(std::clamp<std::int64_t>(
        *priority->if_int64(), std::numeric_limits<int>::min(), std::numeric_limits<int>::max()));
  }
  out.push_back(std::move(one));
  return {};
}

Result<dynsec::Client> read_client(const bj::object& object) {
  dynsec::Client client;
  for (const auto& [name, member] :
       {std::pair{"username", &client.user_name}, std::pair{"clientid", &client.client_id},
        std::pair{"textname", &client.text_name},
        std::pair{"textdescription", &client.text_description}}) {
    auto text = text_in(object, name);
    if (!text) return text.error();
    *member = std::move(*text);
  }
  const auto disabled = find_bool(object, "disabled");
  if (!disabled) return disabled.error();
  client.disabled = disabled->value_or(false);
  const auto roles = each(object, "roles", [&client](const bj::value& one) {
    return read_membership(one, client.roles);
  });
  if (!roles) return roles.error();
  return client;
}

Result<void> read_acl(const bj::value& value, std::vector<dynsec::Acl>& out) {
  const bj::object* object = value.if_object();
  if (object == nullptr) return Error{Errc::malformed, "an access rule is no object"};
  auto kind = text_in(*object, "acltype");
  if (!kind) return kind.error();
  auto topic = text_in(*object, "topic");
  if (!topic) return topic.error();
  const auto allow = find_bool(*object, "allow");
  if (!allow) return allow.error();
  // Rules of kinds that are never written here are somebody's own.
  const auto known = acl_kind(*kind);
  if (known) out.push_back(dynsec::Acl{*known, std::move(*topic), allow->value_or(false)});
  return {};
}

Result<dynsec::Role> read_role(const bj::object& object) {
  dynsec::Role role;
  for (const auto& [name, member] :
       {std::pair{"rolename", &role.name}, std::pair{"textname", &role.text_name},
        std::pair{"textdescription", &role.text_description}}) {
    auto text = text_in(object, name);
    if (!text) return text.error();
    *member = std::move(*text);
  }
  const auto acls =
      each(object, "acls", [&role](const bj::value& one) { return read_acl(one, role.acls); });
  if (!acls) return acls.error();
  return role;
}

Result<void> read_data(const bj::object& data, dynsec::Reply& reply) {
  const auto client = find_object(data, "client");
  if (!client) return client.error();
  if (*client != nullptr) {
    auto read = read_client(**client);
    if (!read) return read.error();
    reply.client = std::move(*read);
  }
  const auto role = find_object(data, "role");
  if (!role) return role.error();
  if (*role != nullptr) {
    auto read = read_role(**role);
    if (!read) return read.error();
    reply.role = std::move(*read);
  }
  const auto total = find_number(data, "totalCount", std::numeric_limits<std::uint32_t>::max());
  if (!total) return total.error();
  reply.total = total->value_or(0);
  return each(data, "clients", [&reply](const bj::value& one) -> Result<void> {
    const bj::string* name = one.if_string();
    if (name == nullptr) return Error{Errc::malformed, "a client's name is no text"};
    reply.names.emplace_back(name->data(), name->size());
    return {};
  });
}

Result<dynsec::Reply> read_reply(const bj::value& value) {
  const bj::object* object = value.if_object();
  if (object == nullptr) return Error{Errc::malformed, "a response is no object"};
  dynsec::Reply reply;
  auto correlation = text_in(*object, "correlationData");
  if (!correlation) return correlation.error();
  reply.correlation = std::move(*correlation);
  auto error = text_in(*object, "error");
  if (!error) return error.error();
  reply.error = std::move(*error);
  const auto data = find_object(*object, "data");
  if (!data) return data.error();
  if (*data != nullptr) {
    if (auto read = read_data(**data, reply); !read) return read.error();
  }
  return reply;
}

}  // namespace

std::string DynamicSecurityJson::write_commands(const std::vector<dynsec::Command>& commands,
                                                const std::vector<std::string>& correlations) {
  bj::array list;
  for (std::size_t i = 0; i < commands.size(); ++i) {
    list.push_back(written(commands[i], i < correlations.size() ? correlations[i] : std::string()));
  }
  bj::object body;
  body["commands"] = std::move(list);
  return serialize(body);
}

Result<std::vector<dynsec::Reply>> DynamicSecurityJson::read_replies(std::string_view text) {
  const auto body = parse_object(text, kAnswerLimits);
  if (!body) return body.error();
  std::vector<dynsec::Reply> replies;
  const auto read = each(*body, "responses", [&replies](const bj::value& one) -> Result<void> {
    auto reply = read_reply(one);
    if (!reply) return reply.error();
    replies.push_back(std::move(*reply));
    return {};
  });
  if (!read) return read.error();
  return replies;
}

Result<domain::JsonText> DynamicSecurityJson::read_object(std::string_view text) {
  const auto object = parse_object(text, kAnswerLimits);
  if (!object) return object.error();
  return to_text(&*object);
}

}  // namespace berth::json
