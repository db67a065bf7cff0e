// One AMQP 1.0 connection of a device (device API 3): SASL or none, a session, a sender and a
// receiver on the device's own address, and a question and its answer at a time. qpid-proton is the
// engine; only this pair and proton_sasl include it.
#pragma once

#include <memory>
#include <optional>
#include <proton/connection_driver.h>
#include <string>

#include "tools/device/byte_stream.hpp"
#include "tools/device/conversation.hpp"
#include "tools/device/proton_sasl.hpp"
#include "tools/device/sasl.hpp"

namespace berth::device {

// Above what any endpoint answers; a longer answer ends the connection.
inline constexpr std::size_t kMaxAmqpMessage = 256 * 1024;

struct AmqpPeer {
  std::string host;         // as the client names it in open
  std::string address;      // of both links
  std::string api_version;  // as the links' property
};

class AmqpConnection final : public Conversation {
 public:
  // Without a mechanism the connection begins with AMQP itself, as X.509 devices do.
  AmqpConnection(std::unique_ptr<ByteStream> stream, AmqpPeer peer,
                 std::unique_ptr<SaslMechanism> mechanism, std::string register_body, bool force);
  ~AmqpConnection() override;

  // A rejected delivery, a detached link, a closed connection and a refused credential are replies
  // with a status of 400 and the error document that came with them, or one made of the words that
  // did.
  runtime::Task<Result<Reply>> ask(std::string operation_id, Deadline deadline) override;
  runtime::Task<void> close();

  [[nodiscard]] const std::string& address() const { return peer_.address; }
  [[nodiscard]] const std::string& register_body() const { return register_body_; }

 private:
  void attach_links();
  runtime::Task<Result<void>> run(Deadline deadline);
  [[nodiscard]] bool has_answer() const { return reply_.has_value() || failure_.has_value(); }
  void handle(pn_event_t* event);
  void send_when_possible();
  void on_delivery(pn_delivery_t* delivery);
  void on_outcome(pn_delivery_t* delivery);
  // Whether a whole message was there.
  bool take_message();
  void on_end(pn_condition_t* condition, const char* what);
  void on_transport_end();
  void refuse(std::string condition, std::string description);

  std::unique_ptr<ByteStream> stream_;
  AmqpPeer peer_;
  std::unique_ptr<SaslMechanism> mechanism_;
  std::string register_body_;
  bool force_;
  std::optional<ProtonSasl> sasl_;
  pn_connection_driver_t driver_{};
  pn_link_t* sender_ = nullptr;
  pn_link_t* receiver_ = nullptr;
  bool is_attached_ = false;
  std::uint64_t last_request_ = 0;
  std::optional<Bytes> to_send_;  // a message that waits for credit
  Bytes incoming_;                // of a message that has not wholly arrived
  std::optional<Reply> reply_;
  std::optional<Error> failure_;
};

}  // namespace berth::device
