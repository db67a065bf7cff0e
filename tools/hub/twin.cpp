#include "tools/hub/twin.hpp"

#include <string>
#include <utility>

#include <boost/json/array.hpp>

#include "shared/json/json_text.hpp"

namespace berth::hub_server {
namespace {

namespace bj = boost::json;

Error invalid(std::string reason) {
  return Error{Errc::invalid, std::move(reason)};
}

Result<void> check_names(const bj::object& document, std::size_t depth) {
  if (depth > kMaxTwinDepth) return invalid("a twin's document has at most 10 levels");
  for (const auto& [name, value] : document) {
    for (const char c : name) {
      if (c == '$' || c == '.' || (c >= 0 && c < ' ')) {
        return invalid("a twin's names have no '$', '.' or control characters");
      }
    }
    if (const bj::object* inner = value.if_object()) {
      const auto checked = check_names(*inner, depth + 1);
      if (!checked) return checked.error();
    }
  }
  return {};
}

bj::object metadata_of(const bj::object& document, bj::string_view updated) {
  bj::object metadata{{"$lastUpdated", updated}};
  for (const auto& [name, value] : document) {
    const bj::object* inner = value.if_object();
    metadata[name] =
        inner != nullptr ? metadata_of(*inner, updated) : bj::object{{"$lastUpdated", updated}};
  }
  return metadata;
}

}  // namespace

void merge(bj::object& into, const bj::object& patch) {
  for (const auto& [name, value] : patch) {
    if (value.is_null()) {
      into.erase(name);
    } else if (const bj::object* inner = value.if_object()) {
      bj::value& target = into[name];
      if (!target.is_object()) target = bj::object{};
      merge(target.as_object(), *inner);
    } else {
      into[name] = value;
    }
  }
}

bj::object without_metadata(bj::object document) {
  document.erase("$metadata");
  document.erase("$version");
  return document;
}

bj::object with_metadata(const bj::object& document, std::uint64_t version, WallTime updated) {
  const std::string time = to_iso8601(updated);
  bj::object shown = document;
  shown["$metadata"] = metadata_of(document, bj::string_view(time.data(), time.size()));
  shown["$version"] = version;
  return shown;
}

Result<void> check_document(const bj::object& document, std::size_t max_size) {
  const auto names = check_names(document, 1);
  if (!names) return names.error();
  if (json::serialize(document).size() > max_size) {
    return invalid("a twin's document has at most " + std::to_string(max_size) + " bytes");
  }
  return {};
}

}  // namespace berth::hub_server
