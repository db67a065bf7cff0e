// An HTTP/1.1 message as the protocol code sees it: parsed, bounded, and free of any library. The
// adapters that move the bytes are in shared/runtime.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace berth::http {

// Field names are compared without regard to case and sent as written.
class Headers {
 public:
  // The first field of that name, or empty.
  [[nodiscard]] std::string_view get(std::string_view name) const;
  [[nodiscard]] bool has(std::string_view name) const;
  void set(std::string name, std::string value);  // replaces
  [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& all() const {
    return fields_;
  }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

struct Request {
  std::string method;  // upper case
  std::string target;  // path and query, as on the request line
  Headers headers;
  std::string body;
  std::string source;  // the peer's address, as far as the adapter knows it; for logs
};

struct Response {
  int status = 200;
  Headers headers;
  std::string body;
};

// A request target taken apart: segments are percent-decoded once; a trailing slash gives no empty
// segment.
struct Target {
  std::vector<std::string> segments;
  std::vector<std::pair<std::string, std::string>> query;
  // The first parameter of that name, or empty.
  [[nodiscard]] std::string_view parameter(std::string_view name) const;
};

// At most 16 segments and 16 parameters; false if there are more, or an escape is broken.
[[nodiscard]] bool parse_target(std::string_view target, Target& into);

}  // namespace berth::http
