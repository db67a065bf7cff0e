#include "shared/store/sqlite/row_writer.hpp"

#include <algorithm>
#include <array>
#include <iterator>

#include "shared/store/change_rules.hpp"

namespace berth::store {
namespace {

std::int64_t number_of(Table table) {
  return static_cast<std::int64_t>(table);
}

// What a check callback reads through: the transaction so far.
class TransactionReader final : public Reader {
 public:
  TransactionReader(RowReader& reader, RowWriter& writer) : reader_(reader), writer_(writer) {}

  [[nodiscard]] Result<std::optional<Record>> read(const domain::IdScope& tenant, Table table,
                                                   const std::string& id) const override {
    const auto touched = writer_.touch(tenant);
    if (!touched) return touched.error();
    auto row = reader_.row(*(*touched)->tenant, table, id);
    if (!row) return row.error();
    if (!*row) return std::optional<Record>();
    return std::optional<Record>(std::move((*row)->record));
  }
  [[nodiscard]] Result<Page> list(const domain::IdScope& tenant, Table table,
                                  const std::string& continuation,
                                  std::size_t limit) const override {
    const auto touched = writer_.touch(tenant);
    if (!touched) return touched.error();
    return reader_.list(*(*touched)->tenant, table, continuation, limit);
  }
  [[nodiscard]] Result<Page> find(const domain::IdScope& tenant, Table table, const IndexTerm& term,
                                  const std::string& continuation,
                                  std::size_t limit) const override {
    const auto touched = writer_.touch(tenant);
    if (!touched) return touched.error();
    return reader_.find(*(*touched)->tenant, table, term, continuation, limit);
  }
  [[nodiscard]] Result<std::uint64_t> count(const domain::IdScope& tenant, Table table,
                                            const IndexTerm& term) const override {
    const auto touched = writer_.touch(tenant);
    if (!touched) return touched.error();
    return reader_.count(*(*touched)->tenant, table, term);
  }
  [[nodiscard]] Result<std::uint64_t> size(const domain::IdScope& tenant,
                                           Table table) const override {
    const auto touched = writer_.touch(tenant);
    if (!touched) return touched.error();
    return reader_.size(*(*touched)->tenant, table);
  }
  [[nodiscard]] Result<std::uint64_t> head(const domain::IdScope& tenant) const override {
    const auto touched = writer_.touch(tenant);
    if (!touched) return touched.error();
    return (*touched)->head.sequence;
  }

