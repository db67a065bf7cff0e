#include "shared/store/sqlite/sqlite_store.hpp"

#include <condition_variable>
#include <mutex>
#include <optional>
#include <utility>

#include "shared/base/encoding.hpp"
#include "shared/sqlite/connection.hpp"
#include "shared/store/change_rules.hpp"
#include "shared/store/sqlite/row_reader.hpp"
#include "shared/store/sqlite/row_writer.hpp"
#include "shared/store/sqlite/schema.hpp"
#include "shared/store/sqlite/tenant_registry.hpp"
#include "shared/vault/key_hierarchy.hpp"

namespace berth::store {
namespace {

// Most reads at once; a further one waits for one of them.
constexpr std::size_t kMaxReaders = 8;
constexpr std::size_t kIncarnationSize = 16;
constexpr std::string_view kIncarnation = "incarnation";
constexpr const char* kCache = "PRAGMA cache_size=-16000;";

struct ReadConnection {
  sqlite::Connection connection;
  RowReader rows;

  static Result<std::unique_ptr<ReadConnection>> open(const std::string& path) {
    auto connection = sqlite::Connection::open(path, sqlite::Connection::Access::read);
    if (!connection) return connection.error();
    const auto cached = connection->execute(kCache);
    if (!cached) return cached.error();
    auto rows = RowReader::prepare(*connection);
    if (!rows) return rows.error();
    return std::make_unique<ReadConnection>(
        ReadConnection{std::move(connection).value(), std::move(rows).value()});
  }
};

// The read connections: made as they are needed, at most kMaxReaders, each used by one thread at a
// time.
class ReaderPool {
 public:
  explicit ReaderPool(std::string path) : path_(std::move(path)) {}

  // A connection that goes back when this goes.
  class Lease {
   public:
    Lease(ReaderPool& pool, std::unique_ptr<ReadConnection> connection)
        : pool_(&pool), connection_(std::move(connection)) {}
    Lease(Lease&&) = default;
    Lease& operator=(Lease&&) = delete;
    ~Lease() {
      if (connection_) pool_->give_back(std::move(connection_));
    }
    [[nodiscard]] RowReader& rows() { return connection_->rows; }
    [[nodiscard]] sqlite::Connection& connection() { return connection_->connection; }

   private:
    ReaderPool* pool_;
    std::unique_ptr<ReadConnection> connection_;
  };

  [[nodiscard]] Result<Lease> borrow() {
    std::unique_lock lock(mutex_);
    freed_.wait(lock, [this] { return !idle_.empty() || lent_ < kMaxReaders; });
    ++lent_;
    if (!idle_.empty()) {
      auto connection = std::move(idle_.back());
      idle_.pop_back();
      return Lease(*this, std::move(connection));
    }
    lock.unlock();
    auto connection = ReadConnection::open(path_);
    if (!connection) {
      lock.lock();
      --lent_;
      freed_.notify_one();
      return connection.error();
    }
    return Lease(*this, std::move(connection).value());
  }

 private:
  void give_back(std::unique_ptr<ReadConnection> connection) {
    const std::scoped_lock lock(mutex_);
    idle_.push_back(std::move(connection));
    --lent_;
    freed_.notify_one();
  }

  std::string path_;
  std::mutex mutex_;
  std::condition_variable freed_;
  std::vector<std::unique_ptr<ReadConnection>> idle_;
  std::size_t lent_ = 0;
};

Error wrong_key(const SqliteStore::Settings& settings, const vault::RootKey& root_key) {
  return {Errc::wrong_key, "the root key from " + root_key.origin + " is not the one that " +
                               settings.path +
                               " was made with; put that key back, or move the database away to "
                               "begin anew"};
}

Result<void> write_node(sqlite::Connection& connection, const vault::KeyHierarchy& hierarchy,
                        const ports::Sha256Digest& check, ports::Entropy& entropy) {
  auto statement =
      connection.prepare("INSERT INTO node(one, root_check, incarnation) VALUES(1,?,?)");
  if (!statement) return statement.error();
  const Bytes incarnation = entropy.bytes(kIncarnationSize);
  return statement->run()
      .blob(check)
      .blob(hierarchy.seal_fact(entropy, kIncarnation, incarnation))
      .finish();
}

// The incarnation, if the root key is the right one.
Result<std::string> read_node(sqlite::Connection& connection, const vault::KeyHierarchy& hierarchy,
                              const ports::Sha256Digest& check,
                              const SqliteStore::Settings& settings,
                              const vault::RootKey& root_key) {
  auto statement = connection.prepare("SELECT root_check, incarnation FROM node");
  if (!statement) return statement.error();
  sqlite::Run run = statement->run();
  const auto found = run.step();
  if (!found) return found.error();
  if (!*found) return Error{Errc::corrupt, settings.path + " has lost its node row"};
  if (!constant_time_equal(run.blob_at(0), check)) return wrong_key(settings, root_key);
  const auto incarnation = hierarchy.open_fact(kIncarnation, run.blob_at(1));
  if (!incarnation) {
    return Error{Errc::corrupt, "the incarnation in " + settings.path + " fails its seal"};
  }
  return to_hex(*incarnation);
}

}  // namespace

// The open file. Members are in the order of their making: statements go before their connection.
class SqliteStore::Engine {
 public:
  Engine(Settings settings, const vault::RootKey& root_key, ports::Crypto& crypto,
         ports::Entropy& entropy, sqlite::Connection connection)
      : settings_(std::move(settings)),
        crypto_(crypto),
        entropy_(entropy),
        hierarchy_(crypto, root_key),
        registry_(crypto, hierarchy_),
        readers_(settings_.path),
        connection_(std::move(connection)) {}

