#pragma once
// Messages as JSON and back, for tools, dumps and tests. Names are those of the schema in
// lowerCamel
// ("topicData"); uuids are their text form, bytes and records are base64, null is null. Reading
// takes names with either case of the first letter, and leaves absent fields at their defaults.

#include <deque>
#include <nlohmann/json_fwd.hpp>

#include "protocol/codec.h"

namespace kcore::protocol {

// Fields that `version` has; tagged ones only where they differ from their default. Unknown tags
// appear as "unknownTags": [{"tag": 5, "value": "..."}].
nlohmann::ordered_json to_json(const MessageInfo& info, const void* message, std::int16_t version);

// What Records of a message read from JSON point into: must live as long as the message.
using RecordsBacking = std::deque<Bytes>;

// invalid_request, with the path of the field: unknown name, wrong type, number out of range, null
// where no version allows it. Whether a version has a field is checked on encoding.
Result<void> from_json(const MessageInfo& info, const nlohmann::json& json, void* message,
                       RecordsBacking& backing);

template <Message T>
Result<T> from_json(const nlohmann::json& json, RecordsBacking& backing) {
    Result<T> out;
    if (const auto done = from_json(T::info(), json, &*out, backing); !done) {
        out = std::unexpected(done.error());
    }
    return out;
}

}  // namespace kcore::protocol
