#include "tools/cli/row_reader.hpp"

#include <filesystem>
#include <utility>

#include "shared/base/encoding.hpp"
#include "shared/json/json_text.hpp"

namespace berth::cli {
namespace {

constexpr std::size_t kMaxRowDepth = 32;
// Spreadsheets begin UTF-8 with it.
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

bool is_blank(std::string_view line) {
  return line.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

Error at_line(std::uint64_t line, const Error& error) {
  return Error{error.code, "line " + std::to_string(line) + ": " + error.reason};
}

}  // namespace

RowFormat format_of_name(std::string_view path) {
  constexpr std::string_view kEnding = ".csv";
  if (path.size() < kEnding.size()) return RowFormat::jsonl;
  const std::string_view ending = path.substr(path.size() - kEnding.size());
  return equals_ignoring_case(ending, kEnding) ? RowFormat::csv : RowFormat::jsonl;
}

RowReader::RowReader(std::ifstream file, std::uint64_t size, std::string folder, RowFormat format,
                     EnrollmentKind kind)
    : file_(std::move(file)),
      size_(size),
      folder_(std::move(folder)),
      format_(format),
      kind_(kind) {}

Result<std::unique_ptr<RowReader>> RowReader::open(const std::string& path, RowFormat format,
                                                   EnrollmentKind kind) {
  std::ifstream file(path, std::ios::binary);
  std::error_code failed;
  const std::uintmax_t size = std::filesystem::file_size(path, failed);
  if (!file || failed) {
    return Error{Errc::io, path + " cannot be read: is it a file, and may you?"};
  }
  const std::string folder = std::filesystem::path(path).parent_path().string();
  std::unique_ptr<RowReader> reader(new RowReader(std::move(file), size, folder, format, kind));
  if (format == RowFormat::jsonl) return reader;
  Row header;
  const auto names = reader->next_fields(header);
  if (!names) return Error{names.error().code, path + ", " + names.error().reason};
  if (!*names) return Error{Errc::invalid, path + " is empty; its first row names the columns"};
  auto columns = read_header(**names, kind);
  if (!columns) {
    return Error{columns.error().code, path + ", its header: " + columns.error().reason};
  }
  reader->columns_ = std::move(*columns);
  return reader;
}

Result<std::optional<Row>> RowReader::next() {
  return format_ == RowFormat::csv ? next_csv() : next_jsonl();
}

double RowReader::fraction_read() const {
  return size_ == 0 ? 1.0 : static_cast<double>(read_) / static_cast<double>(size_);
}

// False at the end. Of a line that is too long the rest is passed over.
bool RowReader::next_line(std::string& line, LineEnd& end) {
  line.clear();
  end = LineEnd::missing;
  std::streambuf& in = *file_.rdbuf();
  bool is_too_long = false;
  for (int c = in.sbumpc(); c != std::char_traits<char>::eof(); c = in.sbumpc()) {
    ++read_;
    if (line.size() < kMaxRowSize) {
      line += std::char_traits<char>::to_char_type(c);
    } else {
      is_too_long = true;
    }
    if (c == '\n') {
      end = LineEnd::there;
      break;
    }
  }
  if (line.empty()) return false;
  ++line_;
  if (is_too_long) end = LineEnd::too_far;
  if (line_ == 1 && line.starts_with(kByteOrderMark)) line.erase(0, kByteOrderMark.size());
  return true;
}

Result<std::optional<CsvReader::Fields>> RowReader::next_fields(Row& row) {
  std::string line;
  LineEnd end = LineEnd::there;
  while (next_line(line, end)) {
    if (row.text.empty()) {
      if (is_blank(line)) continue;
      row.line = line_;
    }
    if (end == LineEnd::too_far || row.text.size() + line.size() > kMaxRowSize) {
      return at_line(row.line, {Errc::too_large,
                                "a row is longer than " + std::to_string(kMaxRowSize) + " bytes"});
    }
    row.text += line;
    auto fields = csv_.take(line);
    if (!fields) return at_line(line_, fields.error());
    if (*fields) return fields;
  }
  if (row.text.empty()) return std::optional<CsvReader::Fields>{};
  auto fields = csv_.finish();
  if (!fields) return at_line(row.line, fields.error());
  return fields;
}

Result<std::optional<Row>> RowReader::next_csv() {
  Row row;
  auto fields = next_fields(row);
  if (!fields) return fields.error();
  if (!*fields) return std::optional<Row>{};
  row.record = record_of_cells(columns_, **fields, kind_, folder_);
  read_id(row);
  return std::optional<Row>(std::move(row));
}

Result<std::optional<Row>> RowReader::next_jsonl() {
  Row row;
  LineEnd end = LineEnd::there;
  do {
    if (!next_line(row.text, end)) return std::optional<Row>{};
  } while (is_blank(row.text));
  row.line = line_;
  if (end == LineEnd::too_far) {
    row.record =
        Error{Errc::too_large, "the line is longer than " + std::to_string(kMaxRowSize) + " bytes"};
  } else {
    row.record = json::parse_object(row.text, {kMaxRowSize, kMaxRowDepth});
  }
  read_id(row);
  return std::optional<Row>(std::move(row));
}

void RowReader::read_id(Row& row) const {
  if (!row.record) return;
  const std::string_view member = columns_of(kind_).front().member;
  const auto id = json::find_string(*row.record, member);
  if (!id || !*id || (*id)->empty()) {
    row.record = Error{Errc::invalid, "it has no '" + std::string(member) + "'"};
    return;
  }
  row.id = **id;
}

}  // namespace berth::cli
