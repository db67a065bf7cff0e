#include "shared/protocol/mqtt/codec.hpp"

#include <array>
#include <utility>

#include "shared/base/assert.hpp"

namespace berth::mqtt {
namespace {

// Section 2.2.1.
enum class Type : std::uint8_t {
  connect = 1,
  connack = 2,
  publish = 3,
  puback = 4,
  pubrec = 5,
  pubrel = 6,
  pubcomp = 7,
  subscribe = 8,
  suback = 9,
  unsubscribe = 10,
  unsuback = 11,
  pingreq = 12,
  pingresp = 13,
  disconnect = 14,
};

constexpr std::string_view kProtocolName = "MQTT";
constexpr std::size_t kMaxString = 65535;
constexpr std::size_t kMaxRemaining = 268435455;  // four length bytes, section 2.2.3

// CONNECT flags, section 3.1.2.3.
constexpr unsigned kReservedFlag = 0x01;
constexpr unsigned kCleanSessionFlag = 0x02;
constexpr unsigned kWillFlag = 0x04;
constexpr unsigned kWillQosMask = 0x18;
constexpr unsigned kWillRetainFlag = 0x20;
constexpr unsigned kPasswordFlag = 0x40;
constexpr unsigned kUsernameFlag = 0x80;

Error malformed(std::string reason) {
  return Error{Errc::malformed, std::move(reason)};
}

// Well-formed UTF-8 without U+0000 (section 1.5.3): no overlong forms, no surrogates, nothing past
// U+10FFFF.
bool is_mqtt_text(ByteView text) {
  std::size_t at = 0;
  while (at < text.size()) {
    const unsigned lead = text[at];
    std::size_t trail = 0;
    unsigned lowest = 0x80;
    unsigned highest = 0xBF;
    if (lead == 0) return false;
    if (lead < 0x80) {
      trail = 0;
    } else if (lead >= 0xC2 && lead <= 0xDF) {
      trail = 1;
    } else if (lead >= 0xE0 && lead <= 0xEF) {
      trail = 2;
      if (lead == 0xE0) lowest = 0xA0;
      if (lead == 0xED) highest = 0x9F;
    } else if (lead >= 0xF0 && lead <= 0xF4) {
      trail = 3;
      if (lead == 0xF0) lowest = 0x90;
      if (lead == 0xF4) highest = 0x8F;
    } else {
      return false;
    }
    if (text.size() - at - 1 < trail) return false;
    for (std::size_t i = 1; i <= trail; ++i) {
      const unsigned next = text[at + i];
      if (next < (i == 1 ? lowest : 0x80U) || next > (i == 1 ? highest : 0xBFU)) return false;
    }
    at += trail + 1;
  }
  return true;
}

// Reads a packet's body; once something does not fit, everything after reads as nothing.
class Cursor {
 public:
  explicit Cursor(ByteView bytes) : rest_(bytes) {}

  std::uint8_t byte() {
    if (rest_.empty()) return fail<std::uint8_t>();
    const std::uint8_t value = rest_[0];
    rest_ = rest_.subspan(1);
    return value;
  }
  std::uint16_t word() {
    const unsigned high = byte();
    const unsigned low = byte();
    return static_cast<std::uint16_t>(high << 8U | low);
  }
  ByteView binary() {
    const std::size_t size = word();
    if (size > rest_.size()) return fail<ByteView>();
    const ByteView value = rest_.first(size);
    rest_ = rest_.subspan(size);
    return value;
  }
  std::string text() {
    const ByteView value = binary();
    if (!is_mqtt_text(value)) return fail<std::string>();
    return std::string(as_text(value));
  }
  ByteView rest() { return std::exchange(rest_, ByteView{}); }

  [[nodiscard]] bool at_end() const { return rest_.empty(); }
  [[nodiscard]] bool ok() const { return ok_; }

 private:
  template <class T>
  T fail() {
    ok_ = false;
    rest_ = ByteView{};
    return T{};
  }

