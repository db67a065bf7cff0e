#include "shared/domain/attestation/x509.hpp"

#include <algorithm>
#include <functional>

#include <CppUTest/TestHarness.h>

#include "tests/support/fake_crypto.hpp"

using namespace berth;
using namespace berth::domain;
using berth::testing::FakeCertificate;
using berth::testing::kNow;

namespace {

using std::chrono::days;
using std::chrono::seconds;

FakeCertificate ca(const std::string& subject, const std::string& issuer) {
  FakeCertificate certificate;
  certificate.subject = subject;
  certificate.issuer = issuer;
  certificate.is_ca = true;
  certificate.has_key_usage = true;
  certificate.may_sign_certificates = true;
  return certificate;
}

FakeCertificate device(const std::string& issuer) {
  FakeCertificate certificate;
  certificate.subject = "CN=dev-1";
  certificate.issuer = issuer;
  return certificate;
}

EnrollmentGroupId group(std::string_view name) {
  return *EnrollmentGroupId::parse(name);
}

}  // namespace

// leaf <- I2 <- I1 <- Root, with the tests' changes.
TEST_GROUP(X509Path) {
  testing::FakeCrypto crypto;
  FakeCertificate leaf = device("CN=I2");
  FakeCertificate i2 = ca("CN=I2", "CN=I1");
  FakeCertificate i1 = ca("CN=I1", "CN=Root");
  FakeCertificate root = ca("CN=Root", "CN=Root");
  std::vector<Anchor> anchors;
  X509Rules rules;
  std::size_t lookups = 0;

  void trust(const FakeCertificate& certificate, std::string_view name) {
    anchors.push_back(Anchor{crypto.make(certificate), group(name), true});
  }

  std::variant<Path, PathFailure> build(const std::vector<ports::Certificate>& chain) {
    const AnchorsBySubject by_subject = [this](ByteView subject) -> Result<std::vector<Anchor>> {
      ++lookups;
      std::vector<Anchor> found;
      for (const Anchor& anchor : anchors) {
        if (std::ranges::equal(anchor.certificate.subject, subject)) found.push_back(anchor);
      }
      return found;
    };
    return build_path(chain, by_subject, kNow, rules, crypto);
  }
  std::variant<Path, PathFailure> build(const std::vector<FakeCertificate>& chain) {
    std::vector<ports::Certificate> made;
    for (const FakeCertificate& certificate : chain) made.push_back(crypto.make(certificate));
    return build(made);
  }

  void check_ends_at(std::string_view name, const std::vector<FakeCertificate>& chain) {
    auto built = build(chain);
    const Path* path = std::get_if<Path>(&built);
    if (path == nullptr) FAIL(std::get_if<PathFailure>(&built)->error.reason.c_str());
    CHECK_TRUE(path->anchors.front().group == group(name));
  }

  void check_refused(std::string_view reason, const std::vector<FakeCertificate>& chain,
                     bool no_anchor) {
    auto built = build(chain);
    const PathFailure* failure = std::get_if<PathFailure>(&built);
    CHECK_TRUE(failure != nullptr);
    if (failure == nullptr) return;
    CHECK_TRUE(failure->error.code == Errc::certificate_refused);
    if (failure->error.reason.find(reason) == std::string::npos) {
      FAIL(failure->error.reason.c_str());
    }
    CHECK_EQUAL(no_anchor, failure->no_anchor);
  }
};

TEST(X509Path, EndsAtTheNearestIssuer) {
  trust(root, "root");
  trust(i1, "one");
  trust(i2, "two");
  check_ends_at("two", {leaf, i2, i1});
  anchors.pop_back();
  check_ends_at("one", {leaf, i2, i1});
  anchors.pop_back();
  check_ends_at("root", {leaf, i2, i1});
}

TEST(X509Path, TellsHowManyIntermediatesLieOnIt) {
  trust(root, "root");
  auto built = build({leaf, i2, i1, root});
  CHECK_EQUAL(2, std::get_if<Path>(&built)->intermediates);
}

TEST(X509Path, NeedsNotTheAnchorItself) {
  trust(i2, "two");
  check_ends_at("two", {leaf});
}

