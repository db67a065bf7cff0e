#include "shared/domain/attestation/symmetric_key.hpp"

#include <string>

#include <CppUTest/TestHarness.h>

#include "shared/base/encoding.hpp"
#include "tests/support/fake_crypto.hpp"

using namespace berth;
using namespace berth::domain;
using berth::testing::kNow;

namespace {

SecretBytes key(std::string_view base64) {
  return SecretBytes(*from_base64(base64));
}

constexpr std::string_view kK1 =
    "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyAhIiMkJSYnKCkqKywtLi8wMTIzNDU2Nzg5Ojs8PT4/QA==";
constexpr std::string_view kK2 =
    "QD8+PTw7Ojk4NzY1NDMyMTAvLi0sKyopKCcmJSQjIiEgHx4dHBsaGRgXFhUUExIREA8ODQwLCgkIBwYFBAMCAQ==";

}  // namespace

TEST_GROUP(SymmetricKey) {
  testing::FakeCrypto crypto;
  IdScope scope{"0ne00000A0A"};
  RegistrationId id = *RegistrationId::parse("dev-1");

  SasToken token(const SecretBytes& with,
                 std::string resource = "0ne00000A0A%2Fregistrations%2Fdev-1") {
    SasToken made;
    made.resource = std::move(resource);
    made.expiry = unix_seconds(kNow) + 3600;
    made.expiry_text = std::to_string(made.expiry);
    const auto signature =
        crypto.hmac_sha256(with.reveal(), as_bytes(made.resource + "\n" + made.expiry_text));
    made.signature = to_bytes(signature);
    return made;
  }

  void check_derived(std::string_view group, std::string_view device, std::string_view expected) {
    CHECK_TRUE(to_base64(derive_device_key(key(group), device, crypto).reveal()) == expected);
  }

  void check_unusable(const SasToken& shown, std::string_view reason, WallTime now = kNow) {
    const auto usable = check_device_token(shown, scope, id, now);
    CHECK_FALSE(usable.has_value());
    if (usable) return;
    CHECK_TRUE(usable.error().code == Errc::unauthorized);
    CHECK_TRUE(usable.error().reason.find(reason) != std::string::npos);
  }
};

// Device API V1 and service API 12.1.
TEST(SymmetricKey, DerivedKeysAreTheVectorsOnes) {
  constexpr std::string_view kGroup =
      "8isrFI1sGsIlvvFSSFRiMfCNzv21fjbE/+ah/lSh3lF8e2YG1Te7w1KpZhJFFXJrqYKi9yegxkqIChbqOS9Egw==";
  check_derived(kGroup, "sn-007-888-abc-mac-a1-b2-c3-d4-e5-f6",
                "Jsm0lyGpjaVYVP2g3FnmnmG9dI/9qU24wNoykUmermc=");
  check_derived(kGroup, "SN-007-888-abc-mac-a1-b2-c3-d4-e5-f6",
                "pDv1QSXD1y3sBjYi6UI0n29wcxHGNyvidi9qWzHxUEM=");
  check_derived(kGroup, "edge-gw.01", "Bx480HJg9BJQVryFA5P+710j6ZfQjL5nS+wAAXhnBYk=");
  check_derived(
      "oiK77Oy7rBw8YB6IS6ukRChAw+Yq6GC61RMrPLSTiOOtdI+XDu0LmLuNm11p+qv2I+adqGUdZHm46zXAQdZoOA==",
      "breakroom499-contoso-tstrsd-007", "JC8F96eayuQwwz+PkE7IzjH2lIAjCUnAa61tDigBnSs=");
  check_derived(kK1, "dev-1", "WOWgjwk1hV3AfjqsDsfSOkyJNeN0of3szquCAq8ImbA=");
  check_derived(kK2, "dev-1", "m9yggU2nozV2CFsGD5Mb4k1ltcsneLkeWOTlRas0CX0=");
}

