#include "tools/device/amqp.hpp"

#include <utility>

#include "tools/device/amqp_connection.hpp"
#include "tools/device/answer.hpp"
#include "tools/device/tpm_attestation.hpp"

namespace berth::device {
namespace {

constexpr const char* kSubprotocol = "AMQPWSB10";

std::unique_ptr<SaslMechanism> mechanism_of(const Attempt& attempt, ports::Crypto& crypto) {
  if (attempt.identity.tpm) return make_tpm_mechanism(attempt);
  if (!attempt.identity.symmetric_key) return nullptr;  // the certificate on TLS says it all
  return make_plain_mechanism(resource_of(attempt), sas_token(attempt, crypto));
}

bool serves(const AmqpConnection& connection, const Attempt& attempt) {
  return connection.address() == resource_of(attempt) &&
         connection.register_body() == register_body(attempt.identity);
}

}  // namespace

AmqpTransport::AmqpTransport(const TransportServices& services, Carrier carrier)
    : services_(services), carrier_(carrier) {}

AmqpTransport::~AmqpTransport() = default;

runtime::Task<Result<Outcome>> AmqpTransport::register_device(Attempt attempt) {
  const Deadline deadline = std::chrono::steady_clock::now() + attempt.timeout;
  std::unique_ptr<AmqpConnection> connection = std::move(kept_);
  if (connection && !serves(*connection, attempt)) {
    co_await connection->close();
    connection.reset();
  }
  if (!connection) {
    const bool is_tls = carrier_ == Carrier::tls;
    Destination to{carrier_, attempt.endpoint.host,
                   is_tls ? attempt.endpoint.amqp_port : attempt.endpoint.https_port, kSubprotocol,
                   attempt.tls};
    auto stream = co_await open_stream(services_.executor, std::move(to), attempt.timeout);
    if (!stream) co_return stream.error();
    AmqpPeer peer{attempt.endpoint.host, resource_of(attempt), attempt.api_version};
    connection = std::make_unique<AmqpConnection>(std::move(*stream), std::move(peer),
                                                  mechanism_of(attempt, services_.crypto),
                                                  register_body(attempt.identity), attempt.force);
  }
  auto outcome = co_await converse(*connection, deadline);
  if (outcome && outcome->assigned && services_.keep_connection) {
    kept_ = std::move(connection);
  } else if (outcome) {
    co_await connection->close();
  }
  if (outcome) outcome = take_identity_key(attempt, std::move(*outcome));
  co_return std::move(outcome);
}

}  // namespace berth::device
