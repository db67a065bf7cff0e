// What an import could not write, and why: a line for every refused row, in the order of the rows.
// As CSV or JSON lines, by the file's name.
#pragma once

#include <cstdint>
#include <string>

#include "shared/base/result.hpp"
#include "tools/cli/durable_file.hpp"
#include "tools/cli/row_reader.hpp"

namespace berth::cli {

struct Refusal {
  std::uint64_t line = 0;  // of the imported file
  std::string id;
  int code = 0;  // the coordinator's; 0: the row was not sent
  std::string reason;
};

class RefusalReport {
 public:
  // `size`: what of it to keep; 0 begins anew.
  static Result<RefusalReport> open(const std::string& path, std::uint64_t size);

  [[nodiscard]] Result<void> add(const Refusal& refusal);
  [[nodiscard]] Result<void> sync() { return file_.sync(); }
  [[nodiscard]] std::uint64_t size() const { return file_.size(); }

 private:
  RefusalReport(DurableFile file, RowFormat format) : file_(std::move(file)), format_(format) {}

  DurableFile file_;
  RowFormat format_;
};

}  // namespace berth::cli
