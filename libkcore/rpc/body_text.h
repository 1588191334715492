#pragma once
// Bodies of requests and answers as one line of JSON, for those who watch a client at work.

#include <string>

#include "base/bytes.h"
#include "protocol/message_info.h"

namespace kcore::rpc {

// At most kBodyTextMax bytes and a note on how much was left out. Messages that carry secrets are
// "(hidden)".
inline constexpr std::size_t kBodyTextMax = 4096;
std::string body_text(const protocol::MessageInfo& info, std::int16_t version, BytesView body);

}  // namespace kcore::rpc
