#include "tools/dev/readiness.hpp"

#include <exception>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>

namespace berth::dev {

namespace beast = boost::beast;
using boost::asio::ip::tcp;

std::string not_ready(std::uint16_t port) {
  try {
    boost::asio::io_context loop;
    beast::tcp_stream stream(loop);
    stream.connect(tcp::endpoint(boost::asio::ip::address_v4::loopback(), port));
    beast::http::request<beast::http::empty_body> request(beast::http::verb::get, "/readyz", 11);
    request.set(beast::http::field::host, "127.0.0.1");
    beast::http::write(stream, request);
    beast::flat_buffer buffer;
    beast::http::response<beast::http::string_body> response;
    beast::http::read(stream, buffer, response);
    if (response.result_int() == 200) return {};
    return response.body().empty() ? "it is not ready" : response.body();
  } catch (const std::exception& error) {
    return error.what();
  }
}

}  // namespace berth::dev