  ByteView rest_;
  bool ok_ = true;
};

std::size_t limit_of(Type type) {
  switch (type) {
    case Type::connect: return kMaxConnect;
    case Type::publish: return kMaxPacket;
    case Type::connack:
    case Type::puback:
    case Type::pubrec:
    case Type::pubrel:
    case Type::pubcomp:
    case Type::subscribe:
    case Type::suback:
    case Type::unsubscribe:
    case Type::unsuback:
    case Type::pingreq:
    case Type::pingresp:
    case Type::disconnect: return kMaxControl;
  }
  return 0;
}

// Section 2.2.2: PUBLISH uses the flags; three types carry 0010; the others 0000.
bool flags_fit(Type type, unsigned flags) {
  switch (type) {
    case Type::publish: return true;
    case Type::pubrel:
    case Type::subscribe:
    case Type::unsubscribe: return flags == 2;
    case Type::connect:
    case Type::connack:
    case Type::puback:
    case Type::pubrec:
    case Type::pubcomp:
    case Type::suback:
    case Type::unsuback:
    case Type::pingreq:
    case Type::pingresp:
    case Type::disconnect: return flags == 0;
  }
  return false;
}

Result<Packet> read_connect(Cursor& in) {
  Connect out;
  const std::string name = in.text();
  out.protocol_level = in.byte();
  if (!in.ok() || name != kProtocolName) return malformed("CONNECT names another protocol");
  if (out.protocol_level != kProtocolLevel) return Packet(std::move(out));
  const unsigned flags = in.byte();
  out.keep_alive_seconds = in.word();
  if ((flags & kReservedFlag) != 0) return malformed("CONNECT sets the reserved flag");
  out.clean_session = (flags & kCleanSessionFlag) != 0;
  out.has_will = (flags & kWillFlag) != 0;
  const unsigned will_qos = (flags & kWillQosMask) >> 3U;
  if (out.has_will ? will_qos > 2 : (flags & (kWillQosMask | kWillRetainFlag)) != 0) {
    return malformed("CONNECT's will flags contradict each other");
  }
  if ((flags & kPasswordFlag) != 0 && (flags & kUsernameFlag) == 0) {
    return malformed("CONNECT has a password and no username");
  }
  out.client_id = in.text();
  if (out.has_will) {
    (void)in.text();
    (void)in.binary();
  }
  if ((flags & kUsernameFlag) != 0) out.username = in.text();
  if ((flags & kPasswordFlag) != 0) out.password = SecretBytes::copy_of(in.binary());
  if (!in.ok() || !in.at_end()) return malformed("CONNECT's fields and length do not fit");
  return Packet(std::move(out));
}

Result<Packet> read_publish(Cursor& in, unsigned flags) {
  Publish out;
  out.retain = (flags & 1U) != 0;
  out.qos = static_cast<std::uint8_t>((flags >> 1U) & 3U);
  out.duplicate = (flags & 8U) != 0;
  if (out.qos == 3) return malformed("PUBLISH has QoS 3");
  if (out.qos == 0 && out.duplicate) return malformed("PUBLISH repeats a QoS 0 message");
  out.topic = in.text();
  if (out.qos > 0) {
    out.packet_id = in.word();
    if (out.packet_id == 0) return malformed("PUBLISH has packet id 0");
  }
  if (!in.ok()) return malformed("PUBLISH's fields and length do not fit");
  // Section 3.3.2.1: a topic name is not empty and holds no wildcard.
  if (out.topic.empty() || out.topic.find_first_of("+#") != std::string::npos) {
    return malformed("PUBLISH's topic is not a topic name");
  }
  if (out.topic.size() > kMaxTopic) {
    return Error{Errc::too_large, "PUBLISH's topic is too long"};
  }
  out.payload = std::string(as_text(in.rest()));
  return Packet(std::move(out));
}

Result<Packet> read_subscribe(Cursor& in) {
  Subscribe out;
  out.packet_id = in.word();
  while (in.ok() && !in.at_end()) {
    if (out.filters.size() == kMaxFilters) {
      return Error{Errc::too_large, "SUBSCRIBE has too many filters"};
    }
    Subscribe::Filter filter;
    filter.filter = in.text();
    filter.qos = in.byte();
    if (filter.filter.empty() || filter.qos > 2) return malformed("SUBSCRIBE has a bad filter");
    out.filters.push_back(std::move(filter));
  }
  if (!in.ok() || out.packet_id == 0 || out.filters.empty()) {
    return malformed("SUBSCRIBE's fields and length do not fit");
  }
  return Packet(std::move(out));
}

Result<Packet> read_unsubscribe(Cursor& in) {
  Unsubscribe out;
  out.packet_id = in.word();
  while (in.ok() && !in.at_end()) {
    if (out.filters.size() == kMaxFilters) {
      return Error{Errc::too_large, "UNSUBSCRIBE has too many filters"};
    }
    out.filters.push_back(in.text());
    if (out.filters.back().empty()) return malformed("UNSUBSCRIBE has an empty filter");
  }
  if (!in.ok() || out.packet_id == 0 || out.filters.empty()) {
    return malformed("UNSUBSCRIBE's fields and length do not fit");
  }
  return Packet(std::move(out));
}

Result<Packet> read_connack(Cursor& in) {
  const unsigned flags = in.byte();
  const std::uint8_t code = in.byte();
  if (!in.ok() || !in.at_end() || flags > 1 ||
      code > static_cast<std::uint8_t>(ConnectCode::not_authorized)) {
    return malformed("CONNACK does not parse");
  }
  return Packet(Connack{flags == 1, static_cast<ConnectCode>(code)});
}

Result<Packet> read_suback(Cursor& in) {
  Suback out;
  out.packet_id = in.word();
  while (in.ok() && !in.at_end()) {
    out.codes.push_back(in.byte());
    if (out.codes.back() > 2 && out.codes.back() != kSubscribeFailure) {
      return malformed("SUBACK has an unknown return code");
    }
  }
  if (!in.ok() || out.packet_id == 0 || out.codes.empty()) {
    return malformed("SUBACK does not parse");
  }
  return Packet(std::move(out));
}

template <class Ack>
Result<Packet> read_ack(Cursor& in) {
  const std::uint16_t packet_id = in.word();
  if (!in.ok() || !in.at_end() || packet_id == 0)
    return malformed("an acknowledgement does not parse");
  return Packet(Ack{packet_id});
}

template <class Bare>
Result<Packet> read_bare(const Cursor& in) {
  if (!in.at_end()) return malformed("a packet without fields has a body");
  return Packet(Bare{});
}

Result<Packet> read_packet(Type type, unsigned flags, ByteView body) {
  Cursor in(body);
  switch (type) {
    case Type::connect: return read_connect(in);
    case Type::connack: return read_connack(in);
    case Type::publish: return read_publish(in, flags);
    case Type::puback: return read_ack<Puback>(in);
    case Type::pubrec:
    case Type::pubrel:
    case Type::pubcomp: return Error{Errc::unsupported, "QoS 2 is not offered"};
    case Type::subscribe: return read_subscribe(in);
    case Type::suback: return read_suback(in);
    case Type::unsubscribe: return read_unsubscribe(in);
    case Type::unsuback: return read_ack<Unsuback>(in);
    case Type::pingreq: return read_bare<Pingreq>(in);
    case Type::pingresp: return read_bare<Pingresp>(in);
    case Type::disconnect: return read_bare<Disconnect>(in);
  }
  return malformed("unknown packet type");
}

// Collects a packet's body, then sets the fixed header before it.
class Writer {
 public:
  void byte(unsigned value) { body_.push_back(static_cast<std::uint8_t>(value)); }
  void word(std::uint16_t value) {
    byte(value >> 8U);
    byte(value & 0xFFU);
  }
  void binary(ByteView value) {
    BERTH_ASSERT(value.size() <= kMaxString);
    word(static_cast<std::uint16_t>(value.size()));
    append(body_, value);
  }
  void text(std::string_view value) { binary(as_bytes(value)); }
  void raw(std::string_view value) { append(body_, as_bytes(value)); }

