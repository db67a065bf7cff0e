#include "gateway/core/device/amqp_link.hpp"

#include "shared/base/encoding.hpp"

namespace berth::gateway {

Result<void> judge_amqp_link(const SessionPorts& ports, const DevicePeer& peer,
                             const AmqpSasl& sasl, const std::optional<AmqpAddress>& device) {
  if (!device) return Error{Errc::invalid, "a link's address names no device"};
  const Result<domain::RegistrationId> id = domain::RegistrationId::parse(device->registration_id);
  if (!id) return id.error();
  if (!ports.cache.tenant(device->id_scope)) {
    return Error{Errc::unauthorized, "this gateway serves no such ID scope"};
  }
  if (sasl.device()) {
    if (is_same_device(*sasl.device(), *device)) return {};
    return Error{Errc::unauthorized, "SASL's user and a link name two devices"};
  }
  if (peer.chain.empty()) {
    return Error{Errc::unauthorized, "a device without certificate and without SASL"};
  }
  const Result<ports::Certificate> leaf = ports.crypto.parse_certificate(peer.chain.front());
  if (!leaf || !equals_ignoring_case(leaf->common_name, id->str())) {
    return Error{Errc::certificate_refused,
                 "the certificate's common name is not the registration ID"};
  }
  return {};
}

}  // namespace berth::gateway
