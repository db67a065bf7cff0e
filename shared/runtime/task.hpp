// Task<T>: what every coroutine here returns. Coroutines live in adapters only; parameters are
// taken by value, or by a reference whose owner awaits the call.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

namespace berth::runtime {

template <class T = void>
using Task = boost::asio::awaitable<T, boost::asio::any_io_executor>;

}  // namespace berth::runtime
