// berth-sim: the deterministic simulator (docs/simulator.md).
#include <algorithm>
#include <charconv>
#include <cstdint>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <CLI/CLI.hpp>

#include "tools/sim/simulation.hpp"

namespace berth::sim {
namespace {

constexpr int kOk = 0;
constexpr int kFailed = 1;
constexpr int kWrongUsage = 2;

using Seeds = std::pair<std::uint64_t, std::uint64_t>;

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// "A-B"
std::optional<Seeds> seeds_of(const std::string& text) {
  const auto dash = text.find('-');
  if (dash == std::string::npos) return std::nullopt;
  const auto from = number(std::string_view(text).substr(0, dash));
  const auto to = number(std::string_view(text).substr(dash + 1));
  if (!from || !to || *from > *to) return std::nullopt;
  return Seeds{*from, *to};
}

int run(const Seeds& seeds, const std::string& name, bool traces) {
  std::uint64_t assignments = 0;
  std::uint64_t events = 0;
  std::uint64_t hash = 0;
  for (std::uint64_t seed = seeds.first;; ++seed) {
    const auto print = [](const std::string& line) { std::cout << line << "\n"; };
    const auto played =
        play(name, seed, traces ? std::function<void(const std::string&)>(print) : nullptr);
    if (!played) {
      std::cerr << "berth-sim: there is no scenario " << name << "; there are:\n";
      for (const Scenario& known : scenarios()) {
        std::cerr << "  " << known.name << ": " << known.about << "\n";
      }
      return kWrongUsage;
    }
    const Report& report = *played;
    if (report.failure) {
      if (!traces) {
        for (const std::string& line : report.last_lines) std::cout << line << "\n";
      }
      std::cout << "FAILED: seed " << seed << ", scenario " << name << ": " << *report.failure
                << "\nagain: berth-sim --seed " << seed << " --scenario " << name << " --trace\n";
      return kFailed;
    }
    assignments += report.assignments;
    events += report.events;
    hash = hash * 31 + report.hash;
    if (seed == seeds.second) break;
  }
  std::cout << "ok: seeds " << seeds.first << "-" << seeds.second << ", scenario " << name << ": "
            << events << " events, " << assignments << " assignments, hash " << std::hex << hash
            << "\n";
  return kOk;
}

}  // namespace
}  // namespace berth::sim

int main(int argc, char** argv) {
  CLI::App app{
      "Plays a coordinator, two gateways, hubs and devices in virtual time, breaks what "
      "can break, and checks that nothing is lost."};
  std::uint64_t seed = 1;
  std::string range;
  std::string scenario = "swarm";
  bool traces = false;
  app.add_option("--seed", seed, "the seed of one run");
  app.add_option("--seeds", range, "a range of seeds, A-B");
  app.add_option("--scenario", scenario, "what goes wrong (another name lists them)");
  app.add_flag("--trace", traces, "print everything that happens");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? berth::sim::kOk : berth::sim::kWrongUsage;
  }
  berth::sim::Seeds seeds{seed, seed};
  if (!range.empty()) {
    const auto parsed = berth::sim::seeds_of(range);
    if (!parsed) {
      std::cerr << "berth-sim: --seeds is a range such as 1-200\n";
      return berth::sim::kWrongUsage;
    }
    seeds = *parsed;
  }
  return berth::sim::run(seeds, scenario, traces);
}
