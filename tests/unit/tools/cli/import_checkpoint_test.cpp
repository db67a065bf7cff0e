#include "tools/cli/import_checkpoint.hpp"

#include <string>

#include <CppUTest/TestHarness.h>

#include "shared/crypto/wolfssl/wolfssl.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tools/cli/durable_file.hpp"

using namespace berth;
using namespace berth::cli;

TEST_GROUP(ImportCheckpoint) {
  testing::TemporaryFolder folder;
  const std::string path = checkpoint_path(folder.file("devices.csv"));
};

TEST(ImportCheckpoint, ComesBackAsItWasWritten) {
  const auto crypto = crypto::make_wolfssl_crypto();
  ImportCheckpoint checkpoint;
  checkpoint.identity = {"enrollments", "csv", "create", "dps.example", "r.csv"};
  checkpoint.place = {1500, 1498, 2, 77, chain_digest({}, "row", *crypto)};
  CHECK(write_checkpoint(path, checkpoint).has_value());
  const auto read = read_checkpoint(path);
  CHECK(read.has_value());
  CHECK(read->has_value());
  CHECK((*read)->identity == checkpoint.identity);
  CHECK_EQUAL(1500U, (*read)->place.rows);
  CHECK_EQUAL(1498U, (*read)->place.written);
  CHECK_EQUAL(2U, (*read)->place.refused);
  CHECK_EQUAL(77U, (*read)->place.report_size);
  CHECK((*read)->place.digest == checkpoint.place.digest);
}

TEST(ImportCheckpoint, IsNothingIfThereIsNone) {
  const auto read = read_checkpoint(path);
  CHECK(read.has_value());
  CHECK_FALSE(read->has_value());
}

TEST(ImportCheckpoint, RefusesAFileThatIsNone) {
  for (const char* text : {"", "{}", "[1]", "{\"version\":2}"}) {
    CHECK(replace_file(path, text).has_value());
    CHECK(read_checkpoint(path).error().code == Errc::corrupt);
  }
}

TEST(ImportCheckpoint, DigestsRowsInTheirOrder) {
  const auto crypto = crypto::make_wolfssl_crypto();
  const auto ab = chain_digest(chain_digest({}, "a", *crypto), "b", *crypto);
  const auto ba = chain_digest(chain_digest({}, "b", *crypto), "a", *crypto);
  CHECK(ab != ba);
}
