#include "log/offset_map.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

namespace kcore::log {

namespace {

constexpr std::size_t kSlotsAtFirst = 1024;

// SipHash-2-4 with an output of 128 bits: nobody who does not know the seed makes keys collide.
class SipHash {
public:
    SipHash(std::uint64_t k0, std::uint64_t k1)
        : v0_(k0 ^ 0x736f6d6570736575ULL),
          v1_(k1 ^ 0x646f72616e646f6dULL ^ 0xee),
          v2_(k0 ^ 0x6c7967656e657261ULL),
          v3_(k1 ^ 0x7465646279746573ULL) {}

    void add(BytesView bytes) {
        const auto whole = bytes.size() / 8 * 8;
        for (std::size_t at = 0; at < whole; at += 8) word(load(bytes.subspan(at, 8)));
        const auto size = static_cast<std::uint64_t>(bytes.size()) << 56;
        word(size | load(bytes.subspan(whole)));
    }
    std::uint64_t high() { return finish(0xee); }
    std::uint64_t low() { return finish(0xdd); }

private:
    static std::uint64_t load(BytesView bytes) {
        std::uint64_t value = 0;
        std::memcpy(&value, bytes.data(), bytes.size());
        return value;
    }
    void word(std::uint64_t value) {
        v3_ ^= value;
        round();
        round();
        v0_ ^= value;
    }
    std::uint64_t finish(std::uint64_t constant) {
        (constant == 0xee ? v2_ : v1_) ^= constant;
        for (int i = 0; i < 4; ++i) round();
        return v0_ ^ v1_ ^ v2_ ^ v3_;
    }
    void round() {
        v0_ += v1_;
        v2_ += v3_;
        v1_ = std::rotl(v1_, 13) ^ v0_;
        v3_ = std::rotl(v3_, 16) ^ v2_;
        v0_ = std::rotl(v0_, 32);
        v2_ += v1_;
        v0_ += v3_;
        v1_ = std::rotl(v1_, 17) ^ v2_;
        v3_ = std::rotl(v3_, 21) ^ v0_;
        v2_ = std::rotl(v2_, 32);
    }

    std::uint64_t v0_;
    std::uint64_t v1_;
    std::uint64_t v2_;
    std::uint64_t v3_;
};

}  // namespace

OffsetMap::OffsetMap(std::size_t bytes_max, double load_factor, io::Random& random)
    : slots_max_(std::max<std::size_t>(bytes_max / sizeof(Entry), 2)),
      load_factor_(std::clamp(load_factor, 0.01, 0.99)),
      seed_{random.next(), random.next()},
      slots_(std::min(kSlotsAtFirst, slots_max_)) {}

OffsetMap::Entry OffsetMap::hashed(BytesView key) const {
    SipHash hash(seed_[0], seed_[1]);
    hash.add(key);
    const auto high = hash.high();
    return {.high = high, .low = hash.low()};
}

std::size_t OffsetMap::place_of(const Entry& entry) const {
    for (auto at = entry.low % slots_.size();; at = at + 1 == slots_.size() ? 0 : at + 1) {
        const auto& slot = slots_[at];
        const bool is_same = slot.high == entry.high && slot.low == entry.low;
        if (slot.offset < 0 || is_same) return at;
    }
}

bool OffsetMap::grow() {
    if (slots_.size() == slots_max_) return false;
    const auto old =
        std::exchange(slots_, std::vector<Entry>(std::min(slots_.size() * 2, slots_max_)));
    for (const auto& entry : old) {
        if (entry.offset >= 0) slots_[place_of(entry)] = entry;
    }
    return true;
}

bool OffsetMap::put(BytesView key, std::int64_t offset) {
    auto entry = hashed(key);
    auto at = place_of(entry);
    if (slots_[at].offset < 0) {
        const auto room = load_factor_ * static_cast<double>(slots_.size());
        if (static_cast<double>(used_ + 1) > room) {
            if (!grow()) return false;
            return put(key, offset);
        }
        ++used_;
    }
    entry.offset = std::max(offset, slots_[at].offset);
    slots_[at] = entry;
    return true;
}

std::optional<std::int64_t> OffsetMap::get(BytesView key) const {
    const auto offset = slots_[place_of(hashed(key))].offset;
    return offset < 0 ? std::nullopt : std::optional(offset);
}

}  // namespace kcore::log
