#include "shared/domain/model/ids.hpp"

#include "shared/base/encoding.hpp"

namespace berth::domain {
namespace {

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

}  // namespace

template <class Tag>
Result<FoldedId<Tag>> FoldedId<Tag>::parse(std::string_view text) {
  if (text.empty() || text.size() > kMaxIdLength) {
    return Error{Errc::invalid, "an ID has 1 to 128 characters"};
  }
  for (const char c : text) {
    if (!is_alphanumeric(c) && c != '-' && c != '.' && c != '_' && c != ':') {
      return Error{Errc::invalid, "an ID holds letters, digits and - . _ : only"};
    }
  }
  if (!is_alphanumeric(text.back()) && text.back() != '-') {
    return Error{Errc::invalid, "an ID ends with a letter, a digit or a dash"};
  }
  FoldedId id;
  id.spelling_ = std::string(text);
  id.folded_ = to_lower(text);
  return id;
}

template class FoldedId<struct RegistrationIdTag>;
template class FoldedId<struct EnrollmentGroupIdTag>;

Result<DeviceId> parse_device_id(std::string_view text) {
  constexpr std::string_view kAllowed = "-:.+%_#*?!(),=@$;'";
  if (text.empty() || text.size() > kMaxIdLength) {
    return Error{Errc::invalid, "a device ID has 1 to 128 characters"};
  }
  for (const char c : text) {
    if (!is_alphanumeric(c) && kAllowed.find(c) == std::string_view::npos) {
      return Error{Errc::invalid,
                   "a device ID holds letters, digits and - : . + % _ # * ? ! ( ) , "
                   "= @ $ ; ' only"};
    }
  }
  return DeviceId(std::string(text));
}

Result<IdScope> parse_id_scope(std::string_view text) {
  if (text.size() != 11 || to_lower(text.substr(0, 3)) != "0ne") {
    return Error{Errc::invalid, "an ID scope is 0ne and 8 hex digits"};
  }
  for (const char c : text.substr(3)) {
    if (!is_hex(c)) return Error{Errc::invalid, "an ID scope is 0ne and 8 hex digits"};
  }
  return IdScope(std::string(text));
}

}  // namespace berth::domain
