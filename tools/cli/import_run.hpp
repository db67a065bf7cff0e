// The logic of an import: which rows go into which request, what an answer means for them, and what
// is sent again. It follows the service's bulk operations (service API 1.8): at most ten records a
// request, no ID twice in one; a partial failure names the records that failed.
//
// Rows are settled in the order of the file, whatever order their answers come in, so that a place
// in the file says all about what was done.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "shared/ports/crypto.hpp"
#include "tools/cli/conversation.hpp"
#include "tools/cli/import_checkpoint.hpp"
#include "tools/cli/refusal_report.hpp"
#include "tools/cli/retry_pace.hpp"
#include "tools/cli/row_reader.hpp"

namespace berth::cli {

enum class ImportMode : std::uint8_t {
  create,           // what exists is refused
  upsert,           // what exists is replaced, whatever its etag is
  update,           // what does not exist is refused
  update_if_match,  // the row's etag has to be the record's
};

// "create", "upsert", "update", "update-if-match".
[[nodiscard]] ImportMode import_mode(std::string_view name);

// The service's limit (service API 1.8).
inline constexpr std::size_t kMaxBulkItems = 10;
// Of a request; the coordinator takes 1 MiB.
inline constexpr std::size_t kMaxBulkBytes = 768 * 1024;

// What becomes of the rows. An error ends the import.
class ImportSink {
 public:
  virtual ~ImportSink() = default;
  virtual Result<void> refuse(const Refusal& refusal) = 0;
  // Everything before `place` is settled, refusals included. `report_size` is the sink's to say.
  virtual Result<void> record(const ImportPlace& place) = 0;
  virtual void show(MonotonicTime now, const ImportPlace& place, double fraction_read) = 0;
};

class ImportRun final : public Conversation {
 public:
  struct Settings {
    EnrollmentKind kind = EnrollmentKind::individual;
    ImportMode mode = ImportMode::create;
    // Where an earlier run had come to. Its rows are passed over.
    ImportPlace place;
    bool goes_on = false;  // there was an earlier run
  };
  ImportRun(RowSource& source, ImportSink& sink, const Settings& settings, ports::Crypto& crypto);

  // Passes the rows over that are settled already. Errc::conflict if they are others than they
  // were.
  [[nodiscard]] Result<void> skip_settled();

  [[nodiscard]] std::optional<Request> next(MonotonicTime now) override;
  void answered(std::uint64_t ticket, Result<Answer> answer, MonotonicTime now) override;
  [[nodiscard]] std::optional<MonotonicTime> wake() const override;
  [[nodiscard]] bool is_over() const override;
  void interrupt() override { is_interrupted_ = true; }
  void tick(MonotonicTime now) override;

  // Once it is over: records how far it came. An error says why it did not come to the end.
  [[nodiscard]] Result<void> finish();
  // Before its end.
  [[nodiscard]] bool was_interrupted() const {
    return is_interrupted_ && !(is_at_end_ && slots_.empty());
  }
  [[nodiscard]] const ImportPlace& place() const { return place_; }

 private:
  enum class Ask : std::uint8_t {
    create,
    update,
    update_if_match,
    look_at_record,  // is it the row's? GET
    look_at_keys,    // likewise, attestationmechanism
  };
  struct Sent {
    std::uint64_t number = 0;  // of the row
    std::string id;
    boost::json::object record;
    // It may have been written by a request whose answer nobody saw.
    bool is_doubtful = false;
    // Why it was refused, while that is looked into.
    int code = 0;
    std::string reason;
  };
  struct Batch {
    Ask ask = Ask::create;
    std::vector<Sent> rows;
  };
  struct Slot {
    ports::Sha256Digest digest{};  // up to and with it
    bool is_settled = false;
    bool is_refused = false;
    Refusal refusal;
  };

  [[nodiscard]] std::optional<Batch> fresh_batch();
  [[nodiscard]] std::optional<Row> next_row();
  [[nodiscard]] Request request_of(const Batch& batch) const;
  void on_bulk(Batch batch, const boost::json::value& body);
  void on_look(Batch batch, int status, const boost::json::value& body);
  void on_refused_whole(Batch batch, const Answer& answer);
  void send_again(Batch batch, bool is_doubtful);
  void settle(const Sent& row);
  void refuse(const Sent& row);
  void advance();
  void record_place();
  void fail(Error error);

  RowSource& source_;
  ImportSink& sink_;
  Settings settings_;
  ports::Crypto& crypto_;
  RetryPace pace_;

  std::uint64_t read_ = 0;      // rows
  std::uint64_t recorded_ = 0;  // rows
  ports::Sha256Digest digest_{};
  std::optional<Row> held_;     // read, and not to be sent yet
  std::deque<Slot> slots_;      // of rows from place_.rows on
  std::set<std::string> busy_;  // IDs under way, in lower case
  std::deque<Batch> again_;
  std::map<std::uint64_t, Batch> under_way_;
  std::uint64_t last_ticket_ = 0;
  ImportPlace place_;
  bool is_at_end_ = false;
  bool is_interrupted_ = false;
  std::optional<Error> unreadable_;  // the file, from here on
  std::optional<Error> failure_;
};

}  // namespace berth::cli
