// The limits of the gateway (design section 7), in one place: of what devices may ask for, hold and
// make wait, and of what the gateway does by itself, towards its disk, the coordinator, hubs and
// webhooks. Each is tested at the limit and one past it; tools/tidy/limits.py sees that none is
// elsewhere in gateway/, and none without a test.
//
// What one message may hold is with its codec, for whoever reads it (shared/protocol, shared/json);
// limits of the domain (certificate chain, IDs, keys) are with the domain.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace berth::gateway {

// TCP connections of all device listeners together, about 97 KiB each: unless the configuration
// says otherwise, and the most that it may say. The system's limit on descriptors may allow fewer,
// of which some are kept for all else.
inline constexpr std::size_t kDefaultConnections = 2000;
inline constexpr std::size_t kMostConnections = 20000;
inline constexpr std::size_t kReservedDescriptors = 256;
// From the connection to the end of the TLS handshake.
inline constexpr std::chrono::seconds kHandshakeDeadline{10};
// For a device to take what was sent.
inline constexpr std::chrono::seconds kDeviceWriteDeadline{15};
// Connections whose end is logged in a second; the others are counted.
inline constexpr int kMaxLoggedConnections = 20;

// So many connections are a rush: when half of them are gone, their memory is given back to the
// system.
inline constexpr std::size_t kRushConnections = 200;

// HTTP, in bytes: the request line and its fields; the body (device API 8).
inline constexpr std::size_t kMaxHttpHead = 16 * 1024;
inline constexpr std::size_t kMaxHttpBody = 96 * 1024;
// From the handshake to the first request; from a request's first byte to its last; between two
// requests.
inline constexpr std::chrono::seconds kHttpFirstDeadline{15};
inline constexpr std::chrono::seconds kHttpRequestDeadline{15};
inline constexpr std::chrono::seconds kHttpMaxIdle{60};

// Registration engine, per shard.
// Devices with an operation, running or kept for polling.
inline constexpr std::size_t kMaxOperations = 20000;
// Wakes that one call serves; the rest are due at once, in the next.
inline constexpr int kMaxWakesPerCall = 256;
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

// Failed attestations (design 7), counted in windows: this one and the one before. How many are
// free of one device from one address, and of one address; from then on the answer waits, the
// longer the more there were. Keys that are counted in a window, and answers that wait at a time,
// per shard.
inline constexpr std::chrono::minutes kFailureWindow{1};
inline constexpr std::uint32_t kFreeFailuresOfDevice = 5;
inline constexpr std::uint32_t kFreeFailuresOfSource = 100;
inline constexpr std::chrono::milliseconds kFirstFailureDelay{250};
inline constexpr std::chrono::milliseconds kMaxFailureDelay{4000};
inline constexpr std::size_t kMaxCountedFailures = 10000;
inline constexpr std::size_t kMaxHeldReplies = 2000;

// Refusals that the audit log tells one by one, at once, and how long it takes until one more may
// be; kinds of refusal (tenant and error) that are counted apart, the rest together; how often the
// counts are told.
inline constexpr std::size_t kRefusalBurst = 60;
inline constexpr std::chrono::seconds kRefusalInterval{10};
inline constexpr std::size_t kMaxRefusalKinds = 64;
inline constexpr std::chrono::seconds kRefusalSummaryInterval{60};

// Challenges that TPMs may answer, per shard and of one device; unanswered ones last for one to two
// lifetimes, answered ones as long as they are used.
inline constexpr std::size_t kMaxTpmChallenges = 4096;
inline constexpr std::size_t kMaxTpmChallengesPerDevice = 4;
inline constexpr std::chrono::minutes kTpmChallengeLifetime{5};
inline constexpr std::chrono::minutes kTpmAnswerLifetime{10};

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

// One hub's registry, of one gateway. Requests under way; devices, and clean-up tasks, that wait
// their turn; devices that go before the clean-up that waits.
inline constexpr std::size_t kMaxUnderWayAtHub = 64;
inline constexpr std::size_t kMaxWaitingAtHub = 1024;
inline constexpr std::size_t kMaxCleanupAtHub = 64;
inline constexpr int kDevicesPerCleanup = 16;
// A hub that throttles is left alone for as long as it says, or from the first to the last,
// doubled.
inline constexpr std::chrono::seconds kFirstThrottlePause{1};
inline constexpr std::chrono::seconds kLastThrottlePause{120};

// For one exchange with a hub's registry; an operation has a few of them. For one with a broker,
// whose answers may get lost (service API 6.8).
inline constexpr std::chrono::milliseconds kHubTimeout{10000};
inline constexpr std::chrono::milliseconds kBrokerTimeout{5000};
inline constexpr std::size_t kMaxHubExchanges = 8;
// Operations under way or waiting their turn, of one shard; a device beyond that is tried again
// later.
inline constexpr std::size_t kMaxHubOperations = 4096;
// Connections kept to one hub, of one shard: a burst of devices pays for no more handshakes.
inline constexpr std::size_t kMaxIdleHubConnections = 32;
// Hubs of which something is remembered; past this many, those of which nothing need be are
// forgotten.
inline constexpr std::size_t kMaxIdleHubs = 256;
// A probe that takes longer counts as unreachable: the hub keeps its last latency.
inline constexpr std::chrono::milliseconds kProbeTimeout{5000};

// Calls of webhooks under way at once; a device beyond that is asked for again later.
inline constexpr std::size_t kMaxWebhookCalls = 256;

