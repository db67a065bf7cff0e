// The registration engine's ports, as a test fills them: records in maps, a link that is up or
// down, a permit that says yes or no.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/core/ports/admission.hpp"
#include "gateway/core/ports/cache.hpp"
#include "gateway/core/ports/coordinator_link.hpp"
#include "gateway/core/ports/probe.hpp"
#include "shared/base/encoding.hpp"

namespace berth::testing {

// One tenant's records.
struct FakeCache final : gateway::Cache {
  domain::IdScope scope{"0ne00LAB001"};
  std::map<std::string, domain::Versioned<domain::IndividualEnrollment>> individuals;  // folded IDs
  std::map<std::string, domain::Versioned<domain::EnrollmentGroup>> groups;
  std::set<std::string> stubs;
  std::map<std::string, domain::AdmittedTpm> admitted_tpms;  // by hex hash of the endorsement key
  std::vector<domain::LinkedHub> linked;
  domain::TenantSettings tenant_settings;
  std::map<std::string, gateway::KnownRegistration> registrations;
  std::optional<Errc> failure;  // of every read

  void put(domain::IndividualEnrollment record) {
    auto& stored = individuals[record.registration_id.folded()];
    stored.record = std::move(record);
    ++stored.version;
  }
  void put(domain::EnrollmentGroup record) {
    auto& stored = groups[record.group_id.folded()];
    stored.record = std::move(record);
    ++stored.version;
  }
  void put(domain::Registration record) {
    auto& known = registrations[record.registration_id.folded()];
    const std::uint64_t version = known.registration ? known.registration->version : 0;
    known.registration = {std::move(record), version + 1};
    known.current = true;
  }
  // As after a look-back: what stands here is what the coordinator has.
  void make_current(const domain::RegistrationId& id) { registrations[id.folded()].current = true; }

  std::optional<domain::IdScope> tenant(std::string_view id_scope) const override {
    if (!equals_ignoring_case(id_scope, scope.str())) return std::nullopt;
    return scope;
  }
  std::unique_ptr<domain::EnrollmentLookup> enrollments(const domain::IdScope&) const override {
    return std::make_unique<Lookup>(*this);
  }
  Result<std::vector<domain::LinkedHub>> hubs(const domain::IdScope&) const override {
    if (failure) return Error{*failure, "made to fail"};
    return linked;
  }
  Result<domain::TenantSettings> settings(const domain::IdScope&) const override {
    if (failure) return Error{*failure, "made to fail"};
    return tenant_settings;
  }
  Result<gateway::KnownRegistration> registration(const domain::IdScope&,
                                                  const domain::RegistrationId& id) const override {
    if (failure) return Error{*failure, "made to fail"};
    const auto found = registrations.find(id.folded());
    return found == registrations.end() ? gateway::KnownRegistration{} : found->second;
  }

 private:
  struct Lookup final : domain::EnrollmentLookup {
    explicit Lookup(const FakeCache& of) : cache(of) {}
    const FakeCache& cache;

    template <class T>
    Result<std::optional<domain::Versioned<T>>> read(
        const std::map<std::string, domain::Versioned<T>>& from, const std::string& folded) const {
      if (cache.failure) return Error{*cache.failure, "made to fail"};
      const auto found = from.find(folded);
      if (found == from.end()) return std::optional<domain::Versioned<T>>();
      return std::optional<domain::Versioned<T>>(found->second);
    }
    Result<std::optional<domain::Versioned<domain::IndividualEnrollment>>> individual(
        const domain::RegistrationId& id) override {
      return read(cache.individuals, id.folded());
    }
    Result<std::optional<domain::Versioned<domain::EnrollmentGroup>>> group(
        const domain::EnrollmentGroupId& id) override {
      return read(cache.groups, id.folded());
    }
    Result<bool> is_blocked(const domain::RegistrationId& id) override {
      return cache.stubs.contains(id.folded());
    }
    Result<bool> is_certificate_blocked(const ports::Sha256Digest&) override { return false; }
    Result<std::vector<domain::SigningCertificate>> signing_certificates(ByteView) override {
      std::vector<domain::SigningCertificate> out;
      for (const auto& [id, stored] : cache.groups) {
        const auto* x509 = std::get_if<domain::X509Attestation>(&stored.record.attestation);
        if (x509 != nullptr) out.push_back({stored.record.group_id, x509->primary});
      }
      return out;
    }
    Result<std::optional<domain::CaCertificate>> ca_certificate(const std::string&) override {
      return std::optional<domain::CaCertificate>{};
    }
    Result<std::optional<domain::AdmittedTpm>> admitted_tpm(
        const ports::Sha256Digest& endorsement_key) override {
      const auto found = cache.admitted_tpms.find(to_hex(endorsement_key));
      if (found == cache.admitted_tpms.end()) return std::optional<domain::AdmittedTpm>{};
      return std::optional<domain::AdmittedTpm>(found->second);
    }
    Result<std::vector<domain::SigningCertificate>> tpm_issuers(ByteView) override {
      return std::vector<domain::SigningCertificate>{};
    }
    Result<bool> is_endorsement_key_blocked(const ports::Sha256Digest&) override { return false; }
    Result<std::vector<domain::GroupKeys>> symmetric_groups() override {
      std::vector<domain::GroupKeys> out;
      for (const auto& [id, stored] : cache.groups) {
        const auto* keys = std::get_if<domain::SymmetricKeyAttestation>(&stored.record.attestation);
        if (keys != nullptr) out.push_back({stored.record.group_id, *keys});
      }
      return out;
    }
  };
};

struct FakeAdmission final : gateway::Admission {
  std::optional<std::string> refuse_new;  // the reason
  std::optional<std::string> refuse_returning;
  std::optional<std::string> refuse_going_on;
  std::vector<std::pair<gateway::Acquaintance, gateway::Contact>> asked;

  Result<std::uint64_t> admit(const domain::IdScope&, gateway::Acquaintance device,
                              gateway::Contact contact) override {
    asked.emplace_back(device, contact);
    const auto& refusal = device == gateway::Acquaintance::unseen ? refuse_new : refuse_returning;
    if (refusal) return Error{Errc::unavailable, *refusal};
    return std::uint64_t{7};
  }
  Result<void> may_continue(const domain::IdScope&, gateway::Acquaintance) override {
    if (refuse_going_on) return Error{Errc::unavailable, *refuse_going_on};
    return {};
  }
};

struct FakeCoordinatorLink final : gateway::CoordinatorLink {
  bool up = true;
  bool linked(const domain::IdScope&) const override { return up; }
};

struct FakeProbe final : gateway::Probe {
  std::map<domain::HubId, std::chrono::microseconds> latencies;
  std::optional<std::chrono::microseconds> latency(const domain::HubId& hub) const override {
    const auto found = latencies.find(hub);
    if (found == latencies.end()) return std::nullopt;
    return found->second;
  }
};

}  // namespace berth::testing
