#include "shared/domain/allocation/custom.hpp"

#include <algorithm>
#include <utility>

#include "shared/base/encoding.hpp"

namespace berth::domain {
namespace {

constexpr std::chrono::seconds kFirstPause{1};
constexpr std::chrono::seconds kLongerEachTime{9};

Provisioning& provisioning_of(std::variant<IndividualEnrollment, EnrollmentGroup>& enrollment) {
  return std::visit([](auto& record) -> Provisioning& { return record.provisioning; }, enrollment);
}

// The webhook is shown what attests the device, never the keys that it attests with.
void drop_keys(Attestation& attestation) {
  if (auto* keys = std::get_if<SymmetricKeyAttestation>(&attestation)) {
    *keys = SymmetricKeyAttestation{};
  }
}

}  // namespace

Result<CustomAllocationRequest> custom_allocation_request(
    std::variant<IndividualEnrollment, EnrollmentGroup> enrollment,
    std::span<const LinkedHub> linked) {
  Provisioning& provisioning = provisioning_of(enrollment);
  if (!provisioning.custom_allocation) {
    return Error{Errc::allocation_failed,
                 "custom allocation needs a webhook, and the enrollment names none"};
  }
  const auto eligible = eligible_hubs(provisioning.iot_hubs, linked, {});
  if (!eligible) return eligible.error();
  CustomAllocationRequest request;
  request.webhook = *provisioning.custom_allocation;
  for (const Candidate& candidate : *eligible) request.linked_hubs.push_back(candidate.host_name);
  // Inside the body the URL is shown without its key (service API 3.1).
  provisioning.custom_allocation->webhook_url = masked_url(request.webhook.webhook_url);
  std::visit([](auto& record) { drop_keys(record.attestation); }, enrollment);
  request.enrollment = std::move(enrollment);
  return request;
}

Result<void> judge_allocation_status(int status) {
  if (status == 200) return {};
  const std::string what = "the webhook answered with HTTP status " + std::to_string(status);
  if (status == 401) return Error{Errc::allocation_unauthorized, what};
  if (status >= 429) return Error{Errc::unavailable, what};
  return Error{Errc::allocation_failed, what};
}

bool may_ask_again(Errc code, std::uint32_t retries) {
  const bool is_passing = code == Errc::unavailable || code == Errc::timed_out;
  return is_passing && retries < kMaxAllocationRetries;
}

std::chrono::seconds allocation_pause(std::uint32_t retries) {
  return kFirstPause + kLongerEachTime * retries;
}

Result<Allocation> accept_custom_allocation(const CustomAllocationAnswer& answer,
                                            const Provisioning& provisioning,
                                            std::span<const LinkedHub> linked) {
  if (answer.host_name.empty()) {
    return Error{Errc::allocation_hub_missing, "the webhook named no hub"};
  }
  const auto eligible = eligible_hubs(provisioning.iot_hubs, linked, {});
  if (!eligible) return eligible.error();
  const auto chosen = std::ranges::find_if(*eligible, [&](const Candidate& candidate) {
    return equals_ignoring_case(candidate.host_name, answer.host_name);
  });
  if (chosen == eligible->end()) {
    return Error{Errc::allocation_failed, "the webhook named a hub that the device may not get: " +
                                              trace_text(answer.host_name)};
  }
  return Allocation{chosen->hub_id, chosen->host_name, AllocationPolicy::custom,
                    "chosen by the webhook"};
}

std::string masked_url(const std::string& webhook_url) {
  const std::size_t query = webhook_url.find('?');
  if (query == std::string::npos) return webhook_url;
  return webhook_url.substr(0, query) + "?****";
}

}  // namespace berth::domain
