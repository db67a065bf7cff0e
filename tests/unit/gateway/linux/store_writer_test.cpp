#include "gateway/linux/store_writer.hpp"

#include <memory>
#include <string>
#include <vector>

#include <CppUTest/TestHarness.h>

#include "gateway/core/limits.hpp"
#include "tests/unit/gateway/linux/gated_store.hpp"
#include "tests/unit/gateway/linux/written.hpp"

using namespace berth;
using namespace berth::testing;
using gateway::kMaxGroupedChangeSets;
using gateway::kMaxWaitingChangeSets;
using gateway::StoreWriter;

namespace {

store::ChangeSet put(const std::string& id, const std::string& body) {
  store::Change change;
  change.table = store::Table::node;
  change.id = id;
  change.body = to_bytes(body);
  store::ChangeSet set;
  set.changes.push_back(std::move(change));
  return set;
}

// Adds a letter to what stands there.
StoreWriter::Build add(const std::string& letter) {
  return [letter](const store::Reader& reader) -> Result<store::ChangeSet> {
    const auto record = reader.read(store::kNode, store::Table::node, "text");
    if (!record) return record.error();
    const std::string before = record->has_value() ? std::string(as_text((*record)->body)) : "";
    return put("text", before + letter);
  };
}

}  // namespace

TEST_GROUP(StoreWriter) {
  GatedStore store_;
  std::unique_ptr<StoreWriter> writer_;

  void setup() override {
    CHECK(store_.create_tenant(store::kNode).has_value());
    writer_ = std::make_unique<StoreWriter>(store_);
  }
  void teardown() override {
    store_.open();
    writer_.reset();
  }

  // Holds the writer in a commit, so that what follows waits.
  Written hold() {
    Written first;
    store_.close();
    writer_->submit(put("first", ""), first.done());
    store_.await_commits(1);
    return first;
  }
  std::string text(const std::string& id) {
    const auto record = store_.read(store::kNode, store::Table::node, id);
    return record->has_value() ? std::string(as_text((*record)->body)) : "(absent)";
  }
};

TEST(StoreWriter, CommitsAndAnswers) {
  Written written;
  writer_->submit(put("a", "1"), written.done());
  const auto committed = written.wait();
  CHECK(committed.has_value());
  LONGS_EQUAL(1, committed->versions.front());
  STRCMP_EQUAL("1", text("a").c_str());
}

TEST(StoreWriter, SharesOneFlushAmongAllThatWait) {
  hold();
  std::vector<Written> all(50);
  for (std::size_t i = 0; i < all.size(); ++i) {
    writer_->submit(put("r" + std::to_string(i), "x"), all[i].done());
  }
  store_.open();
  for (Written& one : all) CHECK(one.wait().has_value());
  CHECK(store_.groups() == (std::vector<std::size_t>{1, 50}));
}

TEST(StoreWriter, FlushesAtMostAGroupAtATime) {
  hold();
  std::vector<Written> all(kMaxGroupedChangeSets + 1);
  for (std::size_t i = 0; i < all.size(); ++i) {
    writer_->submit(put("r" + std::to_string(i), "x"), all[i].done());
  }
  store_.open();
  for (Written& one : all) CHECK(one.wait().has_value());
  CHECK(store_.groups() == (std::vector<std::size_t>{1, kMaxGroupedChangeSets, 1}));
}

TEST(StoreWriter, BuildsAChangeFromWhatTheOneBeforeItLeft) {
  hold();
  std::vector<Written> all(3);
  writer_->submit(add("a"), all[0].done());
  writer_->submit(add("b"), all[1].done());
  writer_->submit(add("c"), all[2].done());
  store_.open();
  for (Written& one : all) CHECK(one.wait().has_value());
  STRCMP_EQUAL("abc", text("text").c_str());
}

TEST(StoreWriter, KeepsTheOrderBesideAChangeOfTheSameRecord) {
  hold();
  std::vector<Written> all(3);
  writer_->submit(put("same", "1"), all[0].done());
  writer_->submit(put("same", "2"), all[1].done());
  writer_->submit(put("other", "3"), all[2].done());
  store_.open();
  for (Written& one : all) CHECK(one.wait().has_value());
  STRCMP_EQUAL("2", text("same").c_str());
  CHECK(store_.groups() == (std::vector<std::size_t>{1, 1, 2}));
}

TEST(StoreWriter, AnswersARefusedBuildAndGoesOn) {
  hold();
  Written refused;
  Written good;
  writer_->submit(
      [](const store::Reader&) -> Result<store::ChangeSet> {
        return Error{Errc::conflict, "no"};
      },
      refused.done());
  writer_->submit(put("a", "1"), good.done());
  store_.open();
  CHECK(refused.wait().error().code == Errc::conflict);
  CHECK(good.wait().has_value());
}

TEST(StoreWriter, RefusesOneSetOfAGroupAlone) {
  hold();
  store::ChangeSet set = put("a", "1");
  set.check = [](const store::Reader&) -> Result<void> { return Error{Errc::unavailable, "no"}; };
  Written refused;
  Written good;
  writer_->submit(std::move(set), refused.done());
  writer_->submit(put("b", "1"), good.done());
  store_.open();
  CHECK(refused.wait().error().code == Errc::unavailable);
  CHECK(good.wait().has_value());
  STRCMP_EQUAL("(absent)", text("a").c_str());
}

TEST(StoreWriter, TellsEveryoneOfAFlushThatFailed) {
  hold();
  std::vector<Written> all(2);
  writer_->submit(put("a", "1"), all[0].done());
  writer_->submit(put("b", "1"), all[1].done());
  store_.memory.fail_next(Errc::io);  // the first commit's, which is at the gate
  store_.open();
  CHECK(all[0].wait().has_value());
  CHECK(all[1].wait().has_value());

  store_.memory.fail_next(Errc::io);
  Written late;
  writer_->submit(put("c", "1"), late.done());
  CHECK(late.wait().error().code == Errc::io);
}

TEST(StoreWriter, RefusesWhatIsPastTheLimitAtOnce) {
  hold();
  std::vector<Written> all(kMaxWaitingChangeSets);
  for (std::size_t i = 0; i < all.size(); ++i) {
    writer_->submit(put("r" + std::to_string(i), "x"), all[i].done());
  }
  Written one_more;
  writer_->submit(put("late", "x"), one_more.done());
  CHECK(one_more.wait().error().code == Errc::throttled);
  store_.open();
  for (Written& one : all) CHECK(one.wait().has_value());
  STRCMP_EQUAL("(absent)", text("late").c_str());
}

TEST(StoreWriter, WritesWhatWaitsBeforeItEnds) {
  hold();
  std::vector<Written> all(300);
  for (std::size_t i = 0; i < all.size(); ++i) {
    writer_->submit(put("r" + std::to_string(i), "x"), all[i].done());
  }
  store_.open();
  writer_.reset();
  for (Written& one : all) CHECK(one.wait().has_value());
  STRCMP_EQUAL("x", text("r299").c_str());
}
