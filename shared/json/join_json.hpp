// The texts of joining: the token, `berth1.` and base64url of a JSON object, and the bodies of
// POST /berth/v1/gateways:join.
#pragma once

#include <string>
#include <string_view>

#include "shared/base/result.hpp"
#include "shared/protocol/join.hpp"

namespace berth::json {

// Longest token text, and longest join request.
inline constexpr std::size_t kMaxJoinToken = 2048;
inline constexpr std::size_t kMaxJoinBody = 16 * 1024;

[[nodiscard]] std::string write_join_token(const protocol::JoinToken& token);
// Errc::malformed, without repeating anything of the text.
[[nodiscard]] Result<protocol::JoinToken> read_join_token(std::string_view text);

[[nodiscard]] std::string write(const protocol::JoinRequest& request);
[[nodiscard]] Result<protocol::JoinRequest> read_join_request(std::string_view text);
[[nodiscard]] std::string write(const protocol::JoinReply& reply);
[[nodiscard]] Result<protocol::JoinReply> read_join_reply(std::string_view text);

}  // namespace berth::json
