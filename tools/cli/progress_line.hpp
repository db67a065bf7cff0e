// How far an import or an export is, on standard error: one line that is written over on a
// terminal, and a line every few seconds elsewhere.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <ostream>
#include <string>

#include "shared/base/timestamp.hpp"

namespace berth::cli {

class ProgressLine {
 public:
  enum class Form : std::uint8_t { none, overwritten, lines };
  static constexpr std::chrono::seconds kBetweenLines{5};

  // Lines only if asked for, where nobody watches.
  static Form form_of_standard_error(bool is_asked_for);

  ProgressLine(std::ostream& out, Form form) : out_(out), form_(form) {}
  // `fraction`: how much of it is done, from 0 to 1; nothing if that cannot be known.
  void show(MonotonicTime now, std::uint64_t rows, std::uint64_t refused,
            std::optional<double> fraction);
  // Leaves the line as it is, and the cursor below it.
  void end();

 private:
  struct Seen {
    MonotonicTime time;
    std::uint64_t rows = 0;
    double fraction = 0;
  };

  std::ostream& out_;
  Form form_;
  std::optional<Seen> first_;
  MonotonicTime last_line_{};
  std::size_t width_ = 0;
};

}  // namespace berth::cli
