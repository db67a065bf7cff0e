// Exporting enrollments into a file, as an import takes them (docs/cli.md). The file appears when
// it is whole; until then it is FILE.part, and FILE.part.progress says how much of it counts.
#include <filesystem>
#include <iostream>
#include <optional>
#include <string>
#include <utility>

#include <boost/json/object.hpp>

#include "shared/json/json_text.hpp"
#include "tools/cli/commands.hpp"
#include "tools/cli/csv_text.hpp"
#include "tools/cli/durable_file.hpp"
#include "tools/cli/enrollment_columns.hpp"
#include "tools/cli/export_run.hpp"
#include "tools/cli/progress_line.hpp"
#include "tools/cli/requests.hpp"
#include "tools/cli/row_reader.hpp"

namespace berth::cli {
namespace {

namespace bj = boost::json;

constexpr std::size_t kMaxCheckpoint = 64 * 1024;
constexpr std::size_t kMaxDepth = 4;
constexpr std::uint64_t kMaxNumber = std::uint64_t{1} << 53U;
constexpr const char* kStandardOutput = "-";

struct ExportPlace {
  std::string continuation;
  std::uint64_t rows = 0;
  std::uint64_t size = 0;  // bytes of FILE.part
};

// What must be the same for an export to go on: "enrollments csv with keys dps.example".
std::string identity_of(const ServiceClient& client, const TransferOptions& o, EnrollmentKind kind,
                        RowFormat format) {
  std::string text = kind == EnrollmentKind::individual ? "enrollments" : "enrollment groups";
  text += format == RowFormat::csv ? " csv " : " jsonl ";
  text += o.with_keys ? "with keys " : "without keys ";
  return text + client.login().host_name;
}

std::string text_of(const bj::object& record, EnrollmentKind kind, RowFormat format) {
  switch (format) {
    case RowFormat::csv: return csv_row(cells_of_record(record, kind));
    case RowFormat::jsonl: return json::serialize(record) + "\n";
  }
  return {};
}

std::string header_of(EnrollmentKind kind, RowFormat format) {
  if (format == RowFormat::jsonl) return {};
  std::vector<std::string> names;
  for (const CellColumn& column : columns_of(kind)) names.emplace_back(column.name);
  return csv_row(names);
}

class TextSink : public ExportSink {
 public:
  TextSink(EnrollmentKind kind, RowFormat format, ExportPlace place, ProgressLine& progress)
      : place_(std::move(place)), kind_(kind), format_(format), progress_(progress) {}

  Result<void> take(bj::array page, const std::string& next) override {
    std::string text = place_.size == 0 ? header_of(kind_, format_) : "";
    for (const bj::value& row : page) {
      const bj::object* record = row.if_object();
      if (record == nullptr) return Error{Errc::malformed, "a record is no object"};
      text += text_of(*record, kind_, format_);
    }
    place_.continuation = next;
    place_.rows += page.size();
    place_.size += text.size();
    return write(text);
  }
  void show(MonotonicTime now) override { progress_.show(now, place_.rows, 0, std::nullopt); }
  [[nodiscard]] std::uint64_t rows() const { return place_.rows; }

 protected:
  virtual Result<void> write(const std::string& text) = 0;
  ExportPlace place_;

 private:
  EnrollmentKind kind_;
  RowFormat format_;
  ProgressLine& progress_;
};

class OutputSink final : public TextSink {
 public:
  using TextSink::TextSink;

 private:
  Result<void> write(const std::string& text) override {
    std::cout << text << std::flush;
    if (!std::cout) return Error{Errc::io, "standard output takes no more"};
    return {};
  }
};

class PartSink final : public TextSink {
 public:
  PartSink(EnrollmentKind kind, RowFormat format, ExportPlace place, ProgressLine& progress,
           DurableFile part, std::string progress_path, std::string identity)
      : TextSink(kind, format, std::move(place), progress),
        part_(std::move(part)),
        progress_path_(std::move(progress_path)),
        identity_(std::move(identity)) {}

 private:
  Result<void> write(const std::string& text) override {
    if (const auto written = part_.append(text); !written) return written.error();
    if (const auto synced = part_.sync(); !synced) return synced.error();
    bj::object checkpoint;
    checkpoint["what"] = identity_;
    checkpoint["continuation"] = place_.continuation;
    checkpoint["rows"] = place_.rows;
    checkpoint["size"] = place_.size;
    return replace_file(progress_path_, json::serialize(checkpoint) + "\n");
  }

