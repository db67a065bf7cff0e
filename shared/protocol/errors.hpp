// The error catalogue: the one table from which every protocol answers a refusal (device API
// section 7, service API 1.9). An Errc is mapped to a line of it here, and the line to each
// protocol by rule: the DPS code's first three digits are HTTP's status, the status in MQTT's topic
// and CoAP's code; AMQP's condition stands beside it. The error document is the same for all.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "shared/base/errc.hpp"
#include "shared/base/result.hpp"
#include "shared/base/timestamp.hpp"
#include "shared/ports/entropy.hpp"

namespace berth::protocol {

// One line of the catalogue.
struct CatalogueEntry {
  std::int32_t error_code = 0;      // six digits: HTTP status × 1000 + n
  std::string_view message;         // what the peer is told; never more than the catalogue says
  std::string_view amqp_condition;  // device API 3.3
  [[nodiscard]] int http_status() const { return static_cast<int>(error_code / 1000); }
};

// What a device is told.
const CatalogueEntry& device_error(Errc code);
// What a protocol refuses by itself, before there is a request that means something: by HTTP
// status, which CoAP numbers alike. One that is not in the catalogue is an internal error.
const CatalogueEntry& status_error(int http_status);
// What an admin is told; the service API adds Error::reason as the message where that is safe.
const CatalogueEntry& service_error(Errc code);

// ProvisioningServiceErrorDetails (device API 1.3).
struct ErrorDocument {
  std::int32_t error_code = 0;
  std::string tracking_id;  // lower-case GUID; equals x-ms-request-id
  std::string message;
  WallTime timestamp{};
};

// The document for a device's refusal. The Error's reason is not in it.
ErrorDocument device_error_document(Errc code, std::string tracking_id, WallTime now);

// A random lower-case GUID (RFC 9562 version 4).
std::string new_guid(ports::Entropy& entropy);

}  // namespace berth::protocol
