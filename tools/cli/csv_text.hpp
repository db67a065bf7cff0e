// CSV as RFC 4180 has it, on libcsv. Strict: a quote within an unquoted field, or text behind a
// closing quote, is an error, since nobody can say what was meant. Spaces belong to their field.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/base/result.hpp"

namespace berth::cli {

// Bytes of one field's text, and fields of one row.
inline constexpr std::size_t kMaxCsvField = 256 * 1024;
inline constexpr std::size_t kMaxCsvFields = 64;

class CsvReader {
 public:
  using Fields = std::vector<std::string>;

  CsvReader();
  ~CsvReader();
  CsvReader(const CsvReader&) = delete;
  CsvReader& operator=(const CsvReader&) = delete;

  // One line with its end. Nothing: the row goes on with the next line, or the line was blank.
  // Errc::malformed, Errc::too_large; after an error nothing more is to be taken.
  [[nodiscard]] Result<std::optional<Fields>> take(std::string_view line);
  // After the last line, which may lack its end.
  [[nodiscard]] Result<std::optional<Fields>> finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// A row with its end, CR LF. Fields are quoted where they have to be.
[[nodiscard]] std::string csv_row(const std::vector<std::string>& fields);

}  // namespace berth::cli
