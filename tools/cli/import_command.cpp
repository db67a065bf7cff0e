// Importing enrollments from a file (docs/cli.md).
#include <filesystem>
#include <iostream>
#include <optional>
#include <string>
#include <utility>

#include "shared/crypto/wolfssl/wolfssl.hpp"
#include "tools/cli/commands.hpp"
#include "tools/cli/import_run.hpp"
#include "tools/cli/progress_line.hpp"
#include "tools/cli/same_file.hpp"

namespace berth::cli {
namespace {

// Bulk requests under way at a time. The coordinator writes one after the other; the rest hides the
// way there.
constexpr std::size_t kRequestsAtOnce = 4;

// Puts refusals into the report, and places into the checkpoint, the report first: a place never
// stands behind refusals that are not on the disk.
class FileSink final : public ImportSink {
 public:
  FileSink(RefusalReport report, std::string path, ImportIdentity identity, ProgressLine& progress)
      : report_(std::move(report)),
        path_(std::move(path)),
        identity_(std::move(identity)),
        progress_(progress) {}

  Result<void> refuse(const Refusal& refusal) override { return report_.add(refusal); }
  Result<void> record(const ImportPlace& place) override {
    if (const auto synced = report_.sync(); !synced) return synced.error();
    ImportPlace recorded = place;
    recorded.report_size = report_.size();
    return write_checkpoint(path_, {identity_, recorded});
  }
  void show(MonotonicTime now, const ImportPlace& place, double fraction_read) override {
    progress_.show(now, place.rows, place.refused, fraction_read);
  }

 private:
  RefusalReport report_;
  std::string path_;
  ImportIdentity identity_;
  ProgressLine& progress_;
};

// What goes on, if anything does.
Result<std::optional<ImportPlace>> earlier_place(const TransferOptions& o,
                                                 const ImportIdentity& identity) {
  const std::string path = checkpoint_path(o.file);
  const auto earlier = read_checkpoint(path);
  if (!earlier) return earlier.error();
  if (!*earlier) return std::optional<ImportPlace>{};
  if (!o.resume) {
    return Error{Errc::invalid, "an import of " + o.file + " stopped after " +
                                    std::to_string((*earlier)->place.rows) +
                                    " rows: go on with --resume, or remove " + path +
                                    " to begin anew"};
  }
  if ((*earlier)->identity != identity) {
    const ImportIdentity& was = (*earlier)->identity;
    return Error{Errc::invalid, "the import that stopped was one of " + was.what + " from " +
                                    was.format + " with --mode " + was.mode + " into " +
                                    was.coordinator + ", reported in " + was.report +
                                    "; say the same, or remove " + path + " to begin anew"};
  }
  return std::optional<ImportPlace>((*earlier)->place);
}

Output summary(const ImportPlace& place, const std::string& report_path, bool was_interrupted) {
  Output output;
  boost::json::object said;
  said["rows"] = place.rows;
  said["written"] = place.written;
  said["refused"] = place.refused;
  if (place.refused > 0) said["report"] = report_path;
  output.value = std::move(said);
  output.is_incomplete = was_interrupted || place.refused > 0;
  if (was_interrupted) output.note = "stopped; go on with --resume";
  return output;
}

}  // namespace

Result<Output> import_records(ServiceClient& client, const TransferOptions& o,
                              EnrollmentKind kind) {
  const RowFormat format = o.format.empty()
                               ? format_of_name(o.file)
                               : (o.format == "csv" ? RowFormat::csv : RowFormat::jsonl);
  const std::string report_path = o.report.empty() ? o.file + ".refused.csv" : o.report;
  // Opening the report empties it.
  for (const std::string& read : {o.file, checkpoint_path(o.file)}) {
    const auto apart = check_kept_apart("--report", report_path, read);
    if (!apart) return apart.error();
  }
  const ImportIdentity identity{
      kind == EnrollmentKind::individual ? "enrollments" : "enrollment groups",
      format == RowFormat::csv ? "csv" : "jsonl", o.mode, client.login().host_name, report_path};
  const auto earlier = earlier_place(o, identity);
  if (!earlier) return earlier.error();
  auto reader = RowReader::open(o.file, format, kind);
  if (!reader) return reader.error();

  const auto crypto = crypto::make_wolfssl_crypto();
  ProgressLine progress(std::cerr, ProgressLine::form_of_standard_error(o.shows_progress));
  ImportRun::Settings settings;
  settings.kind = kind;
  settings.mode = import_mode(o.mode);
  settings.place = earlier->value_or(ImportPlace{});
  settings.goes_on = earlier->has_value();
  auto report = RefusalReport::open(report_path, settings.place.report_size);
  if (!report) return report.error();
  FileSink sink(std::move(*report), checkpoint_path(o.file), identity, progress);
  ImportRun run(**reader, sink, settings, *crypto);
  if (const auto skipped = run.skip_settled(); !skipped) {
    return Error{skipped.error().code, o.file + ": " + skipped.error().reason};
  }
  // From the first row on, a run that dies leaves word of itself.
  if (const auto recorded = sink.record(settings.place); !recorded) return recorded.error();
  client.converse(run, kRequestsAtOnce);
  progress.end();

  const auto finished = run.finish();
  const ImportPlace& place = run.place();
  if (!finished) {
    return Error{finished.error().code == Errc::invalid ? Errc::malformed : finished.error().code,
                 o.file + ": " + finished.error().reason + "\n  " + std::to_string(place.written) +
                     " rows were written and " + std::to_string(place.refused) +
                     " refused; go on with --resume"};
  }
  if (!run.was_interrupted()) {
    std::error_code ignored;
    if (place.refused == 0) std::filesystem::remove(report_path, ignored);
    std::filesystem::remove(checkpoint_path(o.file), ignored);
  }
  return summary(place, report_path, run.was_interrupted());
}

}  // namespace berth::cli
