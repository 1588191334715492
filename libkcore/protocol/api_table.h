#pragma once
// All APIs of Kafka 4.4: versions, listeners, forwarding, messages; and the headers around their
// bodies. Says nothing of what a node advertises: that is the broker's choice.

#include <cstdint>
#include <span>
#include <string_view>

#include "protocol/any_message.h"
#include "protocol/api_key.h"
#include "protocol/codec.h"
#include "protocol/header/request_header.h"
#include "protocol/header/response_header.h"

namespace kcore::protocol {

struct ApiInfo {
    ApiKey key;
    std::string_view name;  // "DescribeTopicPartitions"
    VersionRange versions;
    VersionRange stable_versions;  // Without the highest where that is unstable.
    bool on_broker;                // Listeners on which it is served.
    bool on_controller;
    bool is_forwarded;  // A broker sends it on to the controller in an Envelope.
    const MessageInfo* request;
    const MessageInfo* response;
};

// By ascending key.
std::span<const ApiInfo> all_apis();

const ApiInfo& api_info(ApiKey key);

// nullptr when there is no such key (4 to 7 are gone) or name; any letter case.
const ApiInfo* find_api(std::int16_t key);
const ApiInfo* find_api(std::string_view name);

// 1 or 2, also for versions that the API does not have: an ApiVersions request of the future has a
// header of version 2.
std::int16_t request_header_version(const ApiInfo& api, std::int16_t version);
// 0 or 1; always 0 for ApiVersions.
std::int16_t response_header_version(const ApiInfo& api, std::int16_t version);

// A request in its frame (without the size). `body` is a view into the frame.
struct RequestFrame {
    RequestFrame() = default;

    const ApiInfo* api = nullptr;
    RequestHeader header;
    BytesView body;
    bool version_known = true;  // False for ApiVersions only: answer 35 in version 0.
};

// Every error closes the connection: corrupt_message for a damaged header, invalid_request for an
// unknown key, unsupported_version for a version that the API (other than ApiVersions) does not
// have.
Result<RequestFrame> decode_request_header(BytesView frame);

// The correlation id, and the body as a view into the frame.
struct ResponseFrame {
    ResponseFrame() = default;

    std::int32_t correlation_id = 0;
    BytesView body;
};
Result<ResponseFrame> decode_response_header(const ApiInfo& api, std::int16_t version,
                                             BytesView frame);

// Append header and body, without the size of the frame. After an error `out` is as before.
Result<void> encode_request(const MessageInfo& info, const void* request, std::int16_t version,
                            std::int32_t correlation_id, std::string_view client_id, Encoded& out);
Result<void> encode_response(const MessageInfo& info, const void* response, std::int16_t version,
                             std::int32_t correlation_id, Encoded& out);

template <Message Request>
Result<void> encode_request(const Request& request, std::int16_t version,
                            std::int32_t correlation_id, std::string_view client_id, Encoded& out) {
    return encode_request(Request::info(), &request, version, correlation_id, client_id, out);
}
template <Message Response>
Result<void> encode_response(const Response& response, std::int16_t version,
                             std::int32_t correlation_id, Encoded& out) {
    return encode_response(Response::info(), &response, version, correlation_id, out);
}

}  // namespace kcore::protocol
