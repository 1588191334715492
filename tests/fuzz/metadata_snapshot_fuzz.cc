// Snapshots of the metadata log: any bytes are read or refused, and records that make an image make
// the same image again when that is written as a snapshot. The first byte says whether the rest is
// a file, or record values with a length of two bytes each in front of them.
#include <cstdlib>
#include <memory>
#include <vector>

#include "metadata/delta.h"
#include "metadata/snapshot.h"
#include "raft/snapshot.h"

namespace kcore::raft {
namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

std::vector<Bytes> values_in(BytesView data) {
    std::vector<Bytes> out;
    while (data.size() >= 2) {
        const auto size =
            std::min<std::size_t>(load_be<std::uint16_t>(data.data()), data.size() - 2);
        out.push_back(to_bytes(data.subspan(2, size)));
        data = data.subspan(2 + size);
    }
    return out;
}

// Null: they are refused.
metadata::ImagePtr image_of(const std::vector<BytesView>& values) {
    metadata::Delta delta(std::make_shared<metadata::Image>());
    for (const auto value : values) {
        const auto record = metadata::decode_record(value);
        if (!record || !delta.apply(*record)) return nullptr;
    }
    const auto image = delta.build(10, 1, 0);
    return image ? *image : nullptr;
}

void check_round_trip(const metadata::Image& image) {
    std::vector<Bytes> values;
    for (const auto& record : metadata::snapshot_records(image)) {
        values.push_back(metadata::encode_record(record));
    }
    auto snapshot = parse_snapshot(build_snapshot({10, 1}, values, 5, 6));
    require(snapshot.has_value());
    require(snapshot->last_contained_ms == 5);
    const auto again = image_of(snapshot->values);
    require(again != nullptr);
    std::vector<Bytes> same;
    for (const auto& record : metadata::snapshot_records(*again)) {
        same.push_back(metadata::encode_record(record));
    }
    require(values == same);
}

void run(BytesView data) {
    if (data.empty()) return;
    const bool is_file = (static_cast<unsigned>(data[0]) & 1U) != 0;
    data = data.subspan(1);
    auto bytes = is_file ? to_bytes(data) : build_snapshot({10, 1}, values_in(data), 5, 6);
    const auto snapshot = parse_snapshot(std::move(bytes));
    require(is_file || snapshot.has_value());
    if (!snapshot) return;
    const auto image = image_of(snapshot->values);
    if (image) check_round_trip(*image);
}

}  // namespace
}  // namespace kcore::raft

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    kcore::raft::run({reinterpret_cast<const std::byte*>(data), size});
    return 0;
}
