#pragma once
// The compression codecs of record batches, as their attributes and the configuration name them.

#include <cstdint>
#include <optional>
#include <string_view>

namespace kcore::record {

enum class Codec : std::uint8_t { none = 0, gzip = 1, snappy = 2, lz4 = 3, zstd = 4 };

// Nothing for the ids 5 to 7, which the three bits of the attributes allow but nobody defined.
std::optional<Codec> codec_from_id(int id);

// "none", "gzip", "snappy", "lz4", "zstd".
std::string_view codec_name(Codec codec);

// By that name, or "uncompressed" as compression.type says it; "producer" is no codec.
std::optional<Codec> codec_by_name(std::string_view name);

// compression.gzip.level, compression.lz4.level, compression.zstd.level with Kafka's defaults and
// meanings: gzip -1 is zlib's own choice, lz4 9 is the fast compressor.
struct CompressionLevels {
    int gzip = -1;
    int lz4 = 9;
    int zstd = 3;

    friend bool operator==(const CompressionLevels&, const CompressionLevels&) = default;
};

}  // namespace kcore::record
