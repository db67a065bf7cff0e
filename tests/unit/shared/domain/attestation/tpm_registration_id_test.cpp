#include "shared/domain/attestation/tpm_registration_id.hpp"

#include <CppUTest/TestHarness.h>

#include "shared/base/encoding.hpp"
#include "tests/support/fake_crypto.hpp"
#include "tests/vectors/tpm/keys.hpp"

namespace berth::domain {
namespace {

TEST_GROUP(TpmRegistrationId) {
  testing::FakeCrypto crypto;
};

// Device API 11, V4. Without the two bytes of the size it would be 2lmfoh5l….
TEST(TpmRegistrationId, IsOfTheWholeEndorsementKey) {
  STRCMP_EQUAL(std::string(vectors::kEndorsementKeyRegistrationId).c_str(),
               tpm_registration_id(from_base64(vectors::kEndorsementKey).value(), crypto).c_str());
}

}  // namespace
}  // namespace berth::domain
