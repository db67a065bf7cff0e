#include "coordinator/store/etag.hpp"

#include "shared/base/bytes.hpp"
#include "shared/base/encoding.hpp"
#include "shared/protocol/record_etag.hpp"

namespace berth::coordinator {
namespace {

std::string_view bare(std::string_view value) {
  if (value.starts_with("W/")) value.remove_prefix(2);
  if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
    value = value.substr(1, value.size() - 2);
  }
  return value;
}

}  // namespace

std::string etag_of(std::uint64_t version, WallTime created) {
  return "\"" + protocol::record_etag(version, created) + "\"";
}

bool etag_matches(std::string_view if_match, std::string_view etag) {
  const std::string_view wanted = bare(if_match);
  if (wanted == "*" || wanted == bare(etag)) return true;
  const auto decoded = from_base64(wanted);
  return decoded && bare(as_text(*decoded)) == bare(etag);
}

}  // namespace berth::coordinator
