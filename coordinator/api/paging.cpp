#include "coordinator/api/paging.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>

#include "coordinator/api/limits.hpp"
#include "shared/base/bytes.hpp"
#include "shared/base/encoding.hpp"

namespace berth::coordinator {

Result<PageRequest> read_page_request(std::string_view size, std::string_view continuation) {
  PageRequest request;
  request.size = kDefaultPageSize;
  if (!size.empty()) {
    std::int32_t count = 0;
    const auto [end, failure] = std::from_chars(size.data(), size.data() + size.size(), count);
    if (failure != std::errc{} || end != size.data() + size.size()) {
      return Error{Errc::invalid, "the page size is no number"};
    }
    if (count > 0) request.size = std::min(static_cast<std::size_t>(count), kMaxPageSize);
  }
  if (!continuation.empty()) {
    const auto bytes = from_base64url(continuation);
    if (!bytes) return Error{Errc::invalid, "the continuation is none of ours"};
    request.continuation = std::string(as_text(*bytes));
  }
  return request;
}

std::string continuation_text(const std::string& continuation) {
  return to_base64url(as_bytes(continuation));
}

void add_page_headers(http::Response& response, std::string_view item_type, const PageRequest& page,
                      const std::string& continuation) {
  response.headers.set("x-ms-item-type", std::string(item_type));
  response.headers.set("x-ms-max-item-count", std::to_string(page.size));
  if (!continuation.empty()) {
    response.headers.set("x-ms-continuation", continuation_text(continuation));
  }
}

}  // namespace berth::coordinator
