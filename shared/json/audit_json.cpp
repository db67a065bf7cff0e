#include "shared/json/audit_json.hpp"

#include <algorithm>
#include <utility>

#include <boost/json/object.hpp>

#include "shared/base/encoding.hpp"
#include "shared/json/json_text.hpp"

namespace berth::json {
namespace {

namespace bj = boost::json;

constexpr std::string_view kBegin = "begin";
constexpr std::string_view kEntry = "entry";
constexpr std::string_view kHidden = "hidden";
constexpr std::string_view kMissing = "missing";
constexpr std::string_view kSeal = "seal";
constexpr std::string_view kEnd = "end";
constexpr std::string_view kDone = "done";
constexpr std::int64_t kFormat = 1;
constexpr std::size_t kMaxDepth = 4;

bj::string_view view(std::string_view text) {
  return {text.data(), text.size()};
}

bj::object begin_line(std::string_view kind) {
  bj::object line;
  line["line"] = view(kind);
  return line;
}

// ---- Writing ----

bj::object write(const AuditBegin& from) {
  bj::object line = begin_line(kBegin);
  line["format"] = kFormat;
  line["chain"] = from.chain;
  line["afterSequence"] = from.after.sequence;
  line["afterHash"] = to_hex(from.after.hash);
  line["tenant"] = from.tenant;
  line["coordinatorId"] = from.coordinator;
  line["caCertificate"] = to_base64(from.ca_certificate);
  return line;
}

bj::object write(const AuditShown& from) {
  bj::object line = begin_line(kEntry);
  line["sequence"] = from.entry.sequence;
  line["time"] = to_iso8601(from.entry.time);
  line["tenant"] = from.entry.note.tenant.str();
  line["kind"] = from.entry.note.kind;
  bj::object fields;
  for (const domain::AuditField& field : from.entry.note.fields) {
    fields[view(field.name)] = field.value;
  }
  line["fields"] = std::move(fields);
  line["salt"] = to_hex(from.entry.salt);
  line["previous"] = to_hex(from.entry.previous);
  line["hash"] = to_hex(from.hash);
  return line;
}

bj::object write(const AuditHidden& from) {
  bj::object line = begin_line(kHidden);
  line["sequence"] = from.sequence;
  line["content"] = to_hex(from.content);
  line["hash"] = to_hex(from.hash);
  return line;
}

bj::object write(const AuditMissing& from) {
  bj::object line = begin_line(kMissing);
  line["from"] = from.from;
  line["to"] = from.to;
  return line;
}

void write_position(bj::object& line, const domain::AuditPosition& position) {
  line["sequence"] = position.sequence;
  line["hash"] = to_hex(position.hash);
  line["time"] = to_iso8601(position.time);
}

bj::object write(const domain::AuditSeal& from) {
  bj::object line = begin_line(kSeal);
  line["chain"] = from.chain;
  write_position(line, from.position);
  line["signer"] = from.signer;
  line["signedAt"] = to_iso8601(from.signed_at);
  line["signature"] = to_base64(from.signature);
  line["certificate"] = to_base64(from.certificate);
  return line;
}

bj::object write(const AuditEnd& from) {
  bj::object line = begin_line(kEnd);
  line["chain"] = from.chain;
  write_position(line, from.position);
  line["signedAt"] = to_iso8601(from.signed_at);
  line["signature"] = to_base64(from.signature);
  return line;
}

bj::object write(const AuditDone& from) {
  bj::object line = begin_line(kDone);
  line["sections"] = from.sections;
  line["names"] = to_hex(from.names);
  line["signedAt"] = to_iso8601(from.signed_at);
  line["signature"] = to_base64(from.signature);
  return line;
}

// ---- Reading ----

// Takes members one by one; in the end every member must have been taken, so that nothing can be
// added to a line which nobody looks at.
class Members {
 public:
  explicit Members(const bj::object& object) : object_(object) {}

