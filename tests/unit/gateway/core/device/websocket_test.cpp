#include "gateway/core/device/websocket.hpp"

#include <CppUTest/TestHarness.h>

using namespace berth;
using namespace berth::gateway;

TEST_GROUP(WebSocketRoute){
    static http::Request upgrade(const char* target, const char* subprotocol){http::Request request;
request.method = "GET";
request.target = target;
request.headers.set("Upgrade", "websocket");
request.headers.set("Connection", "Upgrade");
request.headers.set("Sec-WebSocket-Protocol", subprotocol);
return request;
}
}
;

// Device API 2.5 and 3.1.
TEST(WebSocketRoute, TakesThePathsOfTheSdks) {
  for (const char* path : {"/$iothub/websocket", "/%24iothub/websocket", "/", "/mqtt",
                           "/$iothub/websocket?iothub-no-client-cert=true", "/?x=y"}) {
    const auto route = websocket_route(upgrade(path, "mqtt"));
    CHECK_TRUE_TEXT(route.has_value(), path);
    CHECK_TRUE(route->protocol == domain::DeviceProtocol::mqtt_ws);
  }
}

TEST(WebSocketRoute, GivesTheSubprotocolBackAsItWasSpelled) {
  for (const char* spelled : {"mqtt", "MQTT", "Mqtt"}) {
    STRCMP_EQUAL(spelled, websocket_route(upgrade("/", spelled))->subprotocol.c_str());
  }
  const auto amqp = websocket_route(upgrade("/", "AMQPWSB10"));
  CHECK_TRUE(amqp->protocol == domain::DeviceProtocol::amqp_ws);
  STRCMP_EQUAL("AMQPWSB10", amqp->subprotocol.c_str());
}

TEST(WebSocketRoute, TakesTheFirstSubprotocolThatItKnows) {
  const auto route = websocket_route(upgrade("/", "mqttv3.1, \tAMQPWSB10 ,mqtt"));
  CHECK_TRUE(route.has_value());
  STRCMP_EQUAL("AMQPWSB10", route->subprotocol.c_str());
}

TEST(WebSocketRoute, LeavesEverythingElseToHttp) {
  CHECK_FALSE(websocket_route(upgrade("/other", "mqtt")).has_value());
  CHECK_FALSE(websocket_route(upgrade("/$iothub", "mqtt")).has_value());
  CHECK_FALSE(websocket_route(upgrade("/$iothub/websocket/x", "mqtt")).has_value());
  CHECK_FALSE(websocket_route(upgrade("/%zz", "mqtt")).has_value());
  CHECK_FALSE(websocket_route(upgrade("/", "")).has_value());
  CHECK_FALSE(websocket_route(upgrade("/", "chat")).has_value());
  auto post = upgrade("/", "mqtt");
  post.method = "POST";
  CHECK_FALSE(websocket_route(post).has_value());
  auto plain = upgrade("/", "mqtt");
  plain.headers.set("Upgrade", "h2c");
  CHECK_FALSE(websocket_route(plain).has_value());
}
