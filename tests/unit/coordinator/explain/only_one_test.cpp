#include "coordinator/explain/only_one.hpp"

#include <map>
#include <string>

#include <CppUTest/TestHarness.h>

using namespace berth;
using namespace berth::domain;
using coordinator::OnlyOne;

namespace {

// Counts how many groups are read.
class Groups final : public EnrollmentLookup {
 public:
  std::map<std::string, Versioned<EnrollmentGroup>> groups;
  int read = 0;

  EnrollmentGroup& add(const std::string& id, Attestation attestation) {
    EnrollmentGroup& group = groups[id].record;
    group.group_id = *EnrollmentGroupId::parse(id);
    group.attestation = std::move(attestation);
    return group;
  }

  Result<std::optional<Versioned<EnrollmentGroup>>> group(const EnrollmentGroupId& id) override {
    ++read;
    const auto found = groups.find(id.folded());
    if (found == groups.end()) return std::optional<Versioned<EnrollmentGroup>>{};
    return std::optional(found->second);
  }
  Result<std::vector<GroupKeys>> symmetric_groups() override {
    read += static_cast<int>(groups.size());
    return std::vector<GroupKeys>{};
  }
  Result<std::optional<Versioned<IndividualEnrollment>>> individual(
      const RegistrationId&) override {
    return std::optional<Versioned<IndividualEnrollment>>{};
  }
  Result<bool> is_blocked(const RegistrationId&) override { return false; }
  Result<bool> is_certificate_blocked(const ports::Sha256Digest&) override { return false; }
  Result<std::vector<SigningCertificate>> signing_certificates(ByteView) override {
    return std::vector<SigningCertificate>{};
  }
  Result<std::optional<CaCertificate>> ca_certificate(const std::string&) override {
    return std::optional<CaCertificate>{};
  }
  Result<std::optional<AdmittedTpm>> admitted_tpm(const ports::Sha256Digest&) override {
    return std::optional<AdmittedTpm>{};
  }
  Result<std::vector<SigningCertificate>> tpm_issuers(ByteView) override {
    return std::vector<SigningCertificate>{};
  }
  Result<bool> is_endorsement_key_blocked(const ports::Sha256Digest&) override { return false; }
};

SymmetricKeyAttestation keys() {
  return {SecretBytes(Bytes(32, 1)), SecretBytes(Bytes(32, 2))};
}

}  // namespace

TEST_GROUP(OnlyOne) {
  Groups all;
};

TEST(OnlyOne, ReadsTheKeysOfItsGroupAndNoOtherGroup) {
  for (int i = 0; i < 50; ++i) all.add("group-" + std::to_string(i), keys());
  OnlyOne alone(all, {true, "Group-7", 1});
  const auto found = alone.symmetric_groups();
  CHECK_TRUE(found.has_value());
  LONGS_EQUAL(1, found->size());
  STRCMP_EQUAL("group-7", found->front().group.str().c_str());
  LONGS_EQUAL(1, all.read);
}

TEST(OnlyOne, HasNoKeysOfWhatIsNoGroupByKeys) {
  all.add("by-tpm", TpmGroupAttestation{});
  for (const EnrollmentRef& only :
       {EnrollmentRef{true, "by-tpm", 1}, EnrollmentRef{true, "gone", 1},
        EnrollmentRef{false, "by-tpm", 1}}) {
    const auto found = OnlyOne(all, only).symmetric_groups();
    CHECK_TRUE(found.has_value());
    CHECK_TRUE(found->empty());
  }
}
