#include "tools/device/lies.hpp"

#include <initializer_list>

#include "shared/base/encoding.hpp"
#include "shared/protocol/mqtt/codec.hpp"
#include "tools/device/device.hpp"
#include "tools/device/web_socket.hpp"

namespace berth::device {
namespace {

constexpr std::size_t kBigPiece = 16 * 1024;
// Well within the limit of a body, so that only its depth can be held against it.
constexpr std::size_t kDepth = 40'000;

Bytes bytes_of(const std::string& text) {
  return to_bytes(as_bytes(text));
}

Bytes joined(std::initializer_list<Bytes> parts) {
  Bytes all;
  for (const Bytes& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

std::string request_line(const LiePlace& place, const std::string& fields) {
  return "PUT /" + place.id_scope + "/registrations/" + percent_encode(place.registration_id) +
         "/register?api-version=" + kApiVersion + " HTTP/1.1\r\nHost: " + place.host +
         "\r\nConnection: close\r\nContent-Type: application/json\r\n" + fields + "\r\n";
}

std::string request_with(const LiePlace& place, const std::string& body) {
  return request_line(place, "Content-Length: " + std::to_string(body.size()) + "\r\n") + body;
}

std::string repeated(const std::string& text, std::size_t times) {
  std::string all;
  all.reserve(text.size() * times);
  for (std::size_t i = 0; i < times; ++i) all += text;
  return all;
}

const Bytes kAmqpHeader{'A', 'M', 'Q', 'P', 0, 1, 0, 0};
const Bytes kSaslHeader{'A', 'M', 'Q', 'P', 3, 1, 0, 0};

// An AMQP frame with this size field, data offset and type (AMQP 1.0, 2.3).
Bytes frame(std::uint32_t size, std::uint8_t offset, std::uint8_t type, const Bytes& body) {
  const Bytes head{static_cast<std::uint8_t>(size >> 24),
                   static_cast<std::uint8_t>(size >> 16),
                   static_cast<std::uint8_t>(size >> 8),
                   static_cast<std::uint8_t>(size),
                   offset,
                   type,
                   0,
                   0};
  return joined({head, body});
}

Bytes honest_frame(std::uint8_t type, const Bytes& body) {
  return frame(static_cast<std::uint32_t>(8 + body.size()), 2, type, body);
}

// A performative's descriptor: a small ulong (2.8, 5.3).
Bytes performative(std::uint8_t code, const Bytes& rest) {
  return joined({{0x00, 0x53, code}, rest});
}

constexpr std::uint8_t kOpen = 0x10;
constexpr std::uint8_t kSaslInit = 0x41;

}  // namespace

std::vector<Lie> http_lies(const LiePlace& place) {
  const Bytes piece(kBigPiece, ' ');
  return {
      {"a body of 10 GB", bytes_of(request_line(place, "Content-Length: 10000000000\r\n")), piece},
      {"a chunked body without end",
       bytes_of(request_line(place, "Transfer-Encoding: chunked\r\n")),
       joined({bytes_of("4000\r\n"), piece, bytes_of("\r\n")})},
      {"a chunk of 2^64 - 1 bytes",
       bytes_of(request_line(place, "Transfer-Encoding: chunked\r\n") + "FFFFFFFFFFFFFFFF\r\n"),
       piece},
      {"a length that is no number",
       bytes_of(request_line(place, "Content-Length: 99999999999999999999999999\r\n"))},
      {"a negative length", bytes_of(request_line(place, "Content-Length: -1\r\n"))},
      {"two lengths",
       bytes_of(request_line(place, "Content-Length: 2\r\nContent-Length: 4000\r\n") + "{}")},
      {"a length and chunks",
       bytes_of(request_line(place, "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n") +
                "0\r\n\r\n")},
      {"a head without end", bytes_of("PUT / HTTP/1.1\r\n"),
       bytes_of("X-Padding: " + repeated("x", 1024) + "\r\n")},
      {"a line without end", bytes_of("PUT /"), Bytes(1024, 'x')},
      {"a compressed body",
       bytes_of(request_line(place, "Content-Encoding: gzip\r\nContent-Length: 20\r\n") +
                std::string("\x1f\x8b\x08\0\0\0\0\0\0\x03\x03\0\0\0\0\0\0\0\0\0", 20))},
  };
}

std::vector<Lie> json_lies(const LiePlace& place) {
  const std::string open_arrays = repeated("[", kDepth);
  return {
      {"arrays without end", bytes_of(request_with(place, open_arrays))},
      {"arrays in arrays in the payload",
       bytes_of(request_with(place, "{\"payload\":" + open_arrays + repeated("]", kDepth) + "}"))},
      {"objects in objects", bytes_of(request_with(place, repeated("{\"a\":", kDepth / 4) + "1" +
                                                              repeated("}", kDepth / 4)))},
      {"members without end",
       bytes_of(request_with(place, "{" + repeated("\"a\":1,", kDepth / 4) + "\"a\":1}"))},
      {"a number without end",
       bytes_of(request_with(place, "{\"payload\":" + repeated("9", kDepth) + "}"))},
      {"a body past the limit",
       bytes_of(request_with(place, "{\"payload\":\"" + repeated("x", 97 * 1024) + "\"}"))},
  };
}

std::vector<Lie> mqtt_lies(const LiePlace& place) {
  mqtt::Connect connect;
  connect.client_id = place.registration_id;
  connect.username =
      place.id_scope + "/registrations/" + place.registration_id + "/api-version=" + kApiVersion;
  const Bytes connected = mqtt::encode(connect);
  const Bytes piece(kBigPiece, 'x');
  return {
      {"a CONNECT of 256 MB", {0x10, 0xFF, 0xFF, 0xFF, 0x7F, 0x00, 0x04}, piece},
      {"a length of five bytes", {0x10, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F}},
      {"a protocol name past the packet's end",
       {0x10, 0x0C, 0xFF, 0xFF, 'M', 'Q', 'T', 'T', 4, 2, 0, 60, 0, 0}},
      {"a client ID past the packet's end",
       {0x10, 0x0C, 0x00, 0x04, 'M', 'Q', 'T', 'T', 4, 2, 0, 60, 0xFF, 0xFF}},
      {"no CONNECT first", {0xC0, 0x00}},
      {"a PUBLISH of 256 MB", joined({connected, {0x32, 0xFF, 0xFF, 0xFF, 0x7F}}), piece},
      {"a topic past the packet's end", joined({connected, {0x30, 0x04, 0xFF, 0xFF, 'a', 'b'}})},
      {"a filter past the packet's end",
       joined({connected, {0x82, 0x06, 0x00, 0x01, 0xFF, 0xFF, 'a', 0x01}})},
      {"a SUBSCRIBE without filters", joined({connected, {0x82, 0x02, 0x00, 0x01}})},
  };
}

std::vector<Lie> amqp_lies() {
  Bytes nested;
  for (int depth = 0; depth < 4096; ++depth) nested.insert(nested.end(), {0xC0, 0xFF, 0x01});
  const Bytes piece(kBigPiece, 0x40);
  return {
      {"a frame of 4 GB", joined({kAmqpHeader, frame(0xFFFFFFFF, 2, 0, {})}), piece},
      {"a frame of four bytes", joined({kAmqpHeader, frame(4, 2, 0, {})})},
      {"a data offset before the frame's head",
       joined({kAmqpHeader, frame(12, 1, 0, {0, 0, 0, 0})})},
      {"a data offset past the frame's end",
       joined({kAmqpHeader, frame(12, 255, 0, {0, 0, 0, 0})})},
      {"a list of 4 GB in open",
       joined({kAmqpHeader, honest_frame(0, performative(kOpen, {0xD0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
                                                                 0xFF, 0xFF, 0xFF}))})},
      {"an array of 4 billion nulls in open",
       joined({kAmqpHeader,
               honest_frame(0, performative(kOpen, {0xC0, 0x0B, 0x01, 0xF0, 0x00, 0x00, 0x00, 0x05,
                                                    0xFF, 0xFF, 0xFF, 0xFF, 0x40}))})},
      {"lists in lists in open",
       joined({kAmqpHeader, honest_frame(0, performative(kOpen, nested))})},
      {"a mechanism past the frame's end",
       joined({kSaslHeader, honest_frame(1, performative(kSaslInit, {0xC0, 0x09, 0x03, 0xA3, 0xFF,
                                                                     'P', 'L'}))})},
      {"an initial response of 4 GB",
       joined({kSaslHeader, honest_frame(1, performative(kSaslInit, {0xC0, 0x0E, 0x03, 0xA3, 0x05,
                                                                     'P', 'L', 'A', 'I', 'N', 0xB0,
                                                                     0xFF, 0xFF, 0xFF, 0xFF}))})},
      {"a protocol of another name", {'H', 'T', 'T', 'P', 0, 1, 0, 0}},
  };
}

std::vector<Lie> web_socket_lies(const LiePlace& place) {
  const Bytes upgrade =
      bytes_of(std::string("GET ") + kWebSocketPath + " HTTP/1.1\r\nHost: " + place.host +
               "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
               "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
               "Sec-WebSocket-Protocol: mqtt\r\n\r\n");
  const Bytes piece(kBigPiece, 'x');
  // Frames of RFC 6455 section 5.2, masked with zeros.
  return {
      {"a frame of 2^63 - 1 bytes",
       joined({upgrade, {0x82, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0}}),
       piece},
      {"a length with its highest bit set",
       joined({upgrade, {0x82, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0}})},
      {"a frame without a mask", joined({upgrade, {0x82, 0x02, 'h', 'i'}})},
      {"a ping of 126 bytes",
       joined({upgrade, {0x89, 0xFE, 0x00, 0x7E, 0, 0, 0, 0}, Bytes(126, 0)})},
      {"a continuation of nothing", joined({upgrade, {0x80, 0x80, 0, 0, 0, 0}})},
      {"a compressed message nobody agreed on", joined({upgrade, {0xC2, 0x80, 0, 0, 0, 0}})},
      {"a message without end", joined({upgrade, {0x02, 0x80, 0, 0, 0, 0}}),
       joined({{0x00, 0xFE, 0x40, 0x00, 0, 0, 0, 0}, Bytes(kBigPiece, 'x')})},
  };
}

}  // namespace berth::device
