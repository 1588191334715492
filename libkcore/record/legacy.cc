#include "record/legacy.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/crc32c.h"

namespace kcore::record {

namespace {

// Positions in an entry, the 12 bytes of offset and size included.
constexpr std::size_t kCrcPosition = 12;
constexpr std::size_t kAttributesPosition = 17;
constexpr std::size_t kTimestampPosition = 18;
constexpr std::size_t kFieldsPositionV0 = 18;
constexpr std::size_t kFieldsPositionV1 = 26;
constexpr std::size_t kFieldsBytesMin = 8;

std::size_t fields_position(std::int8_t magic) {
    return magic == 0 ? kFieldsPositionV0 : kFieldsPositionV1;
}

// An int32 length and that many bytes; negative is null. False when they do not fit.
bool take(BytesView& left, std::optional<BytesView>& out) {
    if (left.size() < sizeof(std::int32_t)) return false;
    const auto size = load_be<std::int32_t>(left.data());
    left = left.subspan(sizeof size);
    out.reset();
    if (size < 0) return true;
    if (static_cast<std::size_t>(size) > left.size()) return false;
    out = left.first(static_cast<std::size_t>(size));
    left = left.subspan(out->size());
    return true;
}

// The first entry of `left`, and what follows it; nothing when it is not whole.
std::optional<LegacyView> take_entry(BytesView& left) {
    if (left.size() < kPeekBytes) return std::nullopt;
    const auto size = load_be<std::int32_t>(left.data() + kLengthAt);
    if (size < 0 || static_cast<std::size_t>(size) > left.size() - kLogOverheadBytes) {
        return std::nullopt;
    }
    const auto whole = kLogOverheadBytes + static_cast<std::size_t>(size);
    if (whole < kPeekBytes) return std::nullopt;
    const LegacyView entry(left.first(whole));
    left = left.subspan(whole);
    return entry;
}

}  // namespace

std::int8_t LegacyView::attributes() const {
    if (bytes_.size() <= kAttributesPosition) return 0;
    return load_be<std::int8_t>(bytes_.data() + kAttributesPosition);
}

std::optional<Codec> LegacyView::codec() const {
    const auto id = attributes() & kCodecMask;
    return id <= static_cast<int>(Codec::lz4) ? codec_from_id(id) : std::nullopt;
}

TimestampType LegacyView::timestamp_type() const {
    const auto is_append_time = magic() == 1 && (attributes() & kLogAppendTimeBit) != 0;
    return is_append_time ? TimestampType::log_append_time : TimestampType::create_time;
}

std::int64_t LegacyView::timestamp() const {
    if (magic() != 1 || bytes_.size() < kFieldsPositionV1) return kNoTimestamp;
    return load_be<std::int64_t>(bytes_.data() + kTimestampPosition);
}

Result<void> LegacyView::check() const {
    if (bytes_.size() < fields_position(magic()) + kFieldsBytesMin) {
        return fail(Errc::corrupt_message, fmt::format("message of {} bytes at offset {} is too "
                                                       "short for magic {}",
                                                       bytes_.size(), offset(), magic()));
    }
    const auto stored = load_be<std::uint32_t>(bytes_.data() + kCrcPosition);
    if (crc32(bytes_.subspan(kMagicAt)) == stored) return {};
    return fail(Errc::corrupt_message,
                fmt::format("checksum of the message at offset {} does not match", offset()));
}

Result<LegacyView::Content> LegacyView::content() const {
    Content content;
    const auto position = fields_position(magic());
    auto left = bytes_.subspan(std::min(position, bytes_.size()));
    if (take(left, content.key) && take(left, content.value)) return content;
    return fail(Errc::corrupt_message,
                fmt::format("key or value of the message at offset {} is longer than the message",
                            offset()));
}

LegacyReader::LegacyReader(const LegacyView& entry, Decompressor& decompressor) : entry_(entry) {
    if (!entry.is_compressed()) {
        inner_ = entry.bytes();
        return;
    }
    is_wrapper_ = true;
    open_wrapper(decompressor);
}

void LegacyReader::stop(const Error& error) {
    error_ = error;
    inner_ = {};
}

void LegacyReader::open_wrapper(Decompressor& decompressor) {
    const auto content = entry_.content();
    if (!content) return stop(content.error());
    const auto codec = entry_.codec();
    if (!codec || !content->value) {
        return stop({Errc::corrupt_message,
                     fmt::format("wrapper at offset {} has no content", entry_.offset())});
    }
    const auto input = *content->value;
    const auto plain = decompressor.decompress(*codec, input, decompressed_bytes_max(input.size()),
                                               entry_.magic() == 0);
    if (!plain) return stop({Errc::corrupt_message, plain.error().what});
    inner_ = *plain;
    if (entry_.magic() == 0) return;  // Its inner offsets are absolute.
    auto left = inner_;
    std::int64_t last = 0;
    while (const auto inner = take_entry(left)) last = inner->offset();
    offset_shift_ = wrapping_subtract(entry_.offset(), last);
}

bool LegacyReader::next(RecordView& out) {
    if (inner_.empty()) return false;
    const auto before = inner_.size();
    const auto message = take_entry(inner_);
    if (!message || (is_wrapper_ && message->is_compressed()) ||
        message->magic() != entry_.magic()) {
        stop({Errc::corrupt_message,
              fmt::format("entry at offset {} holds no proper messages", entry_.offset())});
        return false;
    }
    const auto content = message->content();
    if (!content) {
        stop(content.error());
        return false;
    }
    out = {};
    out.offset = wrapping_add(message->offset(), offset_shift_);
    const auto is_append_time = entry_.timestamp_type() == TimestampType::log_append_time;
    out.timestamp = is_append_time ? entry_.timestamp() : message->timestamp();
    out.size_bytes = static_cast<std::int32_t>(before - inner_.size());
    out.key = content->key;
    out.value = content->value;
    return true;
}

Result<void> LegacyReader::finish() const {
    if (error_) return std::unexpected(*error_);
    return {};
}

}  // namespace kcore::record
