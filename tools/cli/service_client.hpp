// A caller of the coordinator: signs requests with the login's policy key (service API 1.10), sends
// them, and turns refusals into words that say what to do.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/json/value.hpp>

#include "shared/base/result.hpp"
#include "shared/protocol/connection_string.hpp"
#include "tools/cli/conversation.hpp"

namespace berth::cli {

inline constexpr const char* kLoginVariable = "BERTH_CONNECTION_STRING";
inline constexpr const char* kCaFileVariable = "BERTH_CA_FILE";

struct Login {
  std::string connection_string;  // empty: from kLoginVariable
  std::string ca_file;            // PEM; empty: from kCaFileVariable, or the machine's CA bundle
};

struct TextReply {
  std::string text;
  std::string continuation;  // x-ms-continuation
};

struct Reply {
  boost::json::value body;   // null if there was none
  std::string continuation;  // x-ms-continuation
};

class ServiceClient {
 public:
  using HeaderList = std::vector<std::pair<std::string, std::string>>;

  // Errc::invalid if there is no login or it cannot be read; Errc::io, Errc::malformed for the CA.
  static Result<ServiceClient> open(const Login& login);
  ServiceClient(ServiceClient&& other) noexcept;
  ServiceClient& operator=(ServiceClient&& other) noexcept;
  ~ServiceClient();

  // `path` without api-version, which DPS operations get by themselves; its parts are encoded by
  // path_of(). An empty body is none.
  [[nodiscard]] Result<Reply> call(const std::string& method, const std::string& path,
                                   const boost::json::value& body = nullptr,
                                   const HeaderList& headers = {});

  // GETs what is no JSON.
  [[nodiscard]] Result<TextReply> fetch_text(const std::string& path);

  // Carries a conversation to its end, with at most `at_once` requests under way. Ctrl-C interrupts
  // it; pressed again, it ends the program as ever.
  void converse(Conversation& conversation, std::size_t at_once);

  [[nodiscard]] const protocol::ConnectionString& login() const;
  [[nodiscard]] bool is_operator() const;

 private:
  struct Impl;
  explicit ServiceClient(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// "/enrollments/a%20b": `collection` as it is, the ID percent-encoded.
[[nodiscard]] std::string path_of(std::string_view collection, std::string_view id,
                                  std::string_view action = {});

}  // namespace berth::cli