  DurableFile part_;
  std::string progress_path_;
  std::string identity_;
};

// Where an earlier export stopped; nothing if there is none that goes on.
Result<std::optional<ExportPlace>> earlier_place(const std::string& path,
                                                 const std::string& identity) {
  std::error_code failed;
  if (!std::filesystem::exists(path, failed)) return std::optional<ExportPlace>{};
  const auto text = read_file(path, kMaxCheckpoint);
  if (!text) return text.error();
  const auto object = json::parse_object(*text, {kMaxCheckpoint, kMaxDepth});
  if (!object) return Error{Errc::corrupt, path + " is no record of an export"};
  const auto what = json::find_string(*object, "what");
  const auto continuation = json::find_string(*object, "continuation");
  const auto rows = json::find_number(*object, "rows", kMaxNumber);
  const auto size = json::find_number(*object, "size", kMaxNumber);
  if (!what || !*what || !continuation || !*continuation || !rows || !*rows || !size || !*size) {
    return Error{Errc::corrupt, path + " is no record of an export"};
  }
  if (**what != identity) {
    return Error{Errc::invalid, "the export that stopped was another one (" + **what +
                                    "): say the same, or leave --resume out to begin anew"};
  }
  return std::optional<ExportPlace>(ExportPlace{**continuation, **rows, **size});
}

Output summary(const std::string& file, std::uint64_t rows, bool was_interrupted) {
  Output output;
  output.is_incomplete = was_interrupted;
  // Standard output holds the records, and nothing else.
  if (file == kStandardOutput) return output;
  boost::json::object said;
  said["file"] = file;
  said["rows"] = rows;
  output.value = std::move(said);
  if (was_interrupted) output.note = "stopped; go on with --resume";
  return output;
}

Error with_hint(const Error& error) {
  return Error{error.code, error.reason + "\n  go on with --resume"};
}

}  // namespace

Result<Output> export_records(ServiceClient& client, const TransferOptions& o,
                              EnrollmentKind kind) {
  const RowFormat format = o.format.empty()
                               ? format_of_name(o.file)
                               : (o.format == "csv" ? RowFormat::csv : RowFormat::jsonl);
  const ExportKeys keys = o.with_keys ? ExportKeys::included : ExportKeys::left_out;
  ProgressLine progress(std::cerr, ProgressLine::form_of_standard_error(o.shows_progress));
  if (o.file == kStandardOutput) {
    if (o.resume) return Error{Errc::invalid, "standard output cannot be gone on with"};
    OutputSink sink(kind, format, {}, progress);
    ExportRun run(kind, keys, {}, sink);
    client.converse(run, 1);
    progress.end();
    if (const auto finished = run.finish(); !finished) return finished.error();
    return summary(o.file, sink.rows(), run.was_interrupted());
  }

  const std::string part_path = o.file + ".part";
  const std::string progress_path = part_path + ".progress";
  const std::string identity = identity_of(client, o, kind, format);
  std::optional<ExportPlace> earlier;
  if (o.resume) {
    auto found = earlier_place(progress_path, identity);
    if (!found) return found.error();
    earlier = std::move(*found);
  }
  const ExportPlace place = earlier.value_or(ExportPlace{});
  // Without keys too: twins and the URLs of webhooks hold secrets of the admins' own.
  auto part = DurableFile::open(part_path, place.size, DurableFile::Access::owner_only);
  if (!part) return part.error();
  PartSink sink(kind, format, place, progress, std::move(*part), progress_path, identity);
  // One that stopped after its last page only lacks its name.
  if (!earlier || !place.continuation.empty()) {
    ExportRun run(kind, keys, place.continuation, sink);
    client.converse(run, 1);
    progress.end();
    if (const auto finished = run.finish(); !finished) return with_hint(finished.error());
    if (run.was_interrupted()) return summary(o.file, sink.rows(), true);
  }
  if (const auto renamed = rename_durably(part_path, o.file); !renamed) {
    return with_hint(renamed.error());
  }
  std::error_code ignored;
  std::filesystem::remove(progress_path, ignored);
  return summary(o.file, sink.rows(), false);
}

}  // namespace berth::cli
