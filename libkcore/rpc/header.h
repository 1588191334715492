#pragma once
// Headers of requests as a server reads them. Versions 1, and 2 with a tagged section in front of a
// flexible body; headers of answers are a correlation id and, before a flexible body, a section
// too.

#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "base/result.h"

namespace kcore::rpc {

// What follows the tagged section that `bytes` begin with; unknown tags are dropped.
//   corrupt_message  the section is damaged
Result<BytesView> skip_tags(BytesView bytes);

struct RequestHeader {
    std::int16_t api_key = -1;
    std::int16_t api_version = -1;
    std::int32_t correlation_id = 0;
    std::string client_id;  // Empty when null; what is not UTF-8 is replaced.
    BytesView body;         // Into the frame.

    // Key and version, which stand in front in every version of the header.
    //   corrupt_message  the frame is too short
    static Result<RequestHeader> parse_start(BytesView frame);
    // The rest, once the version of the header is known.
    //   corrupt_message  cut short, or a damaged tagged section
    Result<void> parse_rest(BytesView frame, bool is_flexible);
};

}  // namespace kcore::rpc
