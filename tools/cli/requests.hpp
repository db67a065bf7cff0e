// What commands of several nouns do alike.
#pragma once

#include <string>
#include <vector>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "shared/base/result.hpp"
#include "tools/cli/output.hpp"
#include "tools/cli/service_client.hpp"

namespace berth::cli {

// The reply as one record.
[[nodiscard]] Result<boost::json::object> fetch_record(ServiceClient& client,
                                                       const std::string& path);
[[nodiscard]] Result<Output> show_record(ServiceClient& client, const std::string& path);

// Rows of a DPS query, page after page, at most `top` of them (0: all).
[[nodiscard]] Result<boost::json::array> query_rows(ServiceClient& client, const std::string& path,
                                                    std::size_t top);
// Rows of a list under /berth/v1, likewise.
[[nodiscard]] Result<boost::json::array> list_rows(ServiceClient& client, const std::string& path,
                                                   std::size_t top = 0);

// Sends a record and shows what came back.
[[nodiscard]] Result<Output> send_record(ServiceClient& client, const std::string& method,
                                         const std::string& path, boost::json::object record,
                                         const std::string& if_match = {});
[[nodiscard]] Result<Output> delete_record(ServiceClient& client, const std::string& path,
                                           const std::string& if_match, const std::string& note);

// The whole text of a file, at most `max_size` bytes.
[[nodiscard]] Result<std::string> read_file(const std::string& path, std::size_t max_size);
// JSON as given on the command line: the text itself, or "@FILE".
[[nodiscard]] Result<boost::json::object> read_json_option(const std::string& option,
                                                           const std::string& text);

}  // namespace berth::cli
