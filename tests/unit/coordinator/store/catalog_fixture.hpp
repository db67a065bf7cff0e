// A prepared catalog on a memory store, with the default tenant at hand.
#pragma once

#include <memory>

#include "coordinator/store/catalog.hpp"
#include "shared/base/assert.hpp"
#include "shared/crypto/mbedtls/mbedtls.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/fake_entropy.hpp"
#include "tests/support/memory_store.hpp"

namespace berth::testing {

struct CatalogFixture {
  CatalogFixture() {
    BERTH_ASSERT(catalog.prepare().has_value());
    tenant = catalog.tenants.all()->front().record.id_scope;
  }

  std::unique_ptr<ports::Crypto> crypto = crypto::make_mbedtls_crypto();
  MemoryStore store;
  FakeClock clock;
  FakeEntropy entropy;
  coordinator::Catalog catalog{store, *crypto, clock, entropy};
  domain::IdScope tenant;
};

}  // namespace berth::testing
