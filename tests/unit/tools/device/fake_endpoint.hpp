// A provisioning endpoint on 127.0.0.1, without TLS, that a test scripts session by session, and a
// device that registers there.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "shared/crypto/mbedtls/mbedtls.hpp"
#include "shared/runtime/plain_engine.hpp"
#include "shared/runtime/tls_listener.hpp"
#include "tests/support/loop.hpp"
#include "tools/device/transport.hpp"

namespace berth::testing {

inline constexpr std::chrono::seconds kEndpointPatience{30};

inline constexpr const char* kAssigning =
    R"({"operationId":"4.a","status":"assigning","registrationState":{"registrationId":"dev-1"}})";
inline constexpr const char* kAssigned =
    R"({"operationId":"4.a","status":"assigned","registrationState":{"assignedHub":"hub.example",)"
    R"("deviceId":"dev-1","substatus":"initialAssignment"}})";
inline constexpr const char* kUnauthorized =
    R"({"errorCode":401002,"trackingId":"t","message":"Unauthorized"})";

class FakeEndpoint {
 public:
  ~FakeEndpoint() {
    if (listener_) listener_->stop();
    loop_.drain();
  }

  void listen(runtime::TlsListener::Session session) {
    auto bound = runtime::TlsListener::bind(
        loop_.executor(), "127.0.0.1", 0, runtime::make_plain_context(), {},
        [this, session = std::move(session)](runtime::TlsStream& stream) {
          ++connections;
          return session(stream);
        },
        [](const std::string&, const std::string&) {});
    listener_ = std::move(bound).value();
    listener_->start();
  }

  device::Attempt attempt() {
    device::Attempt attempt;
    attempt.endpoint.host = "127.0.0.1";
    attempt.endpoint.https_port = listener_->port();
    attempt.endpoint.mqtt_port = listener_->port();
    attempt.endpoint.amqp_port = listener_->port();
    attempt.endpoint.id_scope = "0ne00LAB001";
    attempt.identity.registration_id = "dev-1";
    attempt.identity.symmetric_key = SecretBytes(Bytes(32, 7));
    attempt.unix_now = 1700000000;
    attempt.timeout = kEndpointPatience;
    attempt.tls = context_;
    return attempt;
  }

  device::TransportServices services(bool keep_connection = false) {
    return {loop_.executor(), *crypto_, keep_connection};
  }
  Loop& loop() { return loop_; }

  int connections = 0;

 private:
  Loop loop_;
  std::unique_ptr<ports::Crypto> crypto_ = crypto::make_mbedtls_crypto();
  std::shared_ptr<ports::TlsContext> context_ = runtime::make_plain_context();
  std::unique_ptr<runtime::TlsListener> listener_;
};

}  // namespace berth::testing
