// A device for tests of AMQP sessions, in memory: proton's own client side, and frames made by
// hand for what it would never send.
#pragma once

#include <cstdint>
#include <optional>
#include <proton/connection_driver.h>
#include <proton/types.h>
#include <string>
#include <vector>

#include "gateway/core/device/amqp_types.hpp"
#include "shared/base/bytes.hpp"

namespace berth::testing {

inline constexpr std::uint8_t kAmqpHeader[] = {'A', 'M', 'Q', 'P', 0, 1, 0, 0};
inline constexpr std::uint8_t kSaslHeaderOfDevice[] = {'A', 'M', 'Q', 'P', 3, 1, 0, 0};

// A frame around a body; type 0 is AMQP's, 1 is SASL's.
[[nodiscard]] Bytes amqp_frame(std::uint8_t type, std::uint16_t channel, ByteView body);
// A performative of encoded fields.
[[nodiscard]] Bytes performative(std::uint8_t descriptor, std::uint32_t fields, ByteView encoded);
[[nodiscard]] Bytes sasl_init(std::string_view mechanism, std::string_view response);
[[nodiscard]] Bytes sasl_response(std::string_view response);
// A register or poll message.
[[nodiscard]] Bytes device_message(const std::string& operation_type,
                                   const std::string& operation_id, const std::string& body,
                                   const std::string& correlation_id);

// The frames in what a session sent, headers left out: descriptor and fields of each.
struct SentFrame {
  std::uint64_t descriptor = 0;
  std::vector<gateway::amqp::Value> fields;
};
[[nodiscard]] std::vector<SentFrame> frames_in(ByteView bytes);

// What a device got to hear.
struct AmqpOutcome {
  std::uint64_t state = 0;  // PN_ACCEPTED, PN_REJECTED; 0: none yet
  std::string condition;
  std::string description;
  std::vector<std::pair<std::string, int>> info;
};

class AmqpDevice {
 public:
  struct LinkOptions {
    std::string address = "0ne00LAB001/registrations/dev-1";
    std::string api_version = "2019-03-31";  // of both links
    bool pre_settled = false;
    int credit = 10;  // for replies
    std::uint32_t idle_timeout_ms = 0;
  };

  AmqpDevice();
  ~AmqpDevice();
  AmqpDevice(const AmqpDevice&) = delete;
  AmqpDevice& operator=(const AmqpDevice&) = delete;

  // Connection, session, and the two links that an SDK opens.
  void open(const LinkOptions& options);
  void open_session();
  void open_sender(const std::string& name, const LinkOptions& options);
  void give_credit(int credit);
  void send(const Bytes& message);
  // The first `size` bytes of a message whose rest does not come.
  void send_part(const Bytes& message);
  void close();

  void feed(ByteView bytes);
  [[nodiscard]] Bytes take_output();

  std::vector<AmqpOutcome> outcomes;  // of messages, in the order in which they were sent
  std::vector<Bytes> messages;        // replies
  std::vector<AmqpOutcome> detaches;  // links that the server closed, and why
  std::optional<AmqpOutcome> closed;  // the connection, by the server

 private:
  void handle(pn_event_t* event);
  static AmqpOutcome outcome_of(pn_condition_t* condition);

  pn_connection_driver_t driver_{};
  pn_session_t* session_ = nullptr;
  pn_link_t* sender_ = nullptr;
  pn_link_t* receiver_ = nullptr;
  std::vector<pn_delivery_t*> sent_;
  std::uint64_t last_tag_ = 0;
};

}  // namespace berth::testing
