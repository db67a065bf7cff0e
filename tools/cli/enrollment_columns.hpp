// The columns of enrollments in CSV (docs/cli.md). A column is a member of the service API's record
// (service API 2.1 to 2.3) in one cell; what no column holds is in `otherMembers`, so that a record
// that was written and read again is the same.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/object.hpp>

#include "shared/base/result.hpp"
#include "tools/cli/enrollment_record.hpp"

namespace berth::cli {

enum class CellKind : std::uint8_t {
  text,
  boolean,      // true or false
  names,        // a;b;c, or a JSON array where a name holds a semicolon
  object,       // a JSON object
  certificate,  // PEM, DER in base64, or @FILE
};

struct CellColumn {
  std::string_view name;
  std::string_view member;  // "attestation.type"; empty: all that no other column holds
  CellKind kind;
};

// In the order of export. The first is the ID.
[[nodiscard]] const std::vector<CellColumn>& columns_of(EnrollmentKind kind);

// The columns that a header names, in its order and in any letter case. Errc::invalid for one that
// is none, comes twice, or if the ID's is missing.
[[nodiscard]] Result<std::vector<const CellColumn*>> read_header(
    const std::vector<std::string>& header, EnrollmentKind kind);

// `folder`: where @FILE is looked for. Blank cells say nothing. Errc::invalid, naming the column.
[[nodiscard]] Result<boost::json::object> record_of_cells(
    const std::vector<const CellColumn*>& columns, const std::vector<std::string>& cells,
    EnrollmentKind kind, const std::string& folder);

// One cell for every column of columns_of(kind). What the service alone writes (times, the
// registration, what a certificate says) is left out.
[[nodiscard]] std::vector<std::string> cells_of_record(boost::json::object record,
                                                       EnrollmentKind kind);

}  // namespace berth::cli
