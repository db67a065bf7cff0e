#include "tools/hub/device_table.hpp"

#include <utility>

namespace berth::hub_server {
namespace {

constexpr const char* kSchema =
    "CREATE TABLE IF NOT EXISTS device ("
    " hub TEXT NOT NULL,"
    " id TEXT NOT NULL,"
    " enabled INTEGER NOT NULL,"
    " record TEXT NOT NULL,"
    " PRIMARY KEY (hub, id)) WITHOUT ROWID";

}  // namespace

struct DeviceTable::Statements {
  sqlite::Statement find;
  sqlite::Statement put;
  sqlite::Statement remove;
  sqlite::Statement list;
  sqlite::Statement count;
  sqlite::Statement count_disabled;
};

Result<std::unique_ptr<DeviceTable>> DeviceTable::open(const std::string& path) {
  auto connection = sqlite::Connection::open(path, sqlite::Connection::Access::write);
  if (!connection) return connection.error();
  const auto made = connection->execute(kSchema);
  if (!made) return made.error();
  auto find = connection->prepare("SELECT record FROM device WHERE hub = ? AND id = ?");
  auto put = connection->prepare(
      "INSERT INTO device (hub, id, enabled, record) VALUES (?, ?, ?, ?)"
      " ON CONFLICT (hub, id) DO UPDATE SET enabled = excluded.enabled, record = excluded.record");
  auto remove = connection->prepare("DELETE FROM device WHERE hub = ? AND id = ?");
  auto list =
      connection->prepare("SELECT record FROM device WHERE hub = ? AND id > ? ORDER BY id LIMIT ?");
  auto count = connection->prepare("SELECT count(*) FROM device WHERE hub = ?");
  auto count_disabled =
      connection->prepare("SELECT count(*) FROM device WHERE hub = ? AND enabled = 0");
  for (const auto* statement : {&find, &put, &remove, &list, &count, &count_disabled}) {
    if (!*statement) return statement->error();
  }
  auto statements = std::make_unique<Statements>(
      Statements{std::move(*find), std::move(*put), std::move(*remove), std::move(*list),
                 std::move(*count), std::move(*count_disabled)});
  return std::unique_ptr<DeviceTable>(
      new DeviceTable(std::move(*connection), std::move(statements)));
}

DeviceTable::DeviceTable(sqlite::Connection connection, std::unique_ptr<Statements> statements)
    : connection_(std::move(connection)), statements_(std::move(statements)) {}

DeviceTable::~DeviceTable() = default;

Result<std::optional<Device>> DeviceTable::find(const std::string& hub, const std::string& id) {
  auto run = statements_->find.run();
  const auto row = run.text(hub).text(id).step();
  if (!row) return row.error();
  if (!*row) return std::optional<Device>{};
  auto device = from_record(run.text_at(0));
  if (!device) return device.error();
  return std::optional<Device>(std::move(*device));
}

Result<void> DeviceTable::put(const std::string& hub, const Device& device) {
  const std::string record = to_record(device);
  auto run = statements_->put.run();
  return run.text(hub).text(device.id).integer(device.enabled ? 1 : 0).text(record).finish();
}

Result<void> DeviceTable::remove(const std::string& hub, const std::string& id) {
  auto run = statements_->remove.run();
  return run.text(hub).text(id).finish();
}

Result<std::vector<Device>> DeviceTable::list(const std::string& hub, const std::string& after,
                                              std::size_t limit) {
  auto run = statements_->list.run();
  run.text(hub).text(after).integer(static_cast<std::int64_t>(limit));
  std::vector<Device> devices;
  for (;;) {
    const auto row = run.step();
    if (!row) return row.error();
    if (!*row) return devices;
    auto device = from_record(run.text_at(0));
    if (!device) return device.error();
    devices.push_back(std::move(*device));
  }
}

Result<std::size_t> DeviceTable::count(const std::string& hub) {
  auto run = statements_->count.run();
  const auto row = run.text(hub).step();
  if (!row) return row.error();
  return static_cast<std::size_t>(run.integer_at(0));
}

Result<std::size_t> DeviceTable::count_disabled(const std::string& hub) {
  auto run = statements_->count_disabled.run();
  const auto row = run.text(hub).step();
  if (!row) return row.error();
  return static_cast<std::size_t>(run.integer_at(0));
}

}  // namespace berth::hub_server
