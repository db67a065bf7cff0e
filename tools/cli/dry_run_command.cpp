#include <algorithm>
#include <iostream>
#include <utility>

#include "shared/base/encoding.hpp"
#include "shared/json/json_text.hpp"
#include "tools/cli/commands.hpp"
#include "tools/cli/dry_run.hpp"
#include "tools/cli/requests.hpp"

namespace berth::cli {
namespace {

namespace bj = boost::json;

constexpr const char* kDryRun = "/berth/v1/allocation:dryRun";

// One page; its continuation, which is empty at the end.
Result<std::string> run_page(ServiceClient& client, const std::string& path, const bj::object& body,
                             DryRunTotal& total) {
  auto reply = client.call("POST", path, body);
  if (!reply) return reply.error();
  bj::object* page = reply->body.if_object();
  if (page == nullptr) return Error{Errc::malformed, "the coordinator's answer has no such shape"};
  auto next = json::find_string(*page, "continuation");
  if (!next) return next.error();
  if (const auto added = total.add(std::move(*page)); !added) return added.error();
  if (!next->value_or("").empty() || total.devices() > kDryRunPage) {
    std::cerr << "looked at " << total.devices() << " devices\n";
  }
  return next->value_or("");
}

// The hubs made up for the first page are those of all.
void keep_added(const DryRunTotal& total, bj::object& body) {
  if (!total.added_hubs().empty()) body["addHubs"] = total.added_hubs();
}

Result<void> run_registered(ServiceClient& client, bj::object& body, DryRunTotal& total) {
  const std::string first = kDryRun + ("?maxItemCount=" + std::to_string(kDryRunPage));
  std::string path = first;
  while (true) {
    const auto next = run_page(client, path, body, total);
    if (!next) return next.error();
    if (next->empty()) return {};
    keep_added(total, body);
    path = first + "&continuation=" + percent_encode(*next);
  }
}

Result<void> run_list(ServiceClient& client, const bj::array& devices, bj::object& body,
                      DryRunTotal& total) {
  for (std::size_t at = 0; at < devices.size(); at += kDryRunPage) {
    const std::size_t end = std::min(devices.size(), at + kDryRunPage);
    bj::array some;
    for (std::size_t n = at; n < end; ++n) some.push_back(devices[n]);
    body["devices"] = std::move(some);
    const auto next = run_page(client, kDryRun, body, total);
    if (!next) return next.error();
    keep_added(total, body);
  }
  return {};
}

}  // namespace

Result<Output> dry_run_allocation(ServiceClient& client, const DryRunOptions& o) {
  auto body = dry_run_request(o);
  if (!body) return body.error();
  DryRunTotal total;
  if (o.devices_path.empty()) {
    if (const auto run = run_registered(client, *body, total); !run) return run.error();
  } else {
    const auto text = read_file(o.devices_path, kMaxDryRunFile);
    if (!text) return text.error();
    const auto devices = read_devices(*text);
    if (!devices) {
      return Error{devices.error().code, o.devices_path + ": " + devices.error().reason};
    }
    if (const auto run = run_list(client, *devices, *body, total); !run) return run.error();
  }
  Output output;
  output.columns = {{"ID", "registrationId"}, {"OUTCOME", "outcome"},
                    {"FROM", "currentHub"},   {"TO", "hub"},
                    {"POLICY", "policy"},     {"REASON", "reason"}};
  output.value = total.rows();
  output.summary = total.summary();
  output.note = total.words();
  return output;
}

}  // namespace berth::cli
