// The coordinator's HTTP surface over a store that keeps an audit log, as the program has it.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <CppUTest/TestHarness.h>

#include "coordinator/api/audit_view.hpp"
#include "coordinator/audit/audit_export.hpp"
#include "shared/json/audit_verifier.hpp"
#include "tests/unit/coordinator/api/api_fixture.hpp"

namespace berth::testing {

struct AuditedApiFixture : ApiFixture {
  AuditedApiFixture() {
    // Of several tenants the oldest is the default one: the fixture's.
    clock.advance(std::chrono::seconds(1));
    joining = std::make_unique<coordinator::Joining>(
        audited_catalog.gateways, *ca, *catalog.coordinator_id(),
        coordinator::PublicEndpoint{"coordinator.example.test", 443}, *crypto, clock, entropy);
    fleet = std::make_unique<coordinator::Fleet>(audited_catalog.gateways, *joining, *ca, *crypto,
                                                 clock, entropy);
    service = std::make_unique<coordinator::ServiceApi>(audited_catalog, *crypto, entropy,
                                                        coordinator::HostRules{});
    std::vector<coordinator::Endpoint> endpoints = service->endpoints();
    for (auto& more : {coordinator::admin_endpoints(audited_catalog, *fleet, *joining, *crypto,
                                                    clock, entropy, {}),
                       coordinator::audit_endpoints(audited_catalog, *audit)}) {
      endpoints.insert(endpoints.end(), more.begin(), more.end());
    }
    coordinator::CoordinatorApi::Observers observers;
    observers.operated = [this](const coordinator::ServiceOperation& done) {
      operations.push_back(done);
    };
    observers.audit = &admin_store;
    api = std::make_unique<coordinator::CoordinatorApi>(audited_catalog, *crypto, clock, entropy,
                                                        std::move(endpoints), std::move(observers));
  }

  // Every page of an export, as one file.
  std::string exported(const std::string& key_name, std::string path) {
    path += path.find('?') == std::string::npos ? "?" : "&";
    std::string text;
    std::string continuation;
    do {
      http::Request request;
      request.method = "GET";
      request.target = path + "continuation=" + continuation;
      request.headers.set("Host", kServiceHost);
      request.headers.set("Authorization", token(key_name));
      const http::Response response = api->handle(request);
      if (response.status != 200) FAIL(response.body.c_str());
      text += response.body;
      continuation = std::string(response.headers.get("x-ms-continuation"));
      ++pages;
    } while (!continuation.empty());
    return text;
  }
  std::string exported() { return exported(domain::kOperatorKeyName, "/berth/v1/audit/all"); }

  static std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = text.find('\n', at);
      BERTH_ASSERT(end != std::string::npos);
      lines.push_back(text.substr(at, end - at));
      at = end + 1;
    }
    return lines;
  }

  // The first line that does not hold, from 1; 0: the export is proven.
  std::size_t first_broken(const std::vector<std::string>& lines) {
    json::AuditVerifier verifier({ca->certificate()}, *crypto);
    std::size_t number = 0;
    for (const std::string& line : lines) {
      ++number;
      if (!verifier.take(line)) return number;
    }
    return verifier.finish() ? 0 : lines.size() + 1;
  }

  // The notes of the coordinator's log, oldest first.
  std::vector<domain::AuditNote> notes() {
    std::vector<domain::AuditNote> notes;
    for (const std::string& text : lines_of(exported())) {
      auto line = json::read_audit_line(text);
      BERTH_ASSERT(line.has_value());
      if (auto* shown = std::get_if<json::AuditShown>(&*line)) {
        notes.push_back(std::move(shown->entry.note));
      }
    }
    return notes;
  }
  static std::string field(const domain::AuditNote& note, const std::string& name) {
    for (const auto& one : note.fields) {
      if (one.name == name) return one.value;
    }
    return {};
  }

  store::AuditTrail trail{catalog.coordinator_id()->str(), *crypto, clock, entropy};
  store::AuditedStore audited{store, trail};
  json::EnrollmentJson views{*crypto, entropy};
  coordinator::AdminStore admin_store{audited, coordinator::audit_views(views)};
  coordinator::Catalog audited_catalog{admin_store, *crypto, clock, entropy};
  int pages = 0;
};

}  // namespace berth::testing
