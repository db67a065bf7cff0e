// Mosquitto's dynamic-security plugin as service API 6.3 describes it, in memory: clients, roles
// and retained messages, with the plugin's own words for what goes wrong.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "shared/protocol/hub/dynamic_security.hpp"

namespace berth::testing {

class FakeBroker {
 public:
  using Command = hub::dynsec::Command;
  using Kind = Command::Kind;

  struct Client {
    hub::dynsec::Client shown;
    std::string password;
  };
  std::map<std::string, Client> clients;
  std::map<std::string, hub::dynsec::Role> roles;
  std::map<std::string, std::string> retained;
  std::size_t changes = 0;

  hub::dynsec::Answer answer(const hub::dynsec::Request& request) {
    hub::dynsec::Answer out;
    if (request.retain) {
      if (request.retain->text.empty()) {
        retained.erase(request.retain->topic);
      } else {
        retained[request.retain->topic] = request.retain->text;
      }
    }
    const auto found = retained.find(request.read_retained);
    if (found != retained.end()) out.retained = found->second;
    for (const Command& command : request.commands) out.replies.push_back(carry_out(command));
    return out;
  }

 private:
  static hub::dynsec::Reply said(std::string_view words) {
    hub::dynsec::Reply reply;
    reply.error = std::string(words);
    return reply;
  }

  hub::dynsec::Reply carry_out(const Command& command) {
    switch (command.kind) {
      case Kind::create_client:
        if (clients.contains(command.name)) return said(hub::dynsec::kClientExists);
        for (const auto& one : *command.roles) {
          if (!roles.contains(one.role)) return said(hub::dynsec::kNoRole);
        }
        clients[command.name].shown.user_name = command.name;
        return write_client(command);
      case Kind::create_role:
        if (roles.contains(command.name)) return said(hub::dynsec::kRoleExists);
        roles[command.name].name = command.name;
        return write_role(command);
      case Kind::modify_role:
        if (!roles.contains(command.name)) return said(hub::dynsec::kNoRoleToModify);
        return write_role(command);
      case Kind::delete_role:
        if (roles.erase(command.name) == 0) return said(hub::dynsec::kNoRole);
        for (auto& [name, client] : clients) {
          std::erase_if(client.shown.roles,
                        [&command](const auto& one) { return one.role == command.name; });
        }
        ++changes;
        return {};
      case Kind::get_role: {
        const auto found = roles.find(command.name);
        if (found == roles.end()) return said(hub::dynsec::kNoRole);
        hub::dynsec::Reply reply;
        reply.role = found->second;
        return reply;
      }
      case Kind::list_clients: {
        hub::dynsec::Reply reply;
        reply.total = clients.size();
        std::size_t at = 0;
        for (const auto& [name, client] : clients) {
          if (at++ >= command.offset && reply.names.size() < command.count) {
            reply.names.push_back(name);
          }
        }
        return reply;
      }
      case Kind::modify_client:
      case Kind::delete_client:
      case Kind::get_client:
      case Kind::set_client_password:
      case Kind::enable_client:
      case Kind::disable_client: break;
    }
    return carry_out_on_client(command);
  }

  hub::dynsec::Reply carry_out_on_client(const Command& command) {
    const auto found = clients.find(command.name);
    if (found == clients.end()) return said(hub::dynsec::kNoClient);
    hub::dynsec::Reply reply;
    switch (command.kind) {
      case Kind::get_client: reply.client = found->second.shown; return reply;
      case Kind::modify_client: return write_client(command);
      case Kind::delete_client: clients.erase(found); break;
      case Kind::set_client_password:
        if (command.password->empty()) return said("Empty password is not allowed");
        return write_client(command);
      case Kind::enable_client: found->second.shown.disabled = false; break;
      case Kind::disable_client: found->second.shown.disabled = true; break;
      case Kind::create_client:
      case Kind::list_clients:
      case Kind::create_role:
      case Kind::modify_role:
      case Kind::delete_role:
      case Kind::get_role: return said("Unknown command");
    }
    ++changes;
    return reply;
  }

  hub::dynsec::Reply write_client(const Command& command) {
    Client& client = clients[command.name];
    if (command.text_name) client.shown.text_name = *command.text_name;
    if (command.text_description) client.shown.text_description = *command.text_description;
    if (command.client_id) client.shown.client_id = *command.client_id;
    if (command.roles) client.shown.roles = *command.roles;
    if (command.password) client.password = std::string(as_text(command.password->reveal()));
    ++changes;
    return {};
  }

  hub::dynsec::Reply write_role(const Command& command) {
    hub::dynsec::Role& role = roles[command.name];
    if (command.text_name) role.text_name = *command.text_name;
    if (command.text_description) role.text_description = *command.text_description;
    if (command.acls) role.acls = *command.acls;
    ++changes;
    return {};
  }
};

}  // namespace berth::testing
