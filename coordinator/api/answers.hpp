// How answers look: bodies, headers and error documents (service API 1.7 and 1.9). Header names are
// written in lower case, since C#'s first client looks them up by that spelling.
#pragma once

#include <cstdint>
#include <string>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "shared/base/result.hpp"
#include "shared/base/timestamp.hpp"
#include "shared/protocol/http/message.hpp"

namespace berth::coordinator {

[[nodiscard]] http::Response json_answer(int status, const boost::json::value& body);
// 204: no body, no content type.
[[nodiscard]] http::Response empty_answer();

// The body as an object, or an Error: Errc::malformed, Errc::too_large past coordinator/api/limits,
// Errc::unsupported for another media type than JSON.
[[nodiscard]] Result<boost::json::object> read_body(const http::Request& request);

// What an error document says.
struct Failure {
  std::int32_t error_code = 0;  // six digits
  std::string message;
};

// Through the catalogue. What is the caller's to mend is said in Error::reason's words; what is
// ours is not.
[[nodiscard]] Failure describe(const Error& error);

// The error document, with the GUID by which logs know the request.
[[nodiscard]] http::Response error_answer(const Failure& failure, const std::string& tracking_id,
                                          WallTime now);

}  // namespace berth::coordinator
