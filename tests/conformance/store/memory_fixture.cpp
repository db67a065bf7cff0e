#include "tests/conformance/store/store_fixture.hpp"
#include "tests/support/memory_store.hpp"

namespace berth::testing {
namespace {

class MemoryFixture final : public StoreFixture {
 public:
  explicit MemoryFixture(std::uint64_t log_horizon) : store_("memory-1", log_horizon) {}
  [[nodiscard]] store::RecordStore& store() override { return store_; }
  void reopen() override {}

 private:
  MemoryStore store_;
};

}  // namespace

std::unique_ptr<StoreFixture> make_store_fixture(std::uint64_t log_horizon) {
  return std::make_unique<MemoryFixture>(log_horizon);
}

}  // namespace berth::testing