TEST(X509Path, TakesPresentedCertificatesInAnyOrder) {
  trust(root, "root");
  check_ends_at("root", {leaf, root, i1, i2});
}

TEST(X509Path, PassesOverCertificatesThatDoNotBelongToIt) {
  trust(root, "root");
  FakeCertificate stray = ca("CN=Stray", "CN=Elsewhere");
  stray.not_after = kNow - days{30};
  check_ends_at("root", {leaf, stray, i2, device("CN=Elsewhere"), i1});
}

TEST(X509Path, NeedsTheIntermediates) {
  trust(root, "root");
  check_refused("issuer 'CN=I1' is in no enrollment group", {leaf, i2}, true);
  check_refused("issuer 'CN=I2' is in no enrollment group", {leaf}, true);
}

TEST(X509Path, RefusesAForeignChain) {
  trust(root, "root");
  check_refused("issuer 'CN=Other' is in no enrollment group",
                {device("CN=Other"), ca("CN=Other", "CN=Other")}, true);
}

TEST(X509Path, RefusesAForeignChainOfTheSameNames) {
  trust(root, "root");
  FakeCertificate forged = i1;
  forged.signing_key = "somebody's";
  check_refused("signature of 'CN=I1' does not verify with the key of 'CN=Root'",
                {leaf, i2, forged}, true);
}

TEST(X509Path, RefusesALeafSignedByAnotherKeyOfTheAnchorsName) {
  trust(i2, "two");
  leaf.signing_key = "somebody's";
  check_refused("signature of 'CN=dev-1' does not verify", {leaf}, true);
}

TEST(X509Path, RefusesASelfSignedLeafOfNoGroup) {
  trust(root, "root");
  check_refused("is in no enrollment group", {device("CN=dev-1")}, true);
}

TEST(X509Path, RefusesTheGroupsOwnCertificateAsADevice) {
  trust(root, "root");
  auto built = build(std::vector<ports::Certificate>{anchors.front().certificate});
  CHECK_TRUE(std::holds_alternative<PathFailure>(built));
}

TEST(X509Path, EndsDespiteALoop) {
  const FakeCertificate a = ca("CN=A", "CN=B");
  const FakeCertificate b = ca("CN=B", "CN=A");
  check_refused("is in no enrollment group", {device("CN=A"), a, b}, true);
  check_refused("is in no enrollment group", {device("CN=Root"), root, root}, true);
}

TEST(X509Path, MayBeAsLongAsTheLimitAndNoLonger) {
  std::vector<FakeCertificate> chain{device("CN=C1")};
  for (std::size_t i = 1; i < kMaxPresentedCertificates; ++i) {
    chain.push_back(ca("CN=C" + std::to_string(i), "CN=C" + std::to_string(i + 1)));
  }
  trust(ca("CN=C" + std::to_string(kMaxPresentedCertificates), "CN=Root"), "top");
  check_ends_at("top", chain);
  chain.push_back(i1);
  check_refused("presented 9 certificates; 8 are allowed", chain, false);
}

TEST(X509Path, CostsABoundedNumberOfSignatureChecks) {
  // Look-alikes of every issuer, signed by the next look-alike in turn.
  for (int i = 0; i < 40; ++i) {
    FakeCertificate look_alike = i2;
    look_alike.key = "key " + std::to_string(i);
    trust(look_alike, "two");
  }
  check_refused("more than 32 signature checks", {leaf}, false);
  CHECK_TRUE(crypto.signatures_checked() <= kMaxSignatureChecks);
}

TEST(X509Path, AsManySignatureChecksAsTheLimitAreMade) {
  for (std::size_t i = 1; i < kMaxSignatureChecks; ++i) {
    FakeCertificate look_alike = i2;
    look_alike.key = "key " + std::to_string(i);
    trust(look_alike, "two");
  }
  trust(i2, "real");
  check_ends_at("real", {leaf});
  CHECK_EQUAL(kMaxSignatureChecks, crypto.signatures_checked());
}

TEST(X509Path, AnEmptyChainIsRefused) {
  check_refused("no certificate", {}, false);
}