  [[nodiscard]] Result<void> start(const vault::RootKey& root_key) {
    auto transaction = sqlite::Transaction::begin(connection_, sqlite::Transaction::Kind::write);
    if (!transaction) return transaction.error();
    const auto is_new = migrate(connection_);
    if (!is_new) return Error{is_new.error().code, settings_.path + ": " + is_new.error().reason};
    const auto check = vault::check_value(crypto_, root_key);
    if (*is_new) {
      const auto written = write_node(connection_, hierarchy_, check, entropy_);
      if (!written) return written.error();
    }
    auto incarnation = read_node(connection_, hierarchy_, check, settings_, root_key);
    if (!incarnation) return incarnation.error();
    incarnation_ = std::move(incarnation).value();
    const auto committed = transaction->commit();
    if (!committed) return committed.error();
    const auto loaded = registry_.load(connection_);
    if (!loaded) return loaded.error();
    return prepare();
  }

  [[nodiscard]] const TenantRegistry& registry() const { return registry_; }
  [[nodiscard]] const std::string& incarnation() const { return incarnation_; }

  // Runs `read` with a tenant and a connection of its own, in one snapshot if it takes more than
  // one statement.
  enum class Reads : std::uint8_t { one_statement, snapshot };
  template <class Read>
  [[nodiscard]] auto with_reader(const domain::IdScope& scope, Reads reads, Read read)
      -> decltype(read(std::declval<RowReader&>(), std::declval<const OpenTenant&>())) {
    auto tenant = registry_.find(scope);
    if (!tenant) return tenant.error();
    for (;;) {
      auto result = read_once(**tenant, reads, read);
      if (result || result.error().code != Errc::corrupt) return result;
      // The tenant may have got a new data key after its keys were looked up here.
      auto renewed = registry_.find(scope);
      if (!renewed || *renewed == *tenant) return result;
      tenant = std::move(renewed);
    }
  }

  [[nodiscard]] Result<std::vector<Result<Committed>>> commit(std::span<const ChangeSet> sets,
                                                              const Conclusion& conclude) {
    const std::scoped_lock lock(writing_);
    auto transaction = sqlite::Transaction::begin(connection_, sqlite::Transaction::Kind::write);
    if (!transaction) return transaction.error();
    RowWriter writer(*reader_, *statements_, registry_, hierarchy_, crypto_, entropy_,
                     {settings_.log_horizon, settings_.max_seals_per_key});
    std::vector<Result<Committed>> results;
    results.reserve(sets.size());
    for (const ChangeSet& set : sets) {
      const auto applied = writer.apply(set, results);
      if (!applied) return applied.error();
    }
    if (conclude) {
      const auto concluded = writer.conclude(conclude, results);
      if (!concluded) return concluded.error();
    }
    const auto finished = writer.finish();
    if (!finished) return finished.error();
    const auto committed = commit_with_keys(*transaction, writer.rotated());
    if (!committed) return committed.error();
    return results;
  }

  [[nodiscard]] Result<void> create_tenant(const domain::IdScope& scope) {
    const std::scoped_lock lock(writing_);
    const auto known = registry_.find(scope);
    if (known) return {};
    if (known.error().code != Errc::not_found) return known.error();

    vault::NamedKeys named{scope.str(), vault::make_tenant_keys(entropy_)};
    const Bytes keys = hierarchy_.seal(entropy_, named);
    TenantVault vault(crypto_, std::move(named));
    Head head;
    head.seals = 1;
    auto statement = connection_.prepare("INSERT INTO tenant(row_key, keys, head) VALUES(?,?,?)");
    if (!statement) return statement.error();
    const auto written = statement->run()
                             .blob(hierarchy_.blind_tenant(scope.str()))
                             .blob(keys)
                             .blob(vault.seal_head(entropy_, head))
                             .finish();
    if (!written) return written.error();
    registry_.put(
        std::make_shared<const OpenTenant>(OpenTenant{connection_.last_row(), std::move(vault)}));
    return {};
  }