  [[nodiscard]] Bytes finish(Type type, unsigned flags = 0) const {
    BERTH_ASSERT(body_.size() <= kMaxRemaining);
    Bytes out;
    out.reserve(body_.size() + 5);
    out.push_back(static_cast<std::uint8_t>(static_cast<unsigned>(type) << 4U | flags));
    std::size_t remaining = body_.size();
    do {
      const std::size_t digit = remaining % 128;
      remaining /= 128;
      out.push_back(static_cast<std::uint8_t>(digit | (remaining > 0 ? 0x80U : 0U)));
    } while (remaining > 0);
    append(out, body_);
    return out;
  }

 private:
  Bytes body_;
};

struct Encode {
  Bytes operator()(const Connect& packet) const {
    Writer out;
    out.text(kProtocolName);
    out.byte(packet.protocol_level);
    out.byte((packet.clean_session ? kCleanSessionFlag : 0U) |
             (packet.username.has_value() ? kUsernameFlag : 0U) |
             (packet.password.has_value() ? kPasswordFlag : 0U));
    out.word(packet.keep_alive_seconds);
    out.text(packet.client_id);
    if (packet.username) out.text(*packet.username);
    if (packet.password) out.binary(packet.password->reveal());
    return out.finish(Type::connect);
  }
  Bytes operator()(const Connack& packet) const {
    Writer out;
    out.byte(packet.session_present ? 1U : 0U);
    out.byte(static_cast<unsigned>(packet.code));
    return out.finish(Type::connack);
  }
  Bytes operator()(const Publish& packet) const {
    Writer out;
    out.text(packet.topic);
    if (packet.qos > 0) out.word(packet.packet_id);
    out.raw(packet.payload);
    return out.finish(Type::publish, (packet.retain ? 1U : 0U) |
                                         static_cast<unsigned>(packet.qos) << 1U |
                                         (packet.duplicate ? 8U : 0U));
  }
  Bytes operator()(const Puback& packet) const { return ack(Type::puback, packet.packet_id); }
  Bytes operator()(const Subscribe& packet) const {
    Writer out;
    out.word(packet.packet_id);
    for (const Subscribe::Filter& filter : packet.filters) {
      out.text(filter.filter);
      out.byte(filter.qos);
    }
    return out.finish(Type::subscribe, 2);
  }
  Bytes operator()(const Suback& packet) const {
    Writer out;
    out.word(packet.packet_id);
    for (const std::uint8_t code : packet.codes) out.byte(code);
    return out.finish(Type::suback);
  }
  Bytes operator()(const Unsubscribe& packet) const {
    Writer out;
    out.word(packet.packet_id);
    for (const std::string& filter : packet.filters) out.text(filter);
    return out.finish(Type::unsubscribe, 2);
  }
  Bytes operator()(const Unsuback& packet) const { return ack(Type::unsuback, packet.packet_id); }
  Bytes operator()(const Pingreq&) const { return Writer().finish(Type::pingreq); }
  Bytes operator()(const Pingresp&) const { return Writer().finish(Type::pingresp); }
  Bytes operator()(const Disconnect&) const { return Writer().finish(Type::disconnect); }

