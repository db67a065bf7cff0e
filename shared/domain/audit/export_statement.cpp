#include "shared/domain/audit/export_statement.hpp"

#include "shared/base/fields.hpp"

namespace berth::domain {
namespace {

constexpr std::string_view kSectionLabel = "berth audit section 1";
constexpr std::string_view kSealsLabel = "berth audit seals 1";
constexpr std::string_view kNamesLabel = "berth audit sections 1";
constexpr std::string_view kExportLabel = "berth audit export 1";

std::uint64_t micros(WallTime time) {
  return static_cast<std::uint64_t>(unix_micros(time));
}

}  // namespace

Bytes section_statement(const AuditSection& section, WallTime signed_at) {
  FieldWriter writer;
  writer.text(kSectionLabel).text(section.chain);
  writer.u64(section.after.sequence).raw(section.after.hash);
  writer.u64(section.end.sequence).raw(section.end.hash).u64(micros(section.end.time));
  writer.text(section.tenant).text(section.coordinator).raw(section.seals);
  writer.u64(micros(signed_at));
  return writer.take();
}

AuditHash add_section_seal(const AuditHash& seals, const AuditSeal& seal, ports::Crypto& crypto) {
  FieldWriter writer;
  writer.text(kSealsLabel).raw(seals).bytes(encode_seal(seal));
  return crypto.sha256(writer.take());
}

AuditHash add_section_name(const AuditHash& names, const std::string& chain,
                           ports::Crypto& crypto) {
  FieldWriter writer;
  writer.text(kNamesLabel).raw(names).text(chain);
  return crypto.sha256(writer.take());
}

Bytes export_statement(std::uint64_t sections, const AuditHash& names, WallTime signed_at) {
  FieldWriter writer;
  writer.text(kExportLabel).u64(sections).raw(names).u64(micros(signed_at));
  return writer.take();
}

}  // namespace berth::domain
