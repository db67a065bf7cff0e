#include "gateway/core/device/mqtt.hpp"

#include <algorithm>
#include <utility>

#include "gateway/core/device/api_version.hpp"
#include "gateway/core/limits.hpp"
#include "shared/base/assert.hpp"
#include "shared/base/encoding.hpp"
#include "shared/protocol/errors.hpp"

namespace berth::gateway {
namespace {

using mqtt::ConnectCode;

// The only topics there are (device API 2.2).
constexpr std::string_view kResponseFilter = "$dps/registrations/res/#";
constexpr std::string_view kResponsePrefix = "$dps/registrations/res/";
constexpr std::string_view kRegisterPrefix = "$dps/registrations/PUT/iotdps-register/?";
constexpr std::string_view kPollPrefix = "$dps/registrations/GET/iotdps-get-operationstatus/?";

// "{idScope}/registrations/{rid}/api-version={v}" and then "&ClientVersion=…", of which some
// clients do not encode a character (device API 2.1).
struct Username {
  std::string id_scope;
  std::string registration_id;
  std::string api_version;
};

// The part before the next '/', decoded; `text` goes on behind it.
std::optional<std::string> take_segment(std::string_view& text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  std::optional<std::string> segment = percent_decode(text.substr(0, slash));
  text.remove_prefix(slash + 1);
  return segment;
}

// The value of the first `key=value` pair of that key among pairs joined by '&'.
std::optional<std::string_view> parameter(std::string_view pairs, std::string_view key) {
  while (!pairs.empty()) {
    const std::size_t end = pairs.find('&');
    const std::string_view pair = pairs.substr(0, end);
    if (pair.size() > key.size() && pair.starts_with(key) && pair[key.size()] == '=') {
      return pair.substr(key.size() + 1);
    }
    pairs = end == std::string_view::npos ? std::string_view{} : pairs.substr(end + 1);
  }
  return std::nullopt;
}

std::optional<Username> read_username(std::string_view text) {
  const std::optional<std::string> id_scope = take_segment(text);
  const std::optional<std::string> registrations = take_segment(text);
  const std::optional<std::string> id = take_segment(text);
  if (!id_scope || !registrations || *registrations != "registrations" || !id) return std::nullopt;
  const std::optional<std::string_view> version = parameter(text, "api-version");
  if (!version || !is_api_version(*version)) return std::nullopt;
  return Username{*id_scope, *id, std::string(*version)};
}

}  // namespace

MqttSession::MqttSession(MqttPorts ports, DevicePeer peer, domain::DeviceProtocol protocol)
    : ports_(ports),
      peer_(std::move(peer)),
      protocol_(protocol),
      deadline_(ports_.clock.monotonic() + kMqttConnectDeadline) {}

MqttOutput MqttSession::on_bytes(ByteView bytes) {
  MqttOutput out;
  if (state_ == State::closed) return out;
  decoder_.feed(bytes);
  while (state_ != State::closed) {
    std::optional<Result<mqtt::Packet>> packet = decoder_.next();
    if (!packet) break;
    if (!*packet) {
      close(packet->error().reason, out);
      break;
    }
    // Only whole packets count as life (section 3.1.2.10): a trickle of bytes keeps nothing open.
    if (state_ == State::connected && !refused_) {
      deadline_ = ports_.clock.monotonic() + max_silence_;
    }
    on_packet(std::move(**packet), out);
  }
  return out;
}

void MqttSession::on_packet(mqtt::Packet packet, MqttOutput& out) {
  if (state_ == State::awaiting_connect) {
    if (auto* connect = std::get_if<mqtt::Connect>(&packet)) {
      on_connect(std::move(*connect), out);
    } else {
      close("the first packet is not CONNECT", out);
    }
    return;
  }
  if (const auto* publish = std::get_if<mqtt::Publish>(&packet)) {
    on_publish(*publish, out);
  } else if (const auto* subscribe = std::get_if<mqtt::Subscribe>(&packet)) {
    on_subscribe(*subscribe, out);
  } else if (const auto* unsubscribe = std::get_if<mqtt::Unsubscribe>(&packet)) {
    on_unsubscribe(*unsubscribe, out);
  } else if (std::holds_alternative<mqtt::Pingreq>(packet)) {
    append(out.send, mqtt::encode(mqtt::Pingresp{}));
  } else if (std::holds_alternative<mqtt::Disconnect>(packet)) {
    close({}, out);
  } else if (!std::holds_alternative<mqtt::Puback>(packet)) {
    // A second CONNECT (section 3.1), or what only a server sends.
    close("a packet that a client may not send here", out);
  }
}

void MqttSession::refuse_connect(ConnectCode code, std::string reason, MqttOutput& out) {
  append(out.send, mqtt::encode(mqtt::Connack{false, code}));
  close(std::move(reason), out);
}

void MqttSession::on_connect(mqtt::Connect connect, MqttOutput& out) {
  if (connect.protocol_level != mqtt::kProtocolLevel) {
    refuse_connect(ConnectCode::unacceptable_protocol, "the device does not speak MQTT 3.1.1", out);
    return;
  }
  const std::optional<Username> username =
      connect.username ? read_username(*connect.username) : std::nullopt;
  if (!username) {
    refuse_connect(ConnectCode::bad_credentials, "CONNECT's username does not parse", out);
    return;
  }
  if (!ports_.cache.tenant(username->id_scope)) {
    refuse_connect(ConnectCode::server_unavailable, "this gateway serves no such ID scope", out);
    return;
  }
  const Result<domain::RegistrationId> id =
      domain::RegistrationId::parse(username->registration_id);
  if (!id) {
    refuse_connect(ConnectCode::identifier_rejected, id.error().reason, out);
    return;
  }
  if (!equals_ignoring_case(connect.client_id, id->str())) {
    refuse_connect(ConnectCode::not_authorized, "client ID and username name two devices", out);
    return;
  }
  const bool has_token = connect.password && !connect.password->empty();
  if (!has_token && !peer_.chain.empty()) {
    const Result<ports::Certificate> leaf = ports_.crypto.parse_certificate(peer_.chain.front());
    if (!leaf || !equals_ignoring_case(leaf->common_name, id->str())) {
      refuse_connect(ConnectCode::not_authorized,
                     "the certificate's common name is not the registration ID", out);
      return;
    }
  }
  claim_.id_scope = username->id_scope;
  claim_.registration_id = username->registration_id;
  claim_.api_version = username->api_version;
  claim_.chain = peer_.chain;
  if (connect.password) claim_.sas_token = std::move(*connect.password);
  claim_.protocol = protocol_;
  claim_.source = peer_.source;

  // One and a half times the keep-alive (section 3.1.2.10).
  max_silence_ = connect.keep_alive_seconds == 0
                     ? std::chrono::nanoseconds(kMqttMaxSilence)
                     : std::chrono::milliseconds(1500) * connect.keep_alive_seconds;
  deadline_ = ports_.clock.monotonic() + max_silence_;
  state_ = State::connected;
  append(out.send, mqtt::encode(mqtt::Connack{false, ConnectCode::accepted}));
}

void MqttSession::on_subscribe(const mqtt::Subscribe& subscribe, MqttOutput& out) {
  mqtt::Suback suback{subscribe.packet_id, {}};
  for (const mqtt::Subscribe::Filter& filter : subscribe.filters) {
    if (filter.filter != kResponseFilter) {
      close("a subscription to an undocumented topic", out);
      return;
    }
    granted_qos_ = std::min<std::uint8_t>(filter.qos, 1);
    suback.codes.push_back(*granted_qos_);
  }
  append(out.send, mqtt::encode(suback));
}

void MqttSession::on_unsubscribe(const mqtt::Unsubscribe& unsubscribe, MqttOutput& out) {
  for (const std::string& filter : unsubscribe.filters) {
    if (filter == kResponseFilter) granted_qos_.reset();
  }
  append(out.send, mqtt::encode(mqtt::Unsuback{unsubscribe.packet_id}));
}

void MqttSession::on_publish(const mqtt::Publish& publish, MqttOutput& out) {
  if (refused_) {
    close("a message after the credentials were refused", out);
    return;
  }
  if (publish.qos > 1) {
    close("QoS 2 is not offered", out);
    return;
  }
  const std::string_view topic = publish.topic;
  const bool is_register = topic.starts_with(kRegisterPrefix);
  if (!is_register && !topic.starts_with(kPollPrefix)) {
    close("a message to an undocumented topic", out);
    return;
  }
  const std::string_view pairs =
      topic.substr(is_register ? kRegisterPrefix.size() : kPollPrefix.size());
  // Echoed into another topic (device API 2.2): what would end a level or a key there is not one.
  const std::optional<std::string_view> request_id = parameter(pairs, "$rid");
  if (!request_id || request_id->empty() || request_id->find_first_of("/$=?") != request_id->npos) {
    close("a message without a request ID", out);
    return;
  }
  const std::optional<std::string_view> encoded_operation =
      is_register ? std::nullopt : parameter(pairs, "operationId");
  const std::optional<std::string> operation_id =
      encoded_operation ? percent_decode(*encoded_operation) : std::nullopt;
  if (!is_register && !operation_id) {
    close("a poll without an operation ID", out);
    return;
  }
  if (open_.size() == kMaxMqttRequests) {
    close("too many requests at one time", out);
    return;
  }
  // Before any response: C# waits for them in this order (device API 2.2).
  if (publish.qos == 1) append(out.send, mqtt::encode(mqtt::Puback{publish.packet_id}));

  if (!is_register) {
    open_[++last_token_] = std::string(*request_id);
    out.requests.emplace_back(PollRequest{last_token_, claim_, *operation_id});
    return;
  }
  Result<protocol::RegisterBody> body = ports_.json.read_register(publish.payload);
  if (!body) {
    const protocol::ErrorDocument document = protocol::device_error_document(
        body.error().code, protocol::new_guid(ports_.entropy), ports_.clock.wall());
    out.reason = body.error().reason;
    respond(std::string(*request_id), protocol::device_error(body.error().code).http_status(),
            std::nullopt, ports_.json.write(document), out);
    return;
  }
  open_[++last_token_] = std::string(*request_id);
  out.requests.emplace_back(RegisterRequest{last_token_, claim_, std::move(*body)});
}

MqttOutput MqttSession::on_reply(const Reply& reply) {
  MqttOutput out;
  const auto open = open_.find(reply.token);
  if (state_ != State::connected || open == open_.end()) return out;
  const std::string request_id = std::move(open->second);
  open_.erase(open);

  if (const auto* refusal = std::get_if<Refusal>(&reply.content)) {
    const int status = protocol::device_error(refusal->code).http_status();
    const protocol::ErrorDocument document =
        protocol::device_error_document(refusal->code, refusal->tracking_id, ports_.clock.wall());
    respond(request_id, status,
            refusal->retry_after.count() > 0 ? std::optional(refusal->retry_after) : std::nullopt,
            ports_.json.write(document), out);
    // The session stands on credentials that do not hold, so it is over (device API 2.4). The
    // device gets a moment to say goodbye: Node's client never tells of the refusal if the
    // connection is gone before its UNSUBSCRIBE is answered.
    constexpr int kUnauthorized = 401;
    if (status == kUnauthorized && !refused_) {
      refused_ = true;
      deadline_ = ports_.clock.monotonic() + kMqttRefusalLinger;
    }
    return out;
  }
  // A status lookup has no topic, so no other reply can come here.
  const auto* operation = std::get_if<OperationReply>(&reply.content);
  BERTH_ASSERT(operation != nullptr);
  const bool is_pending = operation->status.status == domain::RegistrationStatus::assigning;
  respond(request_id, is_pending ? 202 : 200,
          is_pending ? std::optional(operation->retry_after) : std::nullopt,
          ports_.json.write(operation->status), out);
  return out;
}

void MqttSession::respond(const std::string& request_id, int status,
                          std::optional<std::chrono::seconds> retry_after, std::string body,
                          MqttOutput& out) {
  if (!granted_qos_) return;
  mqtt::Publish response;
  response.topic = std::string(kResponsePrefix) + std::to_string(status) + "/?$rid=" + request_id;
  if (retry_after) response.topic += "&retry-after=" + std::to_string(retry_after->count());
  response.payload = std::move(body);
  response.qos = *granted_qos_;
  if (response.qos > 0) {
    last_packet_id_ =
        last_packet_id_ == 0xFFFF ? 1 : static_cast<std::uint16_t>(last_packet_id_ + 1);
    response.packet_id = last_packet_id_;
  }
  append(out.send, mqtt::encode(response));
}

void MqttSession::close(std::string reason, MqttOutput& out) {
  state_ = State::closed;
  open_.clear();
  out.close = true;
  if (!reason.empty()) out.reason = std::move(reason);
}

MqttOutput MqttSession::on_time() {
  MqttOutput out;
  if (state_ == State::closed || ports_.clock.monotonic() < deadline_) return out;
  if (refused_) {
    close({}, out);
  } else {
    close(state_ == State::connected ? "the device was silent past its keep-alive"
                                     : "no CONNECT came in time",
          out);
  }
  return out;
}

std::optional<MonotonicTime> MqttSession::next_wake() const {
  if (state_ == State::closed) return std::nullopt;
  return deadline_;
}

}  // namespace berth::gateway
