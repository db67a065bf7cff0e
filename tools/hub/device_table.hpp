// Where the hubs of this process keep their devices: one SQLite file, every write on disk before it
// is answered.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "shared/base/result.hpp"
#include "shared/sqlite/connection.hpp"
#include "tools/hub/device.hpp"

namespace berth::hub_server {

class DeviceTable {
 public:
  [[nodiscard]] static Result<std::unique_ptr<DeviceTable>> open(const std::string& path);
  ~DeviceTable();

  [[nodiscard]] Result<std::optional<Device>> find(const std::string& hub, const std::string& id);
  [[nodiscard]] Result<void> put(const std::string& hub, const Device& device);
  [[nodiscard]] Result<void> remove(const std::string& hub, const std::string& id);
  // In the order of their IDs, from the first after `after`.
  [[nodiscard]] Result<std::vector<Device>> list(const std::string& hub, const std::string& after,
                                                 std::size_t limit);
  [[nodiscard]] Result<std::size_t> count(const std::string& hub);
  [[nodiscard]] Result<std::size_t> count_disabled(const std::string& hub);

 private:
  struct Statements;
  DeviceTable(sqlite::Connection connection, std::unique_ptr<Statements> statements);

  sqlite::Connection connection_;
  std::unique_ptr<Statements> statements_;  // after the connection: they go first
};

}  // namespace berth::hub_server
