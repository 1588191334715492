#include "broker/output.h"

#include <cassert>
#include <utility>

namespace kcore::broker {

namespace {
constexpr std::size_t kAnswerSizeField = 4;
constexpr std::size_t kKeptBytesMax = 4U << 10;
}  // namespace

void Output::begin(std::int32_t correlation_id, bool is_flexible) {
    auto& bytes = encoded_.bytes;
    begun_ = {bytes.size(), encoded_.cuts.size(), encoded_.external_bytes};
    append_be<std::int32_t>(bytes, 0);
    append_be(bytes, correlation_id);
    if (is_flexible) bytes.push_back(std::byte{0});  // No tagged fields.
}

void Output::end(std::vector<FileRanges> ranges) {
    for (auto i = begun_.cuts; i < encoded_.cuts.size(); ++i) {
        const auto& cut = encoded_.cuts[i];
        for (auto& range : ranges.at(static_cast<std::size_t>(cut.external_index))) {
            splices_.push_back({cut.position, std::move(range)});
        }
    }
    const auto size = size_bytes() - begun_.bytes - begun_.external_bytes - kAnswerSizeField;
    store_be(encoded_.bytes.data() + begun_.bytes, static_cast<std::int32_t>(size));
}

void Output::abandon() {
    encoded_.bytes.resize(begun_.bytes);
    encoded_.cuts.erase(encoded_.cuts.begin() + static_cast<std::ptrdiff_t>(begun_.cuts),
                        encoded_.cuts.end());
    encoded_.external_bytes = begun_.external_bytes;
}

void Output::append_raw(BytesView header_and_body) {
    append_be(encoded_.bytes, static_cast<std::int32_t>(header_and_body.size()));
    append(encoded_.bytes, header_and_body);
}

const std::vector<io::Piece>& Output::pieces() {
    pieces_.clear();
    std::size_t done = 0;
    const BytesView bytes(encoded_.bytes);
    const auto memory_up_to = [&](std::size_t end) {
        if (end == done) return;
        io::Piece piece;
        piece.bytes = bytes.subspan(done, end - done);
        pieces_.push_back(piece);
        done = end;
    };
    for (const auto& splice : splices_) {
        memory_up_to(splice.at);
        io::Piece piece;
        piece.file = splice.range.file.get();
        piece.position = splice.range.position;
        piece.size = splice.range.size_bytes;
        pieces_.push_back(piece);
    }
    memory_up_to(bytes.size());
    return pieces_;
}

FileRanges Output::files() const {
    FileRanges all;
    for (const auto& splice : splices_) all.push_back(splice.range);
    return all;
}

void Output::clear() {
    encoded_.bytes.clear();
    if (encoded_.bytes.capacity() > kKeptBytesMax) Bytes().swap(encoded_.bytes);
    encoded_.cuts.clear();
    encoded_.external_bytes = 0;
    splices_.clear();
    pieces_.clear();
}

}  // namespace kcore::broker
