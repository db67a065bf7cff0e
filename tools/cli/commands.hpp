// The commands: options in, what there is to show out. Each noun has its own file.
#pragma once

#include <string>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "shared/base/result.hpp"
#include "tools/cli/enrollment_record.hpp"
#include "tools/cli/explain_options.hpp"
#include "tools/cli/options.hpp"
#include "tools/cli/output.hpp"
#include "tools/cli/service_client.hpp"

namespace berth::cli {

// enrollment_commands.cpp
[[nodiscard]] Result<Output> create_enrollment(ServiceClient& client, const EnrollmentOptions& o);
[[nodiscard]] Result<Output> update_enrollment(ServiceClient& client, const EnrollmentOptions& o);
[[nodiscard]] Result<Output> show_enrollment(ServiceClient& client, const NamedOptions& o);
[[nodiscard]] Result<Output> list_enrollments(ServiceClient& client, const ListOptions& o);
[[nodiscard]] Result<Output> delete_enrollment(ServiceClient& client, const NamedOptions& o);
[[nodiscard]] Result<Output> create_group(ServiceClient& client, const EnrollmentOptions& o);
[[nodiscard]] Result<Output> update_group(ServiceClient& client, const EnrollmentOptions& o);
[[nodiscard]] Result<Output> show_group(ServiceClient& client, const NamedOptions& o);
[[nodiscard]] Result<Output> list_groups(ServiceClient& client, const ListOptions& o);
[[nodiscard]] Result<Output> delete_group(ServiceClient& client, const NamedOptions& o);

// import_command.cpp, export_command.cpp
[[nodiscard]] Result<Output> import_records(ServiceClient& client, const TransferOptions& o,
                                            EnrollmentKind kind);
[[nodiscard]] Result<Output> export_records(ServiceClient& client, const TransferOptions& o,
                                            EnrollmentKind kind);

// explain_command.cpp, dry_run_command.cpp; they change nothing.
[[nodiscard]] Result<Output> explain_registration(ServiceClient& client, const ExplainOptions& o);
[[nodiscard]] Result<Output> dry_run_allocation(ServiceClient& client, const DryRunOptions& o);

// device_key_command.cpp; the one that needs no login if the key is given.
[[nodiscard]] Result<Output> compute_device_key(const Login& login, const DeviceKeyOptions& o);

// registration_commands.cpp
[[nodiscard]] Result<Output> list_registrations(ServiceClient& client, const ListOptions& o);
[[nodiscard]] Result<Output> show_registration(ServiceClient& client, const NamedOptions& o);
[[nodiscard]] Result<Output> delete_registration(ServiceClient& client, const NamedOptions& o);

// hub_commands.cpp
[[nodiscard]] Result<Output> link_hub(ServiceClient& client, const HubOptions& o);
[[nodiscard]] Result<Output> list_hubs(ServiceClient& client);
[[nodiscard]] Result<Output> show_hub(ServiceClient& client, const NamedOptions& o);
[[nodiscard]] Result<Output> update_hub(ServiceClient& client, const HubOptions& o);
[[nodiscard]] Result<Output> unlink_hub(ServiceClient& client, const NamedOptions& o);

// tenant_commands.cpp
[[nodiscard]] Result<Output> create_tenant(ServiceClient& client, const TenantOptions& o);
[[nodiscard]] Result<Output> list_tenants(ServiceClient& client);
[[nodiscard]] Result<Output> show_tenant(ServiceClient& client, const NamedOptions& o);
[[nodiscard]] Result<Output> update_tenant(ServiceClient& client, const TenantOptions& o);
[[nodiscard]] Result<Output> delete_tenant(ServiceClient& client, const NamedOptions& o);
[[nodiscard]] Result<Output> show_settings(ServiceClient& client);
[[nodiscard]] Result<Output> update_settings(ServiceClient& client, const TenantOptions& o);
// What there is and how it is, for the login's eyes.
[[nodiscard]] Result<Output> show_status(ServiceClient& client);

// policy_commands.cpp
[[nodiscard]] Result<Output> create_policy(ServiceClient& client, const PolicyOptions& o);
[[nodiscard]] Result<Output> list_policies(ServiceClient& client);
[[nodiscard]] Result<Output> show_policy(ServiceClient& client, const NamedOptions& o);
[[nodiscard]] Result<Output> update_policy(ServiceClient& client, const PolicyOptions& o);
[[nodiscard]] Result<Output> delete_policy(ServiceClient& client, const NamedOptions& o);
[[nodiscard]] Result<Output> regenerate_policy_key(ServiceClient& client, const PolicyOptions& o);
[[nodiscard]] Result<Output> show_connection_string(ServiceClient& client, const PolicyOptions& o);

// key_roll_commands.cpp
[[nodiscard]] Result<Output> start_key_roll(ServiceClient& client, const KeyRollOptions& o);
[[nodiscard]] Result<Output> show_key_roll(ServiceClient& client, const KeyRollOptions& o);
[[nodiscard]] Result<Output> list_key_roll_devices(ServiceClient& client, const KeyRollOptions& o);
[[nodiscard]] Result<Output> finish_key_roll(ServiceClient& client, const KeyRollOptions& o);
[[nodiscard]] Result<Output> abort_key_roll(ServiceClient& client, const KeyRollOptions& o);

// certificate_commands.cpp
[[nodiscard]] Result<Output> create_certificate(ServiceClient& client, const CertificateOptions& o);
[[nodiscard]] Result<Output> list_certificates(ServiceClient& client);
[[nodiscard]] Result<Output> show_certificate(ServiceClient& client, const CertificateOptions& o);
[[nodiscard]] Result<Output> update_certificate(ServiceClient& client, const CertificateOptions& o);
[[nodiscard]] Result<Output> delete_certificate(ServiceClient& client, const CertificateOptions& o);
[[nodiscard]] Result<Output> generate_verification_code(ServiceClient& client,
                                                        const CertificateOptions& o);
[[nodiscard]] Result<Output> verify_certificate(ServiceClient& client, const CertificateOptions& o);

// gateway_commands.cpp
[[nodiscard]] Result<Output> create_gateway(ServiceClient& client, const GatewayOptions& o);
[[nodiscard]] Result<Output> list_gateways(ServiceClient& client);
[[nodiscard]] Result<Output> show_gateway(ServiceClient& client, const NamedOptions& o);
[[nodiscard]] Result<Output> update_gateway(ServiceClient& client, const GatewayOptions& o);
[[nodiscard]] Result<Output> disable_gateway(ServiceClient& client, const NamedOptions& o);
[[nodiscard]] Result<Output> enable_gateway(ServiceClient& client, const NamedOptions& o);
[[nodiscard]] Result<Output> remove_gateway(ServiceClient& client, const NamedOptions& o);
[[nodiscard]] Result<Output> create_join_token(ServiceClient& client, const NamedOptions& o);
// Outcomes that the coordinator could not take in.
[[nodiscard]] Result<Output> list_quarantine(ServiceClient& client);
[[nodiscard]] Result<Output> create_site(ServiceClient& client, const NamedOptions& o);
[[nodiscard]] Result<Output> list_sites(ServiceClient& client);
[[nodiscard]] Result<Output> delete_site(ServiceClient& client, const NamedOptions& o);

// audit_commands.cpp
[[nodiscard]] Result<Output> export_audit(ServiceClient& client, const AuditOptions& o);
// Needs no coordinator; of the login only the CA counts.
[[nodiscard]] Result<Output> verify_audit(const Login& login, const AuditOptions& o);

// root_key_commands.cpp
[[nodiscard]] Result<Output> create_root_key(const RootKeyOptions& o);
[[nodiscard]] Result<Output> seal_root_key(const RootKeyOptions& o);
[[nodiscard]] Result<Output> unseal_root_key(const RootKeyOptions& o);
[[nodiscard]] Result<Output> recover_root_key(const RootKeyOptions& o);

}  // namespace berth::cli
