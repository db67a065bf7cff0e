#include <chrono>
#include <utility>

#include "shared/base/timestamp.hpp"
#include "shared/json/json_text.hpp"
#include "shared/runtime/system.hpp"
#include "tools/cli/commands.hpp"
#include "tools/cli/evidence_file.hpp"
#include "tools/cli/named_values.hpp"
#include "tools/cli/requests.hpp"

namespace berth::cli {
namespace {

constexpr const char* kExplain = "/berth/v1/registrations:explain";
constexpr const char* kSettings = "/berth/v1/settings";

std::string lines_of(const boost::json::value& answer) {
  std::string text;
  const boost::json::object* object = answer.if_object();
  const boost::json::value* lines = object == nullptr ? nullptr : object->if_contains("text");
  if (lines == nullptr || !lines->is_array()) return text;
  for (const boost::json::value& line : *lines->if_array()) {
    if (const boost::json::string* words = line.if_string()) {
      text.append(words->data(), words->size());
      text += '\n';
    }
  }
  return text;
}

}  // namespace

Result<Output> explain_registration(ServiceClient& client, const ExplainOptions& o) {
  boost::json::object body{{"registrationId", o.id}};
  if (!o.evidence_path.empty()) {
    EvidenceSubject subject;
    subject.registration_id = o.id;
    subject.now = unix_seconds(runtime::SystemClock().wall());
    subject.id_scope = [&client]() -> Result<std::string> {
      const auto settings = fetch_record(client, kSettings);
      if (!settings) return settings.error();
      auto scope = json::find_string(*settings, "idScope");
      if (!scope) return scope.error();
      return scope->value_or("");
    };
    auto evidence = read_evidence_file(o.evidence_path, subject);
    if (!evidence) return evidence.error();
    body["evidence"] = std::move(*evidence);
  }
  if (!o.group.empty()) body["enrollmentGroupId"] = o.group;
  if (!o.site.empty()) body["site"] = o.site;
  auto latencies = read_latencies(o.latencies);
  if (!latencies) return latencies.error();
  if (!latencies->empty()) body["latencies"] = std::move(*latencies);
  auto reply = client.call("POST", kExplain, body);
  if (!reply) return reply.error();
  Output output;
  output.text = lines_of(reply->body);
  output.value = std::move(reply->body);
  return output;
}

}  // namespace berth::cli
