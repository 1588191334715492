// A request as JSON, as the raw tool reads it. Input: one byte that chooses the API, then the text.
#include "protocol/json.h"

#include <nlohmann/json.hpp>

#include "protocol/api_table.h"
#include "round_trip.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const auto apis = kcore::protocol::all_apis();
    const auto& info = *apis[data[0] % apis.size()].request;
    const auto json = nlohmann::json::parse(data + 1, data + size, nullptr, false);
    if (json.is_discarded()) return 0;
    kcore::protocol::AnyMessage message(info);
    kcore::protocol::RecordsBacking backing;
    if (!kcore::protocol::from_json(info, json, message.data(), backing)) return 0;
    for (auto version = info.versions.low; version <= info.versions.high; ++version) {
        kcore::Bytes bytes;
        if (!kcore::protocol::encode_plain(info, message.data(), version, bytes)) continue;
        const auto again = kcore::protocol::decode_any(info, bytes, version);
        kcore::fuzz::require(again.has_value(), "does not decode", info.name);
        (void)kcore::protocol::to_json(info, again->data(), version);
    }
    return 0;
}
