#include "tools/cli/import_checkpoint.hpp"

#include <algorithm>
#include <filesystem>
#include <utility>

#include <boost/json/object.hpp>

#include "shared/base/encoding.hpp"
#include "shared/json/json_text.hpp"
#include "tools/cli/durable_file.hpp"
#include "tools/cli/requests.hpp"

namespace berth::cli {
namespace {

namespace bj = boost::json;

constexpr std::size_t kMaxCheckpoint = 64 * 1024;
constexpr std::size_t kMaxDepth = 4;
constexpr std::uint64_t kVersion = 1;
// Numbers of JSON that every reader keeps exactly.
constexpr std::uint64_t kMaxNumber = std::uint64_t{1} << 53U;

Result<ImportCheckpoint> parse(const std::string& text) {
  const auto object = json::parse_object(text, {kMaxCheckpoint, kMaxDepth});
  if (!object) return object.error();
  ImportCheckpoint read;
  const auto get_text = [&](const char* name, std::string& to) {
    const auto found = json::find_string(*object, name);
    if (!found || !*found) return false;
    to = **found;
    return true;
  };
  const auto get_number = [&](const char* name, std::uint64_t& to) {
    const auto found = json::find_number(*object, name, kMaxNumber);
    if (!found || !*found) return false;
    to = **found;
    return true;
  };
  std::uint64_t version = 0;
  std::string digest_text;
  const bool is_whole =
      get_number("version", version) && version == kVersion &&
      get_text("what", read.identity.what) && get_text("format", read.identity.format) &&
      get_text("mode", read.identity.mode) && get_text("coordinator", read.identity.coordinator) &&
      get_text("report", read.identity.report) && get_number("rows", read.place.rows) &&
      get_number("written", read.place.written) && get_number("refused", read.place.refused) &&
      get_number("reportSize", read.place.report_size) && get_text("digest", digest_text);
  const auto digest = from_hex(digest_text);
  if (!is_whole || !digest || digest->size() != read.place.digest.size()) {
    return Error{Errc::corrupt, "members are missing"};
  }
  std::copy(digest->begin(), digest->end(), read.place.digest.begin());
  return read;
}

}  // namespace

ports::Sha256Digest chain_digest(const ports::Sha256Digest& before, std::string_view row,
                                 ports::Crypto& crypto) {
  Bytes both(before.begin(), before.end());
  both.insert(both.end(), row.begin(), row.end());
  return crypto.sha256(both);
}

std::string checkpoint_path(const std::string& imported) {
  return imported + ".progress";
}

Result<std::optional<ImportCheckpoint>> read_checkpoint(const std::string& path) {
  std::error_code failed;
  if (!std::filesystem::exists(path, failed) && !failed) return std::optional<ImportCheckpoint>{};
  const auto text = read_file(path, kMaxCheckpoint);
  if (!text) return text.error();
  auto checkpoint = parse(*text);
  if (!checkpoint) {
    return Error{Errc::corrupt, path + " is no record of an import: " + checkpoint.error().reason};
  }
  return std::optional<ImportCheckpoint>(std::move(*checkpoint));
}

Result<void> write_checkpoint(const std::string& path, const ImportCheckpoint& checkpoint) {
  bj::object object;
  object["version"] = kVersion;
  object["what"] = checkpoint.identity.what;
  object["format"] = checkpoint.identity.format;
  object["mode"] = checkpoint.identity.mode;
  object["coordinator"] = checkpoint.identity.coordinator;
  object["report"] = checkpoint.identity.report;
  object["rows"] = checkpoint.place.rows;
  object["written"] = checkpoint.place.written;
  object["refused"] = checkpoint.place.refused;
  object["reportSize"] = checkpoint.place.report_size;
  object["digest"] = to_hex(checkpoint.place.digest);
  return replace_file(path, json::serialize(object) + "\n");
}

}  // namespace berth::cli
