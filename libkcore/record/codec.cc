#include "record/codec.h"

#include <array>

namespace kcore::record {

namespace {

constexpr std::array<std::string_view, 5> kNames = {"none", "gzip", "snappy", "lz4", "zstd"};

}  // namespace

std::optional<Codec> codec_from_id(int id) {
    if (id < 0 || id >= static_cast<int>(kNames.size())) return std::nullopt;
    return static_cast<Codec>(id);
}

std::string_view codec_name(Codec codec) { return kNames[static_cast<std::size_t>(codec)]; }

std::optional<Codec> codec_by_name(std::string_view name) {
    if (name == "uncompressed") return Codec::none;
    for (std::size_t i = 0; i < kNames.size(); ++i) {
        if (kNames[i] == name) return static_cast<Codec>(i);
    }
    return std::nullopt;
}

}  // namespace kcore::record
