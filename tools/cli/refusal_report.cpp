#include "tools/cli/refusal_report.hpp"

#include <utility>

#include <boost/json/object.hpp>

#include "shared/json/json_text.hpp"
#include "tools/cli/csv_text.hpp"

namespace berth::cli {

Result<RefusalReport> RefusalReport::open(const std::string& path, std::uint64_t size) {
  auto file = DurableFile::open(path, size, DurableFile::Access::readable);
  if (!file) return file.error();
  RefusalReport report(std::move(*file), format_of_name(path));
  if (size == 0 && report.format_ == RowFormat::csv) {
    if (const auto begun = report.file_.append(csv_row({"line", "id", "errorCode", "reason"}));
        !begun) {
      return begun.error();
    }
  }
  return report;
}

Result<void> RefusalReport::add(const Refusal& refusal) {
  switch (format_) {
    case RowFormat::csv:
      return file_.append(
          csv_row({std::to_string(refusal.line), refusal.id,
                   refusal.code == 0 ? "" : std::to_string(refusal.code), refusal.reason}));
    case RowFormat::jsonl: {
      boost::json::object line;
      line["line"] = refusal.line;
      line["id"] = refusal.id;
      if (refusal.code != 0) line["errorCode"] = refusal.code;
      line["reason"] = refusal.reason;
      return file_.append(json::serialize(line) + "\n");
    }
  }
  return {};
}

}  // namespace berth::cli
