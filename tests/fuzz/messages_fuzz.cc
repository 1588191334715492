// Every message, responses and records included. Input: two bytes that choose the message, one that
// chooses its version, the body. The first two bytes ff ff: a metadata record with its frame.
#include <vector>

#include "protocol/record_types.h"
#include "protocol/registry.h"
#include "round_trip.h"

namespace {

const std::vector<const kcore::protocol::MessageInfo*>& all_messages() {
    static const auto kAll = [] {
        std::vector<const kcore::protocol::MessageInfo*> all;
        for (const auto& api : kcore::protocol::generated_apis()) {
            all.push_back(api.request);
            all.push_back(api.response);
        }
        for (const auto& record : kcore::protocol::generated_records())
            all.push_back(record.message);
        return all;
    }();
    return kAll;
}

void read_metadata_record(kcore::BytesView value) {
    const auto frame = kcore::protocol::read_record_frame(value);
    const auto message = kcore::protocol::decode_metadata_record(value);
    if (message) kcore::fuzz::check_round_trip(*message, frame->version);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 3) return 0;
    const kcore::BytesView input(reinterpret_cast<const std::byte*>(data), size);
    const auto choice = kcore::load_be<std::uint16_t>(input.data());
    if (choice == 0xffff) {
        read_metadata_record(input.subspan(2));
        return 0;
    }
    const auto& info = *all_messages()[choice % all_messages().size()];
    const auto versions = info.versions.high - info.versions.low + 1;
    const auto version = static_cast<std::int16_t>(info.versions.low + data[2] % versions);
    const auto message = kcore::protocol::decode_any(info, input.subspan(3), version,
                                                     kcore::protocol::Trailing::allow);
    if (message) kcore::fuzz::check_round_trip(*message, version);
    return 0;
}
