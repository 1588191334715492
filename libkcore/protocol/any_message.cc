#include "protocol/any_message.h"

namespace kcore::protocol {

Result<AnyMessage> decode_any(const MessageInfo& info, BytesView in, std::int16_t version,
                              Trailing trailing) {
    AnyMessage message(info);
    const auto taken = decode_into(info, in, version, message.data());
    if (!taken) return std::unexpected(taken.error());
    if (*taken != in.size() && trailing == Trailing::refuse) {
        return trailing_bytes(info, version, in.size() - *taken);
    }
    return message;
}

}  // namespace kcore::protocol