// The disk. Change sets that may wait, at some 16,000 grouped commits a second a quarter of a
// second of work; more are refused with Errc::throttled. Change sets that share one flush.
inline constexpr std::size_t kMaxWaitingChangeSets = 4096;
inline constexpr std::size_t kMaxGroupedChangeSets = 128;
// Refused attempts that wait to be recorded; more are dropped, so that a flood of bad credentials
// can't keep the disk from those that are good. The same of refusals on their way to the audit log.
inline constexpr std::size_t kMaxWaitingAttempts = 64;
inline constexpr std::size_t kMaxWaitingNotes = 64;

// The coordinator. For a connection to it; for each exchange of joining.
inline constexpr std::chrono::milliseconds kCoordinatorConnectTimeout{10000};
inline constexpr std::chrono::milliseconds kJoinTimeout{20000};
// Questions of each kind that wait for it; more get no answer at once.
inline constexpr std::size_t kMaxOpenQuestions = 4096;
// A write of what it sent that the disk refuses, or for which too many wait, is tried again within
// the session: from the first pause, doubled, to the last. So is a copy that can't be taken in
// fetched again.
inline constexpr std::chrono::milliseconds kFirstCommitRetry{20};
inline constexpr std::chrono::milliseconds kLastCommitRetry{5000};
// Registration IDs of which it said that it has none.
inline constexpr std::size_t kMaxKnownAbsent = 100000;

// MQTT (what a packet may hold is with its codec, shared/protocol/mqtt).
// Requests that one session has open.
inline constexpr std::size_t kMaxMqttRequests = 8;
// From the connection to CONNECT.
inline constexpr std::chrono::seconds kMqttConnectDeadline{15};
// From a 401 to the end of the session, for the client to leave by itself.
inline constexpr std::chrono::seconds kMqttRefusalLinger{5};
// A client with keep-alive 0 (device API 2.1: C) is closed after this silence.
inline constexpr std::chrono::seconds kMqttMaxSilence{600};

// AMQP, in bytes: a frame before the device has said who it is (its whole PLAIN response, or a
// TPM's key and the certificates of it, is in one); a frame after that; a message, which is the
// largest body (device API 8) and what stands around it.
inline constexpr std::size_t kMaxAmqpSaslFrame = 4 * 1024;
inline constexpr std::size_t kMaxAmqpFrame = 64 * 1024;
inline constexpr std::size_t kMaxAmqpMessage = 112 * 1024;
// How deep values may stand in each other, and how many there may be in a frame or a message.
inline constexpr int kMaxAmqpDepth = 12;
inline constexpr std::size_t kMaxAmqpValues = 1024;
// What a connection may open in its lifetime. SDKs open one session and two links at a time.
inline constexpr std::size_t kMaxAmqpSessions = 4;
inline constexpr std::size_t kMaxAmqpLinks = 16;
// Requests that one connection has open, replies that the device has not taken yet among them.
inline constexpr std::size_t kMaxAmqpRequests = 8;
// From the connection to the first link.
inline constexpr std::chrono::seconds kAmqpOpenDeadline{15};
// From a refusal of its credentials to the end of the connection, for the device to leave by
// itself.
inline constexpr std::chrono::seconds kAmqpRefusalLinger{5};
// A connection is closed after this silence; half of it is the idle time-out that devices are told.
inline constexpr std::chrono::seconds kAmqpMaxSilence{600};
// The SASL mechanism TPM (device API 3.4): what one segment of the challenge may carry, and so all
// of it in the two segments that Java takes.
inline constexpr std::size_t kMaxTpmSegment = 470;
inline constexpr std::size_t kMaxTpmChallenge = 2 * kMaxTpmSegment;

// A WebSocket message; what it carries has limits of its own.
inline constexpr std::size_t kMaxWebSocketMessage = 256 * 1024;

// CoAP. DTLS sessions that are established, half-open handshakes, and how long a session may be
// silent.
inline constexpr std::size_t kMaxCoapSessions = 1000;
inline constexpr std::size_t kMaxCoapHandshakes = 20000;
inline constexpr std::chrono::seconds kCoapSessionIdle{120};
// A session that was silent for so long gives way to a handshake from the same address and port;
// and for so long, when all are taken, to anybody's.
inline constexpr std::chrono::seconds kCoapRestartGrace{5};
inline constexpr std::chrono::seconds kCoapSessionSpared{15};
// Handshakes that one address may begin: so many at once, and so many in a second afterwards; and
// the addresses that are counted.
inline constexpr int kCoapHandshakeBurst = 1000;
inline constexpr int kCoapHandshakesPerSecond = 200;
inline constexpr std::size_t kMaxCountedAddresses = 4096;
// Requests that one session has open (a device has one, RFC 7252 section 4.7), and how many of its
// last messages are known again when they are repeated.
inline constexpr std::size_t kMaxCoapRequests = 4;
inline constexpr std::size_t kCoapRememberedMessages = 4;
// The largest block: 16 bytes, doubled so many times (RFC 7959 section 2.2).
inline constexpr std::uint8_t kMaxCoapBlockExponent = 6;
// Unfinished bodies and long answers of all sessions, in bytes, and how long one may take.
inline constexpr std::size_t kMaxCoapBuffered = 8 * 1024 * 1024;
inline constexpr std::chrono::seconds kCoapTransferDeadline{60};

// What is sent to a device and not taken by it yet: more, and it does not read what it asked for.
inline constexpr std::size_t kMaxUnsentOutput = 256 * 1024;

// Text that a device chose and a log or a record repeats.
inline constexpr std::size_t kMaxLoggedText = 128;

}  // namespace berth::gateway
