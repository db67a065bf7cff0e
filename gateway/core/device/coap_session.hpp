// One DTLS session of a device, as CoAP sees it (docs/protocols/coap.md): puts the blocks of a body
// together, cuts a long answer into blocks (RFC 7959), and answers a repeated message without doing
// anything twice (RFC 7252 section 4.5). Sans-I/O: requests and replies in, responses out.
//
// Blocks are taken in order and only once, so that a body costs what was really sent of it: nothing
// is allocated for a size or a place that a device merely names.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "gateway/core/device/coap.hpp"
#include "gateway/core/device/request.hpp"
#include "gateway/core/limits.hpp"
#include "shared/base/bytes.hpp"
#include "shared/base/timestamp.hpp"
#include "shared/ports/clock.hpp"

namespace berth::gateway {

// Bytes of unfinished bodies and long answers that all sessions together may hold.
class CoapBudget {
 public:
  explicit CoapBudget(std::size_t limit) : left_(limit) {}
  [[nodiscard]] bool take(std::size_t bytes);
  void give(std::size_t bytes) { left_ += bytes; }
  [[nodiscard]] std::size_t left() const { return left_; }

 private:
  std::size_t left_;
};

// How a message was sent, for its answer.
struct CoapEnvelope {
  std::uint16_t message_id = 0;
  Bytes token;
  bool is_confirmable = true;
};

// What a request led to.
struct CoapOutput {
  std::optional<CoapResponse> response;  // absent: acknowledge; the answer comes later
  std::optional<DeviceRequest> request;  // its token is the session's own
  std::string reason;                    // for the installer's log, if something was wrong
  bool is_final = false;                 // the response is as it was given before, or cut already
};

struct CoapAnswer {
  CoapEnvelope to;
  CoapResponse response;
};

class CoapSession {
 public:
  // All outlive the session.
  CoapSession(const DeviceCoap& mapping, CoapPeer peer, CoapBudget& budget, ports::Clock& clock);
  ~CoapSession();
  CoapSession(const CoapSession&) = delete;
  CoapSession& operator=(const CoapSession&) = delete;

  [[nodiscard]] CoapOutput on_request(const CoapEnvelope& envelope, CoapRequest request);
  // The answer to a request that on_request() gave out. nullopt: it was not this session's.
  [[nodiscard]] std::optional<CoapAnswer> on_reply(const Reply& reply);
  // Lets go of what a device left unfinished. To be called every few seconds.
  void on_time();

  [[nodiscard]] const CoapPeer& peer() const { return peer_; }

 private:
  // What makes two requests parts of one exchange (RFC 7959 section 2.5).
  struct Key {
    CoapMethod method = CoapMethod::other;
    std::vector<std::string> path;
    std::vector<std::string> query;
    friend bool operator==(const Key&, const Key&) = default;
  };
  struct Unfinished {
    Key key;
    std::string body;
    std::optional<std::uint32_t> content_format;
    MonotonicTime started{};
  };
  struct LongAnswer {
    Key key;
    CoapResponse whole;
    MonotonicTime given{};
  };
  struct Open {
    CoapEnvelope envelope;
    Key key;
    std::optional<CoapBlock> block1;
    std::uint8_t size_exponent = kMaxCoapBlockExponent;
  };
  struct Recent {
    CoapEnvelope envelope;
    RequestToken request = 0;
    std::optional<CoapResponse> response;  // absent: the answer is still to come
  };

  static Key key_of(const CoapRequest& request);
  [[nodiscard]] CoapOutput judge(const CoapEnvelope& envelope, CoapRequest request);
  [[nodiscard]] CoapOutput refuse(CoapCode code, std::string reason);
  [[nodiscard]] CoapOutput continue_answer(const Key& key, const CoapBlock& block);
  // A block of a body; without a response once the body is whole, which then is the request's.
  [[nodiscard]] std::optional<CoapOutput> take_block(CoapRequest& request);
  [[nodiscard]] std::optional<CoapOutput> append_block(CoapRequest& request);
  [[nodiscard]] CoapResponse cut(CoapResponse whole, const Key& key, std::uint8_t size_exponent);
  [[nodiscard]] static CoapResponse part_of(const CoapResponse& whole, const CoapBlock& block);
  void remember(const CoapEnvelope& envelope, RequestToken request);
  void drop_unfinished();
  void drop_answer();

  const DeviceCoap& mapping_;
  CoapPeer peer_;
  CoapBudget& budget_;
  ports::Clock& clock_;
  std::optional<Unfinished> unfinished_;
  std::optional<LongAnswer> answer_;
  std::map<RequestToken, Open> open_;
  std::deque<Recent> recent_;
  RequestToken last_token_ = 0;
};

}  // namespace berth::gateway
