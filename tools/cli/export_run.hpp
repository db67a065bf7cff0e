// The logic of an export: page after page of /berth/v1/enrollments, whole records that an import
// takes. A continuation is a position in the order of keys, so that what was written meanwhile
// makes no other record come twice or be left out (service API 1.7).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <boost/json/array.hpp>

#include "tools/cli/conversation.hpp"
#include "tools/cli/enrollment_record.hpp"
#include "tools/cli/retry_pace.hpp"

namespace berth::cli {

// Records of a page; fewer where records are so large that an answer would not fit.
inline constexpr std::size_t kExportPage = 200;

enum class ExportKeys : std::uint8_t { left_out, included };

// What becomes of the pages. An error ends the export.
class ExportSink {
 public:
  virtual ~ExportSink() = default;
  // `next`: where the page behind this one begins; empty after the last.
  virtual Result<void> take(boost::json::array page, const std::string& next) = 0;
  virtual void show(MonotonicTime now) = 0;
};

class ExportRun final : public Conversation {
 public:
  // `continuation`: where to begin; empty at the first record.
  ExportRun(EnrollmentKind kind, ExportKeys keys, std::string continuation, ExportSink& sink)
      : kind_(kind), keys_(keys), continuation_(std::move(continuation)), sink_(sink) {}

  [[nodiscard]] std::optional<Request> next(MonotonicTime now) override;
  void answered(std::uint64_t ticket, Result<Answer> answer, MonotonicTime now) override;
  [[nodiscard]] std::optional<MonotonicTime> wake() const override { return pace_.not_before(); }
  [[nodiscard]] bool is_over() const override;
  void interrupt() override { is_interrupted_ = true; }
  void tick(MonotonicTime now) override { sink_.show(now); }

  // Once it is over: why it did not come to the end.
  [[nodiscard]] Result<void> finish() const;
  [[nodiscard]] bool was_interrupted() const { return is_interrupted_ && !is_at_end_; }

 private:
  void on_page(Answer answer);

  EnrollmentKind kind_;
  ExportKeys keys_;
  std::string continuation_;
  ExportSink& sink_;
  RetryPace pace_;
  std::size_t page_size_ = kExportPage;
  bool is_asking_ = false;
  bool is_at_end_ = false;
  bool is_interrupted_ = false;
  std::optional<Error> failure_;
};

}  // namespace berth::cli