  static Bytes ack(Type type, std::uint16_t packet_id) {
    Writer out;
    out.word(packet_id);
    return out.finish(type);
  }
};

}  // namespace

Bytes encode(const Packet& packet) {
  return std::visit(Encode{}, packet);
}

void Decoder::feed(ByteView bytes) {
  if (failed_) return;
  buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(consumed_));
  consumed_ = 0;
  append(buffer_, bytes);
}

std::optional<Result<Packet>> Decoder::next() {
  if (failed_) return std::nullopt;
  const auto fail = [this](Error error) {
    failed_ = true;
    buffer_.clear();
    consumed_ = 0;
    return Result<Packet>(std::move(error));
  };

  const ByteView waiting = ByteView(buffer_).subspan(consumed_);
  if (waiting.empty()) return std::nullopt;
  const unsigned type_bits = waiting[0] >> 4U;
  const unsigned flags = waiting[0] & 0x0FU;
  if (type_bits == 0 || type_bits == 15) return fail(malformed("reserved packet type"));
  const Type type = static_cast<Type>(type_bits);
  if (!flags_fit(type, flags)) return fail(malformed("the fixed header's flags do not fit"));

  std::size_t remaining = 0;
  std::size_t header = 1;
  for (std::size_t multiplier = 1;; multiplier *= 128) {
    if (header == 5) return fail(malformed("the remaining length has more than four bytes"));
    if (header == waiting.size()) return std::nullopt;
    const std::size_t digit = waiting[header];
    ++header;
    remaining += (digit & 0x7FU) * multiplier;
    if ((digit & 0x80U) == 0) break;
  }
  if (header + remaining > limit_of(type)) {
    return fail(Error{Errc::too_large, "a packet is over its type's limit"});
  }
  if (waiting.size() - header < remaining) return std::nullopt;

  Result<Packet> packet = read_packet(type, flags, waiting.subspan(header, remaining));
  if (!packet) return fail(packet.error());
  consumed_ += header + remaining;
  return packet;
}

}  // namespace berth::mqtt
