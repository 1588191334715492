#pragma once
// Framing of the records in internal topics and in the metadata log: which message a record's bytes
// are. Typed use: read the frame, switch over its type (protocol/record_type.h), decode the message
// of that type from `body`.

#include <cstdint>
#include <optional>

#include "protocol/any_message.h"
#include "protocol/codec.h"
#include "protocol/record_type.h"

namespace kcore::protocol {

// Value of a record of __cluster_metadata or __remote_log_metadata: three unsigned varints (frame
// version 1, type, version), then the body.
struct RecordFrame {
    RecordFrame() = default;

    std::int32_t type = 0;
    std::int16_t version = 0;
    BytesView body;
};

// corrupt_message when it is cut, of another frame version, or a number is out of range. The type
// may be one that nobody knows.
Result<RecordFrame> read_record_frame(BytesView value);

// The message of a metadata record type, of a remote-log one; nullptr when there is none.
const MessageInfo* find_metadata_record(std::int32_t type);
const MessageInfo* find_remote_log_record(std::int32_t type);

// A whole metadata record. Bytes after the body are an error, as in Kafka; so are unknown types.
Result<AnyMessage> decode_metadata_record(BytesView value);

// Appends the frame and `record`, a metadata or remote-log record.
Result<void> encode_framed(const MessageInfo& info, const void* record, std::int16_t version,
                           Bytes& out);
template <Message Record>
Result<void> encode_framed(const Record& record, std::int16_t version, Bytes& out) {
    return encode_framed(Record::info(), &record, version, out);
}

// Key of a coordinator topic: int16 type, then the body, always of version 0.
struct CoordinatorKey {
    CoordinatorKey() = default;

    std::int16_t type = 0;
    BytesView body;
};
Result<CoordinatorKey> read_coordinator_key(BytesView key);

Result<void> encode_key(const MessageInfo& info, const void* key, Bytes& out);
template <Message Key>
Result<void> encode_key(const Key& key, Bytes& out) {
    return encode_key(Key::info(), &key, out);
}

// The topics whose records are told by the int16 at the start of their key.
enum class CoordinatorLog : std::uint8_t { group, transaction, share };

struct CoordinatorRecord {
    const MessageInfo* key;
    const MessageInfo* value;
};
std::optional<CoordinatorRecord> find_coordinator_record(CoordinatorLog log, std::int16_t type);

// Messages with their version before them (int16): values of coordinator topics, consumer protocol,
// forwarded principal, aborted transaction. Bytes after the body are ignored, as Kafka does.
enum class NewerVersion : std::uint8_t {
    refuse,
    read_as_highest,  // Consumer protocol: later versions only add fields at the end.
};
Result<std::int16_t> decode_versioned_into(const MessageInfo& info, BytesView in, void* to,
                                           NewerVersion newer);
template <Message T>
Result<T> decode_versioned(BytesView in, NewerVersion newer = NewerVersion::refuse) {
    Result<T> out;
    const auto version = decode_versioned_into(T::info(), in, &*out, newer);
    if (!version) out = std::unexpected(version.error());
    return out;
}

Result<void> encode_versioned(const MessageInfo& info, const void* message, std::int16_t version,
                              Bytes& out);
template <Message T>
Result<void> encode_versioned(const T& message, std::int16_t version, Bytes& out) {
    return encode_versioned(T::info(), &message, version, out);
}

}  // namespace kcore::protocol
