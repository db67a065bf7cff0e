#include "tools/cli/enrollment_columns.hpp"

#include <algorithm>
#include <filesystem>
#include <utility>

#include <boost/json/array.hpp>

#include "shared/base/encoding.hpp"
#include "shared/json/certificate_text.hpp"
#include "shared/json/json_text.hpp"
#include "tools/cli/requests.hpp"

namespace berth::cli {
namespace {

namespace bj = boost::json;

constexpr std::size_t kMaxCellJson = 256 * 1024;
constexpr std::size_t kMaxCellDepth = 32;

const std::vector<CellColumn> kIndividualColumns{
    {"registrationId", "registrationId", CellKind::text},
    {"attestationType", "attestation.type", CellKind::text},
    {"primaryKey", "attestation.symmetricKey.primaryKey", CellKind::text},
    {"secondaryKey", "attestation.symmetricKey.secondaryKey", CellKind::text},
    {"endorsementKey", "attestation.tpm.endorsementKey", CellKind::text},
    {"storageRootKey", "attestation.tpm.storageRootKey", CellKind::text},
    {"certificate", "attestation.x509.clientCertificates.primary.certificate",
     CellKind::certificate},
    {"secondaryCertificate", "attestation.x509.clientCertificates.secondary.certificate",
     CellKind::certificate},
    {"caReference", "attestation.x509.caReferences.primary", CellKind::text},
    {"secondaryCaReference", "attestation.x509.caReferences.secondary", CellKind::text},
    {"deviceId", "deviceId", CellKind::text},
    {"provisioningStatus", "provisioningStatus", CellKind::text},
    {"updateHubAssignment", "reprovisionPolicy.updateHubAssignment", CellKind::boolean},
    {"migrateDeviceData", "reprovisionPolicy.migrateDeviceData", CellKind::boolean},
    {"allocationPolicy", "allocationPolicy", CellKind::text},
    {"iotHubs", "iotHubs", CellKind::names},
    {"webhookUrl", "customAllocationDefinition.webhookUrl", CellKind::text},
    {"webhookApiVersion", "customAllocationDefinition.apiVersion", CellKind::text},
    {"iotEdge", "capabilities.iotEdge", CellKind::boolean},
    {"sites", "sites", CellKind::names},
    {"tags", "initialTwin.tags", CellKind::object},
    {"desiredProperties", "initialTwin.properties.desired", CellKind::object},
    {"deviceInformation", "optionalDeviceInformation", CellKind::object},
    {"etag", "etag", CellKind::text},
    {"otherMembers", "", CellKind::object},
};

// Groups lack what one device has, and their certificates sign (service API 2.2).
std::vector<CellColumn> make_group_columns() {
  std::vector<CellColumn> columns;
  for (CellColumn column : kIndividualColumns) {
    if (column.name == "registrationId") {
      column.name = "enrollmentGroupId";
      column.member = "enrollmentGroupId";
    } else if (column.name == "certificate") {
      column.member = "attestation.x509.signingCertificates.primary.certificate";
    } else if (column.name == "secondaryCertificate") {
      column.member = "attestation.x509.signingCertificates.secondary.certificate";
    } else if (column.name == "endorsementKey" || column.name == "storageRootKey" ||
               column.name == "deviceId" || column.name == "deviceInformation") {
      continue;
    }
    columns.push_back(column);
  }
  return columns;
}

const std::vector<CellColumn> kGroupColumns = make_group_columns();

Error wrong_cell(const CellColumn& column, const std::string& reason) {
  return Error{Errc::invalid, std::string(column.name) + ": " + reason};
}

// The object that holds the last part of `path`, made with all above it, and that part.
std::pair<bj::object*, std::string_view> place_of(bj::object& record, std::string_view path) {
  bj::object* at = &record;
  for (std::size_t dot = path.find('.'); dot != std::string_view::npos; dot = path.find('.')) {
    bj::value& inner = (*at)[path.substr(0, dot)];
    if (!inner.is_object()) inner.emplace_object();
    at = inner.if_object();
    path.remove_prefix(dot + 1);
  }
  return {at, path};
}

// Takes the member out, and the objects around it that are empty without it.
bj::value take_member(bj::object& from, std::string_view path) {
  const std::size_t dot = path.find('.');
  const auto found = from.find(path.substr(0, dot));
  if (found == from.end()) return nullptr;
  if (dot == std::string_view::npos) {
    bj::value value = std::move(found->value());
    from.erase(found);
    return value;
  }
  bj::object* inner = found->value().if_object();
  if (inner == nullptr) return nullptr;
  bj::value value = take_member(*inner, path.substr(dot + 1));
  if (!value.is_null() && inner->empty()) from.erase(found);
  return value;
}

Result<bj::value> read_names(const CellColumn& column, const std::string& cell) {
  bj::array names;
  if (cell.starts_with('[')) {
    auto parsed = json::parse(cell, {kMaxCellJson, kMaxCellDepth});
    if (!parsed || !parsed->is_array()) return wrong_cell(column, "no JSON array");
    return std::move(*parsed);
  }
  std::string_view rest = cell;
  while (true) {
    const std::size_t end = rest.find(';');
    std::string_view name = rest.substr(0, end);
    while (name.starts_with(' ')) name.remove_prefix(1);
    while (name.ends_with(' ')) name.remove_suffix(1);
    if (!name.empty()) names.emplace_back(name);
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + 1);
  }
  return bj::value(std::move(names));
}

Result<bj::value> read_cell(const CellColumn& column, const std::string& cell,
                            const std::string& folder) {
  switch (column.kind) {
    case CellKind::text: return bj::value(cell);
    case CellKind::boolean:
      if (equals_ignoring_case(cell, "true")) return bj::value(true);
      if (equals_ignoring_case(cell, "false")) return bj::value(false);
      return wrong_cell(column, "write true or false");
    case CellKind::names: return read_names(column, cell);
    case CellKind::object: {
      auto object = json::parse_object(cell, {kMaxCellJson, kMaxCellDepth});
      if (!object) return wrong_cell(column, "no JSON object: " + object.error().reason);
      return bj::value(std::move(*object));
    }
    case CellKind::certificate: {
      if (!cell.starts_with('@')) return bj::value(cell);
      const auto path = std::filesystem::path(folder) / cell.substr(1);
      auto text = read_file(path.string(), json::kMaxCertificateText);
      if (!text) return wrong_cell(column, text.error().reason);
      return bj::value(*text);
    }
  }
  return bj::value(nullptr);
}

// What the columns that are filled in mean, where none says the type.
void add_attestation_type(bj::object& record, EnrollmentKind kind) {
  const bj::value* present = record.if_contains("attestation");
  const bj::object* mechanism = present == nullptr ? nullptr : present->if_object();
  const auto has = [mechanism](const char* name) {
    return mechanism != nullptr && mechanism->contains(name);
  };
  if (has("type")) return;
  std::string_view type;
  if (has("x509")) {
    type = "x509";
  } else if (has("tpm")) {
    type = "tpm";
  } else if (has("symmetricKey") || kind == EnrollmentKind::group) {
    type = "symmetricKey";
  } else {
    return;
  }
  const auto [place, name] = place_of(record, "attestation.type");
  (*place)[name] = type;
}

std::string write_certificate(const bj::string& text) {
  // One line, which no spreadsheet breaks.
  const auto der = json::read_certificate_text({text.data(), text.size()});
  return der ? to_base64(*der) : std::string(text.data(), text.size());
}

std::string write_names(const bj::array& names) {
  std::string cell;
  for (const bj::value& name : names) {
    const bj::string* text = name.if_string();
    if (text == nullptr || text->empty() || text->find(';') != bj::string::npos ||
        text->starts_with('[') || text->starts_with(' ') || text->ends_with(' ')) {
      return json::serialize(names);
    }
    if (!cell.empty()) cell += ';';
    cell.append(text->data(), text->size());
  }
  return cell.empty() ? "[]" : cell;
}

// Nothing, if the value is not of the column's kind: then it stays where it is.
std::optional<std::string> write_cell(const CellColumn& column, const bj::value& value) {
  switch (column.kind) {
    case CellKind::text:
    case CellKind::certificate: {
      const bj::string* text = value.if_string();
      if (text == nullptr || text->empty()) return std::nullopt;
      if (column.kind == CellKind::certificate) return write_certificate(*text);
      return std::string(text->data(), text->size());
    }
    case CellKind::boolean:
      if (!value.is_bool()) return std::nullopt;
      return value.get_bool() ? "true" : "false";
    case CellKind::names:
      if (!value.is_array()) return std::nullopt;
      return write_names(value.get_array());
    case CellKind::object:
      if (!value.is_object()) return std::nullopt;
      return json::serialize(value);
  }
  return std::nullopt;
}

void drop_what_the_service_writes(bj::object& record) {
  for (const char* member : {"registrationState", "createdDateTimeUtc", "lastUpdatedDateTimeUtc"}) {
    record.erase(member);
  }
  for (const std::string use : {"clientCertificates", "signingCertificates"}) {
    for (const std::string slot : {"primary", "secondary"}) {
      (void)take_member(record, "attestation.x509." + use + "." + slot + ".info");
    }
  }
}

}  // namespace

