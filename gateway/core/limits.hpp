// The limits of the gateway's core (design section 7), in one place. Each is tested at the limit
// and one past it. Limits of the domain (certificate chain, IDs, keys) and of bodies are with their
// code.
#pragma once

#include <chrono>
#include <cstddef>

namespace berth::gateway {

// Registration engine, per shard.
// Devices with an operation, running or kept for polling.
inline constexpr std::size_t kMaxOperations = 20000;
// Requests that wait for a fence or a look-back.
inline constexpr std::size_t kMaxWaitingRequests = 2000;
// Requests of one device that wait for the same intent to be journaled.
inline constexpr std::size_t kMaxJoinedRequests = 16;
// How often one registration matches again because its enrollment changed before it was journaled.
inline constexpr int kMaxDecisionRounds = 3;

inline constexpr std::chrono::milliseconds kFenceDeadline{500};
inline constexpr std::chrono::milliseconds kLookBackDeadline{2000};

// Refused attempts that are recorded in a second, per shard; the log has all of them.
inline constexpr int kMaxRecordedAttempts = 50;

// Retry-after as told to devices: the smallest that every SDK takes as it is given or clamps
// upwards by itself (device API 1.9), and what is told under overload.
inline constexpr std::chrono::seconds kRetryAfter{1};
inline constexpr std::chrono::seconds kOverloadRetryAfter{30};

// A finished operation stays readable longer than any SDK polls (device API 1.9).
inline constexpr std::chrono::minutes kOperationRetention{10};

// A hub that does not take a device now is tried again after kFirstRetry, doubled up to kMaxRetry,
// the last quarter of it random.
inline constexpr std::chrono::milliseconds kFirstRetry{500};
inline constexpr std::chrono::milliseconds kMaxRetry{30000};

// MQTT (what a packet may hold is with its codec, shared/protocol/mqtt).
// Requests that one session has open.
inline constexpr std::size_t kMaxMqttRequests = 8;
// From the connection to CONNECT.
inline constexpr std::chrono::seconds kMqttConnectDeadline{15};
// From a 401 to the end of the session, for the client to leave by itself.
inline constexpr std::chrono::seconds kMqttRefusalLinger{5};
// A client with keep-alive 0 (device API 2.1: C) is closed after this silence.
inline constexpr std::chrono::seconds kMqttMaxSilence{600};

// Text that a device chose and a log or a record repeats.
inline constexpr std::size_t kMaxLoggedText = 128;

}  // namespace berth::gateway
