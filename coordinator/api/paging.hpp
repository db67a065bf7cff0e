// Pages of queries (service API 1.7).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "shared/base/result.hpp"
#include "shared/protocol/http/message.hpp"

namespace berth::coordinator {

struct PageRequest {
  std::size_t size = 0;
  std::string continuation;  // the store's
};

// Blank texts ask for the first page of the default size; larger sizes than kMaxPageSize are cut
// down. Errc::invalid for what is no number, or no continuation of ours.
[[nodiscard]] Result<PageRequest> read_page_request(std::string_view size,
                                                    std::string_view continuation);

// As header text; empty at the end.
[[nodiscard]] std::string continuation_text(const std::string& continuation);

// x-ms-item-type, x-ms-max-item-count, and x-ms-continuation unless this was the last page: an
// empty one would be taken for "there is more".
void add_page_headers(http::Response& response, std::string_view item_type, const PageRequest& page,
                      const std::string& continuation);

}  // namespace berth::coordinator