  [[nodiscard]] Result<void> erase_tenant(const domain::IdScope& scope) {
    const std::scoped_lock lock(writing_);
    // By its row, and not by its keys: a tenant whose keys are damaged can be forgotten too.
    const auto number = number_of(scope);
    if (!number) return number.error();
    if (*number == 0) return {};
    const auto erased = erase_rows(*number);
    if (!erased) return erased.error();
    registry_.erase(scope);
    // The log beside the file may still hold the sealed keys. If a reader is in the way, a later
    // checkpoint overwrites them.
    static_cast<void>(connection_.execute("PRAGMA wal_checkpoint(TRUNCATE)"));
    return {};
  }

 private:
  template <class Read>
  [[nodiscard]] auto read_once(const OpenTenant& tenant, Reads reads, Read& read)
      -> decltype(read(std::declval<RowReader&>(), tenant)) {
    auto lease = readers_.borrow();
    if (!lease) return lease.error();
    if (reads == Reads::one_statement) return read(lease->rows(), tenant);
    const auto snapshot =
        sqlite::Transaction::begin(lease->connection(), sqlite::Transaction::Kind::read);
    if (!snapshot) return snapshot.error();
    return read(lease->rows(), tenant);
  }

  // New keys are known before the first row that needs them can be seen.
  [[nodiscard]] Result<void> commit_with_keys(sqlite::Transaction& transaction,
                                              const std::vector<OpenTenantPtr>& rotated) {
    std::vector<OpenTenantPtr> before;
    for (const OpenTenantPtr& tenant : rotated) {
      auto old = registry_.find(domain::IdScope(tenant->vault.tenant()));
      if (old) before.push_back(std::move(old).value());
      registry_.put(tenant);
    }
    auto committed = transaction.commit();
    if (committed) return committed;
    for (OpenTenantPtr& tenant : before) registry_.put(std::move(tenant));
    return committed;
  }

  [[nodiscard]] Result<void> prepare() {
    // Rows that are erased are overwritten: a forgotten tenant's keys do not linger in free pages.
    const auto set = connection_.execute(std::string("PRAGMA secure_delete=ON;") + kCache);
    if (!set) return set.error();
    auto reader = RowReader::prepare(connection_);
    if (!reader) return reader.error();
    reader_.emplace(std::move(reader).value());
    auto statements = WriteStatements::prepare(connection_);
    if (!statements) return statements.error();
    statements_.emplace(std::move(statements).value());
    return {};
  }

  // 0 if there is no such tenant.
  [[nodiscard]] Result<std::int64_t> number_of(const domain::IdScope& scope) {
    auto statement = connection_.prepare("SELECT number FROM tenant WHERE row_key=?");
    if (!statement) return statement.error();
    sqlite::Run run = statement->run();
    const auto found = run.blob(hierarchy_.blind_tenant(scope.str())).step();
    if (!found) return found.error();
    return *found ? run.integer_at(0) : 0;
  }

  [[nodiscard]] Result<void> erase_rows(std::int64_t number) {
    auto transaction = sqlite::Transaction::begin(connection_, sqlite::Transaction::Kind::write);
    if (!transaction) return transaction.error();
    const std::string is_its = "=" + std::to_string(number) + ";";
    const auto erased = connection_.execute(
        "DELETE FROM tenant WHERE number" + is_its + "DELETE FROM record WHERE tenant" + is_its +
        "DELETE FROM term WHERE tenant" + is_its +
        "DELETE FROM change WHERE position>=" + std::to_string(position_of(number, 0)) +
        " AND position<" + std::to_string(position_of(number + 1, 0)));
    if (!erased) return erased.error();
    return transaction->commit();
  }

  const Settings settings_;
  ports::Crypto& crypto_;
  ports::Entropy& entropy_;
  const vault::KeyHierarchy hierarchy_;
  TenantRegistry registry_;
  ReaderPool readers_;
  std::string incarnation_;

