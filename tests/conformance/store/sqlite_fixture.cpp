#include "shared/base/assert.hpp"
#include "shared/crypto/wolfssl/wolfssl.hpp"
#include "shared/store/sqlite/sqlite_store.hpp"
#include "tests/conformance/store/store_fixture.hpp"
#include "tests/support/fake_entropy.hpp"
#include "tests/support/temporary_folder.hpp"

namespace berth::testing {
namespace {

class SqliteFixture final : public StoreFixture {
 public:
  explicit SqliteFixture(std::uint64_t log_horizon)
      : settings_{.path = folder_.file("store.db"), .log_horizon = log_horizon},
        root_key_{entropy_.secret(vault::kRootKeySize), "the test"} {
    open();
  }
  [[nodiscard]] store::RecordStore& store() override { return *store_; }
  void reopen() override {
    store_.reset();
    open();
  }

 private:
  void open() {
    auto opened = store::SqliteStore::open(settings_, root_key_, *crypto_, entropy_);
    BERTH_ASSERT(opened.has_value());
    store_ = std::move(opened).value();
  }

  TemporaryFolder folder_;
  store::SqliteStore::Settings settings_;
  FakeEntropy entropy_;
  std::unique_ptr<ports::Crypto> crypto_ = crypto::make_wolfssl_crypto();
  vault::RootKey root_key_;
  std::unique_ptr<store::SqliteStore> store_;
};

}  // namespace

std::unique_ptr<StoreFixture> make_store_fixture(std::uint64_t log_horizon) {
  return std::make_unique<SqliteFixture>(log_horizon);
}

}  // namespace berth::testing
