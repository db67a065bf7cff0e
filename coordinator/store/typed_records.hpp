// Typed reading of a record store, for the tables of this folder: decoding, and nothing else.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "coordinator/store/versioned.hpp"
#include "shared/base/result.hpp"
#include "shared/protocol/sync/record_codec.hpp"
#include "shared/store/record_store.hpp"

namespace berth::coordinator {

template <class T>
Result<Versioned<T>> decode_record(const store::Record& record) {
  auto decoded = sync::decode<T>(record.body);
  if (!decoded) {
    return Error{decoded.error().code,
                 std::string(store::name_of(record.table)) + ": " + decoded.error().reason};
  }
  return Versioned<T>{std::move(*decoded), record.version};
}

template <class T>
Result<std::optional<Versioned<T>>> read_record(const store::Reader& reader,
                                                const domain::IdScope& tenant, store::Table table,
                                                const std::string& id) {
  auto record = reader.read(tenant, table, id);
  if (!record) return record.error();
  if (!*record) return std::optional<Versioned<T>>{};
  auto decoded = decode_record<T>(**record);
  if (!decoded) return decoded.error();
  return std::optional<Versioned<T>>(std::move(*decoded));
}

template <class T>
Result<Listing<T>> decode_page(const Result<store::Page>& page) {
  if (!page) return page.error();
  Listing<T> listing;
  listing.continuation = page->continuation;
  listing.records.reserve(page->records.size());
  for (const store::Record& record : page->records) {
    auto decoded = decode_record<T>(record);
    if (!decoded) return decoded.error();
    listing.records.push_back(std::move(*decoded));
  }
  return listing;
}

// Every record of a table; for tables that are small by their limits.
template <class T>
Result<std::vector<Versioned<T>>> read_all(const store::Reader& reader,
                                           const domain::IdScope& tenant, store::Table table) {
  std::vector<Versioned<T>> all;
  std::string continuation;
  do {
    auto page = decode_page<T>(reader.list(tenant, table, continuation, store::kMaxPage));
    if (!page) return page.error();
    for (Versioned<T>& record : page->records) all.push_back(std::move(record));
    continuation = page->continuation;
  } while (!continuation.empty());
  return all;
}

}  // namespace berth::coordinator
