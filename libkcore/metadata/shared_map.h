#pragma once
// A hash map whose copies share what they have in common: a copy costs 256 pointers, a change
// copies one of 256 shards. Made for images that are copied, changed a little and then never
// changed again.

#include <algorithm>
#include <array>
#include <bitset>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kcore::metadata {

// Rule: nobody changes a map after it was copied from. Keys of text are looked up by string_view.
template <class Key, class Value, class Hash = std::hash<Key>>
class SharedMap {
public:
    using Lookup = std::conditional_t<std::is_same_v<Key, std::string>, std::string_view, Key>;
    using Entry = std::pair<Key, Value>;

    SharedMap() = default;
    SharedMap(SharedMap&&) noexcept = default;
    SharedMap& operator=(SharedMap&&) noexcept = default;
    SharedMap(const SharedMap& from) : shards_(from.shards_), size_(from.size_) {}
    SharedMap& operator=(const SharedMap& from) { return *this = SharedMap(from); }

    std::size_t size() const { return size_; }
    bool empty() const { return size_ == 0; }

    // Valid while this map, or any map it was copied to, holds the entry.
    const Value* find(const Lookup& key) const {
        const auto& shard = shards_[shard_of(key)];
        if (!shard) return nullptr;
        const auto at = lower_bound(*shard, key);
        return at != shard->end() && at->first == key ? &at->second : nullptr;
    }

    void set(const Lookup& key, Value value) {
        auto& shard = own(shard_of(key));
        const auto at = lower_bound(shard, key);
        if (at != shard.end() && at->first == key) {
            at->second = std::move(value);
            return;
        }
        shard.emplace(at, Key(key), std::move(value));
        ++size_;
    }

    bool erase(const Lookup& key) {
        if (find(key) == nullptr) return false;
        auto& shard = own(shard_of(key));
        shard.erase(lower_bound(shard, key));
        --size_;
        return true;
    }

    // In no particular order.
    template <class F>
    void for_each(F&& each) const {
        for (const auto& shard : shards_) {
            if (!shard) continue;
            for (const auto& [key, value] : *shard) each(key, value);
        }
    }

private:
    static constexpr std::size_t kShards = 256;
    using Shard = std::vector<Entry>;  // Sorted by key.

    static std::size_t shard_of(const Lookup& key) {
        using LookupHash =
            std::conditional_t<std::is_same_v<Key, std::string>, std::hash<std::string_view>, Hash>;
        const auto hash = static_cast<std::size_t>(LookupHash{}(key));
        return (hash * 0x9e3779b97f4a7c15ULL) >> 56;
    }
    template <class S>
    static auto lower_bound(S& shard, const Lookup& key) {
        return std::lower_bound(shard.begin(), shard.end(), key,
                                [](const Entry& e, const Lookup& k) { return e.first < k; });
    }
    Shard& own(std::size_t index) {
        auto& shard = shards_[index];
        if (!owned_[index]) {
            shard = shard ? std::make_shared<Shard>(*shard) : std::make_shared<Shard>();
            owned_[index] = true;
        }
        return *shard;
    }

    std::array<std::shared_ptr<Shard>, kShards> shards_;
    std::bitset<kShards> owned_;  // Shards that no other map has.
    std::size_t size_ = 0;
};

}  // namespace kcore::metadata