TEST(SymmetricKey, BothDeviceKeysAreDerivedAndAnAbsentOneStaysAbsent) {
  const SymmetricKeyAttestation both{key(kK1), key(kK2)};
  const SymmetricKeyAttestation device = derive_device_keys(both, "dev-1", crypto);
  CHECK_TRUE(device.primary == derive_device_key(key(kK1), "dev-1", crypto));
  CHECK_TRUE(device.secondary == derive_device_key(key(kK2), "dev-1", crypto));
  const SymmetricKeyAttestation one{key(kK1), {}};
  CHECK_TRUE(derive_device_keys(one, "dev-1", crypto).secondary.empty());
}

TEST(SymmetricKey, EitherKeySignsATokenAndAThirdDoesNot) {
  const SymmetricKeyAttestation keys{key(kK1), key(kK2)};
  CHECK_TRUE(either_key_fits(token(key(kK1)), keys, crypto));
  CHECK_TRUE(either_key_fits(token(key(kK2)), keys, crypto));
  CHECK_FALSE(either_key_fits(token(key("c3ltbWV0cmljLWtleS1mb3ItdGhl")), keys, crypto));
}

TEST(SymmetricKey, BothKeysAreAlwaysTried) {
  const SymmetricKeyAttestation keys{key(kK1), key(kK2)};
  const SasToken shown = token(key(kK1));
  const std::size_t before = crypto.hmacs_made();
  CHECK_TRUE(either_key_fits(shown, keys, crypto));
  CHECK_EQUAL(2, crypto.hmacs_made() - before);
}

TEST(SymmetricKey, AnEmptyKeySignsNothing) {
  CHECK_FALSE(signature_fits(token(SecretBytes{}), SecretBytes{}, crypto));
  CHECK_FALSE(either_key_fits(token(SecretBytes{}), SymmetricKeyAttestation{}, crypto));
}

TEST(SymmetricKey, ATokenIsForThisScopeAndRegistrationWhateverTheCaseAndEncoding) {
  for (const char* resource :
       {"0ne00000A0A%2Fregistrations%2Fdev-1", "0ne00000a0a%2fregistrations%2fDEV-1",
        "0NE00000A0A/Registrations/Dev-1"}) {
    CHECK_TRUE(check_device_token(token(key(kK1), resource), scope, id, kNow).has_value());
  }
}

TEST(SymmetricKey, ATokenForAnotherResourceIsUnauthorized) {
  check_unusable(token(key(kK1), "0ne00000A0B/registrations/dev-1"), "another resource");
  check_unusable(token(key(kK1), "0ne00000A0A/registrations/dev-2"), "another resource");
  check_unusable(token(key(kK1), "0ne00000A0A/registrations/dev-1/x"), "another resource");
  check_unusable(token(key(kK1), "0ne00000A0A"), "another resource");
  check_unusable(token(key(kK1), "0ne00000A0A%2"), "broken escape");
}

TEST(SymmetricKey, ADeviceTokenNamesTheDevicePolicyOrNone) {
  SasToken shown = token(key(kK1));
  for (const char* policy : {"", "registration"}) {
    shown.key_name = policy;
    CHECK_TRUE(check_device_token(shown, scope, id, kNow).has_value());
  }
  for (const char* policy : {"Registration", "iothubowner"}) {
    shown.key_name = policy;
    check_unusable(shown, "policy");
  }
}

TEST(SymmetricKey, AnExpiredTokenIsUnauthorizedAndTheReasonSaysSinceWhen) {
  const SasToken shown = token(key(kK1));
  const WallTime expiry = kNow + std::chrono::seconds{3600};
  CHECK_TRUE(check_device_token(shown, scope, id, expiry + kSasClockSkew).has_value());
  check_unusable(shown, "SAS token expired at 2026-01-01T01:00:00Z",
                 expiry + kSasClockSkew + std::chrono::seconds{1});
}
