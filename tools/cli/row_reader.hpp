// The rows of an import's file, one at a time: whatever the file's size, one row of it is in
// memory.
#pragma once

#include <cstdint>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/object.hpp>

#include "shared/base/result.hpp"
#include "tools/cli/csv_text.hpp"
#include "tools/cli/enrollment_columns.hpp"

namespace berth::cli {

enum class RowFormat : std::uint8_t { csv, jsonl };

// By the file's name: .csv, or else JSON lines.
[[nodiscard]] RowFormat format_of_name(std::string_view path);

// Bytes of a line, and of a row of CSV over all its lines.
inline constexpr std::size_t kMaxRowSize = 512 * 1024;

struct Row {
  std::uint64_t line = 0;  // where it begins, from 1
  std::string text;        // as it is in the file
  std::string id;          // empty if the record has none
  // What the row says, or why it says nothing that could be sent.
  Result<boost::json::object> record = boost::json::object{};
};

class RowSource {
 public:
  virtual ~RowSource() = default;
  // Nothing at the end. An error means that nothing behind it can be read either.
  [[nodiscard]] virtual Result<std::optional<Row>> next() = 0;
  // From 0 to 1.
  [[nodiscard]] virtual double fraction_read() const = 0;
};

class RowReader final : public RowSource {
 public:
  // Errc::io; Errc::invalid for a header of CSV that is none.
  static Result<std::unique_ptr<RowReader>> open(const std::string& path, RowFormat format,
                                                 EnrollmentKind kind);

  // A row of CSV whose quotes do not fit ends the reading, since where the next one begins is
  // anybody's guess. A bad line of JSON is a bad row.
  [[nodiscard]] Result<std::optional<Row>> next() override;
  [[nodiscard]] double fraction_read() const override;

 private:
  enum class LineEnd : std::uint8_t { there, missing, too_far };

  RowReader(std::ifstream file, std::uint64_t size, std::string folder, RowFormat format,
            EnrollmentKind kind);
  [[nodiscard]] bool next_line(std::string& line, LineEnd& end);
  [[nodiscard]] Result<std::optional<CsvReader::Fields>> next_fields(Row& row);
  [[nodiscard]] Result<std::optional<Row>> next_csv();
  [[nodiscard]] Result<std::optional<Row>> next_jsonl();
  void read_id(Row& row) const;

  std::ifstream file_;
  std::uint64_t size_;
  std::string folder_;  // of the file, which @FILE starts from
  RowFormat format_;
  EnrollmentKind kind_;
  CsvReader csv_;
  std::vector<const CellColumn*> columns_;
  std::uint64_t read_ = 0;  // bytes
  std::uint64_t line_ = 0;
};

}  // namespace berth::cli
