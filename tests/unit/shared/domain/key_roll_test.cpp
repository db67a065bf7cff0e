#include "shared/domain/key_roll.hpp"

#include <string>

#include <CppUTest/TestHarness.h>

using namespace berth;
using namespace berth::domain;

namespace {

constexpr WallTime kMade{std::chrono::microseconds{17}};

SecretBytes key(std::uint8_t fill) {
  return SecretBytes(Bytes(32, fill));
}

SymmetricKeyAttestation& keys_in(Attestation& attestation) {
  return *std::get_if<SymmetricKeyAttestation>(&attestation);
}

X509Attestation& x509_in(Attestation& attestation) {
  return *std::get_if<X509Attestation>(&attestation);
}

// Two keys, as a record of that version has them.
Attestation two_keys(std::uint64_t version = 1) {
  Attestation made = SymmetricKeyAttestation{key(1), key(2)};
  name_keys(version, kMade, made);
  return made;
}

CredentialUse used(std::uint64_t primary, std::uint64_t secondary, std::uint64_t unknown = 0) {
  return {primary + secondary + unknown, primary, secondary, unknown};
}

}  // namespace

TEST_GROUP(KeyRoll) {
  CredentialIds both{"p1", "s1"};
};

// ---- Names ----

TEST(KeyRoll, NamesKeysByTheSlotAndTheVersionThatTheyCameWith) {
  Attestation made = two_keys(3);
  STRCMP_EQUAL("p3-17", keys_in(made).primary_id.c_str());
  STRCMP_EQUAL("s3-17", keys_in(made).secondary_id.c_str());
}

TEST(KeyRoll, LetsAKeyThatStaysKeepItsNameAndGivesANewOneAnother) {
  const Attestation before = two_keys();
  Attestation after = SymmetricKeyAttestation{key(1), key(3)};
  keep_key_names(before, after);
  name_keys(2, kMade, after);
  STRCMP_EQUAL("p1-17", keys_in(after).primary_id.c_str());
  STRCMP_EQUAL("s2-17", keys_in(after).secondary_id.c_str());
}

TEST(KeyRoll, FollowsAKeyIntoTheOtherSlot) {
  const Attestation before = two_keys();
  Attestation after = SymmetricKeyAttestation{key(2), key(1)};
  keep_key_names(before, after);
  STRCMP_EQUAL("s1-17", keys_in(after).primary_id.c_str());
  STRCMP_EQUAL("p1-17", keys_in(after).secondary_id.c_str());
}

TEST(KeyRoll, BelievesNoNameThatANewKeyClaims) {
  const Attestation before = two_keys();
  Attestation after = SymmetricKeyAttestation{key(3), key(2), "p1-17", "s1-17"};
  keep_key_names(before, after);
  STRCMP_EQUAL("", keys_in(after).primary_id.c_str());
  STRCMP_EQUAL("s1-17", keys_in(after).secondary_id.c_str());
}

TEST(KeyRoll, NamesNeitherAnAbsentKeyNorACertificate) {
  Attestation one = SymmetricKeyAttestation{key(1), {}};
  name_keys(1, kMade, one);
  STRCMP_EQUAL("", keys_in(one).secondary_id.c_str());
  Attestation certificates = X509Attestation{};
  name_keys(1, kMade, certificates);
  keep_key_names(one, certificates);
  CHECK_TRUE(x509_in(certificates).primary.empty());
}

// ---- Where a roll stands ----

TEST(KeyRoll, IsUnderWayWhileBothTheOldAndTheNewOneStand) {
  CHECK_FALSE(is_under_way({}, both));
  CHECK_TRUE(is_under_way({"p1", "s1", {}}, both));
  CHECK_FALSE(is_under_way({"p1", "", {}}, both));
  // An admin replaced the new one, or removed the old one, by other means.
  CHECK_FALSE(is_under_way({"p1", "s9", {}}, both));
  CHECK_FALSE(is_under_way({"p1", "s1", {}}, {"", "s1"}));
  CHECK_FALSE(is_under_way({"p1", "s1", {}}, {"s1", "s1"}));
}

TEST(KeyRoll, GivesNewDevicesTheNewOneAndAfterwardsStill) {
  CHECK_TRUE(slot_for_devices({}, both) == CredentialSlot::primary);
  CHECK_TRUE(slot_for_devices({"p1", "s1", {}}, both) == CredentialSlot::secondary);
  CHECK_TRUE(slot_for_devices({"s1", "", {}}, {"p2", "s1"}) == CredentialSlot::secondary);
  CHECK_TRUE(slot_for_devices({"gone", "", {}}, both) == CredentialSlot::primary);
}

// ---- Where a new one goes ----

TEST(KeyRoll, PutsANewOneWhereNoDeviceNeedsWhatIsThere) {
  CHECK_TRUE(choose_slot(both, used(9, 0), {}, false).value() == CredentialSlot::secondary);
  CHECK_TRUE(choose_slot(both, used(0, 9), {}, false).value() == CredentialSlot::primary);
  CHECK_TRUE(choose_slot(both, used(0, 0), {}, false).value() == CredentialSlot::secondary);
}