TEST(X509Path, RefusesAnExpiredLeafWithItsDay) {
  trust(i2, "two");
  leaf.not_before = kNow - days{800};
  leaf.not_after = kNow - days{363};
  check_refused("leaf expired 2025-01-03", {leaf}, false);
}

TEST(X509Path, RefusesALeafThatIsNotYetValid) {
  trust(i2, "two");
  leaf.not_before = kNow + days{1};
  check_refused("leaf is not valid before 2026-01-02", {leaf}, false);
}

TEST(X509Path, AllowsForTheSkewAndNoMore) {
  trust(i2, "two");
  rules.skew = seconds{60};
  leaf.not_after = kNow - seconds{60};
  check_ends_at("two", {leaf});
  leaf.not_after = kNow - seconds{61};
  check_refused("leaf expired", {leaf}, false);
  leaf.not_after = kNow + days{1};
  leaf.not_before = kNow + seconds{60};
  check_ends_at("two", {leaf});
  leaf.not_before = kNow + seconds{61};
  check_refused("leaf is not valid before", {leaf}, false);
}

TEST(X509Path, RefusesAnExpiredIntermediate) {
  trust(root, "root");
  i1.not_after = kNow - days{1};
  check_refused("intermediate 'CN=I1' expired 2025-12-31", {leaf, i2, i1}, true);
}

TEST(X509Path, RefusesAnIntermediateThatIsNotYetValid) {
  trust(root, "root");
  i1.not_before = kNow + days{1};
  check_refused("intermediate 'CN=I1' is not valid before", {leaf, i2, i1}, true);
}

TEST(X509Path, RefusesAnExpiredSigningCertificateAndLooksNoFurther) {
  trust(root, "root");
  i1.not_after = kNow - days{1};
  trust(i1, "one");
  check_refused("signing certificate 'CN=I1' expired 2025-12-31 (enrollment group one)",
                {leaf, i2, i1}, false);
}

TEST(X509Path, RefusesASigningCertificateThatIsNotYetValid) {
  i2.not_before = kNow + days{1};
  trust(i2, "two");
  check_refused("signing certificate 'CN=I2' is not valid before", {leaf}, false);
}

TEST(X509Path, TakesARenewedSigningCertificateWhereTheOldOneIsExpired) {
  FakeCertificate old = i2;
  old.not_after = kNow - days{1};
  trust(old, "two");
  trust(i2, "two");
  check_ends_at("two", {leaf});
}

TEST(X509Path, TakesACrossSignedIssuerWhereTheFirstOneLeadsNowhere) {
  FakeCertificate dead_end = i2;
  dead_end.issuer = "CN=Elsewhere";
  trust(root, "root");
  check_ends_at("root", {leaf, dead_end, i2, i1});
}

TEST(X509Path, RefusesAnIssuerWithoutTheCaFlag) {
  trust(root, "root");
  i2.is_ca = false;
  check_refused("intermediate 'CN=I2' is not a CA certificate", {leaf, i2, i1}, true);
  root.is_ca = false;
  anchors.clear();
  trust(root, "root");
  check_refused("signing certificate 'CN=Root' is not a CA certificate", {device("CN=Root")},
                false);
}

TEST(X509Path, RefusesAnIssuerThatMayNotSignCertificates) {
  trust(root, "root");
  i2.may_sign_certificates = false;
  check_refused("intermediate 'CN=I2' may not sign certificates", {leaf, i2, i1}, true);
}

TEST(X509Path, TakesAnIssuerWithoutKeyUsage) {
  trust(root, "root");
  i2.has_key_usage = false;
  i2.may_sign_certificates = false;
  check_ends_at("root", {leaf, i2, i1});
}

TEST(X509Path, RefusesMoreIntermediatesThanThePathLengthAllows) {
  trust(root, "root");
  i1.path_length = 1;
  check_ends_at("root", {leaf, i2, i1});
  i1.path_length = 0;
  check_refused("intermediate 'CN=I1' allows a path length of 0, and 1 intermediates follow it",
                {leaf, i2, i1}, true);
  i1.path_length = std::nullopt;
  anchors.clear();
  root.path_length = 2;
  trust(root, "root");
  check_ends_at("root", {leaf, i2, i1});
  anchors.clear();
  root.path_length = 1;
  trust(root, "root");
  check_refused("signing certificate 'CN=Root' allows a path length of 1, and 2 intermediates",
                {leaf, i2, i1}, false);
}

