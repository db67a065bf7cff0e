// That no change of a real export goes unnoticed is tested with the API that writes it
// (tests/unit/coordinator/api/admin_audit_test.cpp). Here: what a forger without the CA could
// write.
#include "shared/json/audit_verifier.hpp"

#include <memory>
#include <string>
#include <vector>

#include <CppUTest/TestHarness.h>

#include "shared/base/assert.hpp"
#include "shared/crypto/mbedtls/mbedtls.hpp"
#include "shared/crypto/openssl/certificate_authority.hpp"

using namespace berth;
using namespace berth::json;

namespace {

const WallTime kNow = from_unix_seconds(1767225600);

template <class T>
T must(Result<T> result) {
  BERTH_ASSERT(result.has_value());
  return std::move(result).value();
}

}  // namespace

TEST_GROUP(AuditVerifier) {
  std::unique_ptr<ports::Crypto> crypto = crypto::make_mbedtls_crypto();
  std::unique_ptr<ports::CertificateAuthority> x509 = crypto::make_certificate_authority();
  ports::KeyPair key = must(x509->generate_p256());
  Bytes ca = make_ca(key);

  Bytes make_ca(const ports::KeyPair& of) {
    ports::CertificateRequest request;
    request.common_name = "the CA";
    request.public_key = of.public_key;
    request.not_before = kNow;
    request.not_after = kNow + std::chrono::hours(24);
    request.is_ca = true;
    return must(x509->issue(request, std::nullopt, of.private_key));
  }
  Bytes sign(const Bytes& statement, const ports::KeyPair& with) {
    return must(crypto->sign_p256(with.private_key, statement));
  }

  // One section with one entry.
  std::vector<AuditLine> whole(const ports::KeyPair& with, const Bytes& of) {
    domain::AuditPosition head;
    domain::AuditNote note;
    note.kind = "alarm";
    note.add("text", "one");
    AuditShown shown{domain::append_entry(head, "node-1", note, {}, kNow, *crypto), {}};
    shown.hash = head.hash;
    AuditEnd end{"node-1", head, kNow, {}};
    end.signature =
        sign(domain::section_statement({"node-1", {}, head, {}, "node-1", {}}, kNow), with);
    AuditDone done{1, domain::add_section_name({}, "node-1", *crypto), kNow, {}};
    done.signature = sign(domain::export_statement(1, done.names, kNow), with);
    return {AuditBegin{"node-1", {}, {}, "node-1", of}, shown, end, done};
  }
  bool proves(const std::vector<AuditLine>& lines, std::vector<Bytes> trusted) {
    AuditVerifier verifier(std::move(trusted), *crypto);
    for (const AuditLine& line : lines) {
      if (!verifier.take(write_audit_line(line))) return false;
    }
    return verifier.finish().has_value();
  }
};

TEST(AuditVerifier, ProvesAnExportByTheCaThatIsTrusted) {
  CHECK_TRUE(proves(whole(key, ca), {ca}));
  CHECK_TRUE(proves(whole(key, ca), {Bytes{1}, ca}));
}

TEST(AuditVerifier, DoesNotProveAnExportOfAnotherCoordinator) {
  const auto other = must(x509->generate_p256());
  const Bytes other_ca = make_ca(other);
  CHECK_FALSE(proves(whole(other, other_ca), {ca}));
  // Whole it is; whose it is, its reader must know.
  CHECK_TRUE(proves(whole(other, other_ca), {}));
}

TEST(AuditVerifier, DoesNotProveWhatIsSignedByAnotherKey) {
  CHECK_FALSE(proves(whole(must(x509->generate_p256()), ca), {ca}));
}

TEST(AuditVerifier, DoesNotProveAnExportThatHoldsNothing) {
  AuditDone done{0, {}, kNow, sign(domain::export_statement(0, {}, kNow), key)};
  CHECK_FALSE(proves({done}, {ca}));
  CHECK_FALSE(proves({}, {ca}));
}

TEST(AuditVerifier, DoesNotProveAnExportWithAGap) {
  auto lines = whole(key, ca);
  lines.insert(lines.begin() + 1, AuditMissing{1, 3});
  CHECK_FALSE(proves(lines, {ca}));
}

TEST(AuditVerifier, DoesNotHideEntriesWhereAllAreToBeShown) {
  auto lines = whole(key, ca);
  const auto shown = std::get<AuditShown>(lines[1]);
  lines[1] = AuditHidden{1, domain::content_digest(shown.entry, *crypto), shown.hash};
  CHECK_FALSE(proves(lines, {ca}));
}

TEST(AuditVerifier, DoesNotTakeASealUnderAnotherEntryThanItSigned) {
  auto lines = whole(key, ca);
  domain::AuditSeal seal;
  seal.chain = "node-1";
  seal.position = std::get<AuditEnd>(lines[2]).position;
  seal.signer = "node-1";
  seal.signed_at = kNow;
  seal.signature = sign(domain::seal_statement(seal), key);
  auto with_seal = lines;
  with_seal.insert(with_seal.begin() + 2, seal);
  // Nobody adds a seal to what was signed without it, nor takes one away.
  CHECK_FALSE(proves(with_seal, {ca}));
  auto& end = std::get<AuditEnd>(with_seal[3]);
  end.signature = sign(
      domain::section_statement(
          {"node-1", {}, end.position, {}, "node-1", domain::add_section_seal({}, seal, *crypto)},
          kNow),
      key);
  CHECK_TRUE(proves(with_seal, {ca}));
  auto without = with_seal;
  without.erase(without.begin() + 2);
  CHECK_FALSE(proves(without, {ca}));
  seal.position.hash[0] ^= 1;
  seal.signature = sign(domain::seal_statement(seal), key);
  with_seal[2] = seal;
  CHECK_FALSE(proves(with_seal, {ca}));
}

TEST(AuditVerifier, NamesTheLineThatDoesNotHold) {
  const auto lines = whole(key, ca);
  AuditVerifier verifier({ca}, *crypto);
  CHECK_TRUE(verifier.take(write_audit_line(lines[0])).has_value());
  const auto taken = verifier.take("{}");
  CHECK_TRUE(taken.error().reason.starts_with("line 2: "));
}

TEST(AuditVerifier, SaysWhoSignedHowFar) {
  AuditVerifier verifier({ca}, *crypto);
  for (const AuditLine& line : whole(key, ca)) {
    CHECK_TRUE(verifier.take(write_audit_line(line)).has_value());
  }
  CHECK_EQUAL(1, verifier.sections().size());
  CHECK_EQUAL(1, verifier.sections().front().from);
  CHECK_EQUAL(1, verifier.sections().front().to);
  CHECK_EQUAL(1, verifier.sections().front().shown);
}
