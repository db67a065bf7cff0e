#include "tools/cli/import_run.hpp"

#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include <CppUTest/TestHarness.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "shared/base/encoding.hpp"
#include "shared/crypto/wolfssl/wolfssl.hpp"
#include "shared/json/json_text.hpp"

using namespace berth;
using namespace berth::cli;
using namespace std::chrono_literals;

namespace {

namespace bj = boost::json;

constexpr const char* kTaken = "taken";

bj::object record_of(const std::string& id, const std::string& device = "x") {
  return {
      {"registrationId", id}, {"attestation", {{"type", "symmetricKey"}}}, {"deviceId", device}};
}

class Rows final : public RowSource {
 public:
  void add(const std::string& id, const std::string& device = "x") {
    Row row;
    row.line = rows_.size() + 1;
    row.id = id;
    row.record = record_of(id, device);
    row.text = json::serialize(*row.record);
    rows_.push_back(std::move(row));
  }
  void add_bad(const std::string& reason) {
    Row row;
    row.line = rows_.size() + 1;
    row.text = reason;
    row.record = Error{Errc::invalid, reason};
    rows_.push_back(std::move(row));
  }
  void add_many(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) add("dev-" + std::to_string(rows_.size()));
  }
  void break_off() { is_broken_ = true; }
  void rewind() { next_ = 0; }
  Row& last() { return rows_.back(); }

  Result<std::optional<Row>> next() override {
    if (next_ < rows_.size()) return std::optional<Row>(rows_[next_++]);
    if (is_broken_) return Error{Errc::malformed, "a quote where none can be"};
    return std::optional<Row>{};
  }
  double fraction_read() const override { return 0; }

 private:
  std::vector<Row> rows_;
  std::size_t next_ = 0;
  bool is_broken_ = false;
};

struct Sink final : ImportSink {
  std::vector<Refusal> refusals;
  std::vector<ImportPlace> places;
  bool is_full = false;

  Result<void> refuse(const Refusal& refusal) override {
    refusals.push_back(refusal);
    return {};
  }
  Result<void> record(const ImportPlace& place) override {
    if (is_full) return Error{Errc::io, "the disk is full"};
    places.push_back(place);
    return {};
  }
  void show(MonotonicTime, const ImportPlace&, double) override {}
};

// A coordinator as far as bulk operations go.
struct Coordinator {
  std::map<std::string, bj::object> records;
  std::size_t requests = 0;
  std::size_t largest = 0;
  std::vector<std::string> modes;

  Answer handle(const Request& request) {
    ++requests;
    if (request.method == "GET") return get(request.path);
    if (request.path.ends_with("/attestationmechanism")) {
      return {200, bj::object{{"type", "symmetricKey"}}, 0s};
    }
    const bj::object& body = request.body.as_object();
    const std::string mode(body.at("mode").as_string());
    modes.push_back(mode);
    bj::array errors;
    std::size_t count = 0;
    for (const bj::value& value : body.at("enrollments").as_array()) {
      ++count;
      const bj::object& item = value.as_object();
      const std::string id(item.at("registrationId").as_string());
      const int code = write(mode, to_lower(id), item);
      if (code == 0) continue;
      errors.push_back({{"registrationId", id}, {"errorCode", code}, {"errorStatus", kTaken}});
    }
    largest = std::max(largest, count);
    bj::object answer;
    answer["isSuccessful"] = errors.empty();
    answer["errors"] = std::move(errors);
    return {200, std::move(answer), 0s};
  }

  Answer get(const std::string& path) {
    const auto found = records.find(path.substr(path.rfind('/') + 1));
    if (found == records.end()) return {404, bj::object{}, 0s};
    return {200, found->second, 0s};
  }

  int write(const std::string& mode, const std::string& id, const bj::object& item) {
    const bool is_there = records.contains(id);
    if (mode == "create" && is_there) return 409201;
    if (mode == "update" && !is_there) return 404201;
    records[id] = item;
    return 0;
  }
};

}  // namespace

