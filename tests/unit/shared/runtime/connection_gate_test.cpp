#include "shared/runtime/connection_gate.hpp"

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <CppUTest/TestHarness.h>

using namespace berth::runtime;

TEST_GROUP(ConnectionGate) {
  ConnectionGate gate_{4};
  std::vector<std::string> shed_;
  std::vector<std::unique_ptr<ConnectionGate::Place>> places_;

  // Whether a connection called `name` was let in.
  bool come(const std::string& source, const std::string& name) {
    auto place = gate_.admit(source, [this, name] { shed_.push_back(name); });
    if (!place) return false;
    places_.push_back(std::make_unique<ConnectionGate::Place>(std::move(*place)));
    return true;
  }
};

TEST(ConnectionGate, LetsInAsManyAsItHasPlacesWithoutShedding) {
  for (const char* name : {"1", "2", "3", "4"}) CHECK_TRUE(come("a", name));
  LONGS_EQUAL(4, gate_.size());
  LONGS_EQUAL(0, shed_.size());
}

TEST(ConnectionGate, OneMoreTakesThePlaceOfTheOldestStranger) {
  for (const char* name : {"1", "2", "3", "4", "5"}) CHECK_TRUE(come("a", name));
  LONGS_EQUAL(4, gate_.size());
  CHECK(shed_ == std::vector<std::string>{"1"});
  LONGS_EQUAL(1, gate_.shed_count());
}

TEST(ConnectionGate, TheAddressThatHoldsMostMakesRoom) {
  CHECK_TRUE(come("honest", "h1"));
  for (const char* name : {"f1", "f2", "f3", "f4", "f5"}) CHECK_TRUE(come("flood", name));
  CHECK(shed_ == (std::vector<std::string>{"f1", "f2"}));
  CHECK_TRUE(come("honest", "h2"));
  CHECK(shed_ == (std::vector<std::string>{"f1", "f2", "f3"}));
}

TEST(ConnectionGate, WhoWasVouchedForDoesNotMakeRoomForStrangers) {
  CHECK_TRUE(come("a", "1"));
  places_[0]->vouch();
  for (const char* name : {"2", "3", "4", "5", "6"}) CHECK_TRUE(come("a", name));
  CHECK(shed_ == (std::vector<std::string>{"2", "3"}));
}

TEST(ConnectionGate, RefusesANewcomerWhereAllAreVouchedForAndItsAddressHoldsMost) {
  for (const char* name : {"1", "2", "3", "4"}) CHECK_TRUE(come("a", name));
  for (auto& place : places_) place->vouch();
  CHECK_FALSE(come("a", "5"));
  LONGS_EQUAL(0, shed_.size());
}

TEST(ConnectionGate, WhoHoldsMuchMakesRoomForWhoHoldsNothingEvenIfVouchedFor) {
  for (const char* name : {"1", "2", "3", "4"}) CHECK_TRUE(come("a", name));
  for (auto& place : places_) place->vouch();
  CHECK_TRUE(come("b", "5"));
  CHECK(shed_ == std::vector<std::string>{"1"});
}

TEST(ConnectionGate, EqualSharesOfVouchedConnectionsStay) {
  for (const char* source : {"a", "b", "c", "d"}) CHECK_TRUE(come(source, source));
  for (auto& place : places_) place->vouch();
  CHECK_FALSE(come("e", "5"));
}

TEST(ConnectionGate, APlaceIsFreeAgainWhenItsConnectionEnds) {
  for (const char* name : {"1", "2", "3", "4"}) CHECK_TRUE(come("a", name));
  places_.erase(places_.begin());
  LONGS_EQUAL(3, gate_.size());
  CHECK_TRUE(come("a", "5"));
  LONGS_EQUAL(0, shed_.size());
}

TEST(ConnectionGate, AConnectionThatMadeRoomTakesNobodysPlaceWhenItEnds) {
  for (const char* name : {"1", "2", "3", "4", "5"}) CHECK_TRUE(come("a", name));
  places_[0]->vouch();  // too late
  places_.erase(places_.begin());
  LONGS_EQUAL(4, gate_.size());
}

TEST(ConnectionGate, ManyThreadsShareIt) {
  std::vector<std::thread> threads;
  for (int number = 0; number < 4; ++number) {
    threads.emplace_back([this, number] {
      for (int i = 0; i < 1000; ++i) {
        auto place = gate_.admit(std::to_string(number), [] {});
        if (place && i % 3 == 0) place->vouch();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  LONGS_EQUAL(0, gate_.size());
}
