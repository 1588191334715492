#include "protocol/record_types.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/varint.h"
#include "protocol/registry.h"

namespace kcore::protocol {

namespace {

constexpr std::uint32_t kFrameVersion = 1;

const MessageInfo* find_record(std::string_view folder, std::int32_t type) {
    for (const auto& entry : generated_records()) {
        if (entry.folder == folder && entry.message->record_type == type) return entry.message;
    }
    return nullptr;
}

// Types repeat between the topics; the messages of two of them are known by name.
CoordinatorLog log_of(std::string_view name) {
    if (name.starts_with("TransactionLog")) return CoordinatorLog::transaction;
    const auto is_share_state =
        name.starts_with("ShareSnapshot") || name.starts_with("ShareUpdate");
    return is_share_state ? CoordinatorLog::share : CoordinatorLog::group;
}

const MessageInfo* find_in_log(std::string_view folder, CoordinatorLog log, std::int16_t type) {
    for (const auto& entry : generated_records()) {
        if (entry.folder == folder && entry.message->record_type == type &&
            log_of(entry.message->name) == log) {
            return entry.message;
        }
    }
    return nullptr;
}

void append_uvarint(Bytes& out, std::uint32_t value) {
    std::byte buffer[kVarintBytesMax];
    append(out, BytesView(buffer, write_uvarint(buffer, value)));
}

// Encodes after what `out` got since `start`, or takes it back.
Result<void> encode_after(std::size_t start, const MessageInfo& info, const void* message,
                          std::int16_t version, Bytes& out) {
    auto done = encode_plain(info, message, version, out);
    if (!done) out.resize(start);
    return done;
}

}  // namespace

Result<RecordFrame> read_record_frame(BytesView value) {
    const auto* at = value.data();
    const auto* end = at + value.size();
    std::uint32_t numbers[3] = {};
    for (auto& number : numbers) {
        const auto taken = read_uvarint(at, end, number);
        if (taken == 0) return fail(Errc::corrupt_message, "record frame is cut short");
        at += taken;
    }
    const auto [frame, type, version] = numbers;
    if (frame != kFrameVersion) {
        return fail(Errc::corrupt_message, fmt::format("record frame of version {}", frame));
    }
    constexpr auto kMax = static_cast<std::uint32_t>(std::numeric_limits<std::int16_t>::max());
    if (type > kMax || version > kMax) {
        return fail(Errc::corrupt_message, fmt::format("record type {} version {}", type, version));
    }
    RecordFrame out;
    out.type = static_cast<std::int32_t>(type);
    out.version = static_cast<std::int16_t>(version);
    out.body = BytesView(at, end);
    return out;
}

const MessageInfo* find_metadata_record(std::int32_t type) { return find_record("metadata", type); }
const MessageInfo* find_remote_log_record(std::int32_t type) {
    return find_record("remote-log", type);
}

Result<AnyMessage> decode_metadata_record(BytesView value) {
    const auto frame = read_record_frame(value);
    if (!frame) return std::unexpected(frame.error());
    const auto* info = find_metadata_record(frame->type);
    if (info == nullptr) {
        return fail(Errc::corrupt_message, fmt::format("unknown metadata record {}", frame->type));
    }
    return decode_any(*info, frame->body, frame->version);
}

Result<void> encode_framed(const MessageInfo& info, const void* record, std::int16_t version,
                           Bytes& out) {
    const auto start = out.size();
    append_uvarint(out, kFrameVersion);
    append_uvarint(out, static_cast<std::uint32_t>(info.record_type));
    append_uvarint(out, static_cast<std::uint32_t>(version));
    return encode_after(start, info, record, version, out);
}

Result<CoordinatorKey> read_coordinator_key(BytesView key) {
    if (key.size() < sizeof(std::int16_t)) {
        return fail(Errc::corrupt_message, fmt::format("record key of {} bytes", key.size()));
    }
    CoordinatorKey out;
    out.type = load_be<std::int16_t>(key.data());
    out.body = key.subspan(sizeof(std::int16_t));
    return out;
}

Result<void> encode_key(const MessageInfo& info, const void* key, Bytes& out) {
    const auto start = out.size();
    append_be(out, static_cast<std::int16_t>(info.record_type));
    return encode_after(start, info, key, 0, out);
}

std::optional<CoordinatorRecord> find_coordinator_record(CoordinatorLog log, std::int16_t type) {
    const auto* key = find_in_log("coordinator-key", log, type);
    const auto* value = find_in_log("coordinator-value", log, type);
    if (key == nullptr || value == nullptr) return std::nullopt;
    return CoordinatorRecord{key, value};
}

Result<std::int16_t> decode_versioned_into(const MessageInfo& info, BytesView in, void* to,
                                           NewerVersion newer) {
    if (in.size() < sizeof(std::int16_t)) {
        return fail(Errc::corrupt_message, fmt::format("{} of {} bytes", info.name, in.size()));
    }
    auto version = load_be<std::int16_t>(in.data());
    if (newer == NewerVersion::read_as_highest) version = std::min(version, info.versions.high);
    const auto taken = decode_into(info, in.subspan(sizeof(std::int16_t)), version, to);
    if (!taken) return std::unexpected(taken.error());
    return version;
}

Result<void> encode_versioned(const MessageInfo& info, const void* message, std::int16_t version,
                              Bytes& out) {
    const auto start = out.size();
    append_be(out, version);
    return encode_after(start, info, message, version, out);
}

}  // namespace kcore::protocol