TEST_GROUP(ImportRun) {
  std::unique_ptr<ports::Crypto> crypto = crypto::make_wolfssl_crypto();
  Rows rows;
  Sink sink;
  Coordinator coordinator;
  ImportRun::Settings settings;
  MonotonicTime now{1s};
  // What a request is answered instead; nothing: as the coordinator does.
  std::function<std::optional<Result<Answer>>(const Request&)> instead =
      [](const Request&) -> std::optional<Result<Answer>> { return std::nullopt; };

  Result<Answer> answer_to(const Request& request) {
    if (auto other = instead(request)) return std::move(*other);
    return coordinator.handle(request);
  }

  // Up to three requests under way, answered in the order opposite to theirs.
  void carry(ImportRun & run) {
    std::deque<Request> under_way;
    for (int steps = 0; !run.is_over(); ++steps) {
      CHECK_TRUE_TEXT(steps < 100'000, "it does not end");
      if (under_way.size() < 3) {
        if (auto request = run.next(now)) {
          under_way.push_back(std::move(*request));
          continue;
        }
      }
      if (under_way.empty()) {
        now = std::max(now + 1ms, *run.wake());
        continue;
      }
      const Request request = std::move(under_way.back());
      under_way.pop_back();
      run.answered(request.ticket, answer_to(request), now);
    }
  }
  Result<void> import() {
    ImportRun run(rows, sink, settings, *crypto);
    const auto skipped = run.skip_settled();
    if (!skipped) return skipped.error();
    carry(run);
    return run.finish();
  }
};

TEST(ImportRun, WritesAllRowsTenARequest) {
  rows.add_many(25);
  CHECK(import().has_value());
  CHECK_EQUAL(25U, coordinator.records.size());
  CHECK_EQUAL(3U, coordinator.requests);
  CHECK_EQUAL(kMaxBulkItems, coordinator.largest);
  CHECK_EQUAL(25U, sink.places.back().written);
  CHECK(sink.refusals.empty());
}

TEST(ImportRun, PutsNoMoreIntoARequestThanACoordinatorTakes) {
  const std::size_t bare = json::serialize(record_of("dev-0", "")).size();
  const std::string half(kMaxBulkBytes / 2 - bare, 'x');
  rows.add("dev-0", half);
  rows.add("dev-1", half);
  CHECK(import().has_value());
  CHECK_EQUAL(1U, coordinator.requests);
  rows.add("dev-2", half);
  rows.add("dev-3", half + "x");
  rows.rewind();
  settings.place = sink.places.back();
  CHECK(import().has_value());
  CHECK_EQUAL(3U, coordinator.requests);
  CHECK_EQUAL(4U, coordinator.records.size());
}

// A record of symmetricKey without keys leaves a group of TPMs as it is, unless it says that it is
// none.
TEST(ImportRun, ARowOfAGroupSaysWhetherItIsOneOfTpms) {
  settings.kind = EnrollmentKind::group;
  rows.add("bare");
  rows.add("chips");
  (*rows.last().record)["attestation"].as_object()["tpmGroup"] = bj::object{};
  ImportRun run(rows, sink, settings, *crypto);
  const auto request = run.next(now);
  const bj::array& items = request->body.as_object().at("enrollmentGroups").as_array();
  const auto attestation = [&](std::size_t at) {
    return json::serialize(items[at].as_object().at("attestation"));
  };
  STRCMP_EQUAL(R"({"type":"symmetricKey","tpmGroup":null})", attestation(0).c_str());
  STRCMP_EQUAL(R"({"type":"symmetricKey","tpmGroup":{}})", attestation(1).c_str());
}

TEST(ImportRun, ReportsRefusedRowsInTheOrderOfTheFile) {
  coordinator.records["dev-3"] = record_of("dev-3");
  coordinator.records["dev-33"] = record_of("dev-33");
  rows.add_many(30);
  rows.add_bad("no JSON");
  rows.add("dev-33");
  CHECK(import().has_value());
  CHECK_EQUAL(3U, sink.refusals.size());
  CHECK_EQUAL(4U, sink.refusals[0].line);
  STRCMP_EQUAL("dev-3", sink.refusals[0].id.c_str());
  CHECK_EQUAL(409201, sink.refusals[0].code);
  STRCMP_EQUAL(kTaken, sink.refusals[0].reason.c_str());
  CHECK_EQUAL(31U, sink.refusals[1].line);
  CHECK_EQUAL(0, sink.refusals[1].code);
  STRCMP_EQUAL("no JSON", sink.refusals[1].reason.c_str());
  CHECK_EQUAL(32U, sink.refusals[2].line);
  CHECK_EQUAL(29U, sink.places.back().written);
}

TEST(ImportRun, WaitsForNothingWhereNoRowCanBeSent) {
  for (int i = 0; i < 3000; ++i) rows.add_bad("no JSON");
  rows.add("dev-1");
  ImportRun run(rows, sink, settings, *crypto);
  CHECK(run.next(now).has_value());
  CHECK_EQUAL(3000U, sink.refusals.size());
}

TEST(ImportRun, SendsAnIdThatComesTwiceOneAfterTheOther) {
  rows.add("dev-1", "first");
  rows.add("DEV-1", "second");
  rows.add("dev-2");
  CHECK(import().has_value());
  STRCMP_EQUAL("first", coordinator.records["dev-1"].at("deviceId").as_string().c_str());
  CHECK_EQUAL(1U, sink.refusals.size());
  CHECK_EQUAL(2U, sink.refusals[0].line);
  CHECK_EQUAL(2U, coordinator.records.size());
}

TEST(ImportRun, ReplacesWhatExistsIfToldTo) {
  coordinator.records["dev-3"] = record_of("dev-3", "old");
  rows.add_many(10);
  settings.mode = ImportMode::upsert;
  CHECK(import().has_value());
  CHECK(sink.refusals.empty());
  STRCMP_EQUAL("x", coordinator.records["dev-3"].at("deviceId").as_string().c_str());
  CHECK(coordinator.modes == (std::vector<std::string>{"create", "update"}));
}

TEST(ImportRun, UpdatesOnlyWhatExists) {
  coordinator.records["dev-0"] = record_of("dev-0", "old");
  rows.add_many(2);
  settings.mode = ImportMode::update;
  CHECK(import().has_value());
  CHECK_EQUAL(1U, sink.refusals.size());
  CHECK_EQUAL(404201, sink.refusals[0].code);
  CHECK_EQUAL(1U, coordinator.records.size());
}

TEST(ImportRun, AsksForTheEtagIfToldTo) {
  rows.add_many(1);
  settings.mode = ImportMode::update_if_match;
  CHECK(import().has_value());
  CHECK(coordinator.modes == (std::vector<std::string>{"updateIfMatchETag"}));
}

TEST(ImportRun, FindsTheRowForWhichAWholeRequestIsRefused) {
  rows.add_many(10);
  instead = [](const Request& request) -> std::optional<Result<Answer>> {
    if (json::serialize(request.body).find("dev-7") == std::string::npos) return std::nullopt;
    bj::object error{{"errorCode", 400201}, {"message", "it means nothing"}};
    return Result<Answer>(Answer{400, std::move(error), 0s});
  };
  CHECK(import().has_value());
  CHECK_EQUAL(9U, coordinator.records.size());
  CHECK_EQUAL(1U, sink.refusals.size());
  CHECK_EQUAL(8U, sink.refusals[0].line);
  CHECK_EQUAL(400201, sink.refusals[0].code);
  STRCMP_EQUAL("it means nothing", sink.refusals[0].reason.c_str());
}

TEST(ImportRun, WaitsAsLongAsAThrottlingCoordinatorSays) {
  rows.add_many(1);
  bool was_throttled = false;
  instead = [&](const Request&) -> std::optional<Result<Answer>> {
    if (std::exchange(was_throttled, true)) return std::nullopt;
    return Result<Answer>(Answer{429, bj::object{}, 17s});
  };
  const MonotonicTime begun = now;
  CHECK(import().has_value());
  CHECK(now - begun >= 17s);
  CHECK(now - begun < 18s);
  CHECK_EQUAL(1U, coordinator.records.size());
}

TEST(ImportRun, KnowsItsOwnRowsAgainAfterALostAnswer) {
  coordinator.records["dev-4"] = record_of("dev-4", "somebody else's");
  rows.add_many(10);
  bool was_lost = false;
  instead = [&](const Request& request) -> std::optional<Result<Answer>> {
    if (std::exchange(was_lost, true)) return std::nullopt;
    (void)coordinator.handle(request);
    return Result<Answer>(Error{Errc::timed_out, "no answer"});
  };
  CHECK(import().has_value());
  CHECK_EQUAL(1U, sink.refusals.size());
  STRCMP_EQUAL("dev-4", sink.refusals[0].id.c_str());
  CHECK_EQUAL(9U, sink.places.back().written);
}

TEST(ImportRun, GivesUpOnACoordinatorThatStaysAway) {
  rows.add_many(30);
  instead = [](const Request&) {
    return std::optional<Result<Answer>>(Error{Errc::unavailable, "nobody listens"});
  };
  const auto ended = import();
  CHECK(ended.error().code == Errc::unavailable);
  STRCMP_EQUAL("nobody listens", ended.error().reason.c_str());
  CHECK(sink.refusals.empty());
}

TEST(ImportRun, GivesUpAtOnceWithoutTheRight) {
  rows.add_many(30);
  std::size_t asked = 0;
  instead = [&](const Request&) {
    ++asked;
    return std::optional<Result<Answer>>(Answer{401, bj::object{{"message", "not you"}}, 0s});
  };
  CHECK(import().error().code == Errc::forbidden);
  CHECK(asked <= 3);
  CHECK(sink.refusals.empty());
}

TEST(ImportRun, LeavesARowUnsettledThatTheCoordinatorHadTroubleWith) {
  rows.add_many(1);
  instead = [](const Request&) {
    bj::array errors{{{"registrationId", "dev-0"}, {"errorCode", 503001}, {"errorStatus", "busy"}}};
    bj::object body{{"isSuccessful", false}, {"errors", std::move(errors)}};
    return std::optional<Result<Answer>>(Answer{200, std::move(body), 0s});
  };
  CHECK(import().error().code == Errc::unavailable);
  CHECK(sink.refusals.empty());
}

TEST(ImportRun, EndsWithWhatIsBeforeABreakInTheFile) {
  rows.add_many(12);
  rows.break_off();
  CHECK(import().error().code == Errc::malformed);
  CHECK_EQUAL(12U, coordinator.records.size());
  CHECK_EQUAL(12U, sink.places.back().rows);
}

TEST(ImportRun, EndsWhenARecordOfItCannotBeKept) {
  rows.add_many(600);
  sink.is_full = true;
  CHECK(import().error().code == Errc::io);
}

TEST(ImportRun, NeverSendsARowFarBehindTheLastRecordedPlace) {
  rows.add_many(3000);
  ImportRun run(rows, sink, settings, *crypto);
  // The first answer is late: nothing can be settled.
  const auto first = run.next(now);
  CHECK(first.has_value());
  std::size_t sent = 1;
  while (const auto request = run.next(now)) {
    ++sent;
    run.answered(request->ticket, coordinator.handle(*request), now);
  }
  CHECK_EQUAL(kMaxUnrecordedRows / kMaxBulkItems, sent);
  run.answered(first->ticket, coordinator.handle(*first), now);
  CHECK_EQUAL(kMaxUnrecordedRows, sink.places.back().rows);
  CHECK(run.next(now).has_value());
}

TEST(ImportRun, BeginsNothingNewOnceInterruptedAndKeepsWhatIsUnderWay) {
  rows.add_many(40);
  ImportRun run(rows, sink, settings, *crypto);
  const auto request = run.next(now);
  run.interrupt();
  CHECK_FALSE(run.next(now).has_value());
  CHECK_FALSE(run.is_over());
  run.answered(request->ticket, coordinator.handle(*request), now);
  CHECK(run.is_over());
  CHECK(run.finish().has_value());
  CHECK(run.was_interrupted());
  CHECK_EQUAL(10U, sink.places.back().rows);
}

TEST(ImportRun, GoesOnWhereItStoppedAndKnowsWhatItMayHaveWritten) {
  rows.add_many(40);
  {
    ImportRun run(rows, sink, settings, *crypto);
    const auto request = run.next(now);
    run.interrupt();
    run.answered(request->ticket, coordinator.handle(*request), now);
    CHECK(run.finish().has_value());
  }
  // Killed behind that: eleven rows more were written and one is another's.
  for (int i = 10; i < 21; ++i) {
    const std::string id = "dev-" + std::to_string(i);
    coordinator.records[id] = record_of(id);
  }
  coordinator.records["dev-30"] = record_of("dev-30", "somebody else's");
  rows.rewind();
  settings.place = sink.places.back();
  settings.goes_on = true;
  coordinator.requests = 0;
  CHECK(import().has_value());
  CHECK_EQUAL(1U, sink.refusals.size());
  STRCMP_EQUAL("dev-30", sink.refusals[0].id.c_str());
  CHECK_EQUAL(31U, sink.refusals[0].line);
  CHECK_EQUAL(40U, sink.places.back().rows);
  CHECK_EQUAL(39U, sink.places.back().written);
  // Three requests for thirty rows, and a look at the twelve that existed.
  CHECK_EQUAL(3U + 12U, coordinator.requests);
}

TEST(ImportRun, RefusesToGoOnInAnotherFile) {
  rows.add_many(10);
  CHECK(import().has_value());
  settings.place = sink.places.back();
  settings.goes_on = true;
  Rows others;
  others.add_many(9);
  others.add("another");
  ImportRun run(others, sink, settings, *crypto);
  CHECK(run.skip_settled().error().code == Errc::conflict);
}
