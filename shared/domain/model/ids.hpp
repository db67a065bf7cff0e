// Identifiers. DPS compares registration and group IDs without regard to case and echoes the first
// spelling (device API 1.6, service API 1.5): such IDs carry both forms.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "shared/base/result.hpp"
#include "shared/base/strong_id.hpp"

namespace berth::domain {

// Longest registration ID, group ID and device ID (service API 1.5).
inline constexpr std::size_t kMaxIdLength = 128;

// The tenant's name, given by the coordinator: "0ne" and 8 hex digits. Compared without regard to
// case; kept in the case given.
using IdScope = StrongId<struct IdScopeTag>;
// Immutable names that the coordinator makes: 32 lower-case hex digits.
using HubId = StrongId<struct HubIdTag>;
using GatewayId = StrongId<struct GatewayIdTag>;
using CoordinatorId = StrongId<struct CoordinatorIdTag>;
// A site's name, chosen by people; 1 to 64 characters of a-z, A-Z, 0-9, '-', '_', '.'.
using SiteId = StrongId<struct SiteIdTag>;
// The name of a device in its hub; case-sensitive.
using DeviceId = StrongId<struct DeviceIdTag>;

// An ID that DPS compares without regard to case.
template <class Tag>
class FoldedId {
 public:
  FoldedId() = default;
  // Letters, digits and "-._:", at most 128, the last one a letter, digit or '-' (service API 1.5).
  // Errc::invalid otherwise.
  static Result<FoldedId> parse(std::string_view text);

  [[nodiscard]] const std::string& str() const { return spelling_; }   // as first given
  [[nodiscard]] const std::string& folded() const { return folded_; }  // lower case: the key
  [[nodiscard]] bool empty() const { return spelling_.empty(); }

  friend bool operator==(const FoldedId& a, const FoldedId& b) { return a.folded_ == b.folded_; }
  friend auto operator<=>(const FoldedId& a, const FoldedId& b) { return a.folded_ <=> b.folded_; }

 private:
  std::string spelling_;
  std::string folded_;
};

using RegistrationId = FoldedId<struct RegistrationIdTag>;
using EnrollmentGroupId = FoldedId<struct EnrollmentGroupIdTag>;

// ASCII letters, digits and "-:.+%_#*?!(),=@$;'", 1 to 128 (service API 1.5). Errc::invalid
// otherwise.
Result<DeviceId> parse_device_id(std::string_view text);
// "0ne" and 8 hex digits in any case. Errc::invalid otherwise.
Result<IdScope> parse_id_scope(std::string_view text);

extern template class FoldedId<struct RegistrationIdTag>;
extern template class FoldedId<struct EnrollmentGroupIdTag>;

}  // namespace berth::domain

template <class Tag>
struct std::hash<berth::domain::FoldedId<Tag>> {
  std::size_t operator()(const berth::domain::FoldedId<Tag>& id) const noexcept {
    return std::hash<std::string>{}(id.folded());
  }
};
