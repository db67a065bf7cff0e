// All shards of the gateway, and who owns which device.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "gateway/linux/shard.hpp"

namespace berth::gateway {

class Shards {
 public:
  // `count` threads; 0 is one per core.
  Shards(std::size_t count, const EngineSettings& settings, const Shard::Services& services);
  ~Shards();
  Shards(const Shards&) = delete;
  Shards& operator=(const Shards&) = delete;

  // The shard that owns the device that a request is about.
  [[nodiscard]] Shard& owner(const DeviceRequest& request);
  [[nodiscard]] std::vector<std::unique_ptr<Shard>>& all() { return shards_; }

  // Gives the journal's intents to their owners, then starts the threads. An intent that can't be
  // read stops nobody: it is told in both logs and stays on the disk, until its device registers
  // again.
  [[nodiscard]] Result<void> start(const store::RecordStore& store);
  // Ends the threads. Requests on their way from one shard to another are refused and their
  // coroutines run to their end, so that no loop is left with what refers to another's.
  void stop();

 private:
  [[nodiscard]] std::size_t place_of(std::string_view id_scope,
                                     std::string_view registration_id) const;

  runtime::Log& log_;
  Journal& journal_;
  std::vector<std::unique_ptr<Shard>> shards_;
};

}  // namespace berth::gateway
