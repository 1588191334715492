// A request frame without its size, as a connection hands it to dispatch.
#include "protocol/api_table.h"
#include "round_trip.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const kcore::BytesView frame(reinterpret_cast<const std::byte*>(data), size);
    const auto request = kcore::protocol::decode_request_header(frame);
    if (!request || !request->version_known) return 0;
    const auto version = request->header.request_api_version;
    const auto message = kcore::protocol::decode_any(*request->api->request, request->body, version,
                                                     kcore::protocol::Trailing::allow);
    if (message) kcore::fuzz::check_round_trip(*message, version);
    return 0;
}
