#include "coordinator/explain/site_view.hpp"

#include <utility>

#include "shared/protocol/sync/record_codec.hpp"

namespace berth::coordinator {
namespace {

using store::Table;

// Where the coordinator keeps what a gateway keeps in `table`.
Table kept_in(Table table) {
  return table == Table::refusal_stub ? Table::individual_enrollment : table;
}

bool is_scoped(Table table) {
  return table == Table::individual_enrollment || table == Table::enrollment_group ||
         table == Table::refusal_stub;
}

}  // namespace

Result<std::optional<store::Record>> SiteView::seen(store::Record record, Table table) const {
  if (!is_scoped(table)) return std::optional(std::move(record));
  if (!site_) {
    if (table == Table::refusal_stub) return std::optional<store::Record>{};
    if (table == Table::enrollment_group) {
      const auto group = sync::decode<domain::EnrollmentGroup>(record.body);
      if (!group) return group.error();
      if (keys_stay_here(*group)) return std::optional<store::Record>{};
    }
    return std::optional(std::move(record));
  }
  auto view = scope_.view(record);
  if (!view) return view.error();
  if (!*view || (*view)->table != table || !(*view)->body) return std::optional<store::Record>{};
  record.table = table;
  record.body = std::move(*(*view)->body);
  return std::optional(std::move(record));
}

Result<store::Page> SiteView::seen(store::Page page, Table table) const {
  store::Page some;
  some.continuation = std::move(page.continuation);
  for (store::Record& record : page.records) {
    auto view = seen(std::move(record), table);
    if (!view) return view.error();
    if (*view) some.records.push_back(std::move(**view));
  }
  return some;
}

Result<std::optional<store::Record>> SiteView::read(const domain::IdScope& tenant, Table table,
                                                    const std::string& id) const {
  auto record = truth_.read(tenant, kept_in(table), id);
  if (!record || !*record) return record;
  return seen(std::move(**record), table);
}

Result<store::Page> SiteView::list(const domain::IdScope& tenant, Table table,
                                   const std::string& continuation, std::size_t limit) const {
  auto page = truth_.list(tenant, kept_in(table), continuation, limit);
  if (!page) return page;
  return seen(std::move(*page), table);
}

// Pages in which nothing is seen are passed over: callers look at the first record alone.
Result<store::Page> SiteView::find(const domain::IdScope& tenant, Table table,
                                   const store::IndexTerm& term, const std::string& continuation,
                                   std::size_t limit) const {
  std::string from = continuation;
  while (true) {
    auto page = truth_.find(tenant, kept_in(table), term, from, limit);
    if (!page) return page;
    auto some = seen(std::move(*page), table);
    if (!some || !some->records.empty() || some->continuation.empty()) return some;
    from = some->continuation;
  }
}

}  // namespace berth::coordinator
