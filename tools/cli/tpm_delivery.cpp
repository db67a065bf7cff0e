#include "tools/cli/tpm_delivery.hpp"

#include <optional>
#include <set>
#include <utility>

#include "shared/base/encoding.hpp"
#include "shared/json/json_text.hpp"
#include "tools/cli/csv_text.hpp"

namespace berth::cli {
namespace {

constexpr std::string_view kHash = "endorsementKeyHash";
constexpr std::string_view kKey = "endorsementKey";
constexpr std::string_view kId = "registrationId";
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
// Of a key, as many characters as a hash has.
constexpr std::size_t kNameLength = 64;

std::string trimmed(const std::string& field) {
  constexpr const char* kBlank = " \t";
  const std::size_t begin = field.find_first_not_of(kBlank);
  if (begin == std::string::npos) return {};
  return field.substr(begin, field.find_last_not_of(kBlank) - begin + 1);
}

class NoteReader {
 public:
  explicit NoteReader(std::string_view text) : rest_(text) {
    if (rest_.starts_with(kByteOrderMark)) rest_.remove_prefix(kByteOrderMark.size());
  }

  Result<DeliveryNote> read() {
    auto header = next_row();
    if (!header) return header.error();
    if (!*header) return Error{Errc::malformed, "the delivery note is empty"};
    if (const auto columns = read_header(**header); !columns) return columns.error();
    for (;;) {
      auto row = next_row();
      if (!row) return row.error();
      if (!*row) return std::move(note_);
      take(**row);
    }
  }

 private:
  // Nothing at the end. Blank lines are passed over.
  Result<std::optional<CsvReader::Fields>> next_row() {
    row_line_ = line_ + 1;
    while (!rest_.empty()) {
      const std::size_t end = rest_.find('\n');
      const std::string_view line = rest_.substr(0, end == std::string_view::npos ? end : end + 1);
      rest_.remove_prefix(line.size());
      ++line_;
      auto row = csv_.take(line);
      if (!row) return failed(row.error());
      if (*row) return row;
      if (line.find_first_not_of("\r\n") == std::string_view::npos) row_line_ = line_ + 1;
    }
    if (is_finished_) return std::optional<CsvReader::Fields>{};
    is_finished_ = true;
    auto last = csv_.finish();
    if (!last) return failed(last.error());
    return last;
  }

  [[nodiscard]] Error failed(const Error& error) const {
    return Error{error.code, "line " + std::to_string(row_line_) + ": " + error.reason};
  }

  Result<void> read_header(const CsvReader::Fields& header) {
    for (std::size_t i = 0; i < header.size(); ++i) {
      const std::string name = trimmed(header[i]);
      for (auto& [column, at] : {std::pair{kHash, &hash_}, {kKey, &key_}, {kId, &id_}}) {
        if (!equals_ignoring_case(name, column)) continue;
        if (*at) return Error{Errc::malformed, "the column " + name + " is there twice"};
        *at = i;
      }
    }
    if (!hash_ && !key_) {
      return Error{Errc::malformed,
                   "the first row names no column endorsementKeyHash or endorsementKey"};
    }
    return {};
  }

  static std::string cell(const CsvReader::Fields& row, const std::optional<std::size_t>& column) {
    return column && *column < row.size() ? trimmed(row[*column]) : std::string{};
  }

  void take(const CsvReader::Fields& row) {
    const std::string hash = cell(row, hash_);
    const std::string key = cell(row, key_);
    const std::string id = cell(row, id_);
    const std::string name = hash.empty() ? key.substr(0, kNameLength) : hash;
    const auto refuse = [&](std::string reason) {
      note_.refused.push_back({row_line_, name, std::move(reason)});
    };
    if (hash.empty() == key.empty()) {
      refuse(hash.empty() ? "the row names no TPM" : "the row names its TPM twice");
      return;
    }
    boost::json::object item;
    item[hash.empty() ? kKey : kHash] = hash.empty() ? key : hash;
    if (!id.empty()) item[kId] = id;
    note_.tpms.push_back({row_line_, name, std::move(item)});
  }

  std::string_view rest_;
  CsvReader csv_;
  std::uint64_t line_ = 0;      // lines taken
  std::uint64_t row_line_ = 1;  // where the row begins
  bool is_finished_ = false;
  std::optional<std::size_t> hash_;
  std::optional<std::size_t> key_;
  std::optional<std::size_t> id_;
  DeliveryNote note_;
};

}  // namespace

Result<DeliveryNote> read_delivery_note(std::string_view text) {
  return NoteReader(text).read();
}

Result<std::string> delivery_note_of(const boost::json::array& tpms) {
  std::string text = csv_row({std::string(kHash), std::string(kId)});
  for (const boost::json::value& tpm : tpms) {
    const boost::json::object* const object = tpm.if_object();
    if (object == nullptr) return Error{Errc::malformed, "a TPM of the list is no object"};
    auto hash = json::find_string(*object, kHash);
    auto id = json::find_string(*object, kId);
    if (!hash || !*hash || !id || !*id) {
      return Error{Errc::malformed, "a TPM of the list lacks its hash or its registration ID"};
    }
    text += csv_row({std::move(**hash), std::move(**id)});
  }
  return text;
}

std::string refusals_as_csv(const std::vector<DeliveryRefusal>& refused) {
  std::string text = csv_row({"line", "tpm", "reason"});
  for (const DeliveryRefusal& one : refused) {
    text += csv_row({std::to_string(one.line), one.name, one.reason});
  }
  return text;
}

}  // namespace berth::cli
