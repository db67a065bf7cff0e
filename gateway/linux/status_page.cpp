#include "gateway/linux/status_page.hpp"

#include <string_view>

namespace berth::gateway {
namespace {

std::string escaped(std::string_view text) {
  std::string html;
  for (const char c : text) {
    switch (c) {
      case '&': html += "&amp;"; break;
      case '<': html += "&lt;"; break;
      case '>': html += "&gt;"; break;
      case '"': html += "&quot;"; break;
      default: html += c;
    }
  }
  return html;
}

// One line of the page: a mark, and a sentence.
std::string line(bool good, const std::string& sentence) {
  return std::string("<li class=\"") + (good ? "good" : "bad") + "\">" + escaped(sentence) +
         "</li>\n";
}

std::string days_and_hours(std::chrono::microseconds time) {
  const auto hours = std::chrono::duration_cast<std::chrono::hours>(time).count();
  if (hours >= 48) return std::to_string(hours / 24) + " days";
  return std::to_string(hours) + " hours";
}

std::string latency_text(const HubState& hub) {
  if (!hub.latency) return "Hub " + hub.host_name + " was never reached from here.";
  const auto micros = hub.latency->count();
  const std::string text =
      micros < 10000 ? std::to_string(micros) + " µs" : std::to_string(micros / 1000) + " ms";
  return "Hub " + hub.host_name + " is reached within " + text + ".";
}

std::string permit_lines(const TenantState& tenant, WallTime now) {
  if (!tenant.permit_expiry) {
    return line(false, "The coordinator has given no permit yet: no device is accepted.");
  }
  if (*tenant.permit_expiry <= now) {
    return line(false, "The permit expired at " + to_iso8601_seconds(*tenant.permit_expiry) +
                           ": new devices wait until the coordinator is reached again.");
  }
  return line(true, "Without the coordinator this gateway may go on for " +
                        days_and_hours(*tenant.permit_expiry - now) + ", and accept " +
                        std::to_string(tenant.new_device_quota -
                                       std::min(tenant.new_devices, tenant.new_device_quota)) +
                        " more devices never seen before.");
}

constexpr const char* kHead =
    "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
    "<meta http-equiv=\"refresh\" content=\"5\"><title>Berth gateway</title><style>"
    "body{font:16px/1.5 system-ui,sans-serif;max-width:44rem;margin:2rem auto;padding:0 1rem}"
    "ul{list-style:none;padding:0}li{padding:.3rem .6rem;margin:.3rem 0;border-left:.4rem solid}"
    "li.good{border-color:#2a7d2e;background:#eef7ee}li.bad{border-color:#b3261e;"
    "background:#fdeeed}</style></head><body>\n";

}  // namespace

std::string readiness(const GatewayState& state) {
  if (state.gateway_id.empty()) return "this gateway has not joined a coordinator yet";
  for (const TenantState& tenant : state.tenants) {
    if (!tenant.has_records) {
      return "the records of " + tenant.id_scope + " were not received yet";
    }
  }
  if (state.tenants.empty()) return "the coordinator has not said which tenants to serve";
  if (state.device_endpoint.empty()) return "the device endpoint has no certificate yet";
  return {};
}

std::string status_page(const GatewayState& state) {
  std::string page = kHead;
  const std::string trouble = readiness(state);
  page += "<h1>Berth gateway</h1>\n<ul>\n";
  page += trouble.empty() ? line(true, "Devices are served at " + state.device_endpoint + ".")
                          : line(false, "Devices are not served: " + trouble + ".");
  page += state.trouble.empty()
              ? line(true, "The coordinator at " + state.coordinator + " is reached.")
              : line(false, "The coordinator at " + state.coordinator +
                                " is not reached: " + state.trouble + ".");
  if (state.clock_is_behind) {
    page += line(false,
                 "This machine's clock was set back: new devices are refused until it is right.");
  }
  page += state.waiting_outcomes == 0
              ? line(true, "The coordinator knows of every registration made here.")
              : line(false, std::to_string(state.waiting_outcomes) +
                                " registrations wait to be reported to the coordinator.");
  page += "</ul>\n";
  for (const TenantState& tenant : state.tenants) {
    page += "<h2>ID scope " + escaped(tenant.id_scope) + "</h2>\n<ul>\n";
    page += permit_lines(tenant, state.now);
    for (const HubState& hub : tenant.hubs)
      page += line(hub.latency.has_value(), latency_text(hub));
    if (tenant.hubs.empty()) page += line(false, "No hub is linked: devices can't be assigned.");
    page += "</ul>\n";
  }
  if (!state.gateway_id.empty()) page += "<p>Gateway " + escaped(state.gateway_id) + "</p>\n";
  return page + "</body></html>\n";
}

}  // namespace berth::gateway
