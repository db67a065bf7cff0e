// Custom allocation (service API section 3): a webhook of the admin's chooses the hub. What it is
// asked, what its answer means, and when it is asked again. Nothing here calls anybody: the request
// is for the caller to send.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "shared/base/bytes.hpp"
#include "shared/base/result.hpp"
#include "shared/domain/allocation/allocate.hpp"
#include "shared/domain/model/enrollment.hpp"
#include "shared/domain/model/ids.hpp"
#include "shared/domain/model/linked_hub.hpp"
#include "shared/domain/model/registration.hpp"
#include "shared/domain/model/twin.hpp"
#include "shared/ports/crypto.hpp"

namespace berth::domain {

// One call (service API 3.4: its length is ours to choose), and how often it is made again.
inline constexpr std::chrono::milliseconds kAllocationTimeout{5000};
inline constexpr std::uint32_t kMaxAllocationRetries = 10;
// Bytes of what is sent and of what is taken back.
inline constexpr std::size_t kMaxAllocationRequest = 256 * 1024;
inline constexpr std::size_t kMaxAllocationAnswer = 128 * 1024;

// The body of the call (service API 3.2), before it is JSON.
struct CustomAllocationRequest {
  CustomAllocation webhook;
  EnrollmentRef enrollment_ref;
  // As it is enrolled, without its keys.
  std::variant<IndividualEnrollment, EnrollmentGroup> enrollment;
  std::string enrollment_etag;

  RegistrationId registration_id;
  // Where the device is, if it is provisioned again.
  std::string current_hub;
  DeviceId current_device_id;
  AttestationType attestation = AttestationType::symmetric_key;
  std::optional<ports::Certificate> leaf;
  std::optional<ports::Certificate> signing_certificate;
  Bytes endorsement_key;
  Bytes storage_root_key;
  JsonText payload;  // of the device's request

  std::vector<std::string> linked_hubs;  // the answer must be one of these
};

// What the webhook said (service API 3.3).
struct CustomAllocationAnswer {
  std::string host_name;
  std::optional<InitialTwin> initial_twin;
  JsonText payload;  // for the device
};

// The members of a request that come from the enrollment and the linked hubs. Errc::no_hub if there
// is no hub to choose from, Errc::allocation_failed if the enrollment names no webhook.
[[nodiscard]] Result<CustomAllocationRequest> custom_allocation_request(
    std::variant<IndividualEnrollment, EnrollmentGroup> enrollment,
    std::span<const LinkedHub> linked);

// What an HTTP status stands for (service API 3.4). Nothing for 200; Errc::unavailable if the call
// is to be made again, Errc::allocation_unauthorized or Errc::allocation_failed if not.
[[nodiscard]] Result<void> judge_allocation_status(int status);

// Whether a call that failed with this error is made again; `retries` were made before.
[[nodiscard]] bool may_ask_again(Errc code, std::uint32_t retries);
// The pause before the next call: 1 s, and 9 s more each time.
[[nodiscard]] std::chrono::seconds allocation_pause(std::uint32_t retries);

// The hub that the answer names, if the device may get it. Errc::allocation_hub_missing without
// one, Errc::allocation_failed for one that is not eligible.
[[nodiscard]] Result<Allocation> accept_custom_allocation(const CustomAllocationAnswer& answer,
                                                          const Provisioning& provisioning,
                                                          std::span<const LinkedHub> linked);

// For people: the URL without its query, which holds the key of the function (service API 3.1).
[[nodiscard]] std::string masked_url(const std::string& webhook_url);

}  // namespace berth::domain
