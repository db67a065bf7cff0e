#include "shared/crypto/pem_files.hpp"

#include <fstream>

#include <CppUTest/TestHarness.h>

#include "shared/crypto/pem.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/support/test_pki.hpp"

using namespace berth;

TEST_GROUP(PemFiles) {
  testing::TemporaryFolder folder;

  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(folder.file(name)) << text;
    return folder.file(name);
  }
};

TEST(PemFiles, ReadsAChainAndItsKey) {
  const auto root = testing::make_root({"root"});
  const auto leaf = testing::make_leaf(root, {"leaf"});
  const std::string certificates =
      write("leaf.pem", crypto::write_pem("CERTIFICATE", leaf.certificate) +
                            crypto::write_pem("CERTIFICATE", root.certificate));
  const std::string key =
      write("leaf.key", crypto::write_pem("PRIVATE KEY", leaf.private_key.reveal()));
  const auto identity = crypto::read_identity_files(certificates, key);
  CHECK(identity.has_value());
  LONGS_EQUAL(2, identity->chain.size());
  CHECK(identity->chain.front() == leaf.certificate);
  CHECK(identity->private_key == leaf.private_key);
}

TEST(PemFiles, NamesTheFileThatIsMissingOrHoldsSomethingElse) {
  const auto missing = crypto::read_certificate_file(folder.file("none.pem"));
  CHECK(missing.error().code == Errc::io);
  STRCMP_CONTAINS("none.pem", missing.error().reason.c_str());

  const std::string other = write("other.pem", "no PEM here");
  const auto certificate = crypto::read_certificate_file(other);
  CHECK(certificate.error().code == Errc::malformed);
  STRCMP_CONTAINS("other.pem", certificate.error().reason.c_str());
  const auto key = crypto::read_private_key_file(other);
  CHECK(key.error().code == Errc::malformed);
  STRCMP_CONTAINS("other.pem", key.error().reason.c_str());
}