  std::mutex writing_;  // guards what follows
  sqlite::Connection connection_;
  std::optional<RowReader> reader_;
  std::optional<WriteStatements> statements_;
};

Result<std::unique_ptr<SqliteStore>> SqliteStore::open(const Settings& settings,
                                                       const vault::RootKey& root_key,
                                                       ports::Crypto& crypto,
                                                       ports::Entropy& entropy) {
  auto connection = sqlite::Connection::open(settings.path, sqlite::Connection::Access::write);
  if (!connection) {
    return Error{connection.error().code, settings.path + ": " + connection.error().reason};
  }
  auto engine =
      std::make_unique<Engine>(settings, root_key, crypto, entropy, std::move(connection).value());
  const auto started = engine->start(root_key);
  if (!started) return started.error();
  return std::unique_ptr<SqliteStore>(new SqliteStore(std::move(engine)));
}

SqliteStore::SqliteStore(std::unique_ptr<Engine> engine) : engine_(std::move(engine)) {}

SqliteStore::~SqliteStore() = default;

Result<std::optional<Record>> SqliteStore::read(const domain::IdScope& tenant, Table table,
                                                const std::string& id) const {
  return engine_->with_reader(
      tenant, Engine::Reads::one_statement,
      [&](RowReader& rows, const OpenTenant& of) -> Result<std::optional<Record>> {
        auto row = rows.row(of, table, id);
        if (!row) return row.error();
        if (!*row) return std::optional<Record>();
        return std::optional<Record>(std::move((*row)->record));
      });
}

Result<Page> SqliteStore::list(const domain::IdScope& tenant, Table table,
                               const std::string& continuation, std::size_t limit) const {
  return engine_->with_reader(tenant, Engine::Reads::one_statement,
                              [&](RowReader& rows, const OpenTenant& of) {
                                return rows.list(of, table, continuation, limit);
                              });
}

Result<Page> SqliteStore::find(const domain::IdScope& tenant, Table table, const IndexTerm& term,
                               const std::string& continuation, std::size_t limit) const {
  return engine_->with_reader(tenant, Engine::Reads::one_statement,
                              [&](RowReader& rows, const OpenTenant& of) {
                                return rows.find(of, table, term, continuation, limit);
                              });
}

Result<std::uint64_t> SqliteStore::count(const domain::IdScope& tenant, Table table,
                                         const IndexTerm& term) const {
  return engine_->with_reader(
      tenant, Engine::Reads::one_statement,
      [&](RowReader& rows, const OpenTenant& of) { return rows.count(of, table, term); });
}

Result<std::uint64_t> SqliteStore::size(const domain::IdScope& tenant, Table table) const {
  return engine_->with_reader(
      tenant, Engine::Reads::one_statement,
      [&](RowReader& rows, const OpenTenant& of) { return rows.size(of, table); });
}

Result<std::uint64_t> SqliteStore::head(const domain::IdScope& tenant) const {
  return engine_->with_reader(tenant, Engine::Reads::one_statement,
                              [](RowReader& rows, const OpenTenant& of) -> Result<std::uint64_t> {
                                const auto head = rows.head(of);
                                if (!head) return head.error();
                                return head->sequence;
                              });
}

Result<std::vector<LogEntry>> SqliteStore::changes(const domain::IdScope& tenant,
                                                   std::uint64_t after, std::size_t limit) const {
  return engine_->with_reader(
      tenant, Engine::Reads::snapshot,
      [&](RowReader& rows, const OpenTenant& of) { return rows.changes(of, after, limit); });
}

Result<std::vector<Result<Committed>>> SqliteStore::commit(std::span<const ChangeSet> sets) {
  return engine_->commit(sets, {});
}

Result<std::vector<Result<Committed>>> SqliteStore::commit_concluded(
    std::span<const ChangeSet> sets, const Conclusion& conclude) {
  return engine_->commit(sets, conclude);
}

Result<void> SqliteStore::create_tenant(const domain::IdScope& tenant) {
  return engine_->create_tenant(tenant);
}

Result<void> SqliteStore::erase_tenant(const domain::IdScope& tenant) {
  return engine_->erase_tenant(tenant);
}

Result<std::vector<domain::IdScope>> SqliteStore::tenants() const {
  return engine_->registry().names();
}

std::string SqliteStore::incarnation() const {
  return engine_->incarnation();
}

Result<Bytes> SqliteStore::digest_key(const domain::IdScope& tenant) const {
  const auto found = engine_->registry().find(tenant);
  if (!found) return found.error();
  return to_bytes((*found)->vault.keys().digest.reveal());
}

Result<void> SqliteStore::verify(const domain::IdScope& tenant) const {
  return engine_->with_reader(
      tenant, Engine::Reads::snapshot,
      [](RowReader& rows, const OpenTenant& of) { return rows.verify(of); });
}

}  // namespace berth::store
