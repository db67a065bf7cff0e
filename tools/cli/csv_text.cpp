#include "tools/cli/csv_text.hpp"

#include <cstdlib>
#include <csv.h>
#include <utility>

namespace berth::cli {
namespace {

// A field grows by the library's blocks; where this refuses, the library reports "no memory".
void* reallocate(void* memory, std::size_t size) {
  constexpr std::size_t kBlock = 128;
  if (size > kMaxCsvField + kBlock) return nullptr;
  return std::realloc(memory, size);
}

// The library drops spaces around unquoted fields unless told that there are none.
int is_no_space(unsigned char) {
  return 0;
}

}  // namespace

struct CsvReader::Impl {
  csv_parser parser{};
  Fields fields;
  std::vector<Fields> rows;
  bool has_too_many = false;

  Impl() {
    // Fails for a null pointer only.
    (void)csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI);
    csv_set_realloc_func(&parser, reallocate);
    csv_set_space_func(&parser, is_no_space);
  }
  ~Impl() { csv_free(&parser); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  static void on_field(void* text, std::size_t size, void* self) {
    Impl& impl = *static_cast<Impl*>(self);
    if (impl.fields.size() == kMaxCsvFields) {
      impl.has_too_many = true;
      return;
    }
    impl.fields.emplace_back(static_cast<const char*>(text), size);
  }
  static void on_row(int, void* self) {
    Impl& impl = *static_cast<Impl*>(self);
    impl.rows.push_back(std::exchange(impl.fields, {}));
  }

  [[nodiscard]] Result<std::optional<Fields>> outcome(bool is_well_formed) {
    if (!is_well_formed) {
      if (csv_error(&parser) == CSV_EPARSE) {
        return Error{Errc::malformed, "a quote where none can be"};
      }
      return Error{Errc::too_large,
                   "a field is longer than " + std::to_string(kMaxCsvField) + " bytes"};
    }
    if (has_too_many) {
      return Error{Errc::too_large,
                   "a row has more than " + std::to_string(kMaxCsvFields) + " fields"};
    }
    if (rows.empty()) return std::optional<Fields>{};
    if (rows.size() > 1) return Error{Errc::malformed, "a carriage return within a line"};
    std::optional<Fields> row = std::move(rows.front());
    rows.clear();
    return row;
  }
};

CsvReader::CsvReader() : impl_(std::make_unique<Impl>()) {}
CsvReader::~CsvReader() = default;

Result<std::optional<CsvReader::Fields>> CsvReader::take(std::string_view line) {
  const std::size_t taken = csv_parse(&impl_->parser, line.data(), line.size(), Impl::on_field,
                                      Impl::on_row, impl_.get());
  return impl_->outcome(taken == line.size());
}

Result<std::optional<CsvReader::Fields>> CsvReader::finish() {
  if (csv_fini(&impl_->parser, Impl::on_field, Impl::on_row, impl_.get()) != 0) {
    return Error{Errc::malformed, "the file ends within a quoted field"};
  }
  return impl_->outcome(true);
}

std::string csv_row(const std::vector<std::string>& fields) {
  std::string row;
  for (const std::string& field : fields) {
    if (&field != &fields.front()) row += ',';
    if (field.find_first_of(",\"\r\n") == std::string::npos) {
      row += field;
      continue;
    }
    const std::size_t size = csv_write(nullptr, 0, field.data(), field.size());
    std::string quoted(size, '\0');
    (void)csv_write(quoted.data(), quoted.size(), field.data(), field.size());
    row += quoted;
  }
  return row + "\r\n";
}

}  // namespace berth::cli
