#include "tools/cli/export_run.hpp"

#include <utility>

#include <boost/json/object.hpp>

#include "shared/base/encoding.hpp"
#include "shared/json/json_text.hpp"

namespace berth::cli {
namespace {

namespace bj = boost::json;

Error refusal(const Answer& answer) {
  std::string reason = "the coordinator answered " + std::to_string(answer.status);
  if (const bj::object* body = answer.body.if_object()) {
    const auto message = json::find_string(*body, "message");
    if (message && *message) reason += ": " + **message;
  }
  return Error{Errc::forbidden, reason};
}

}  // namespace

std::optional<Request> ExportRun::next(MonotonicTime now) {
  if (is_asking_ || is_at_end_ || is_interrupted_ || failure_ || !pace_.may_send(now)) {
    return std::nullopt;
  }
  is_asking_ = true;
  std::string path = "/berth/v1/enrollments";
  if (kind_ == EnrollmentKind::group) path = "/berth/v1/enrollmentGroups";
  if (keys_ == ExportKeys::included) path += "/listKeys";
  path += "?maxItemCount=" + std::to_string(page_size_);
  if (!continuation_.empty()) path += "&continuation=" + percent_encode(continuation_);
  return Request{0, keys_ == ExportKeys::included ? "POST" : "GET", path, nullptr};
}

void ExportRun::answered(std::uint64_t, Result<Answer> answer, MonotonicTime now) {
  is_asking_ = false;
  if (!answer && answer.error().code == Errc::too_large && page_size_ > 1) {
    page_size_ /= 2;
  } else if (!answer || answer->status >= 500 || answer->status == 408) {
    const Error error = answer ? refusal(*answer) : answer.error();
    if (!pace_.failed(now)) failure_ = Error{Errc::unavailable, error.reason};
  } else if (answer->status == 429) {
    pace_.throttled(answer->retry_after, now);
  } else if (answer->status != 200) {
    failure_ = refusal(*answer);
  } else {
    pace_.succeeded();
    on_page(std::move(*answer));
  }
}

void ExportRun::on_page(Answer answer) {
  bj::object* page = answer.body.if_object();
  bj::value* rows = page == nullptr ? nullptr : page->if_contains("value");
  if (rows == nullptr || !rows->is_array()) {
    failure_ = Error{Errc::malformed, "the coordinator's answer has no such shape"};
    return;
  }
  const auto next = json::find_string(*page, "continuation");
  if (!next) {
    failure_ = next.error();
    return;
  }
  continuation_ = next->value_or("");
  if (const auto taken = sink_.take(std::move(rows->get_array()), continuation_); !taken) {
    failure_ = taken.error();
    return;
  }
  is_at_end_ = continuation_.empty();
}

bool ExportRun::is_over() const {
  return !is_asking_ && (is_at_end_ || is_interrupted_ || failure_);
}

Result<void> ExportRun::finish() const {
  if (failure_) return *failure_;
  return {};
}

}  // namespace berth::cli
