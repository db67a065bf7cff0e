// The store that most suites use; they name berth_shared_store_memory among their uses.
#pragma once

#include "shared/store/memory/memory_store.hpp"

namespace berth::testing {

using MemoryStore = store::MemoryStore;

}  // namespace berth::testing
