#include "tools/cli/progress_line.hpp"

#include <algorithm>
#include <cmath>
#include <unistd.h>

namespace berth::cli {
namespace {

std::string duration_text(double seconds) {
  const auto whole = static_cast<std::uint64_t>(std::llround(seconds));
  if (whole < 120) return std::to_string(whole) + " s";
  return std::to_string((whole + 59) / 60) + " min";
}

}  // namespace

ProgressLine::Form ProgressLine::form_of_standard_error(bool is_asked_for) {
  if (::isatty(STDERR_FILENO) == 1) return Form::overwritten;
  return is_asked_for ? Form::lines : Form::none;
}

void ProgressLine::show(MonotonicTime now, std::uint64_t rows, std::uint64_t refused,
                        std::optional<double> fraction) {
  if (form_ == Form::none) return;
  if (!first_) first_ = Seen{now, rows, fraction.value_or(0)};
  if (form_ == Form::lines && last_line_.count() != 0 && now - last_line_ < kBetweenLines) return;
  last_line_ = now;

  std::string text = std::to_string(rows) + " rows";
  const double seconds = std::chrono::duration<double>(now - first_->time).count();
  if (seconds > 0) {
    const double rate = static_cast<double>(rows - first_->rows) / seconds;
    text += ", " + std::to_string(std::llround(rate)) + "/s";
  }
  if (refused > 0) text += ", " + std::to_string(refused) + " refused";
  if (fraction && seconds > 0 && *fraction > first_->fraction) {
    const double left = (1 - *fraction) * seconds / (*fraction - first_->fraction);
    text += ", about " + duration_text(left) + " left";
  }
  if (form_ == Form::lines) {
    out_ << text << std::endl;
    return;
  }
  const std::size_t shown = text.size();
  // What a longer text before left is written over.
  text.resize(std::max(shown, width_), ' ');
  width_ = shown;
  out_ << '\r' << text << std::flush;
}

void ProgressLine::end() {
  if (form_ == Form::overwritten && width_ > 0) out_ << std::endl;
}

}  // namespace berth::cli
