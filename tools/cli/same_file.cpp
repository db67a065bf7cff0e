#include "tools/cli/same_file.hpp"

#include <filesystem>
#include <system_error>

namespace berth::cli {

bool is_same_file(const std::string& one, const std::string& other) {
  std::error_code failed;
  // An error means that one of them is not there; then their names tell.
  if (std::filesystem::equivalent(one, other, failed)) return true;
  const auto place = std::filesystem::weakly_canonical(one, failed);
  if (failed) return one == other;
  const auto other_place = std::filesystem::weakly_canonical(other, failed);
  return failed ? one == other : place == other_place;
}

Result<void> check_kept_apart(const std::string& option, const std::string& written,
                              const std::string& read) {
  if (!is_same_file(written, read)) return {};
  return Error{Errc::invalid, option + " names " + written + ", which is the file " + read +
                                  " that is read: give it another name"};
}

}  // namespace berth::cli
