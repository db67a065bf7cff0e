// A hub's device registry: what the calls of service API 5.2 do to identities and twins. JSON in,
// JSON out; no HTTP, no tokens.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "shared/base/result.hpp"
#include "shared/ports/clock.hpp"
#include "shared/ports/entropy.hpp"
#include "tools/hub/device.hpp"
#include "tools/hub/device_table.hpp"

namespace berth::hub_server {

inline constexpr std::size_t kMaxBulkItems = 100;
inline constexpr std::size_t kMaxPage = 1000;
inline constexpr std::size_t kDefaultPage = 100;

// What an If-Match header allows. Compared without "W/" and quotes; "*" is anything that is there.
struct IfMatch {
  // nullopt: there was no header.
  static std::optional<IfMatch> parse(std::string_view header);
  [[nodiscard]] bool fits(std::uint64_t version) const;
  std::string etag;
};

// One answer of several pages.
struct Page {
  boost::json::array rows;
  std::string continuation;  // opaque; empty on the last page
};

class Registry {
 public:
  using Object = boost::json::object;

  Registry(std::string host_name, std::size_t max_devices, DeviceTable& table, ports::Clock& clock,
           ports::Entropy& entropy)
      : host_name_(std::move(host_name)),
        max_devices_(max_devices),
        table_(table),
        clock_(clock),
        entropy_(entropy) {}

  [[nodiscard]] Result<Object> get(const std::string& id);
  // Without If-Match only creates, with it only replaces.
  [[nodiscard]] Result<Object> put(const std::string& id, const Object& identity,
                                   const std::optional<IfMatch>& if_match);
  [[nodiscard]] Result<void> remove(const std::string& id, const std::optional<IfMatch>& if_match);
  [[nodiscard]] Result<boost::json::array> list(std::size_t top);
  // At most kMaxBulkItems. The result object says by itself what failed; `isSuccessful` is its
  // verdict.
  [[nodiscard]] Result<Object> bulk(const boost::json::array& items);
  [[nodiscard]] Result<Object> statistics();

  [[nodiscard]] Result<Object> get_twin(const std::string& id);
  [[nodiscard]] Result<Object> patch_twin(const std::string& id, const Object& patch,
                                          const std::optional<IfMatch>& if_match);
  [[nodiscard]] Result<Object> put_twin(const std::string& id, const Object& twin,
                                        const std::optional<IfMatch>& if_match);
  // SELECT * FROM devices, with or without WHERE deviceId = '...'. Rows are twins.
  [[nodiscard]] Result<Page> query(std::string_view text, std::string_view continuation,
                                   std::size_t page_size);

 private:
  [[nodiscard]] Result<Device> find(const std::string& id);
  [[nodiscard]] Result<Device> find(const std::string& id, const std::optional<IfMatch>& if_match,
                                    std::uint64_t Device::*version);
  [[nodiscard]] Result<Device> create(const std::string& id, const Object& identity);
  [[nodiscard]] Result<Device> replace(Device device, const Object& identity);
  [[nodiscard]] Result<void> apply(const std::string& id, const Object& item);
  [[nodiscard]] Result<Device> change_twin(Device device, const Object& twin, bool replace);

  std::string host_name_;
  std::size_t max_devices_;
  DeviceTable& table_;
  ports::Clock& clock_;
  ports::Entropy& entropy_;
};

}  // namespace berth::hub_server
