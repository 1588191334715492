// The definitions of test_batches.h: in a test source, so that they are in no library.
#include "record/test_batches.h"

#include <algorithm>
#include <array>
#include <string>

#include "base/crc32c.h"
#include "base/varint.h"
#include "record/compression.h"

namespace kcore::record::testing {

namespace {

void put_varint(Bytes& out, std::int64_t value) {
    std::array<std::byte, kVarlongBytesMax> number{};
    append(out, BytesView(number).first(write_varlong(number.data(), value)));
}

void put_field(Bytes& out, const std::optional<std::string_view>& field) {
    put_varint(out, field ? static_cast<std::int64_t>(field->size()) : -1);
    if (field) append(out, as_bytes(*field));
}

}  // namespace

Bytes from_hex(std::string_view hex) {
    Bytes out;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
        out.push_back(
            static_cast<std::byte>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
    }
    return out;
}

Bytes RawRecord::bytes() const {
    Bytes body;
    append_be(body, attributes);
    put_varint(body, timestamp_delta);
    put_varint(body, offset_delta);
    put_field(body, key);
    put_field(body, value);
    put_varint(body, header_count.value_or(static_cast<std::int32_t>(headers.size())));
    for (const auto& [name, content] : headers) {
        put_field(body, name);
        put_field(body, content);
    }
    append(body, as_bytes(extra));
    Bytes out;
    put_varint(out, size.value_or(static_cast<std::int32_t>(body.size())));
    append(out, body);
    return out;
}

Bytes record_bytes(const std::vector<RawRecord>& records) {
    Bytes out;
    for (const auto& record : records) append(out, record.bytes());
    return out;
}

Bytes compressed(Codec codec, BytesView input) {
    Bytes out;
    Compressor compressor(codec);
    if (!compressor.compress(input, out)) out.clear();
    return out;
}

Bytes RawBatch::bytes() const {
    const auto n = static_cast<std::int32_t>(records.size());
    std::int64_t last_delta = 0;
    for (const auto& record : records) last_delta = std::max(last_delta, record.timestamp_delta);
    Bytes tail;
    append_be(tail, static_cast<std::int16_t>(static_cast<int>(codec) | attribute_bits));
    append_be(tail, last_offset_delta.value_or(n - 1));
    append_be(tail, base_timestamp);
    append_be(tail, max_timestamp.value_or(base_timestamp + last_delta));
    append_be(tail, producer_id);
    append_be(tail, producer_epoch);
    append_be(tail, base_sequence);
    append_be(tail, count.value_or(n));
    append(tail, payload ? *payload : compressed(codec, record_bytes(records)));
    Bytes out;
    append_be(out, base_offset);
    append_be(out, length.value_or(static_cast<std::int32_t>(tail.size() + 9)));
    append_be(out, std::int32_t{-1});
    append_be(out, magic);
    append_be(out, crc.value_or(crc32c(tail)));
    append(out, tail);
    return out;
}

RawBatch plain_batch(int n, Codec codec) {
    static constexpr std::array<std::string_view, 5> kKeys = {"k0", "k1", "k2", "k3", "k4"};
    static constexpr std::array<std::string_view, 5> kValues = {"v0", "v1", "v2", "v3", "v4"};
    RawBatch batch;
    batch.codec = codec;
    for (int i = 0; i < n; ++i) {
        const auto at = static_cast<std::size_t>(i) % kKeys.size();
        RawRecord record;
        record.offset_delta = i;
        record.key = kKeys[at];
        record.value = kValues[at];
        record.timestamp_delta = i;
        batch.records.push_back(record);
    }
    return batch;
}

}  // namespace kcore::record::testing
