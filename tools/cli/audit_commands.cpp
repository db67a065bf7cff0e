// The audit log: fetching it, and proving what was fetched. Proving asks nobody: it works on the
// file and the CA alone.
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "shared/base/encoding.hpp"
#include "shared/crypto/pem_files.hpp"
#include "shared/crypto/wolfssl/wolfssl.hpp"
#include "shared/json/audit_verifier.hpp"
#include "tools/cli/commands.hpp"

namespace berth::cli {
namespace {

std::string export_path(const AuditOptions& o, bool is_operator, const std::string& continuation) {
  std::string path = is_operator ? "/berth/v1/audit/all" : "/berth/v1/audit";
  char mark = '?';
  const auto add = [&path, &mark](const std::string& name, const std::string& value) {
    if (value.empty()) return;
    path += mark + name + "=" + percent_encode(value);
    mark = '&';
  };
  add("chain", o.chain);
  add("from", o.from);
  add("until", o.until);
  add("tenant", o.tenant);
  add("continuation", continuation);
  return path;
}

// A line that is too long for any export ends the reading.
Result<bool> next_line(std::istream& in, std::string& line) {
  line.clear();
  for (char c = 0; in.get(c);) {
    if (c == '\n') return true;
    if (line.size() == json::kMaxAuditLine) return Error{Errc::corrupt, "a line has no end"};
    line += c;
  }
  // The last line of an export has an end as well.
  if (!line.empty()) return Error{Errc::corrupt, "the file ends within a line"};
  return false;
}

Output report(const json::AuditVerifier& verifier, bool ca_was_given) {
  boost::json::array rows;
  for (const auto& section : verifier.sections()) {
    boost::json::object row;
    row["chain"] = section.chain;
    row["from"] = section.from;
    row["to"] = section.to;
    row["shown"] = section.shown;
    std::string signers;
    for (const auto& signer : section.signers) {
      if (!signers.empty()) signers += ", ";
      signers += signer.node + " to " + std::to_string(signer.through);
    }
    row["signedBy"] = signers;
    rows.push_back(std::move(row));
  }
  std::string note = "The export is unbroken, and signed by the coordinator.";
  if (!ca_was_given && verifier.ca() != nullptr) {
    note += "\nThe CA was taken from the export itself. Compare it, or give --ca-file: SHA-256 " +
            to_hex(verifier.ca()->sha256);
  }
  return Output{std::move(rows),
                {{"LOG", "chain"},
                 {"FROM", "from"},
                 {"TO", "to"},
                 {"SHOWN", "shown"},
                 {"SIGNED BY", "signedBy"}},
                std::move(note)};
}

}  // namespace

Result<Output> export_audit(ServiceClient& client, const AuditOptions& o) {
  if (!o.tenant.empty() && !client.is_operator()) {
    return Error{Errc::invalid, "--tenant is for the operator; a tenant's login sees its own"};
  }
  std::ofstream file(o.file, std::ios::binary | std::ios::trunc);
  if (!file) return Error{Errc::io, o.file + " can't be written"};
  std::string continuation;
  std::uint64_t lines = 0;
  do {
    const auto page = client.fetch_text(export_path(o, client.is_operator(), continuation));
    if (!page) return page.error();
    for (const char c : page->text) lines += c == '\n' ? 1 : 0;
    file << page->text;
    continuation = page->continuation;
  } while (!continuation.empty());
  file.close();
  if (!file) return Error{Errc::io, o.file + " can't be written: is the disk full?"};
  boost::json::object done;
  done["file"] = o.file;
  done["lines"] = lines;
  return Output{std::move(done), {}, "Prove it with: berth audit verify " + o.file};
}

Result<Output> verify_audit(const Login& login, const AuditOptions& o) {
  const auto crypto = crypto::make_wolfssl_crypto();
  std::vector<Bytes> trusted;
  if (!login.ca_file.empty()) {
    auto certificates = crypto::read_certificate_file(login.ca_file);
    if (!certificates) return certificates.error();
    trusted = std::move(*certificates);
  }
  std::ifstream file(o.file, std::ios::binary);
  if (!file) return Error{Errc::io, o.file + " can't be read"};
  json::AuditVerifier verifier(std::move(trusted), *crypto);
  std::string line;
  for (;;) {
    const auto more = next_line(file, line);
    if (!more) return Error{more.error().code, o.file + ": " + more.error().reason};
    if (!*more) break;
    const auto taken = verifier.take(line);
    if (!taken) return Error{taken.error().code, o.file + ": " + taken.error().reason};
  }
  const auto finished = verifier.finish();
  if (!finished) return Error{finished.error().code, o.file + ": " + finished.error().reason};
  return report(verifier, !login.ca_file.empty());
}

}  // namespace berth::cli
