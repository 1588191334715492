#include "rpc/header.h"

#include "base/varint.h"
#include "protocol/utf8.h"

namespace kcore::rpc {

Result<BytesView> skip_tags(BytesView bytes) {
    const auto damaged = [] {
        return fail(Errc::corrupt_message, "a damaged tagged section in a header");
    };
    const auto* at = bytes.data();
    const auto* end = at + bytes.size();
    std::uint32_t count = 0;
    auto taken = read_uvarint(at, end, count);
    if (taken == 0) return damaged();
    at += taken;
    for (std::uint32_t i = 0; i < count; ++i) {
        std::uint32_t tag = 0;
        std::uint32_t size = 0;
        taken = read_uvarint(at, end, tag);
        if (taken == 0) return damaged();
        at += taken;
        taken = read_uvarint(at, end, size);
        if (taken == 0) return damaged();
        at += taken;
        if (size > static_cast<std::size_t>(end - at)) return damaged();
        at += size;
    }
    return BytesView(at, end);
}

Result<RequestHeader> RequestHeader::parse_start(BytesView frame) {
    if (frame.size() < 4) return fail(Errc::corrupt_message, "a frame without a header");
    RequestHeader header;
    header.api_key = load_be<std::int16_t>(frame.data());
    header.api_version = load_be<std::int16_t>(frame.data() + 2);
    return header;
}

Result<void> RequestHeader::parse_rest(BytesView frame, bool is_flexible) {
    constexpr std::size_t kFixed = 10;
    if (frame.size() < kFixed) return fail(Errc::corrupt_message, "a header cut short");
    correlation_id = load_be<std::int32_t>(frame.data() + 4);
    const auto client_size = load_be<std::int16_t>(frame.data() + 8);
    auto rest = frame.subspan(kFixed);
    if (client_size > 0) {
        const auto size = static_cast<std::size_t>(client_size);
        if (size > rest.size()) {
            return fail(Errc::corrupt_message, "a client id beyond the end of the frame");
        }
        const auto text = as_text(rest.first(size));
        client_id =
            protocol::is_utf8(text) ? std::string(text) : protocol::replace_invalid_utf8(text);
        rest = rest.subspan(size);
    }
    if (is_flexible) {
        auto after = skip_tags(rest);
        if (!after) return std::unexpected(std::move(after).error());
        rest = *after;
    }
    body = rest;
    return {};
}

}  // namespace kcore::rpc
