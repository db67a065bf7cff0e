// How far an import has come, in a file beside the imported one, so that it can go on after Ctrl-C,
// a crash or a coordinator that went away.
//
// The rule that makes this safe: an import never sends a row that lies kMaxUnrecordedRows or more
// behind the last recorded place. So after a crash only the first kMaxUnrecordedRows rows behind
// that place may have been written already, and those are looked at where the coordinator says that
// they exist.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "shared/base/result.hpp"
#include "shared/ports/crypto.hpp"

namespace berth::cli {

inline constexpr std::uint64_t kMaxUnrecordedRows = 1000;
// So often a place is recorded, in rows.
inline constexpr std::uint64_t kRecordedEvery = 500;

// What must be the same for an import to go on.
struct ImportIdentity {
  std::string what;  // "enrollments" or "enrollment groups"
  std::string format;
  std::string mode;
  std::string coordinator;  // the host name called
  std::string report;
  friend bool operator==(const ImportIdentity&, const ImportIdentity&) = default;
};

// Rows [0, rows) are settled: written, or in the report.
struct ImportPlace {
  std::uint64_t rows = 0;
  std::uint64_t written = 0;
  std::uint64_t refused = 0;
  std::uint64_t report_size = 0;  // bytes
  ports::Sha256Digest digest{};   // over the texts of those rows: chain_digest()
};

struct ImportCheckpoint {
  ImportIdentity identity;
  ImportPlace place;
};

// The digest with one more row.
[[nodiscard]] ports::Sha256Digest chain_digest(const ports::Sha256Digest& before,
                                               std::string_view row, ports::Crypto& crypto);

[[nodiscard]] std::string checkpoint_path(const std::string& imported);
// Nothing if there is none. Errc::corrupt if it is no such file.
[[nodiscard]] Result<std::optional<ImportCheckpoint>> read_checkpoint(const std::string& path);
// Durable, or not at all.
[[nodiscard]] Result<void> write_checkpoint(const std::string& path,
                                            const ImportCheckpoint& checkpoint);

}  // namespace berth::cli