TEST(X509Path, SelfIssuedIntermediatesDoNotCountForAPathLength) {
  FakeCertificate new_key = ca("CN=I2", "CN=I2");
  new_key.key = "I2's new key";
  FakeCertificate old_key = ca("CN=I2", "CN=I1");
  new_key.signing_key = "CN=I2";
  leaf.signing_key = "I2's new key";
  i1.path_length = 1;
  trust(i1, "one");
  check_ends_at("one", {leaf, new_key, old_key});
}

TEST(X509Path, RefusesCriticalExtensionsThatAreNotUnderstood) {
  trust(root, "root");
  i2.has_unknown_critical_extension = true;
  check_refused("intermediate 'CN=I2' has a critical extension", {leaf, i2, i1}, true);
  i2.has_unknown_critical_extension = false;
  leaf.has_unknown_critical_extension = true;
  check_refused("leaf has a critical extension", {leaf, i2, i1}, false);
}

TEST(X509Path, RefusesALeafWhoseKeyMayNotSign) {
  trust(i2, "two");
  leaf.has_key_usage = true;
  check_refused("leaf may not sign", {leaf}, false);
  leaf.may_sign = true;
  check_ends_at("two", {leaf});
}

TEST(X509Path, GivesEveryGroupThatHoldsTheNearestIssuer) {
  trust(i2, "two");
  trust(i2, "also-two");
  auto built = build({leaf});
  CHECK_EQUAL(2, std::get_if<Path>(&built)->anchors.size());
}

TEST(X509Path, PassesOnThatTheLookupFailed) {
  const AnchorsBySubject broken = [](ByteView) -> Result<std::vector<Anchor>> {
    return Error{Errc::io, "disk"};
  };
  const std::vector<ports::Certificate> chain{crypto.make(leaf)};
  auto built = build_path(chain, broken, kNow, rules, crypto);
  const PathFailure* failure = std::get_if<PathFailure>(&built);
  CHECK_TRUE(failure != nullptr && failure->error.code == Errc::io && !failure->no_anchor);
}

TEST(X509Path, NamesOutOfCertificatesAreFitForALog) {
  FakeCertificate odd = device("CN=line\nbreak' " + std::string(500, 'x'));
  auto built = build({odd});
  const std::string reason = std::get_if<PathFailure>(&built)->error.reason;
  CHECK_TRUE(reason.find('\n') == std::string::npos);
  CHECK_TRUE(reason.size() < 200);
}

TEST_GROUP(X509Individual) {
  testing::FakeCrypto crypto;
  ports::Certificate leaf = crypto.make(device("CN=dev-1"));
  X509Attestation enrolled;

  bool names(const char* id) {
    return check_common_name(leaf, *RegistrationId::parse(id)).has_value();
  }
};

TEST(X509Individual, IsThePrimaryOrTheSecondaryCertificate) {
  CHECK_FALSE(is_enrolled_certificate(leaf, enrolled));
  enrolled.primary = leaf.der;
  CHECK_TRUE(is_enrolled_certificate(leaf, enrolled));
  enrolled.primary.clear();
  enrolled.secondary = leaf.der;
  CHECK_TRUE(is_enrolled_certificate(leaf, enrolled));
  enrolled.secondary.back() ^= 1U;
  CHECK_FALSE(is_enrolled_certificate(leaf, enrolled));
}

TEST(X509Individual, ASigningCertificateIsNotAClientCertificate) {
  enrolled.kind = X509Attestation::Kind::signing_certificates;
  enrolled.primary = leaf.der;
  CHECK_FALSE(is_enrolled_certificate(leaf, enrolled));
}

TEST(X509Individual, TheCommonNameIsTheRegistrationIdWhateverTheCase) {
  CHECK_TRUE(names("dev-1"));
  CHECK_TRUE(names("DEV-1"));
  CHECK_FALSE(names("dev-2"));
  CHECK_FALSE(names("dev-11"));
}
