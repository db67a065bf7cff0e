#include "coordinator/sync/store_incarnation.hpp"

#include <utility>

#include "shared/base/encoding.hpp"
#include "shared/base/timestamp.hpp"

namespace berth::coordinator {
namespace {

constexpr std::size_t kNameSize = 16;

}  // namespace

Result<std::string> StoreIncarnation::present() const {
  auto record = store_.read(store::kNode, store::Table::node, kRestoredId);
  if (!record) return record.error();
  std::string name = store_.incarnation();
  if (*record) name += "." + std::string(as_text((*record)->body));
  return name;
}

Result<void> StoreIncarnation::renew() {
  auto before = present();
  if (!before) return before.error();
  // The moment sets two restorations of the same back-up apart.
  const auto hash =
      crypto_.sha256(as_bytes(*before + "@" + std::to_string(unix_micros(clock_.wall()))));
  store::Change change;
  change.table = store::Table::node;
  change.id = kRestoredId;
  change.body = to_bytes(to_hex(ByteView(hash).first(kNameSize)));
  store::ChangeSet set;
  set.tenant = store::kNode;
  set.changes.push_back(std::move(change));
  auto committed = store::commit_one(store_, std::move(set));
  if (!committed) return committed.error();
  return {};
}

}  // namespace berth::coordinator
