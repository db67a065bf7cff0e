#include "tools/cli/import_run.hpp"

#include <algorithm>
#include <utility>

#include <boost/json/array.hpp>

#include "shared/base/encoding.hpp"
#include "shared/json/json_text.hpp"
#include "shared/json/tpm_group_json.hpp"
#include "tools/cli/same_record.hpp"
#include "tools/cli/service_client.hpp"

namespace berth::cli {
namespace {

namespace bj = boost::json;

constexpr int kExists = 409201;
constexpr int kEtagDiffers = 412201;
constexpr std::uint64_t kMaxErrorCode = 999'999;
// From here on a code is the coordinator's own trouble (service API 1.9: status × 1000 + n).
constexpr int kFirstServerCode = 500'000;

const char* collection_of(EnrollmentKind kind) {
  return kind == EnrollmentKind::individual ? "/enrollments" : "/enrollmentGroups";
}
const char* bulk_member_of(EnrollmentKind kind) {
  return kind == EnrollmentKind::individual ? "enrollments" : "enrollmentGroups";
}

std::string message_of(const Answer& answer) {
  if (const bj::object* body = answer.body.if_object()) {
    const auto message = json::find_string(*body, "message");
    if (message && *message) return **message;
  }
  return "the coordinator answered " + std::to_string(answer.status);
}

int code_of(const Answer& answer) {
  if (const bj::object* body = answer.body.if_object()) {
    const auto code = json::find_number(*body, "errorCode", kMaxErrorCode);
    if (code && *code) return static_cast<int>(**code);
  }
  return answer.status * 1000;
}

// A group of TPMs stays one where a record of symmetricKey without keys says nothing of `tpmGroup`,
// for the sake of SDKs that drop what they do not know. A row of a file says all that it means.
void say_whether_of_tpms(bj::object& group) {
  bj::value* value = group.if_contains("attestation");
  bj::object* attestation = value == nullptr ? nullptr : value->if_object();
  if (attestation == nullptr || attestation->contains(json::kTpmGroupMember)) return;
  (*attestation)[json::kTpmGroupMember] = nullptr;
}

}  // namespace

ImportMode import_mode(std::string_view name) {
  if (name == "upsert") return ImportMode::upsert;
  if (name == "update") return ImportMode::update;
  if (name == "update-if-match") return ImportMode::update_if_match;
  return ImportMode::create;
}

ImportRun::ImportRun(RowSource& source, ImportSink& sink, const Settings& settings,
                     ports::Crypto& crypto)
    : source_(source), sink_(sink), settings_(settings), crypto_(crypto), place_(settings.place) {}

Result<void> ImportRun::skip_settled() {
  while (read_ < settings_.place.rows) {
    auto row = source_.next();
    if (!row) return row.error();
    if (!*row) break;
    ++read_;
    digest_ = chain_digest(digest_, (*row)->text, crypto_);
  }
  if (read_ < settings_.place.rows || digest_ != settings_.place.digest) {
    return Error{Errc::conflict, "its first " + std::to_string(settings_.place.rows) +
                                     " rows were imported, and are others now"};
  }
  recorded_ = read_;
  return {};
}

// The next row to send. Rows that cannot be sent are refused on the way.
std::optional<Row> ImportRun::next_row() {
  if (held_) return std::exchange(held_, std::nullopt);
  while (!is_at_end_ && !unreadable_ && read_ - recorded_ < kMaxUnrecordedRows) {
    auto row = source_.next();
    if (!row) {
      unreadable_ = row.error();
      break;
    }
    if (!*row) {
      is_at_end_ = true;
      break;
    }
    ++read_;
    digest_ = chain_digest(digest_, (*row)->text, crypto_);
    Slot& slot = slots_.emplace_back();
    slot.digest = digest_;
    slot.refusal.line = (*row)->line;
    slot.refusal.id = (*row)->id;
    if ((*row)->record) return std::move(**row);
    slot.is_settled = true;
    slot.is_refused = true;
    slot.refusal.reason = (*row)->record.error().reason;
  }
  return std::nullopt;
}

std::optional<ImportRun::Batch> ImportRun::fresh_batch() {
  Batch batch;
  switch (settings_.mode) {
    case ImportMode::create:
    case ImportMode::upsert: batch.ask = Ask::create; break;
    case ImportMode::update: batch.ask = Ask::update; break;
    case ImportMode::update_if_match: batch.ask = Ask::update_if_match; break;
  }
  std::size_t bytes = 0;
  while (batch.rows.size() < kMaxBulkItems) {
    auto row = next_row();
    if (!row) break;
    if (settings_.kind == EnrollmentKind::group) say_whether_of_tpms(*row->record);
    const std::size_t size = json::serialize(*row->record).size();
    const std::string folded = to_lower(row->id);
    // One ID is under way once at a time, in the order of the file.
    if (busy_.contains(folded) || (!batch.rows.empty() && bytes + size > kMaxBulkBytes)) {
      held_ = std::move(row);
      break;
    }
    busy_.insert(folded);
    bytes += size;
    const std::uint64_t number = read_ - 1;
    const bool is_doubtful =
        settings_.goes_on && number < settings_.place.rows + kMaxUnrecordedRows;
    batch.rows.push_back({number, row->id, std::move(*row->record), is_doubtful, 0, {}});
  }
  if (batch.rows.empty()) return std::nullopt;
  return batch;
}

std::optional<Request> ImportRun::next(MonotonicTime now) {
  if (failure_ || is_interrupted_ || !pace_.may_send(now)) return std::nullopt;
  std::optional<Batch> batch;
  if (!again_.empty()) {
    batch = std::move(again_.front());
    again_.pop_front();
  } else {
    // A stretch of rows that are refused unsent is no reason to wait.
    std::uint64_t before = 0;
    do {
      before = read_;
      batch = fresh_batch();
      advance();
    } while (!batch && !failure_ && read_ != before);
  }
  if (!batch || failure_) return std::nullopt;
  Request request = request_of(*batch);
  request.ticket = ++last_ticket_;
  under_way_.emplace(request.ticket, std::move(*batch));
  return request;
}

Request ImportRun::request_of(const Batch& batch) const {
  const std::string collection = collection_of(settings_.kind);
  const char* mode = "create";
  switch (batch.ask) {
    case Ask::look_at_record:
      return {0, "GET", path_of(collection, batch.rows.front().id), nullptr};
    case Ask::look_at_keys:
      return {0, "POST", path_of(collection, batch.rows.front().id, "attestationmechanism"),
              nullptr};
    case Ask::create: break;
    case Ask::update: mode = "update"; break;
    case Ask::update_if_match: mode = "updateIfMatchETag"; break;
  }
  bj::array items;
  for (const Sent& row : batch.rows) items.push_back(row.record);
  bj::object body;
  body["mode"] = mode;
  body[bulk_member_of(settings_.kind)] = std::move(items);
  return {0, "POST", collection, std::move(body)};
}

void ImportRun::answered(std::uint64_t ticket, Result<Answer> answer, MonotonicTime now) {
  auto found = under_way_.extract(ticket);
  if (found.empty()) return;
  Batch batch = std::move(found.mapped());
  if (!answer || answer->status >= 500 || answer->status == 408) {
    const std::string reason = answer ? message_of(*answer) : answer.error().reason;
    send_again(std::move(batch), true);
    if (!pace_.failed(now)) fail({Errc::unavailable, reason});
    return;
  }
  if (answer->status == 429) {
    send_again(std::move(batch), false);
    pace_.throttled(answer->retry_after, now);
    return;
  }
  pace_.succeeded();
  const bool is_look = batch.ask == Ask::look_at_record || batch.ask == Ask::look_at_keys;
  if (answer->status == 401 || answer->status == 403) {
    fail({Errc::forbidden, message_of(*answer)});
  } else if (is_look) {
    on_look(std::move(batch), answer->status, answer->body);
  } else if (answer->status == 200) {
    on_bulk(std::move(batch), answer->body);
  } else {
    on_refused_whole(std::move(batch), *answer);
  }
  advance();
}

void ImportRun::on_bulk(Batch batch, const bj::value& body) {
  const bj::object* result = body.if_object();
  const auto errors =
      result == nullptr ? Result<const bj::array*>(nullptr) : json::find_array(*result, "errors");
  if (!errors || *errors == nullptr) {
    fail({Errc::malformed, "the coordinator's answer has no such shape"});
    return;
  }
  struct Failure {
    int code = 0;
    std::string reason;
  };
  std::map<std::string, Failure> failures;
  const std::string id_member(columns_of(settings_.kind).front().member);
  for (const bj::value& value : **errors) {
    const bj::object* error = value.if_object();
    if (error == nullptr) continue;
    const auto id = json::find_string(*error, id_member);
    const auto code = json::find_number(*error, "errorCode", kMaxErrorCode);
    const auto reason = json::find_string(*error, "errorStatus");
    if (!id || !*id) continue;
    failures[to_lower(**id)] = {code && *code ? static_cast<int>(**code) : 0,
                                reason ? reason->value_or("") : ""};
  }
  Batch updates{Ask::update, {}};
  for (Sent& row : batch.rows) {
    const auto failure = failures.find(to_lower(row.id));
    if (failure == failures.end()) {
      settle(row);
      continue;
    }
    row.code = failure->second.code;
    row.reason = failure->second.reason;
    const bool exists = batch.ask == Ask::create && row.code == kExists;
    const bool has_other_etag = batch.ask == Ask::update_if_match && row.code == kEtagDiffers;
    if (row.code >= kFirstServerCode) {
      // The coordinator's trouble, not the row's: it stays unsettled, for the next run.
      fail({Errc::unavailable, row.reason});
    } else if (exists && settings_.mode == ImportMode::upsert) {
      updates.rows.push_back(std::move(row));
    } else if ((exists || has_other_etag) && row.is_doubtful) {
      again_.push_back({Ask::look_at_record, {}});
      again_.back().rows.push_back(std::move(row));
    } else {
      refuse(row);
    }
  }
  if (!updates.rows.empty()) again_.push_back(std::move(updates));
}

// What is stored is what the row asks for: then an earlier request wrote it.
void ImportRun::on_look(Batch batch, int status, const bj::value& body) {
  Sent& row = batch.rows.front();
  const bj::object* stored = status == 200 ? body.if_object() : nullptr;
  if (stored == nullptr) {
    refuse(row);
    return;
  }
  const bool is_same = batch.ask == Ask::look_at_record
                           ? says_the_same(row.record, *stored, crypto_)
                           : has_same_keys(row.record, *stored);
  if (!is_same) {
    refuse(row);
  } else if (batch.ask == Ask::look_at_record && has_own_keys(row.record)) {
    batch.ask = Ask::look_at_keys;
    again_.push_back(std::move(batch));
  } else {
    settle(row);
  }
}

// Which of the rows it is that the coordinator does not take, only single ones can show.
void ImportRun::on_refused_whole(Batch batch, const Answer& answer) {
  if (answer.status == 404 || answer.status == 405) {
    fail({Errc::not_found, "there is no such service: " + message_of(answer)});
    return;
  }
  if (batch.rows.size() == 1) {
    batch.rows.front().code = code_of(answer);
    batch.rows.front().reason = message_of(answer);
    refuse(batch.rows.front());
    return;
  }
  for (Sent& row : batch.rows) {
    again_.push_back({batch.ask, {}});
    again_.back().rows.push_back(std::move(row));
  }
}

void ImportRun::send_again(Batch batch, bool is_doubtful) {
  for (Sent& row : batch.rows) row.is_doubtful = row.is_doubtful || is_doubtful;
  again_.push_front(std::move(batch));
}

void ImportRun::settle(const Sent& row) {
  slots_[row.number - place_.rows].is_settled = true;
  busy_.erase(to_lower(row.id));
}

void ImportRun::refuse(const Sent& row) {
  Slot& slot = slots_[row.number - place_.rows];
  slot.is_refused = true;
  slot.refusal.code = row.code;
  slot.refusal.reason = row.reason;
  settle(row);
}

void ImportRun::advance() {
  while (!slots_.empty() && slots_.front().is_settled && !failure_) {
    const Slot slot = std::move(slots_.front());
    slots_.pop_front();
    ++place_.rows;
    place_.digest = slot.digest;
    if (!slot.is_refused) {
      ++place_.written;
      continue;
    }
    ++place_.refused;
    if (const auto said = sink_.refuse(slot.refusal); !said) fail(said.error());
  }
  if (place_.rows - recorded_ >= kRecordedEvery) record_place();
}

void ImportRun::record_place() {
  const auto recorded = sink_.record(place_);
  if (recorded) {
    recorded_ = place_.rows;
  } else {
    fail(recorded.error());
  }
}

void ImportRun::fail(Error error) {
  if (!failure_) failure_ = std::move(error);
}

std::optional<MonotonicTime> ImportRun::wake() const {
  return pace_.not_before();
}

bool ImportRun::is_over() const {
  if (!under_way_.empty()) return false;
  return failure_ || is_interrupted_ || ((is_at_end_ || unreadable_) && again_.empty() && !held_);
}

void ImportRun::tick(MonotonicTime now) {
  sink_.show(now, place_, source_.fraction_read());
}

Result<void> ImportRun::finish() {
  if (place_.rows != recorded_) record_place();
  if (failure_) return *failure_;
  if (unreadable_ && !is_interrupted_) return *unreadable_;
  return {};
}

}  // namespace berth::cli
