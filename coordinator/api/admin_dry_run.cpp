// /berth/v1/allocation:dryRun: where devices would go, as things are or after a change, page by
// page. Changes nothing.
#include <map>
#include <string>
#include <utility>

#include <boost/json/array.hpp>

#include "coordinator/api/admin_api.hpp"
#include "coordinator/api/allocation_change_json.hpp"
#include "coordinator/api/answers.hpp"
#include "coordinator/api/limits.hpp"
#include "coordinator/api/paging.hpp"
#include "coordinator/explain/dry_run.hpp"
#include "shared/base/encoding.hpp"
#include "shared/json/enrollment_json.hpp"
#include "shared/json/json_text.hpp"
#include "shared/protocol/errors.hpp"

namespace berth::coordinator {
namespace {

namespace bj = boost::json;

Result<std::optional<domain::EnrollmentGroupId>> group_of(const bj::object& item) {
  const auto text = json::find_string(item, "enrollmentGroupId");
  if (!text) return text.error();
  if (!*text) return std::optional<domain::EnrollmentGroupId>{};
  auto group = domain::EnrollmentGroupId::parse(**text);
  if (!group) return group.error();
  return std::optional(std::move(*group));
}

Result<void> read_devices(const bj::array& items, std::vector<DryRunDevice>& devices) {
  if (items.empty() || items.size() > kMaxPageSize) {
    return Error{Errc::invalid, "'devices' has 1 to " + std::to_string(kMaxPageSize) +
                                    " items; leave it out for all registered devices"};
  }
  for (const bj::value& value : items) {
    const bj::object* item = value.if_object();
    if (item == nullptr) return Error{Errc::invalid, "'devices' is an array of objects"};
    const auto text = json::find_string(*item, "registrationId");
    if (!text) return text.error();
    if (!*text) return Error{Errc::invalid, "each of 'devices' needs a 'registrationId'"};
    auto id = domain::RegistrationId::parse(**text);
    if (!id) return id.error();
    auto group = group_of(*item);
    if (!group) return group.error();
    devices.push_back({std::move(*id), std::move(*group)});
  }
  return {};
}

Result<DryRunRequest> read_request(const bj::object& body, const Call& call, const Ground& ground,
                                   ports::Entropy& entropy) {
  DryRunRequest request;
  request.tenant = call.tenant;
  auto change = read_allocation_change(body, entropy);
  if (!change) return change.error();
  request.change = std::move(*change);
  auto latencies = read_latencies(body, ground, request.change);
  if (!latencies) return latencies.error();
  request.latencies = std::move(*latencies);
  auto group = group_of(body);
  if (!group) return group.error();
  request.group = std::move(*group);
  const auto devices = json::find_array(body, "devices");
  if (!devices) return devices.error();
  if (*devices != nullptr) {
    if (const auto read = read_devices(**devices, request.devices); !read) return read.error();
    // Whom a device of a list is taken for, where the list does not say.
    for (DryRunDevice& device : request.devices) {
      if (!device.group) device.group = request.group;
    }
  }
  const auto page = read_page_request(call.target.parameter("maxItemCount"),
                                      call.target.parameter("continuation"));
  if (!page) return page.error();
  request.size = page->size;
  request.continuation = page->continuation;
  return request;
}

bj::object write_row(const DryRunRow& row) {
  const Prospect& prospect = row.prospect;
  bj::object body;
  body["registrationId"] = row.registration_id.str();
  if (row.enrollment) {
    body[row.enrollment->is_group ? "enrollmentGroupId" : "enrollmentId"] = row.enrollment->id;
  }
  body["outcome"] = outcome_text(prospect.outcome);
  if (!row.current_hub.empty()) body["currentHub"] = row.current_hub;
  if (prospect.trace.policy) {
    body["policy"] = json::allocation_policy_text(*prospect.trace.policy);
  }
  switch (prospect.outcome) {
    case Outcome::assigned:
    case Outcome::stays:
    case Outcome::moves:
      body["hub"] = prospect.plan.host_name;
      body["reason"] = prospect.trace.reason;
      break;
    case Outcome::webhook: body["reason"] = "the webhook decides, and is not called"; break;
    case Outcome::unmeasured:
      body["reason"] = "the nearest hub is measured at the gateway; give 'latencies'";
      break;
    case Outcome::refused:
      body["errorCode"] = protocol::device_error(prospect.error.code).error_code;
      body["reason"] = prospect.error.reason;
      break;
    case Outcome::undecided:
      body["reason"] = "which enrollment takes it depends on what it shows; name its group";
      break;
  }
  if (prospect.by_kept_latencies) body["latenciesOfLastRegistration"] = true;
  return body;
}

// How many of the page's devices end how, and how many each hub has before and after.
bj::object write_summary(const std::vector<DryRunRow>& rows) {
  std::map<std::string, std::size_t> outcomes;
  struct Share {
    std::size_t before = 0;
    std::size_t after = 0;
  };
  std::map<std::string, Share> hubs;
  for (const DryRunRow& row : rows) {
    ++outcomes[std::string(outcome_text(row.prospect.outcome))];
    if (!row.current_hub.empty()) ++hubs[to_lower(row.current_hub)].before;
    const std::string& there = row.prospect.plan.host_name;
    const std::string& after = there.empty() ? row.current_hub : there;
    if (!after.empty()) ++hubs[to_lower(after)].after;
  }
  bj::object summary;
  summary["devices"] = rows.size();
  bj::object counts;
  for (const auto& [name, count] : outcomes) counts[name] = count;
  summary["outcomes"] = std::move(counts);
  bj::array shares;
  for (const auto& [name, share] : hubs) {
    shares.push_back(
        bj::object{{"hostName", name}, {"before", share.before}, {"after", share.after}});
  }
  summary["hubs"] = std::move(shares);
  return summary;
}

Result<http::Response> run(const Catalog& catalog, ports::Crypto& crypto, ports::Entropy& entropy,
                           const Call& call) {
  const auto body = read_body(call.request);
  if (!body) return body.error();
  auto ground = present_ground(catalog, call.tenant);
  if (!ground) return ground.error();
  const auto request = read_request(*body, call, *ground, entropy);
  if (!request) return request.error();
  const auto only_changes = json::find_bool(*body, "onlyChanges");
  if (!only_changes) return only_changes.error();
  const auto page = dry_run(catalog, crypto, std::move(*ground), *request);
  if (!page) return page.error();
  bj::array rows;
  for (const DryRunRow& row : page->rows) {
    if (only_changes->value_or(false) && row.prospect.outcome == Outcome::stays) continue;
    rows.push_back(write_row(row));
  }
  bj::object answer;
  answer["summary"] = write_summary(page->rows);
  bj::array added;
  for (const domain::LinkedHub& hub : request->change.added) {
    added.push_back(bj::object{{"hostName", hub.host_name},
                               {"hubId", hub.hub_id.str()},
                               {"allocationWeight", hub.allocation_weight}});
  }
  if (!added.empty()) answer["addHubs"] = std::move(added);
  answer["value"] = std::move(rows);
  if (!page->continuation.empty()) answer["continuation"] = continuation_text(page->continuation);
  return json_answer(200, answer);
}

}  // namespace

std::vector<Endpoint> dry_run_endpoints(const Catalog& catalog, ports::Crypto& crypto,
                                        ports::Entropy& entropy) {
  // It tells of enrollments and of registrations.
  const Access read = tenant_with(domain::AccessRight::enrollment_read,
                                  domain::AccessRight::registration_status_read);
  return {
      {"POST", "/berth/v1/allocation:dryRun", read, false,
       [&](const Call& call) { return run(catalog, crypto, entropy, call); }, true},
  };
}

}  // namespace berth::coordinator
