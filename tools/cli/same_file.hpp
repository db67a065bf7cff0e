// Whether two paths lead to one file, so that no command writes over what it is to read.
#pragma once

#include <string>

#include "shared/base/result.hpp"

namespace berth::cli {

// Also where one path is relative, or a link; and where the file is yet to be made.
[[nodiscard]] bool is_same_file(const std::string& one, const std::string& other);

// Errc::invalid if a command would write `written`, as `option` names it, over `read`.
[[nodiscard]] Result<void> check_kept_apart(const std::string& option, const std::string& written,
                                            const std::string& read);

}  // namespace berth::cli
