#include "tests/unit/tools/device/proton_endpoint.hpp"

#include <array>
#include <chrono>
#include <proton/codec.h>
#include <proton/condition.h>
#include <proton/connection.h>
#include <proton/connection_driver.h>
#include <proton/delivery.h>
#include <proton/disposition.h>
#include <proton/event.h>
#include <proton/link.h>
#include <proton/message.h>
#include <proton/sasl.h>
#include <proton/sasl_plugin.h>
#include <proton/session.h>
#include <proton/terminus.h>
#include <proton/transport.h>

namespace berth::testing {
namespace {

constexpr std::chrono::seconds kPatience{30};

pn_bytes_t bytes_of(const std::string& text) {
  return pn_bytes(text.size(), text.data());
}

std::string text_of(pn_bytes_t bytes) {
  return {bytes.start, bytes.size};
}

ProtonEndpoint& endpoint_of(pn_transport_t* transport) {
  return *static_cast<ProtonEndpoint*>(pnx_sasl_get_context(transport));
}

const pnx_sasl_implementation kServerSasl = {
    [](pn_transport_t*) {},
    [](pn_transport_t* transport) { return endpoint_of(transport).mechanisms.c_str(); },
    [](pn_transport_t* transport) {
      pnx_sasl_set_desired_state(transport, SASL_POSTED_MECHANISMS);
      return true;
    },
    [](pn_transport_t*) { return false; },
    [](pn_transport_t*) {},
    [](pn_transport_t* transport, const char*, const pn_bytes_t* response) {
      ProtonEndpoint& endpoint = endpoint_of(transport);
      endpoint.credentials.push_back(text_of(*response));
      if (endpoint.accepts_credentials) {
        pnx_sasl_set_succeeded(transport, "device", "device");
      } else {
        pnx_sasl_set_failed(transport);
      }
      pnx_sasl_set_desired_state(transport, SASL_POSTED_OUTCOME);
    },
    [](pn_transport_t*, const pn_bytes_t*) {},
    [](pn_transport_t*, const char*) { return false; },
    [](pn_transport_t*, const pn_bytes_t*) {},
    [](pn_transport_t*, const pn_bytes_t*) {},
    [](pn_transport_t*) { return false; },
    [](pn_transport_t*) -> ssize_t { return 0; },
    [](pn_transport_t*, pn_bytes_t, pn_bytes_t*) -> ssize_t { return 0; },
    [](pn_transport_t*, pn_bytes_t, pn_bytes_t*) -> ssize_t { return 0; }};

// One connection.
class Session {
 public:
  explicit Session(ProtonEndpoint& endpoint) : endpoint_(endpoint) {
    pn_connection_driver_init(&driver_, nullptr, nullptr);
    pn_transport_set_server(driver_.transport);
    if (endpoint_.requires_sasl) {
      pn_sasl_set_allow_insecure_mechs(pn_sasl(driver_.transport), true);
      pnx_sasl_set_implementation(driver_.transport, &kServerSasl, &endpoint_);
      pn_transport_require_auth(driver_.transport, true);
    }
    pn_connection_driver_bind(&driver_);
  }
  ~Session() { pn_connection_driver_destroy(&driver_); }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  runtime::Task<void> serve(runtime::TlsStream& stream) {
    while (!pn_connection_driver_finished(&driver_)) {
      while (pn_event_t* event = pn_connection_driver_next_event(&driver_)) handle(event);
      const pn_bytes_t output = pn_connection_driver_write_buffer(&driver_);
      if (output.size > 0) {
        const ByteView view(reinterpret_cast<const std::uint8_t*>(output.start), output.size);
        const auto written = co_await stream.write_all(view, kPatience);
        if (!written) co_return;
        pn_connection_driver_write_done(&driver_, output.size);
        continue;
      }
      const pn_rwbytes_t room = pn_connection_driver_read_buffer(&driver_);
      if (room.size == 0) co_return;
      const std::span<std::uint8_t> into(reinterpret_cast<std::uint8_t*>(room.start), room.size);
      const auto count = co_await stream.read_some(into, kPatience);
      if (!count || *count == 0) co_return;
      pn_connection_driver_read_done(&driver_, *count);
    }
  }

 private:
  void handle(pn_event_t* event) {
    const pn_event_type_t type = pn_event_type(event);
    if (type == PN_CONNECTION_REMOTE_OPEN) {
      pn_connection_open(driver_.connection);
    } else if (type == PN_SESSION_REMOTE_OPEN) {
      pn_session_open(pn_event_session(event));
    } else if (type == PN_LINK_REMOTE_OPEN) {
      attach(pn_event_link(event));
    } else if (type == PN_DELIVERY) {
      take(pn_event_delivery(event));
    } else if (type == PN_CONNECTION_REMOTE_CLOSE) {
      pn_connection_close(driver_.connection);
    }
  }

