// The identity that a DTLS client names (docs/protocols/coap.md), and what it is worth.
#include "gateway/core/device/psk_keys.hpp"
#include "shared/base/encoding.hpp"
#include "tests/fuzz/input.hpp"
#include "tests/support/fake_crypto.hpp"
#include "tests/support/fake_entropy.hpp"
#include "tests/support/fake_gateway.hpp"

using namespace berth;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = as_text({data, size});
  const auto identity = domain::parse_psk_identity(text);
  fuzz::require(!identity || domain::to_text(*identity) == text);

  testing::FakeCache cache;
  cache.scope = domain::IdScope("0ne0000000A");
  testing::FakeCrypto crypto;
  testing::FakeEntropy entropy;
  domain::IndividualEnrollment individual;
  individual.registration_id = *domain::RegistrationId::parse("dev-1");
  individual.attestation = domain::SymmetricKeyAttestation{SecretBytes(Bytes(32, 1)), {}};
  cache.put(individual);
  const gateway::PskAnswer answer = gateway::PskKeys(cache, crypto, entropy).answer(text);
  fuzz::require(answer.key.size() == 32);
  fuzz::require(answer.proof.has_value() ==
                (identity && equals_ignoring_case(text, cache.scope.str() + "/dev-1/p")));
  return 0;
}
