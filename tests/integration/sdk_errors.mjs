// What Azure's device SDK throws, over each transport: around the error document of device API 7, around
// the state of an operation that failed, or around a CONNACK.
import assert from 'node:assert/strict';

// The readers of error documents: the document, and how long the device shall wait, if that was said.
const ofHttp = (error) => ({
  document: JSON.parse(error.responseBody),
  retryAfter: error.response.headers['retry-after'],
});
const ofMqtt = (error) => ({document: error.result});
const ofAmqp = ({condition, description, info}) =>
    ({document: {...JSON.parse(description), condition}, retryAfter: info?.['retry-after']});
const readers = {Http: ofHttp, Mqtt: ofMqtt, MqttWs: ofMqtt, Amqp: ofAmqp, AmqpWs: ofAmqp};

// Gives the members of the document (of the state, where the operation failed), `retryAfter`, and over
// AMQP `condition`; {connack} where MQTT refused the connection.
export function toldBy(transport, error) {
  assert.ok(error, 'no error');
  assert.doesNotMatch(`${error.message}`, /^waited /, 'refused, not left waiting');
  if (error.result?.status === 'failed') return error.result.registrationState;
  if (transport.startsWith('Mqtt') && typeof error.code === 'number') return {connack: error.code};
  const {document, retryAfter} = readers[transport](error);
  assert.match(document.trackingId, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  assert.ok(document.message && document.timestampUtc, JSON.stringify(document));
  return {...document, retryAfter};
}
