#include "gateway/linux/shards.hpp"

#include <algorithm>
#include <thread>
#include <utility>
#include <variant>

#include "gateway/core/registration/operations.hpp"
#include "shared/protocol/sync/record_codec.hpp"

namespace berth::gateway {

Shards::Shards(std::size_t count, const EngineSettings& settings, const Shard::Services& services)
    : log_(services.log), journal_(services.journal) {
  if (count == 0) count = std::max(1U, std::thread::hardware_concurrency());
  for (std::size_t i = 0; i < count; ++i) {
    shards_.push_back(std::make_unique<Shard>(settings, services));
  }
}

std::size_t Shards::place_of(std::string_view id_scope, std::string_view registration_id) const {
  return static_cast<std::size_t>(device_hash(id_scope, registration_id) % shards_.size());
}

Shard& Shards::owner(const DeviceRequest& request) {
  const Claim& claim =
      std::visit([](const auto& one) -> const Claim& { return one.claim; }, request);
  return *shards_[place_of(claim.id_scope, claim.registration_id)];
}

Result<void> Shards::start(const store::RecordStore& store) {
  std::vector<std::vector<JournaledIntent>> found(shards_.size());
  const auto tenants = store.tenants();
  if (!tenants) return tenants.error();
  for (const domain::IdScope& tenant : *tenants) {
    std::string continuation;
    do {
      const auto page = store.list(tenant, store::Table::intent, continuation, store::kMaxPage);
      if (!page) return page.error();
      for (const store::Record& record : page->records) {
        auto intent = sync::decode<domain::Intent>(record.body);
        if (!intent) {
          log_.error(
              "an accepted registration can't be read in the journal and is left on the disk; the "
              "others go on, and its device has to register again",
              {{"idScope", tenant.str()},
               {"registrationId", record.id},
               {"reason", intent.error().reason}});
          journal_.note_unreadable(tenant, record.id, intent.error());
          continue;
        }
        const std::size_t place = place_of(tenant.str(), intent->registration_id.folded());
        found[place].push_back({tenant, std::move(*intent)});
      }
      continuation = page->continuation;
    } while (!continuation.empty());
  }
  for (std::size_t i = 0; i < shards_.size(); ++i) shards_[i]->restore(std::move(found[i]));
  for (const auto& shard : shards_) shard->start();
  return {};
}

Shards::~Shards() {
  stop();
}

void Shards::stop() {
  for (const auto& shard : shards_) shard->stop();
  bool is_moving = true;
  while (is_moving) {
    is_moving = false;
    for (const auto& shard : shards_) {
      if (shard->settle()) is_moving = true;
    }
  }
}

}  // namespace berth::gateway
