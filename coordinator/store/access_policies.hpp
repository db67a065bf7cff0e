// Shared access policies of tenants (service API 1.10), and the operator's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "coordinator/store/versioned.hpp"
#include "shared/base/result.hpp"
#include "shared/domain/model/tenant.hpp"
#include "shared/ports/clock.hpp"
#include "shared/ports/entropy.hpp"
#include "shared/store/record_store.hpp"

namespace berth::coordinator {

inline constexpr std::size_t kMaxAccessPolicies = 100;
// As long as C#'s SDK lets them be (service API 1.5).
inline constexpr std::size_t kMaxKeyNameLength = 256;
// Size of keys that we make (service API 2.3).
inline constexpr std::size_t kGeneratedKeySize = 64;
// What a new tenant has (service API 1.10).
inline constexpr const char* kOwnerKeyName = "provisioningserviceowner";

// 1 to 256 of letters, digits and "_-@.", and not the operator's name. Errc::invalid otherwise.
[[nodiscard]] Result<void> check_key_name(std::string_view name);

class AccessPolicies {
 public:
  AccessPolicies(store::RecordStore& store, ports::Clock& clock, ports::Entropy& entropy)
      : store_(store), clock_(clock), entropy_(entropy) {}

  [[nodiscard]] Result<std::vector<Versioned<domain::AccessPolicy>>> all(
      const domain::IdScope& tenant) const;
  [[nodiscard]] Result<std::optional<Versioned<domain::AccessPolicy>>> find(
      const domain::IdScope& tenant, const std::string& key_name) const;
  [[nodiscard]] Result<std::optional<domain::AccessPolicy>> operator_policy() const;

  // As Enrollments::put; keys that are empty are made here. At most kMaxAccessPolicies
  // (Errc::conflict).
  [[nodiscard]] Result<Versioned<domain::AccessPolicy>> put(const domain::IdScope& tenant,
                                                            domain::AccessPolicy policy,
                                                            std::uint64_t expected_version);
  [[nodiscard]] Result<void> erase(const domain::IdScope& tenant, const std::string& key_name,
                                   std::uint64_t expected_version);

 private:
  store::RecordStore& store_;
  ports::Clock& clock_;
  ports::Entropy& entropy_;
};

}  // namespace berth::coordinator
