// A dry run over a fleet, page by page: what is asked, and what the pages add up to. It calls
// nobody.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "shared/base/result.hpp"
#include "tools/cli/explain_options.hpp"

namespace berth::cli {

inline constexpr std::size_t kDryRunPage = 1000;
// Most devices that a file lists, and the longest file.
inline constexpr std::size_t kMaxDryRunDevices = 100'000;
inline constexpr std::size_t kMaxDryRunFile = 32 * 1024 * 1024;

// The request without its devices. Errc::invalid names the option.
[[nodiscard]] Result<boost::json::object> dry_run_request(const DryRunOptions& options);

// One device a line: its registration ID, or a JSON object with registrationId and, if it is a
// group's, enrollmentGroupId. Blank lines and those that begin with '#' are passed over.
[[nodiscard]] Result<boost::json::array> read_devices(const std::string& text);

// Adds pages up.
class DryRunTotal {
 public:
  // Takes the page's rows over. Errc::malformed for what is no such page.
  [[nodiscard]] Result<void> add(boost::json::object page);

  [[nodiscard]] std::size_t devices() const { return devices_; }
  [[nodiscard]] const boost::json::array& rows() const { return rows_; }
  [[nodiscard]] boost::json::object summary() const;
  // For people: "3 devices: 2 stay, 1 moves", and what each hub gains or loses.
  [[nodiscard]] std::string words() const;
  // The hubs that the first page made up, with their IDs, to be asked with from then on.
  [[nodiscard]] const boost::json::array& added_hubs() const { return added_hubs_; }

 private:
  struct Share {
    std::uint64_t before = 0;
    std::uint64_t after = 0;
  };
  std::size_t devices_ = 0;
  std::map<std::string, std::uint64_t> outcomes_;
  std::map<std::string, Share> hubs_;
  boost::json::array rows_;
  boost::json::array added_hubs_;
};

}  // namespace berth::cli