  std::string text(std::string_view name) {
    const bj::value* const value = take(name);
    if (value == nullptr || !value->is_string()) return fail();
    return std::string(value->get_string());
  }
  std::uint64_t number(std::string_view name) {
    const bj::value* const value = take(name);
    if (value != nullptr && value->is_int64() && value->get_int64() >= 0) {
      return static_cast<std::uint64_t>(value->get_int64());
    }
    if (value != nullptr && value->is_uint64()) return value->get_uint64();
    fail();
    return 0;
  }
  WallTime time(std::string_view name) {
    const std::string written = text(name);
    const auto time = from_iso8601(written);
    // One text for one time, as everywhere in a line that is to prove something.
    if (!time || to_iso8601(*time) != written) {
      fail();
      return {};
    }
    return *time;
  }
  template <std::size_t N>
  void hex(std::string_view name, std::array<std::uint8_t, N>& to) {
    const std::string written = text(name);
    const auto bytes = from_hex(written);
    if (!bytes || bytes->size() != N || to_hex(*bytes) != written) {
      fail();
      return;
    }
    std::copy(bytes->begin(), bytes->end(), to.begin());
  }
  Bytes base64(std::string_view name) {
    const std::string written = text(name);
    auto bytes = from_base64(written);
    if (!bytes || to_base64(*bytes) != written) {
      fail();
      return {};
    }
    return std::move(*bytes);
  }
  const bj::object* object(std::string_view name) {
    const bj::value* const value = take(name);
    if (value == nullptr || !value->is_object()) {
      fail();
      return nullptr;
    }
    return &value->get_object();
  }
  [[nodiscard]] bool complete() const { return ok_ && taken_ == object_.size(); }

 private:
  const bj::value* take(std::string_view name) {
    ++taken_;
    return object_.if_contains(view(name));
  }
  std::string fail() {
    ok_ = false;
    return {};
  }

  const bj::object& object_;
  std::size_t taken_ = 0;
  bool ok_ = true;
};

void read_position(Members& members, domain::AuditPosition& position) {
  position.sequence = members.number("sequence");
  members.hex("hash", position.hash);
  position.time = members.time("time");
}

AuditLine read_begin(Members& members, bool& fits) {
  AuditBegin line;
  fits = members.number("format") == kFormat;
  line.chain = members.text("chain");
  line.after.sequence = members.number("afterSequence");
  members.hex("afterHash", line.after.hash);
  line.tenant = members.text("tenant");
  line.coordinator = members.text("coordinatorId");
  line.ca_certificate = members.base64("caCertificate");
  return line;
}

AuditLine read_entry(Members& members, bool& fits) {
  AuditShown line;
  line.entry.sequence = members.number("sequence");
  line.entry.time = members.time("time");
  line.entry.note.tenant = domain::IdScope(members.text("tenant"));
  line.entry.note.kind = members.text("kind");
  if (const bj::object* const fields = members.object("fields")) {
    for (const auto& [name, value] : *fields) {
      if (!value.is_string()) {
        fits = false;
        break;
      }
      line.entry.note.fields.push_back({std::string(name), std::string(value.get_string())});
    }
  }
  members.hex("salt", line.entry.salt);
  members.hex("previous", line.entry.previous);
  members.hex("hash", line.hash);
  return line;
}

AuditLine read_hidden(Members& members) {
  AuditHidden line;
  line.sequence = members.number("sequence");
  members.hex("content", line.content);
  members.hex("hash", line.hash);
  return line;
}

AuditLine read_seal(Members& members) {
  domain::AuditSeal line;
  line.chain = members.text("chain");
  read_position(members, line.position);
  line.signer = members.text("signer");
  line.signed_at = members.time("signedAt");
  line.signature = members.base64("signature");
  line.certificate = members.base64("certificate");
  return line;
}

AuditLine read_end(Members& members) {
  AuditEnd line;
  line.chain = members.text("chain");
  read_position(members, line.position);
  line.signed_at = members.time("signedAt");
  line.signature = members.base64("signature");
  return line;
}

AuditLine read_done(Members& members) {
  AuditDone line;
  line.sections = members.number("sections");
  members.hex("names", line.names);
  line.signed_at = members.time("signedAt");
  line.signature = members.base64("signature");
  return line;
}

}  // namespace

std::string write_audit_line(const AuditLine& line) {
  return json::serialize(bj::value(std::visit([](const auto& one) { return write(one); }, line)));
}

Result<AuditLine> read_audit_line(std::string_view text) {
  const Error malformed{Errc::malformed, "this is no line of an audit export"};
  const auto object = parse_object(text, {kMaxAuditLine, kMaxDepth});
  if (!object) return malformed;
  Members members(*object);
  const std::string kind = members.text("line");
  bool fits = true;
  AuditLine line;
  if (kind == kBegin) {
    line = read_begin(members, fits);
  } else if (kind == kEntry) {
    line = read_entry(members, fits);
  } else if (kind == kHidden) {
    line = read_hidden(members);
  } else if (kind == kMissing) {
    AuditMissing missing;
    missing.from = members.number("from");
    missing.to = members.number("to");
    line = missing;
  } else if (kind == kSeal) {
    line = read_seal(members);
  } else if (kind == kEnd) {
    line = read_end(members);
  } else if (kind == kDone) {
    line = read_done(members);
  } else {
    return malformed;
  }
  // One way to write a line: what differs from it was not written by a coordinator.
  if (!fits || !members.complete() || write_audit_line(line) != text) return malformed;
  return line;
}

}  // namespace berth::json
