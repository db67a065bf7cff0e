#include "shared/store/tenant_vault.hpp"

#include <memory>
#include <string>

#include <CppUTest/TestHarness.h>

#include "shared/crypto/mbedtls/mbedtls.hpp"
#include "tests/support/fake_entropy.hpp"

using berth::Bytes;
using berth::Errc;
using berth::to_bytes;
using namespace berth::store;

TEST_GROUP(TenantVault) {
  std::unique_ptr<berth::ports::Crypto> crypto_ = berth::crypto::make_mbedtls_crypto();
  berth::testing::FakeEntropy entropy_;
  berth::vault::TenantKeys keys_ = berth::vault::make_tenant_keys(entropy_);
  TenantVault vault_{*crypto_, {"0neAA000001", keys_}};
  Row row_ = make_row();

  Row make_row() {
    Row row{{Table::registration, "dev-1", 3, 17, to_bytes("body")}, {}};
    row.terms = {vault_.term_key(Table::registration, {Index::hub_registrations, "h"}),
                 vault_.term_key(Table::registration, {Index::group_registrations, "g"})};
    return row;
  }
  berth::vault::BlindKey key() {
    return vault_.row_key(Table::registration, "dev-1");
  }
};

TEST(TenantVault, OpensTheRowThatItSealed) {
  const auto opened =
      vault_.open_row(Table::registration, key(), 3, vault_.seal_row(entropy_, row_));
  CHECK(opened.has_value());
  CHECK(opened->record.table == Table::registration);
  CHECK(opened->record.id == "dev-1");
  CHECK(opened->record.version == 3);
  CHECK(opened->record.sequence == 17);
  CHECK(opened->record.body == to_bytes("body"));
  CHECK(opened->terms == row_.terms);
}

TEST(TenantVault, NamesTheTableOfARowThatFailsItsSeal) {
  const Bytes sealed = vault_.seal_row(entropy_, row_);
  const auto wrong_version = vault_.open_row(Table::registration, key(), 4, sealed);
  CHECK_FALSE(wrong_version.has_value());
  CHECK(wrong_version.error().code == Errc::corrupt);
  CHECK(wrong_version.error().reason.find("registration") != std::string::npos);
  CHECK_FALSE(vault_.open_row(Table::outbox, key(), 3, sealed).has_value());
  const auto other = vault_.row_key(Table::registration, "dev-2");
  CHECK_FALSE(vault_.open_row(Table::registration, other, 3, sealed).has_value());
}

TEST(TenantVault, OpensNothingOfAnotherTenantWithTheSameKeys) {
  const TenantVault other(*crypto_, {"0neAA000002", keys_});
  const Bytes sealed = vault_.seal_row(entropy_, row_);
  CHECK_FALSE(other.open_row(Table::registration, key(), 3, sealed).has_value());
}

TEST(TenantVault, OpensRowsOfOlderDataKeys) {
  const Bytes sealed = vault_.seal_row(entropy_, row_);
  CHECK(berth::vault::rotate_data_key(keys_, entropy_).has_value());
  const TenantVault rotated(*crypto_, {"0neAA000001", keys_});
  CHECK(rotated.open_row(Table::registration, key(), 3, sealed).has_value());
  // The other way round, the key is not known yet.
  const Bytes newer = rotated.seal_row(entropy_, row_);
  CHECK_FALSE(vault_.open_row(Table::registration, key(), 3, newer).has_value());
}

TEST(TenantVault, OpensTheLogEntriesThatItSealed) {
  LogEntry entry{5, Table::linked_hub, "h", std::nullopt, std::nullopt};
  entry.before = Record{Table::linked_hub, "h", 1, 2, to_bytes("before")};
  entry.after = Record{Table::linked_hub, "h", 2, 5, to_bytes("after")};
  const Bytes sealed = vault_.seal_change(entropy_, entry);
  const auto opened = vault_.open_change(5, sealed);
  CHECK(opened.has_value());
  CHECK(opened->table == Table::linked_hub);
  CHECK(opened->id == "h");
  CHECK(opened->before->body == to_bytes("before"));
  CHECK(opened->before->sequence == 2);
  CHECK(opened->after->version == 2);
  const auto moved = vault_.open_change(6, sealed);
  CHECK_FALSE(moved.has_value());
  CHECK(moved.error().code == Errc::corrupt);
}

TEST(TenantVault, OpensTheHeadThatItSealed) {
  Head head;
  head.sequence = 9;
  head.first_logged = 4;
  head.seals = 77;
  head.tables[Table::registration].rows = 1;
  head.tables[Table::registration].digest.add(vault_.element_of(row_));
  head.tables[Table::outbox].rows = 0;
  const auto opened = vault_.open_head(vault_.seal_head(entropy_, head));
  CHECK(opened.has_value());
  CHECK(opened->sequence == 9);
  CHECK(opened->first_logged == 4);
  CHECK(opened->seals == 77);
  CHECK(opened->tables.size() == 2);
  CHECK(opened->tables.at(Table::registration).rows == 1);
  CHECK(opened->tables.at(Table::registration).digest == head.tables[Table::registration].digest);
  CHECK_FALSE(vault_.open_head(vault_.seal_row(entropy_, row_)).has_value());
}

TEST(TenantVault, DigestsAllOfARow) {
  const auto element = vault_.element_of(row_);
  Row other = make_row();
  CHECK(vault_.element_of(other) == element);
  other.record.sequence = 18;
  CHECK(vault_.element_of(other) != element);
  other = make_row();
  other.terms.pop_back();
  CHECK(vault_.element_of(other) != element);
  other = make_row();
  other.record.body.push_back(0);
  CHECK(vault_.element_of(other) != element);
}
