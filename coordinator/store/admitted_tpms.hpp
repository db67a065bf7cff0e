// The TPMs that groups have on their lists, of all tenants (docs/attestation/tpm.md). A chip is on
// one list of a tenant at most, and no two chips of a tenant are given one registration ID.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "coordinator/store/versioned.hpp"
#include "shared/base/result.hpp"
#include "shared/domain/model/admitted_tpm.hpp"
#include "shared/domain/model/enrollment.hpp"
#include "shared/domain/model/ids.hpp"
#include "shared/ports/clock.hpp"
#include "shared/store/record_store.hpp"

namespace berth::coordinator {

class AdmittedTpms {
 public:
  AdmittedTpms(store::RecordStore& store, ports::Clock& clock, std::size_t most_of_group)
      : store_(store), clock_(clock), most_of_group_(most_of_group) {}

  // What became of one chip of a delivery.
  enum class Outcome : std::uint8_t { admitted, was_admitted };
  // Puts chips on the list of a group that is there, those that fit in one change set. A chip that
  // is on another list, or whose ID is given to another chip, is Errc::conflict; one that has no
  // room is Errc::forbidden. At most as many as one change set takes.
  [[nodiscard]] Result<std::vector<Result<Outcome>>> admit(
      const domain::IdScope& tenant, const Versioned<domain::EnrollmentGroup>& group,
      std::span<const domain::AdmittedTpm> delivery);

  [[nodiscard]] Result<Listing<domain::AdmittedTpm>> of_group(
      const domain::IdScope& tenant, const domain::EnrollmentGroupId& group,
      const std::string& continuation, std::size_t limit) const;

  // Takes one chip off the group's list. Errc::not_found if it is not on it.
  [[nodiscard]] Result<void> erase(const domain::IdScope& tenant,
                                   const domain::EnrollmentGroupId& group,
                                   ByteView endorsement_key_sha256);
  // The whole list, in change sets of a page each; what was taken off stays off if one fails.
  [[nodiscard]] Result<void> erase_list(const domain::IdScope& tenant,
                                        const domain::EnrollmentGroupId& group);

 private:
  // The chip that was given the ID, if one was.
  [[nodiscard]] Result<std::optional<domain::AdmittedTpm>> given(
      const domain::IdScope& tenant, const domain::RegistrationId& id) const;
  // Errc::conflict if the chip may not be on the list; nothing to do if it is.
  [[nodiscard]] Result<Outcome> judge(const domain::IdScope& tenant,
                                      const domain::AdmittedTpm& tpm) const;

  store::RecordStore& store_;
  ports::Clock& clock_;
  std::size_t most_of_group_;
};

}  // namespace berth::coordinator