TEST(KeyRoll, PutsANewOneIntoAnEmptySlotWhoeverUsesWhat) {
  CHECK_TRUE(choose_slot({"A", ""}, used(9, 0, 5), {}, false).value() == CredentialSlot::secondary);
  CHECK_TRUE(choose_slot({"", "B"}, used(0, 9, 5), {}, false).value() == CredentialSlot::primary);
}

TEST(KeyRoll, ChoosesNoSlotThatADeviceNeedsOrMayNeed) {
  CHECK_TRUE(choose_slot(both, used(1, 1), {}, false).error().code == Errc::conflict);
  CHECK_TRUE(choose_slot(both, used(9, 0, 1), {}, false).error().code == Errc::conflict);
  const auto primary = choose_slot(both, used(1, 0), CredentialSlot::primary, false);
  CHECK_TRUE(primary.error().code == Errc::conflict);
  STRCMP_CONTAINS("1 device last registered", primary.error().reason.c_str());
  CHECK_TRUE(choose_slot(both, used(1, 1), CredentialSlot::primary, true).value() ==
             CredentialSlot::primary);
}

TEST(KeyRoll, LetsAnythingGoOnlyWhenNobodyUsesItOrByForce) {
  CHECK_TRUE(check_unused(CredentialSlot::primary, used(0, 9), false).has_value());
  CHECK_TRUE(check_unused(CredentialSlot::primary, used(2, 9), false).error().code ==
             Errc::conflict);
  CHECK_TRUE(check_unused(CredentialSlot::primary, used(0, 9, 1), false).error().code ==
             Errc::conflict);
  CHECK_TRUE(check_unused(CredentialSlot::primary, used(2, 9, 1), true).has_value());
}

TEST(KeyRoll, CountsDevicesWhoseKeyIsGone) {
  const CredentialUse use{10, 4, 3, 1};
  LONGS_EQUAL(2, use.gone());
  // Counted one after the other, the whole may be the smaller number.
  const CredentialUse torn{3, 4, 0, 0};
  LONGS_EQUAL(0, torn.gone());
}

// ---- The enrollment itself ----

TEST(KeyRoll, PlacesAKeyBesideTheOther) {
  Attestation enrolled = two_keys();
  CHECK_TRUE(place(key(3), CredentialSlot::secondary, enrolled).has_value());
  CHECK_TRUE(keys_in(enrolled).primary == key(1));
  CHECK_TRUE(keys_in(enrolled).secondary == key(3));
}

TEST(KeyRoll, PlacesNothingTwiceAndNothingOfAnotherKind) {
  Attestation keys = two_keys();
  CHECK_TRUE(place(key(1), CredentialSlot::secondary, keys).error().code == Errc::invalid);
  CHECK_TRUE(place(Bytes{1}, CredentialSlot::secondary, keys).error().code == Errc::invalid);
  Attestation certificates =
      X509Attestation{X509Attestation::Kind::signing_certificates, Bytes{1}, {}, "", ""};
  CHECK_TRUE(place(Bytes{1}, CredentialSlot::secondary, certificates).error().code ==
             Errc::invalid);
  CHECK_TRUE(place(key(1), CredentialSlot::secondary, certificates).error().code == Errc::invalid);
  Attestation names = X509Attestation{X509Attestation::Kind::ca_references, {}, {}, "Root", ""};
  CHECK_TRUE(place(CaReference{"ROOT"}, CredentialSlot::secondary, names).error().code ==
             Errc::invalid);
  CHECK_TRUE(place(Bytes{1}, CredentialSlot::secondary, names).error().code == Errc::invalid);
  Attestation tpm = TpmAttestation{Bytes{1}, {}, {}};
  STRCMP_CONTAINS("TPM", place(key(1), CredentialSlot::secondary, tpm).error().reason.c_str());
}

TEST(KeyRoll, LeavesTheKeyThatStaysInItsSlot) {
  Attestation enrolled = two_keys();
  vacate(CredentialSlot::primary, key(9), enrolled);
  CHECK_TRUE(keys_in(enrolled).primary == key(9));
  CHECK_TRUE(keys_in(enrolled).secondary == key(2));
}

TEST(KeyRoll, MakesTheCertificateThatStaysThePrimary) {
  Attestation enrolled =
      X509Attestation{X509Attestation::Kind::signing_certificates, Bytes{1}, Bytes{2}, "", ""};
  vacate(CredentialSlot::primary, key(9), enrolled);
  CHECK_TRUE(x509_in(enrolled).primary == Bytes{2});
  CHECK_TRUE(x509_in(enrolled).secondary.empty());
  Attestation names = X509Attestation{X509Attestation::Kind::ca_references, {}, {}, "Root", "Next"};
  vacate(CredentialSlot::primary, key(9), names);
  STRCMP_EQUAL("Next", x509_in(names).primary_ca_name.c_str());
  STRCMP_EQUAL("", x509_in(names).secondary_ca_name.c_str());
  Attestation undone =
      X509Attestation{X509Attestation::Kind::signing_certificates, Bytes{1}, Bytes{2}, "", ""};
  vacate(CredentialSlot::secondary, key(9), undone);
  CHECK_TRUE(x509_in(undone).primary == Bytes{1});
  CHECK_TRUE(x509_in(undone).secondary.empty());
}
