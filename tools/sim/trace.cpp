#include "tools/sim/trace.hpp"

#include <array>
#include <cstdio>

namespace berth::sim {

void Trace::line(const std::string& who, const std::string& what) {
  std::array<char, 32> time{};
  const double seconds = static_cast<double>(scheduler_.now().count()) / 1e6;
  static_cast<void>(std::snprintf(time.data(), time.size(), "%12.6f ", seconds));
  std::string text = time.data() + who + ": " + what;
  constexpr std::uint64_t kPrime = 0x100000001b3U;
  for (const char c : text) hash_ = (hash_ ^ static_cast<unsigned char>(c)) * kPrime;
  if (print_) print_(text);
  tail_.push_back(std::move(text));
  if (tail_.size() > kTraceTail) tail_.pop_front();
}

}  // namespace berth::sim
