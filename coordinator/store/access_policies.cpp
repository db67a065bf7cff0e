#include "coordinator/store/access_policies.hpp"

#include <utility>

#include "coordinator/store/record_writes.hpp"
#include "coordinator/store/typed_records.hpp"
#include "shared/base/encoding.hpp"

namespace berth::coordinator {
namespace {

bool is_key_name_character(char c) {
  constexpr std::string_view kPunctuation = "_-@.";
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         kPunctuation.find(c) != std::string_view::npos;
}

}  // namespace

Result<void> check_key_name(std::string_view name) {
  if (name.empty() || name.size() > kMaxKeyNameLength) {
    return Error{Errc::invalid,
                 "a policy's name has 1 to " + std::to_string(kMaxKeyNameLength) + " characters"};
  }
  for (const char c : name) {
    if (!is_key_name_character(c)) {
      return Error{Errc::invalid, "a policy's name holds letters, digits and _ - @ . only"};
    }
  }
  if (equals_ignoring_case(name, domain::kOperatorKeyName)) {
    return Error{Errc::invalid, "the name 'operator' is reserved"};
  }
  return {};
}

Result<std::vector<Versioned<domain::AccessPolicy>>> AccessPolicies::all(
    const domain::IdScope& tenant) const {
  return read_all<domain::AccessPolicy>(store_, tenant, store::Table::access_policy);
}

Result<std::optional<Versioned<domain::AccessPolicy>>> AccessPolicies::find(
    const domain::IdScope& tenant, const std::string& key_name) const {
  return read_record<domain::AccessPolicy>(store_, tenant, store::Table::access_policy, key_name);
}

Result<std::optional<domain::AccessPolicy>> AccessPolicies::operator_policy() const {
  auto found = read_record<domain::AccessPolicy>(store_, store::kNode, store::Table::node,
                                                 domain::kOperatorKeyName);
  if (!found) return found.error();
  if (!*found) return std::optional<domain::AccessPolicy>{};
  return std::optional<domain::AccessPolicy>(std::move((*found)->record));
}

Result<Versioned<domain::AccessPolicy>> AccessPolicies::put(const domain::IdScope& tenant,
                                                            domain::AccessPolicy policy,
                                                            std::uint64_t expected_version) {
  if (const auto name = check_key_name(policy.key_name); !name) return name.error();
  if (expected_version == 0) {
    const auto policies = all(tenant);
    if (!policies) return policies.error();
    if (policies->size() >= kMaxAccessPolicies) {
      return Error{Errc::conflict, "a tenant has at most " + std::to_string(kMaxAccessPolicies) +
                                       " access policies"};
    }
  }
  if (policy.primary_key.empty()) policy.primary_key = entropy_.secret(kGeneratedKeySize);
  if (policy.secondary_key.empty()) policy.secondary_key = entropy_.secret(kGeneratedKeySize);
  stamp(policy.stamps, expected_version, clock_.wall());
  std::string id = policy.key_name;
  return put_record(store_, tenant, store::Table::access_policy, std::move(id), std::move(policy),
                    {}, expected_version);
}

Result<void> AccessPolicies::erase(const domain::IdScope& tenant, const std::string& key_name,
                                   std::uint64_t expected_version) {
  const auto erased = commit_change(
      store_, tenant, erase_change(store::Table::access_policy, key_name, expected_version));
  if (!erased) return erased.error();
  return {};
}

}  // namespace berth::coordinator