 private:
  RowReader& reader_;
  RowWriter& writer_;
};

}  // namespace

Result<WriteStatements> WriteStatements::prepare(sqlite::Connection& connection) {
  constexpr std::array kSql = {
      "INSERT INTO record(tenant, kind, row_key, version, sealed) VALUES(?,?,?,?,?)"
      " ON CONFLICT(tenant, kind, row_key)"
      " DO UPDATE SET version=excluded.version, sealed=excluded.sealed",
      "DELETE FROM record WHERE tenant=? AND kind=? AND row_key=?",
      "INSERT OR IGNORE INTO term(tenant, term, row_key) VALUES(?,?,?)",
      "DELETE FROM term WHERE tenant=? AND term=? AND row_key=?",
      "DELETE FROM term WHERE tenant=? AND row_key=?",
      "INSERT INTO change(position, sealed) VALUES(?,?)",
      "DELETE FROM change WHERE position>=? AND position<?",
      "UPDATE tenant SET head=? WHERE number=?",
      "UPDATE tenant SET keys=? WHERE number=?",
      "SAVEPOINT change_set",
      "ROLLBACK TO change_set",
      "RELEASE change_set",
  };
  std::vector<sqlite::Statement> made;
  for (const char* sql : kSql) {
    auto statement = connection.prepare(sql);
    if (!statement) return statement.error();
    made.push_back(std::move(statement).value());
  }
  return WriteStatements{std::move(made[0]), std::move(made[1]),  std::move(made[2]),
                         std::move(made[3]), std::move(made[4]),  std::move(made[5]),
                         std::move(made[6]), std::move(made[7]),  std::move(made[8]),
                         std::move(made[9]), std::move(made[10]), std::move(made[11])};
}

Result<RowWriter::Touched*> RowWriter::touch(const domain::IdScope& scope) {
  auto tenant = registry_.find(scope);
  if (!tenant) return tenant.error();
  const std::int64_t number = (*tenant)->number;
  const auto known = touched_.find(number);
  if (known != touched_.end()) return &known->second;

  auto head = reader_.head(**tenant);
  if (!head) return head.error();
  Touched& touched = touched_[number];
  touched.tenant = std::move(tenant).value();
  touched.head = std::move(head).value();
  return &touched;
}

Result<void> RowWriter::rotate(Touched& touched) {
  vault::NamedKeys named{touched.tenant->vault.tenant(), touched.tenant->vault.keys()};
  const auto added = vault::rotate_data_key(named.keys, entropy_);
  if (!added) return added.error();
  const Bytes sealed = hierarchy_.seal(entropy_, named);
  const std::int64_t number = touched.tenant->number;
  const auto written = statements_.put_keys.run().blob(sealed).integer(number).finish();
  if (!written) return written.error();
  touched.tenant = std::make_shared<const OpenTenant>(
      OpenTenant{number, TenantVault(crypto_, std::move(named))});
  touched.head.seals = 0;
  touched.is_changed = true;
  touched.is_rotated = true;
  return {};
}

Result<RowWriter::Touched*> RowWriter::admit(const ChangeSet& set) {
  const auto touched = touch(set.tenant);
  if (!touched) return touched.error();
  if (set.check) {
    const auto checked = set.check(TransactionReader(reader_, *this));
    if (!checked) return checked.error();
  }
  if ((*touched)->head.seals >= rules_.max_seals_per_key) {
    const auto rotated = rotate(**touched);
    if (!rotated) return rotated.error();
  }
  return *touched;
}

Result<void> RowWriter::apply(const ChangeSet& set, std::vector<Result<Committed>>& results) {
  // Outside the savepoint: a new key stays, also if the set does not.
  const auto admitted = admit(set);
  if (!admitted) {
    if (admitted.error().code == Errc::io) return admitted.error();
    results.emplace_back(admitted.error());
    return {};
  }
  Touched& touched = **admitted;

  const auto saved = statements_.savepoint.run().finish();
  if (!saved) return saved.error();
  const Head before = touched.head;
  auto committed = apply_all(set, touched);
  if (!committed) {
    if (committed.error().code == Errc::io) return committed.error();
    const auto undone = statements_.rollback_to.run().finish();
    if (!undone) return undone.error();
    const std::uint64_t seals = touched.head.seals;  // their nonces are used up
    touched.head = before;
    touched.head.seals = seals;
  }
  results.push_back(std::move(committed));
  return statements_.release.run().finish();
}

Result<void> RowWriter::conclude(const Conclusion& conclude,
                                 const std::vector<Result<Committed>>& results) {
  const auto set = conclude(TransactionReader(reader_, *this), results);
  if (!set) return set.error();
  const auto admitted = admit(*set);
  if (!admitted) return admitted.error();
  const auto applied = apply_all(*set, **admitted);
  if (!applied) return applied.error();
  return {};
}

Result<Committed> RowWriter::apply_all(const ChangeSet& set, Touched& touched) {
  Committed committed;
  committed.versions.reserve(set.changes.size());
  for (const Change& change : set.changes) {
    const auto version = apply_one(change, touched);
    if (!version) return version.error();
    committed.versions.push_back(*version);
  }
  committed.sequence = touched.head.sequence;
  return committed;
}

Result<std::uint64_t> RowWriter::apply_one(const Change& change, Touched& touched) {
  const auto fits = check_limits(change);
  if (!fits) return fits.error();
  const auto before = row_before(change, touched);
  if (!before) return before.error();
  const auto current =
      *before ? std::optional((*before)->record.version) : std::optional<std::uint64_t>();
  const auto expected = check_expected(change, current);
  if (!expected) return expected.error();

  if (change.kind == Change::Kind::require) return current.value_or(0);
  if (change.kind == Change::Kind::erase && !*before) return std::uint64_t{0};

  touched.is_changed = true;
  if (is_logged(change.table)) ++touched.head.sequence;
  Head::TableState& state = touched.head.tables[change.table];
  if (*before) {
    --state.rows;
    state.digest.remove(touched.tenant->vault.element_of(**before));
  }

  std::optional<Row> after;
  if (change.kind == Change::Kind::put) {
    const TenantVault& vault = touched.tenant->vault;
    after = Row{{change.table, change.id, next_version(change, current), touched.head.sequence,
                 change.body},
                {}};
    for (const IndexTerm& term : change.terms) {
      after->terms.push_back(vault.term_key(change.table, term));
    }
    std::sort(after->terms.begin(), after->terms.end());
    after->terms.erase(std::unique(after->terms.begin(), after->terms.end()), after->terms.end());
    ++state.rows;
    state.digest.add(vault.element_of(*after));
  }

  const vault::BlindKey row_key = touched.tenant->vault.row_key(change.table, change.id);
  const auto indexed =
      replace_terms(touched, row_key, *before ? (*before)->terms : std::vector<vault::BlindKey>(),
                    after ? after->terms : std::vector<vault::BlindKey>());
  if (!indexed) return indexed.error();
  const auto written = after ? put(touched, *after) : erase(touched, **before);
  if (!written) return written.error();
  if (is_logged(change.table)) {
    const auto logged = log(touched, change, *before, after);
    if (!logged) return logged.error();
  }
  return after ? after->record.version : std::uint64_t{0};
}

Result<std::optional<Row>> RowWriter::row_before(const Change& change, Touched& touched) {
  auto before = reader_.row(*touched.tenant, change.table, change.id);
  const bool is_unconditional =
      change.kind != Change::Kind::require && !change.expected_version.has_value();
  if (before || before.error().code != Errc::corrupt || !is_unconditional) return before;
  const auto forgotten = forget_unreadable(change, touched);
  if (!forgotten) return forgotten.error();
  return std::optional<Row>();
}

// An unconditional write is how a record that fails its seal is mended from its source. What the
// lost row added to the digest can't be known any more, so the table's is made anew from what is
// readable.
Result<void> RowWriter::forget_unreadable(const Change& change, Touched& touched) {
  const std::int64_t number = touched.tenant->number;
  const vault::BlindKey row_key = touched.tenant->vault.row_key(change.table, change.id);
  auto done = statements_.erase_terms_of.run().integer(number).blob(row_key).finish();
  if (!done) return done.error();
  done = statements_.erase_row.run()
             .integer(number)
             .integer(number_of(change.table))
             .blob(row_key)
             .finish();
  if (!done) return done.error();
  const auto sum = reader_.sum_readable(*touched.tenant, change.table);
  if (!sum) return sum.error();
  touched.head.tables[change.table] = *sum;
  touched.is_changed = true;
  return {};
}

Result<void> RowWriter::put(Touched& touched, const Row& row) {
  const TenantVault& vault = touched.tenant->vault;
  ++touched.head.seals;
  return statements_.put_row.run()
      .integer(touched.tenant->number)
      .integer(number_of(row.record.table))
      .blob(vault.row_key(row.record.table, row.record.id))
      .integer(static_cast<std::int64_t>(row.record.version))
      .blob(vault.seal_row(entropy_, row))
      .finish();
}

Result<void> RowWriter::erase(Touched& touched, const Row& row) {
  return statements_.erase_row.run()
      .integer(touched.tenant->number)
      .integer(number_of(row.record.table))
      .blob(touched.tenant->vault.row_key(row.record.table, row.record.id))
      .finish();
}

Result<void> RowWriter::replace_terms(const Touched& touched, const vault::BlindKey& row_key,
                                      const std::vector<vault::BlindKey>& before,
                                      const std::vector<vault::BlindKey>& after) {
  std::vector<vault::BlindKey> gone;
  std::vector<vault::BlindKey> added;
  std::set_difference(before.begin(), before.end(), after.begin(), after.end(),
                      std::back_inserter(gone));
  std::set_difference(after.begin(), after.end(), before.begin(), before.end(),
                      std::back_inserter(added));
  const std::int64_t number = touched.tenant->number;
  for (const vault::BlindKey& term : gone) {
    const auto done =
        statements_.erase_term.run().integer(number).blob(term).blob(row_key).finish();
    if (!done) return done.error();
  }
  for (const vault::BlindKey& term : added) {
    const auto done = statements_.put_term.run().integer(number).blob(term).blob(row_key).finish();
    if (!done) return done.error();
  }
  return {};
}

Result<void> RowWriter::log(Touched& touched, const Change& change,
                            const std::optional<Row>& before, const std::optional<Row>& after) {
  LogEntry entry{touched.head.sequence, change.table, change.id, std::nullopt, std::nullopt};
  if (before) entry.before = before->record;
  if (after) entry.after = after->record;
  ++touched.head.seals;
  return statements_.put_change.run()
      .integer(position_of(touched.tenant->number, entry.sequence))
      .blob(touched.tenant->vault.seal_change(entropy_, entry))
      .finish();
}

Result<void> RowWriter::finish() {
  for (auto& [number, touched] : touched_) {
    if (!touched.is_changed) continue;
    const auto written = write_head(touched);
    if (!written) return written.error();
  }
  return {};
}

Result<void> RowWriter::write_head(Touched& touched) {
  Head& head = touched.head;
  const std::int64_t number = touched.tenant->number;
  if (head.sequence >= rules_.log_horizon + head.first_logged) {
    const std::uint64_t first = head.sequence + 1 - rules_.log_horizon;
    const auto trimmed = statements_.trim_changes.run()
                             .integer(position_of(number, head.first_logged))
                             .integer(position_of(number, first))
                             .finish();
    if (!trimmed) return trimmed.error();
    head.first_logged = first;
  }
  ++head.seals;
  return statements_.put_head.run()
      .blob(touched.tenant->vault.seal_head(entropy_, head))
      .integer(number)
      .finish();
}

std::vector<OpenTenantPtr> RowWriter::rotated() const {
  std::vector<OpenTenantPtr> tenants;
  for (const auto& [number, touched] : touched_) {
    if (touched.is_rotated) tenants.push_back(touched.tenant);
  }
  return tenants;
}

}  // namespace berth::store
