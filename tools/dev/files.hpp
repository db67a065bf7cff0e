// Small files of a development installation, written whole or not at all.
#pragma once

#include <filesystem>
#include <string>

#include "shared/base/result.hpp"

namespace berth::dev {

enum class FileMode : std::uint8_t { owner_only, readable };

// Writes beside the file and renames over it.
Result<void> write_file(const std::filesystem::path& path, const std::string& text, FileMode mode);
Result<std::string> read_file(const std::filesystem::path& path);

}  // namespace berth::dev