  void attach(pn_link_t* link) {
    const bool takes = pn_link_is_receiver(link);
    const char* address =
        pn_terminus_get_address(takes ? pn_link_remote_target(link) : pn_link_remote_source(link));
    endpoint_.addresses.emplace_back(address == nullptr ? "" : address);
    pn_terminus_copy(pn_link_target(link), pn_link_remote_target(link));
    pn_terminus_copy(pn_link_source(link), pn_link_remote_source(link));
    pn_data_t* properties = pn_link_remote_properties(link);
    if (properties != nullptr) pn_data_rewind(properties);
    if (properties != nullptr && pn_data_next(properties)) {
      pn_data_enter(properties);
      while (pn_data_next(properties)) {
        const std::string key = text_of(pn_data_get_symbol(properties));
        pn_data_next(properties);
        if (key == "com.microsoft:api-version") {
          endpoint_.api_versions.push_back(text_of(pn_data_get_string(properties)));
        }
      }
    }
    pn_link_open(link);
    if (takes) {
      pn_link_flow(link, 10);
    } else {
      answers_ = link;
    }
    if (!endpoint_.detach_with.empty()) {
      set(pn_link_condition(link), endpoint_.detach_with);
      pn_link_close(link);
    }
  }

  static void set(pn_condition_t* condition, const std::string& description) {
    pn_condition_set_name(condition, "amqp:unauthorized-access");
    pn_condition_set_description(condition, description.c_str());
  }

  void take(pn_delivery_t* delivery) {
    if (!pn_delivery_readable(delivery) || pn_delivery_partial(delivery)) return;
    pn_link_t* link = pn_delivery_link(delivery);
    std::string bytes(pn_delivery_pending(delivery), '\0');
    pn_link_recv(link, bytes.data(), bytes.size());
    pn_message_t* message = pn_message();
    pn_message_decode(message, bytes.data(), bytes.size());
    endpoint_.requests.push_back(read(message));
    pn_data_t* correlation = pn_message_correlation_id(message);
    pn_data_rewind(correlation);
    pn_data_next(correlation);
    const std::string id = text_of(pn_data_get_string(correlation));
    pn_message_free(message);
    if (!endpoint_.reject_with.empty()) {
      set(pn_disposition_condition(pn_delivery_local(delivery)), endpoint_.reject_with);
      pn_delivery_update(delivery, PN_REJECTED);
    } else {
      pn_delivery_update(delivery, PN_ACCEPTED);
      if (!endpoint_.first_answer.empty()) send("of another time", endpoint_.first_answer);
      const bool is_register = endpoint_.requests.back().operation_type == "iotdps-register";
      send(id, is_register ? endpoint_.register_answer : endpoint_.poll_answer);
    }
    pn_delivery_settle(delivery);
  }

  static ProtonEndpoint::Request read(pn_message_t* message) {
    ProtonEndpoint::Request request;
    pn_data_t* properties = pn_message_properties(message);
    pn_data_rewind(properties);
    pn_data_next(properties);
    pn_data_enter(properties);
    while (pn_data_next(properties)) {
      const std::string key = text_of(pn_data_get_string(properties));
      pn_data_next(properties);
      if (key == "iotdps-operation-type") {
        request.operation_type = text_of(pn_data_get_string(properties));
      } else if (key == "iotdps-operation-id") {
        request.operation_id = text_of(pn_data_get_string(properties));
      } else if (key == "iotdps-forceRegistration") {
        request.force = pn_data_get_bool(properties);
      }
    }
    pn_data_t* body = pn_message_body(message);
    pn_data_rewind(body);
    if (pn_data_next(body)) request.body = text_of(pn_data_get_binary(body));
    return request;
  }

  void send(const std::string& correlation_id, const std::string& body) {
    pn_message_t* message = pn_message();
    pn_data_put_string(pn_message_correlation_id(message), bytes_of(correlation_id));
    pn_data_t* properties = pn_message_properties(message);
    pn_data_put_map(properties);
    pn_data_enter(properties);
    pn_data_put_string(properties, bytes_of("retry-after"));
    pn_data_put_int(properties, 0);
    pn_data_exit(properties);
    pn_message_set_inferred(message, !endpoint_.answers_with_value);
    pn_data_put_binary(pn_message_body(message), bytes_of(body));
    pn_delivery(answers_, pn_dtag(reinterpret_cast<const char*>(&tag_), sizeof(tag_)));
    ++tag_;
    pn_message_send(message, answers_, nullptr);
    pn_message_free(message);
  }

  ProtonEndpoint& endpoint_;
  pn_connection_driver_t driver_{};
  pn_link_t* answers_ = nullptr;
  int tag_ = 0;
};

}  // namespace

runtime::Task<void> ProtonEndpoint::serve(runtime::TlsStream& stream) {
  Session session(*this);
  co_await session.serve(stream);
}

}  // namespace berth::testing
