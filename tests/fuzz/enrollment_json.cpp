// Enrollments as admins write them; what is accepted can be written and read back.
#include "shared/json/enrollment_json.hpp"

#include "shared/json/json_text.hpp"
#include "tests/fuzz/input.hpp"
#include "tests/support/fake_crypto.hpp"
#include "tests/support/fake_entropy.hpp"

using namespace berth;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr json::TextLimits kLimits{64 * 1024, 32};
  const auto body = json::parse_object(as_text({data, size}), kLimits);
  if (!body) {
    return 0;
  }
  testing::FakeCrypto crypto;
  testing::FakeEntropy entropy;
  const json::EnrollmentJson reader(crypto, entropy);
  for (const json::Dialect dialect : {json::Dialect::first, json::Dialect::current}) {
    if (const auto record = reader.read_individual(*body, nullptr, dialect)) {
      const auto written = reader.write(*record, "\"1\"", json::Keys::shown);
      fuzz::require(reader.read_individual(written, nullptr, json::Dialect::current).has_value());
    }
    if (const auto record = reader.read_group(*body, nullptr, dialect)) {
      const auto written = reader.write(*record, "\"1\"", json::Keys::shown);
      fuzz::require(reader.read_group(written, nullptr, json::Dialect::current).has_value());
    }
  }
  return 0;
}
