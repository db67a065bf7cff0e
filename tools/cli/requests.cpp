#include "tools/cli/requests.hpp"

#include <algorithm>
#include <fstream>
#include <utility>

#include "shared/base/encoding.hpp"
#include "shared/json/json_text.hpp"

namespace berth::cli {
namespace {

namespace bj = boost::json;

constexpr std::size_t kPageSize = 1000;
constexpr std::size_t kMaxJsonFile = 1024 * 1024;
constexpr std::size_t kMaxJsonDepth = 32;

Error strange_answer() {
  return Error{Errc::malformed, "the coordinator's answer has no such shape"};
}

std::size_t page_size(std::size_t top, std::size_t have) {
  return top == 0 ? kPageSize : std::min(kPageSize, top - have);
}

}  // namespace

Result<bj::object> fetch_record(ServiceClient& client, const std::string& path) {
  auto reply = client.call("GET", path);
  if (!reply) return reply.error();
  bj::object* record = reply->body.if_object();
  if (record == nullptr) return strange_answer();
  return std::move(*record);
}

Result<Output> show_record(ServiceClient& client, const std::string& path) {
  auto record = fetch_record(client, path);
  if (!record) return record.error();
  return Output{std::move(*record), {}, {}};
}

Result<bj::array> query_rows(ServiceClient& client, const std::string& path, std::size_t top) {
  bj::array rows;
  std::string continuation;
  do {
    ServiceClient::HeaderList headers{
        {"x-ms-max-item-count", std::to_string(page_size(top, rows.size()))}};
    if (!continuation.empty()) headers.emplace_back("x-ms-continuation", continuation);
    auto reply = client.call("POST", path, bj::object{{"query", "SELECT *"}}, headers);
    if (!reply) return reply.error();
    bj::array* page = reply->body.if_array();
    if (page == nullptr) return strange_answer();
    for (bj::value& row : *page) rows.push_back(std::move(row));
    continuation = reply->continuation;
  } while (!continuation.empty() && (top == 0 || rows.size() < top));
  return rows;
}

Result<bj::array> list_rows(ServiceClient& client, const std::string& path, std::size_t top) {
  bj::array rows;
  std::string continuation;
  const char mark = path.find('?') == std::string::npos ? '?' : '&';
  do {
    std::string page_path =
        path + mark + "maxItemCount=" + std::to_string(page_size(top, rows.size()));
    if (!continuation.empty()) page_path += "&continuation=" + percent_encode(continuation);
    auto reply = client.call("GET", page_path);
    if (!reply) return reply.error();
    bj::object* page = reply->body.if_object();
    bj::value* value = page == nullptr ? nullptr : page->if_contains("value");
    if (value == nullptr || !value->is_array()) return strange_answer();
    for (bj::value& row : *value->if_array()) rows.push_back(std::move(row));
    const auto next = json::find_string(*page, "continuation");
    if (!next) return next.error();
    continuation = next->value_or("");
  } while (!continuation.empty() && (top == 0 || rows.size() < top));
  return rows;
}

Result<Output> send_record(ServiceClient& client, const std::string& method,
                           const std::string& path, bj::object record,
                           const std::string& if_match) {
  ServiceClient::HeaderList headers;
  if (!if_match.empty()) headers.emplace_back("If-Match", if_match);
  auto reply = client.call(method, path, std::move(record), headers);
  if (!reply) return reply.error();
  return Output{std::move(reply->body), {}, {}};
}

Result<Output> delete_record(ServiceClient& client, const std::string& path,
                             const std::string& if_match, const std::string& note) {
  ServiceClient::HeaderList headers;
  if (!if_match.empty()) headers.emplace_back("If-Match", if_match);
  auto reply = client.call("DELETE", path, nullptr, headers);
  if (!reply) return reply.error();
  return Output{std::move(reply->body), {}, note};
}

Result<std::string> read_file(const std::string& path, std::size_t max_size) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream) return Error{Errc::io, path + " cannot be read: does it exist, and may you?"};
  std::string text(max_size + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(stream.gcount()));
  if (text.size() > max_size) {
    return Error{Errc::too_large, path + " is larger than " + std::to_string(max_size) + " bytes"};
  }
  return text;
}

Result<bj::object> read_json_option(const std::string& option, const std::string& text) {
  std::string content = text;
  if (text.starts_with('@')) {
    auto file = read_file(text.substr(1), kMaxJsonFile);
    if (!file) return file.error();
    content = std::move(*file);
  }
  auto object = json::parse_object(content, {kMaxJsonFile, kMaxJsonDepth});
  if (!object) {
    return Error{Errc::invalid, option + ": " + object.error().reason +
                                    "; give a JSON object, such as '{\"site\":\"a\"}', or @FILE"};
  }
  return object;
}

}  // namespace berth::cli
