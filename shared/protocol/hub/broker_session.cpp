#include "shared/protocol/hub/broker_session.hpp"

#include <variant>

namespace berth::hub {
namespace {

// Longer than a connection is kept without use, so that nothing needs to be sent to keep it.
constexpr std::uint16_t kKeepAliveSeconds = 300;

std::string words_of(mqtt::ConnectCode code) {
  switch (code) {
    case mqtt::ConnectCode::accepted: return "accepted";
    case mqtt::ConnectCode::unacceptable_protocol: return "the protocol is not spoken";
    case mqtt::ConnectCode::identifier_rejected: return "the client ID is rejected";
    case mqtt::ConnectCode::server_unavailable: return "it is unavailable";
    case mqtt::ConnectCode::bad_credentials:
    case mqtt::ConnectCode::not_authorized: return "user name or password is wrong";
  }
  return "an unknown code";
}

}  // namespace

BrokerSession::BrokerSession(Login login, dynsec::DynamicSecurityCodec& json)
    : login_(std::move(login)), json_(json) {
  mqtt::Connect connect;
  connect.client_id = login_.client_id;
  connect.keep_alive_seconds = kKeepAliveSeconds;
  connect.username = login_.user_name;
  connect.password = login_.password;
  send(connect);
}

Result<BrokerSession::Ticket> BrokerSession::ask(dynsec::Request request) {
  if (ending_) return *ending_;
  if (open_.size() >= kMaxOpenBrokerRequests) {
    return Error{Errc::throttled, "too many requests wait for the broker"};
  }
  const Ticket ticket = ++last_ticket_;
  const Open& open = open_[ticket] = Open{std::move(request), {}};
  if (state_ == State::ready) send_request(ticket, open.request);
  return ticket;
}

void BrokerSession::forget(Ticket ticket) {
  open_.erase(ticket);
}

void BrokerSession::on_bytes(ByteView bytes) {
  if (ending_) return;
  decoder_.feed(bytes);
  while (auto packet = decoder_.next()) {
    if (!*packet) {
      end(Errc::unavailable, "the broker does not speak MQTT: " + packet->error().reason);
      return;
    }
    on_packet(**packet);
    if (ending_) return;
  }
}

Bytes BrokerSession::take_output() {
  return std::exchange(output_, {});
}

std::vector<std::pair<BrokerSession::Ticket, dynsec::Answer>> BrokerSession::take_answers() {
  return std::exchange(answers_, {});
}

void BrokerSession::send(const mqtt::Packet& packet) {
  append(output_, mqtt::encode(packet));
}

std::uint16_t BrokerSession::next_packet_id() {
  if (++last_packet_id_ == 0) ++last_packet_id_;
  return last_packet_id_;
}

// At QoS 1: a broker forwards in order what one client sends.
void BrokerSession::publish(std::string topic, std::string payload, bool retain) {
  mqtt::Publish publish;
  publish.topic = std::move(topic);
  publish.payload = std::move(payload);
  publish.qos = 1;
  publish.retain = retain;
  publish.packet_id = next_packet_id();
  send(publish);
}

// A broker handles one client's packets in order: the answer to the commands says that all before
// them is done, and comes behind the retained message.
void BrokerSession::send_request(Ticket ticket, const dynsec::Request& request) {
  if (request.retain) publish(request.retain->topic, request.retain->text, true);
  if (!request.read_retained.empty()) {
    mqtt::Subscribe subscribe;
    subscribe.packet_id = next_packet_id();
    subscribe.filters.push_back({request.read_retained, 0});
    send(subscribe);
  }
  std::vector<std::string> correlations;
  for (std::size_t i = 0; i < request.commands.size(); ++i) {
    correlations.push_back(correlation_of(ticket, i));
  }
  publish(dynsec::kCommandTopic, json_.write_commands(request.commands, correlations), false);
}

std::string BrokerSession::correlation_of(Ticket ticket, std::size_t command) const {
  return login_.client_id + "/" + std::to_string(ticket) + "/" + std::to_string(command);
}

void BrokerSession::end(Errc code, std::string reason) {
  state_ = State::ended;
  ending_ = Error{code, std::move(reason)};
  open_.clear();
}

void BrokerSession::on_packet(const mqtt::Packet& packet) {
  if (const auto* connack = std::get_if<mqtt::Connack>(&packet)) {
    on_connack(*connack);
  } else if (const auto* suback = std::get_if<mqtt::Suback>(&packet)) {
    on_suback(*suback);
  } else if (const auto* published = std::get_if<mqtt::Publish>(&packet)) {
    on_publish(*published);
  } else if (!std::holds_alternative<mqtt::Puback>(packet) &&
             !std::holds_alternative<mqtt::Unsuback>(packet) &&
             !std::holds_alternative<mqtt::Pingresp>(packet)) {
    end(Errc::unavailable, "the broker sent what only clients send");
  }
}

void BrokerSession::on_connack(const mqtt::Connack& connack) {
  if (state_ != State::connecting) return end(Errc::unavailable, "the broker let us in twice");
  if (connack.code != mqtt::ConnectCode::accepted) {
    const bool is_about_us = connack.code == mqtt::ConnectCode::bad_credentials ||
                             connack.code == mqtt::ConnectCode::not_authorized;
    return end(is_about_us ? Errc::hub_unauthorized : Errc::unavailable,
               "the broker refused the connection: " + words_of(connack.code));
  }
  state_ = State::subscribing;
  mqtt::Subscribe subscribe;
  subscribe.packet_id = next_packet_id();
  subscribe.filters.push_back({dynsec::kAnswerTopic, 0});
  send(subscribe);
}

void BrokerSession::on_suback(const mqtt::Suback& suback) {
  // A refused retained topic reads as an empty one.
  if (state_ != State::subscribing) return;
  for (const std::uint8_t code : suback.codes) {
    if (code == mqtt::kSubscribeFailure) {
      return end(Errc::hub_unauthorized, "the broker does not let us use its dynamic security");
    }
  }
  state_ = State::ready;
  for (const auto& [ticket, open] : open_) send_request(ticket, open.request);
}

void BrokerSession::on_publish(const mqtt::Publish& published) {
  if (published.qos == 1) send(mqtt::Puback{published.packet_id});
  if (published.topic == dynsec::kAnswerTopic) return on_replies(published.payload);
  for (auto& [ticket, open] : open_) {
    if (open.request.read_retained == published.topic) open.retained = published.payload;
  }
}

void BrokerSession::on_replies(const std::string& payload) {
  auto replies = json_.read_replies(payload);
  // Somebody else's nonsense, or ours: whoever waits has a deadline.
  if (!replies || replies->empty()) return;
  for (auto at = open_.begin(); at != open_.end(); ++at) {
    const dynsec::Request& request = at->second.request;
    if (replies->front().correlation != correlation_of(at->first, 0)) continue;
    bool is_whole = replies->size() == request.commands.size();
    for (std::size_t i = 0; is_whole && i < replies->size(); ++i) {
      is_whole = (*replies)[i].correlation == correlation_of(at->first, i);
    }
    if (!is_whole) return;
    if (!request.read_retained.empty()) {
      send(mqtt::Unsubscribe{next_packet_id(), {request.read_retained}});
    }
    answers_.emplace_back(at->first,
                          dynsec::Answer{std::move(*replies), std::move(at->second.retained)});
    open_.erase(at);
    return;
  }
}

}  // namespace berth::hub
