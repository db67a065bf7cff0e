#include "shared/protocol/errors.hpp"

#include <array>
#include <utility>

#include "shared/base/bytes.hpp"
#include "shared/base/encoding.hpp"

namespace berth::protocol {
namespace {

// AMQP conditions that SDKs tell apart (device API 3.3): Node retries only the last two.
constexpr std::string_view kArgumentError = "com.microsoft:argument-error";
constexpr std::string_view kMessageTooLarge = "amqp:link:message-size-exceeded";
constexpr std::string_view kUnauthorizedAccess = "amqp:unauthorized-access";
constexpr std::string_view kAmqpNotFound = "amqp:not-found";
constexpr std::string_view kAmqpConflict = "amqp:resource-locked";
constexpr std::string_view kInternalError = "amqp:internal-error";
constexpr std::string_view kThrottledContainer = "com.microsoft:device-container-throttled";

// What protocols refuse by themselves. No evidence shows DPS's numbers.
constexpr std::array kStatusErrors = {
    CatalogueEntry{400000, "Bad request", kArgumentError},
    CatalogueEntry{404000, "Not found", kAmqpNotFound},
    CatalogueEntry{405000, "Method not allowed", kArgumentError},
    CatalogueEntry{406000, "Not acceptable", kArgumentError},
    CatalogueEntry{408000, "Request incomplete", kArgumentError},
    CatalogueEntry{413000, "Too large", kMessageTooLarge},
    CatalogueEntry{415000, "Unsupported media type", kArgumentError},
    CatalogueEntry{431000, "Headers too large", kArgumentError},
    CatalogueEntry{500000, "Internal error", kInternalError},
    CatalogueEntry{503000, "Unavailable, try again", kInternalError},
};

// The catalogue. Codes with public evidence are DPS's own (device API 7, service API 1.9): 400207
// to 400209, 401002, 404201, 404204, 409203; the rest is numbered by the same rule.
constexpr CatalogueEntry kBadRequest{400201, "Bad request", kArgumentError};
constexpr CatalogueEntry kNotSupported{400203, "Not supported", kArgumentError};
constexpr CatalogueEntry kCustomAllocationFailed{400207, "Custom allocation failed",
                                                 kArgumentError};
constexpr CatalogueEntry kNoHubAllocated{400208, "Custom allocation gave no IoT hub",
                                         kArgumentError};
constexpr CatalogueEntry kNoHub{400208, "No IoT hub is available to the device", kArgumentError};
constexpr CatalogueEntry kAllocationUnauthorized{400209, "Custom allocation was unauthorized",
                                                 kArgumentError};
constexpr CatalogueEntry kHubRefused{400301, "The IoT hub refused the device", kArgumentError};
constexpr CatalogueEntry kUnauthorized{401002, "Unauthorized", kUnauthorizedAccess};
constexpr CatalogueEntry kInvalidCertificate{401002, "Invalid certificate", kUnauthorizedAccess};
constexpr CatalogueEntry kHubUnauthorized{401002, "IotHubUnauthorizedAccess", kUnauthorizedAccess};
constexpr CatalogueEntry kForbidden{403201, "Forbidden", kUnauthorizedAccess};
constexpr CatalogueEntry kDisabled{403202, "The enrollment is disabled", kUnauthorizedAccess};
constexpr CatalogueEntry kHubFull{403301, "The IoT hub takes no more devices", kUnauthorizedAccess};
constexpr CatalogueEntry kNotFound{404201, "Not found", kAmqpNotFound};
constexpr CatalogueEntry kGroupNotFound{404204, "Enrollment group not found", kAmqpNotFound};
constexpr CatalogueEntry kAlreadyExists{409201, "Already exists", kAmqpConflict};
constexpr CatalogueEntry kConflict{409203, "Precondition failed.", kAmqpConflict};
constexpr CatalogueEntry kHubConflict{
    409301, "The IoT hub holds a device of that name that is not ours", kAmqpConflict};
constexpr CatalogueEntry kVersionMismatch{412201, "ETag does not match", kAmqpConflict};
constexpr CatalogueEntry kTooLarge{413201, "Too large", kMessageTooLarge};
constexpr CatalogueEntry kThrottled{429001, "Throttled", kThrottledContainer};
constexpr CatalogueEntry kInternal{500001, "Internal error", kInternalError};
constexpr CatalogueEntry kUnavailable{503001, "Unavailable, try again", kInternalError};
constexpr CatalogueEntry kTimedOut{504001, "Timed out, try again", kInternalError};

}  // namespace

const CatalogueEntry& device_error(Errc code) {
  switch (code) {
    case Errc::malformed:
    case Errc::invalid: return kBadRequest;
    case Errc::too_large: return kTooLarge;
    case Errc::unsupported: return kNotSupported;
    case Errc::unauthorized: return kUnauthorized;
    case Errc::certificate_refused: return kInvalidCertificate;
    case Errc::forbidden: return kForbidden;
    // An error and not the status `disabled`, on which Node's SDK throws (device API 1.4).
    case Errc::disabled: return kDisabled;
    case Errc::not_found:
    case Errc::group_not_found: return kNotFound;
    case Errc::already_exists:
    case Errc::version_mismatch:
    case Errc::conflict: return kConflict;
    case Errc::throttled: return kThrottled;
    case Errc::unavailable: return kUnavailable;
    case Errc::timed_out: return kTimedOut;
    case Errc::hub_refused: return kHubRefused;
    case Errc::hub_unauthorized: return kHubUnauthorized;
    case Errc::hub_full: return kHubFull;
    case Errc::hub_conflict: return kHubConflict;
    case Errc::no_hub: return kNoHub;
    case Errc::allocation_failed: return kCustomAllocationFailed;
    case Errc::allocation_hub_missing: return kNoHubAllocated;
    case Errc::allocation_unauthorized: return kAllocationUnauthorized;
    case Errc::corrupt:
    case Errc::wrong_key:
    case Errc::io:
    case Errc::internal: return kInternal;
  }
  return kInternal;
}

const CatalogueEntry& status_error(int http_status) {
  for (const CatalogueEntry& entry : kStatusErrors) {
    if (entry.http_status() == http_status) return entry;
  }
  return kInternal;
}

const CatalogueEntry& service_error(Errc code) {
  switch (code) {
    case Errc::group_not_found: return kGroupNotFound;
    case Errc::already_exists: return kAlreadyExists;
    case Errc::version_mismatch: return kVersionMismatch;
    case Errc::malformed:
    case Errc::too_large:
    case Errc::invalid:
    case Errc::unsupported:
    case Errc::unauthorized:
    case Errc::certificate_refused:
    // A quota (service API 1.9). An admin whose policy lacks a right is unauthorized.
    case Errc::forbidden:
    case Errc::disabled:
    case Errc::not_found:
    case Errc::conflict:
    case Errc::throttled:
    case Errc::unavailable:
    case Errc::timed_out:
    case Errc::hub_refused:
    case Errc::hub_unauthorized:
    case Errc::hub_full:
    case Errc::hub_conflict:
    case Errc::no_hub:
    case Errc::allocation_failed:
    case Errc::allocation_hub_missing:
    case Errc::allocation_unauthorized:
    case Errc::corrupt:
    case Errc::wrong_key:
    case Errc::io:
    case Errc::internal: return device_error(code);
  }
  return kInternal;
}

ErrorDocument device_error_document(Errc code, std::string tracking_id, WallTime now) {
  const CatalogueEntry& entry = device_error(code);
  ErrorDocument document;
  document.error_code = entry.error_code;
  document.tracking_id = std::move(tracking_id);
  document.message = std::string(entry.message);
  document.timestamp = now;
  return document;
}

std::string new_guid(ports::Entropy& entropy) {
  Bytes random = entropy.bytes(16);
  random[6] = static_cast<std::uint8_t>((random[6] & 0x0FU) | 0x40U);  // version 4
  random[8] = static_cast<std::uint8_t>((random[8] & 0x3FU) | 0x80U);  // variant
  std::string text = to_hex(random);
  for (const std::size_t at : {8U, 13U, 18U, 23U}) text.insert(at, 1, '-');
  return text;
}

}  // namespace berth::protocol
