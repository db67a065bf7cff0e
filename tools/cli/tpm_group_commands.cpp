#include "tools/cli/tpm_group_commands.hpp"

#include <algorithm>
#include <fstream>
#include <utility>

#include <boost/json/array.hpp>

#include "shared/json/json_text.hpp"
#include "tools/cli/durable_file.hpp"
#include "tools/cli/requests.hpp"
#include "tools/cli/same_file.hpp"
#include "tools/cli/tpm_delivery.hpp"

namespace berth::cli {
namespace {

namespace bj = boost::json;

constexpr const char* kGroups = "/berth/v1/enrollmentGroups";
constexpr const char* kTpms = "tpms";
// What one request takes.
constexpr std::size_t kTpmsAtOnce = 500;

struct Totals {
  std::uint64_t admitted = 0;
  std::uint64_t was_admitted = 0;
};

Error odd_answer() {
  return Error{Errc::malformed, "the coordinator answered what is no account of an import"};
}

Result<std::uint64_t> number_of(const bj::object& answer, std::string_view name) {
  const auto number = json::find_number(answer, name, kTpmsAtOnce);
  if (!number) return number.error();
  if (!*number) return odd_answer();
  return **number;
}

// Adds what became of one request's chips.
Result<void> count(const bj::value& answer, const DeliveredTpm* sent, std::size_t size,
                   Totals& totals, std::vector<DeliveryRefusal>& refused) {
  const bj::object* const object = answer.if_object();
  if (object == nullptr) return odd_answer();
  const auto admitted = number_of(*object, "admitted");
  if (!admitted) return admitted.error();
  const auto was_admitted = number_of(*object, "alreadyAdmitted");
  if (!was_admitted) return was_admitted.error();
  totals.admitted += *admitted;
  totals.was_admitted += *was_admitted;
  const auto rows = json::find_array(*object, "refused");
  if (!rows) return rows.error();
  if (*rows == nullptr) return odd_answer();
  for (const bj::value& row : **rows) {
    const bj::object* const refusal = row.if_object();
    if (refusal == nullptr) return odd_answer();
    const auto index = json::find_number(*refusal, "index", size - 1);
    if (!index) return index.error();
    auto reason = json::find_string(*refusal, "reason");
    if (!reason) return reason.error();
    if (!*index) return odd_answer();
    const DeliveredTpm& tpm = sent[**index];
    refused.push_back({tpm.line, tpm.name, std::move(*reason).value_or("")});
  }
  return {};
}

Result<void> write_report(const std::string& path, const std::vector<DeliveryRefusal>& refused) {
  if (path.empty()) return {};
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << refusals_as_csv(refused);
  file.close();
  if (!file) return Error{Errc::io, path + " cannot be written"};
  return {};
}

Output account(const Totals& totals, const std::vector<DeliveryRefusal>& refused) {
  bj::array rows;
  for (const DeliveryRefusal& one : refused) {
    rows.push_back({{"line", one.line}, {"tpm", one.name}, {"reason", one.reason}});
  }
  Output output;
  output.value = std::move(rows);
  output.columns = {{"LINE", "line"}, {"REFUSED TPM", "tpm"}, {"REASON", "reason"}};
  output.summary = {{"admitted", totals.admitted},
                    {"alreadyAdmitted", totals.was_admitted},
                    {"refused", refused.size()}};
  const std::string sum = std::to_string(totals.admitted) + " admitted, " +
                          std::to_string(totals.was_admitted) + " were there, " +
                          std::to_string(refused.size()) + " refused";
  // A table of nothing says nothing.
  (refused.empty() ? output.text : output.note) = refused.empty() ? sum + "\n" : sum;
  output.is_incomplete = !refused.empty();
  return output;
}

}  // namespace

Result<Output> import_tpms(ServiceClient& client, const TpmListOptions& o) {
  if (!o.report.empty()) {
    const auto apart = check_kept_apart("--report", o.report, o.file);
    if (!apart) return apart.error();
  }
  const auto text = read_file(o.file, kMaxDeliveryNote);
  if (!text) return text.error();
  auto note = read_delivery_note(*text);
  if (!note) return Error{note.error().code, o.file + ": " + note.error().reason};
  const std::string path = path_of(kGroups, o.group, kTpms);
  Totals totals;
  for (std::size_t at = 0; at < note->tpms.size(); at += kTpmsAtOnce) {
    const std::size_t size = std::min(kTpmsAtOnce, note->tpms.size() - at);
    bj::array items;
    for (std::size_t i = at; i < at + size; ++i) items.push_back(note->tpms[i].item);
    bj::object body;
    body["tpms"] = std::move(items);
    const auto reply = client.call("POST", path, body);
    if (!reply) {
      return Error{reply.error().code,
                   reply.error().reason + "\n  " + std::to_string(totals.admitted) +
                       " TPMs were admitted before; import the file again for the rest"};
    }
    const auto counted = count(reply->body, note->tpms.data() + at, size, totals, note->refused);
    if (!counted) return counted.error();
  }
  std::ranges::stable_sort(note->refused, {}, &DeliveryRefusal::line);
  if (const auto written = write_report(o.report, note->refused); !written) return written.error();
  return account(totals, note->refused);
}

Result<Output> export_tpms(ServiceClient& client, const TpmListOptions& o) {
  const auto rows = list_rows(client, path_of(kGroups, o.group, kTpms));
  if (!rows) return rows.error();
  const auto note = delivery_note_of(*rows);
  if (!note) return note.error();
  if (const auto written = replace_file(o.file, *note); !written) return written.error();
  Output output;
  output.value = bj::object{{"file", o.file}, {"tpms", rows->size()}};
  output.text = std::to_string(rows->size()) + " TPMs are in " + o.file + "\n";
  return output;
}

Result<Output> list_tpms(ServiceClient& client, const TpmListOptions& o) {
  auto rows = list_rows(client, path_of(kGroups, o.group, kTpms), o.top);
  if (!rows) return rows.error();
  Output output;
  output.value = std::move(*rows);
  output.columns = {{"TPM", "endorsementKeyHash"},
                    {"REGISTRATION ID", "registrationId"},
                    {"ADMITTED", "createdDateTimeUtc"}};
  return output;
}

Result<Output> remove_tpm(ServiceClient& client, const TpmListOptions& o) {
  return delete_record(client, path_of(path_of(kGroups, o.group, kTpms), o.hash), {},
                       "took " + o.hash + " off the list; a registration of its device stays");
}

}  // namespace berth::cli