const std::vector<CellColumn>& columns_of(EnrollmentKind kind) {
  return kind == EnrollmentKind::individual ? kIndividualColumns : kGroupColumns;
}

Result<std::vector<const CellColumn*>> read_header(const std::vector<std::string>& header,
                                                   EnrollmentKind kind) {
  const std::vector<CellColumn>& known = columns_of(kind);
  std::vector<const CellColumn*> columns;
  for (const std::string& name : header) {
    const auto found = std::find_if(known.begin(), known.end(), [&](const CellColumn& column) {
      return equals_ignoring_case(column.name, name);
    });
    if (found == known.end()) {
      std::string names;
      for (const CellColumn& column : known) names += " " + std::string(column.name);
      return Error{Errc::invalid, "'" + name + "' is no column; these are:" + names};
    }
    if (std::find(columns.begin(), columns.end(), &*found) != columns.end()) {
      return Error{Errc::invalid, "the column '" + name + "' is there twice"};
    }
    columns.push_back(&*found);
  }
  if (std::find(columns.begin(), columns.end(), &known.front()) == columns.end()) {
    return Error{Errc::invalid, "there is no column '" + std::string(known.front().name) + "'"};
  }
  return columns;
}

Result<bj::object> record_of_cells(const std::vector<const CellColumn*>& columns,
                                   const std::vector<std::string>& cells, EnrollmentKind kind,
                                   const std::string& folder) {
  if (cells.size() != columns.size()) {
    return Error{Errc::invalid, "it has " + std::to_string(cells.size()) +
                                    " fields, and the header " + std::to_string(columns.size())};
  }
  bj::object record;
  // First what the others are put on.
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (!columns[i]->member.empty() || cells[i].empty()) continue;
    auto others = read_cell(*columns[i], cells[i], folder);
    if (!others) return others.error();
    record = std::move(others->get_object());
  }
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (columns[i]->member.empty() || cells[i].empty()) continue;
    auto value = read_cell(*columns[i], cells[i], folder);
    if (!value) return value.error();
    const auto [place, name] = place_of(record, columns[i]->member);
    (*place)[name] = std::move(*value);
  }
  add_attestation_type(record, kind);
  return record;
}

std::vector<std::string> cells_of_record(bj::object record, EnrollmentKind kind) {
  drop_what_the_service_writes(record);
  std::vector<std::string> cells;
  for (const CellColumn& column : columns_of(kind)) {
    if (column.member.empty()) {
      cells.push_back(record.empty() ? std::string{} : json::serialize(record));
      continue;
    }
    bj::value value = take_member(record, column.member);
    auto cell = write_cell(column, value);
    if (!cell && !value.is_null()) {
      const auto [place, name] = place_of(record, column.member);
      (*place)[name] = std::move(value);
    }
    cells.push_back(std::move(cell).value_or(""));
  }
  return cells;
}

}  // namespace berth::cli
