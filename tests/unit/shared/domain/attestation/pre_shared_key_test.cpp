#include "shared/domain/attestation/pre_shared_key.hpp"

#include <string>

#include <CppUTest/TestHarness.h>

#include "shared/base/encoding.hpp"
#include "shared/domain/attestation/symmetric_key.hpp"
#include "tests/support/fake_crypto.hpp"

using namespace berth;
using namespace berth::domain;

TEST_GROUP(PreSharedKey) {
  testing::FakeCrypto crypto;

  static PskIdentity parsed(std::string_view text) {
    auto identity = parse_psk_identity(text);
    CHECK_TRUE_TEXT(identity.has_value(), std::string(text).c_str());
    return std::move(*identity);
  }
  static Errc refused(std::string_view text) {
    const auto identity = parse_psk_identity(text);
    CHECK_FALSE_TEXT(identity.has_value(), std::string(text).c_str());
    return identity.error().code;
  }
  // An identity of that length; the ID scope and the slot take 14 bytes, the rest is the two IDs.
  static std::string identity_of(std::size_t length) {
    const std::string id(60, 'a');
    return "0ne0000000A/" + id + "/p/" + std::string(length - 12 - 60 - 3, 'g');
  }
};

TEST(PreSharedKey, anIndividualsIdentityNamesScopeDeviceAndSlot) {
  const PskIdentity identity = parsed("0ne0000000A/Dev-1/p");
  STRCMP_EQUAL("0ne0000000A", identity.id_scope.str().c_str());
  STRCMP_EQUAL("Dev-1", identity.registration_id.str().c_str());
  CHECK(identity.slot == KeySlot::primary);
  CHECK_FALSE(identity.group.has_value());
  CHECK(parsed("0ne0000000A/Dev-1/s").slot == KeySlot::secondary);
}

TEST(PreSharedKey, aGroupsIdentityNamesTheGroupToo) {
  const PskIdentity identity = parsed("0ne0000000A/dev-1/s/Line-7");
  STRCMP_EQUAL("Line-7", identity.group->str().c_str());
}

TEST(PreSharedKey, anIdentityIsWrittenAsItIsRead) {
  for (const char* text : {"0ne0000000A/Dev-1/p", "0ne0000000A/dev-1/s/Line-7"}) {
    STRCMP_EQUAL(text, to_text(parsed(text)).c_str());
  }
}

TEST(PreSharedKey, whatIsNotOfTheFormIsRefused) {
  for (const char* text :
       {"", "/", "///", "0ne0000000A", "0ne0000000A/dev-1", "0ne0000000A/dev-1/",
        "0ne0000000A/dev-1/x", "0ne0000000A/dev-1/pp", "0ne0000000A/dev-1/P", "0ne0000000A//p",
        "0ne0000000A/dev-1/p/", "0ne0000000A/dev-1/p/group/", "0ne0000000A/dev-1/p/group/more",
        "scope/dev-1/p", "0ne0000000A/dev 1/p", "0ne0000000A/dev-1/p/gr oup", "/dev-1/p"}) {
    CHECK(refused(text) == Errc::malformed);
  }
}

TEST(PreSharedKey, anIdentityHas128BytesAtMost) {
  STRCMP_EQUAL(identity_of(kMaxPskIdentity).c_str(),
               to_text(parsed(identity_of(kMaxPskIdentity))).c_str());
  CHECK(refused(identity_of(kMaxPskIdentity + 1)) == Errc::too_large);
}

// The vectors of docs/protocols/coap.md, made with: printf berth-psk/1 | openssl dgst -sha256 -mac
// HMAC -macopt hexkey:...
TEST(PreSharedKey, theKeyOfTheHandshakeIsDerivedFromTheDevicesKey) {
  const SecretBytes device_key(
      *from_hex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"));
  STRCMP_EQUAL("1f061be37f8f6deff0ef9a29c6e9433c2368990b23f4a5362826df7a7d2e517f",
               to_hex(derive_psk(device_key, crypto).reveal()).c_str());
}

TEST(PreSharedKey, aGroupsDeviceHasTheKeyDerivedFromTheGroupsForItsOwnSpelling) {
  const SecretBytes group_key(
      *from_hex("202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f"));
  const SymmetricKeyAttestation keys{group_key, {}};
  const SecretBytes device_key = device_key_of(parsed("0ne0000000A/Dev-1/p/line-7"), keys, crypto);
  STRCMP_EQUAL("21b75bf32df21b01af7ee9e6c7e1fffd13be7df7cc7257238ff5df1bfc579f9b",
               to_hex(device_key.reveal()).c_str());
  STRCMP_EQUAL("874eb43188ea49519ac3e63d4bdf47f7f811de009fe8271fb9f72636626d374e",
               to_hex(derive_psk(device_key, crypto).reveal()).c_str());
}

TEST(PreSharedKey, theSlotChoosesTheKey) {
  const SymmetricKeyAttestation keys{SecretBytes(to_bytes("first")),
                                     SecretBytes(to_bytes("second"))};
  CHECK(device_key_of(parsed("0ne0000000A/dev-1/p"), keys, crypto) == keys.primary);
  CHECK(device_key_of(parsed("0ne0000000A/dev-1/s"), keys, crypto) == keys.secondary);
  CHECK(device_key_of(parsed("0ne0000000A/dev-1/s/line-7"), keys, crypto) ==
        derive_device_key(keys.secondary, "dev-1", crypto));
}

TEST(PreSharedKey, anAbsentKeyFitsNothing) {
  const SymmetricKeyAttestation keys{SecretBytes(to_bytes("first")), {}};
  for (const char* text : {"0ne0000000A/dev-1/s", "0ne0000000A/dev-1/s/line-7"}) {
    const PskIdentity identity = parsed(text);
    const SecretBytes absent = device_key_of(identity, keys, crypto);
    CHECK(absent.empty());
    CHECK_FALSE(psk_fits({identity, derive_psk(SecretBytes(), crypto)}, absent, crypto));
  }
}

TEST(PreSharedKey, aProofFitsItsDeviceKeyOnly) {
  const SecretBytes key(to_bytes("first"));
  const PskProof proof{parsed("0ne0000000A/dev-1/p"), derive_psk(key, crypto)};
  CHECK_TRUE(psk_fits(proof, key, crypto));
  CHECK_FALSE(psk_fits(proof, SecretBytes(to_bytes("second")), crypto));
  CHECK_FALSE(psk_fits({proof.identity, key}, key, crypto));
}

TEST(PreSharedKey, anIdentityIsGoodForItsOwnDeviceOnly) {
  const PskIdentity identity = parsed("0ne0000000A/Dev-1/p");
  const auto dev_1 = *RegistrationId::parse("dev-1");
  CHECK_TRUE(check_psk_identity(identity, IdScope("0NE0000000a"), dev_1).has_value());
  for (const auto& checked :
       {check_psk_identity(identity, IdScope("0ne0000000B"), dev_1),
        check_psk_identity(identity, IdScope("0ne0000000A"), *RegistrationId::parse("dev-2"))}) {
    CHECK_FALSE(checked.has_value());
    CHECK(checked.error().code == Errc::unauthorized);
  }
}
