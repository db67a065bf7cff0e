// Hostile devices, for finding out whether a gateway stays up and fair (issue: "under attack"): on
// loopback only, bounded in number and time. Anybody can write such a program; this one exists so
// that the gateway's defences have tests.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "shared/base/result.hpp"
#include "tools/device/fleet.hpp"

namespace berth::device {

enum class AttackKind : std::uint8_t {
  half_open,          // connects and says nothing
  slow_handshake,     // a byte of the TLS handshake in a second
  idle,               // shakes hands and says nothing
  connection_flood,   // shakes hands, holds for a while, and comes again
  http_lengths,       // requests whose lengths lie
  deep_json,          // bodies that nest, or are long
  mqtt_lengths,       // packets whose lengths lie
  amqp_lengths,       // frames whose lengths lie
  websocket_lengths,  // frames whose lengths lie, compression that nobody agreed on
  bad_credentials,    // registers under a device's ID with a key that is not the device's
};

[[nodiscard]] const std::vector<AttackKind>& all_attacks();
[[nodiscard]] std::string_view name_of(AttackKind kind);     // "half-open"
[[nodiscard]] std::string_view meaning_of(AttackKind kind);  // for the help
[[nodiscard]] std::optional<AttackKind> attack_named(std::string_view name);

struct AttackOptions {
  std::string kind;
  std::string dev_file;
  std::string address = "127.0.0.1";
  std::string from;        // source address; empty: the system's choice
  std::uint16_t port = 0;  // 0: the one in dev.json that the kind is about
  std::string id_scope;
  std::string registration_id = "attacked";
  std::size_t count = 100;
  std::size_t concurrency = 100;
  int seconds = 60;
  int hold_milliseconds = 1000;  // connection_flood
};

inline constexpr std::size_t kMaxAttackCount = 100'000;
inline constexpr int kMaxAttackSeconds = 600;

struct AttackReport {
  std::size_t attempts = 0;
  std::map<std::string, std::size_t> ends;           // how many ended in this way
  std::vector<std::chrono::microseconds> durations;  // from connecting to the end; sorted
};

[[nodiscard]] std::string line_of(const AttackReport& report, const AttackOptions& options);

// Errc::forbidden if an address is not a loopback address: nothing is sent then.
[[nodiscard]] Result<AttackReport> run_attack(AttackOptions options);

}  // namespace berth::device
