// Every message in every version: what holds for all of them.
#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <new>
#include <vector>

#include "protocol/any_message.h"
#include "protocol/random.h"
#include "protocol/registry.h"

namespace {

std::size_t allocated_bytes = 0;  // Since it was last set to 0; the tests have one thread.

}  // namespace

// Sanitizers bring their own; there the tests look for bad reads and count nothing.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
// Not inlined: g++ would warn of memory from malloc in delete expressions.
[[gnu::noinline]] void* operator new(std::size_t size) {
    allocated_bytes += size;
    if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
    throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
#endif

namespace kcore::protocol {
namespace {

std::vector<const MessageInfo*> all_messages() {
    std::vector<const MessageInfo*> all;
    for (const auto& api : generated_apis()) {
        all.push_back(api.request);
        all.push_back(api.response);
    }
    for (const auto& record : generated_records()) all.push_back(record.message);
    return all;
}

// Calls `check(info, version, message, bytes)` with random messages of all kinds.
template <class Check>
void for_random_messages(std::uint64_t seeds, Check check) {
    for (const auto* info : all_messages()) {
        for (auto version = info->versions.low; version <= info->versions.high; ++version) {
            for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
                AnyMessage message(*info);
                randomize(*info, message.data(), version, seed);
                Bytes bytes;
                const auto done = encode_plain(*info, message.data(), version, bytes);
                ASSERT_TRUE(done) << done.error().what;
                check(*info, version, message, bytes);
            }
        }
    }
}

// Exactly as long as what is in it, so that a sanitizer sees a read past the end.
class ExactBuffer {
public:
    explicit ExactBuffer(BytesView bytes)
        : data_(new std::byte[bytes.size()]), size_(bytes.size()) {
        if (size_ != 0) std::memcpy(data_.get(), bytes.data(), size_);
    }
    BytesView view() const { return {data_.get(), size_}; }

private:
    std::unique_ptr<std::byte[]> data_;
    std::size_t size_;
};

TEST(RoundTripTest, ThereAreMessagesToTest) { EXPECT_EQ(all_messages().size(), 278U); }

TEST(RoundTripTest, AMessageComesBackEqualAndInTheSizeForetold) {
    for_random_messages(20, [](const auto& info, auto version, auto& message, const Bytes& bytes) {
        EXPECT_EQ(encoded_size_of(info, message.data(), version), bytes.size());
        const auto again = decode_any(info, bytes, version);
        ASSERT_TRUE(again) << again.error().what;
        EXPECT_EQ(*again, message) << info.name << " v" << version << ' ' << to_hex(bytes);
        Bytes twice;
        ASSERT_TRUE(encode_plain(info, again->data(), version, twice));
        EXPECT_EQ(twice, bytes) << info.name << " v" << version;
    });
}

TEST(RoundTripTest, TheDefaultsOfEveryMessageCanBeWritten) {
    for (const auto* info : all_messages()) {
        for (auto version = info->versions.low; version <= info->versions.high; ++version) {
            const AnyMessage message(*info);
            const auto size = encoded_size_of(*info, message.data(), version);
            // Records are null by default, and here they may not be.
            if (!size) {
                EXPECT_EQ(info->name, "FetchSnapshotResponse") << size.error().what;
                continue;
            }
            Bytes bytes;
            ASSERT_TRUE(encode_plain(*info, message.data(), version, bytes));
            EXPECT_EQ(*decode_any(*info, bytes, version), message) << info->name << " v" << version;
        }
    }
}

TEST(RoundTripTest, AMessageCutAnywhereIsAnErrorAndReadsNothingPastItsEnd) {
    for_random_messages(2, [](const auto& info, auto version, auto&, const Bytes& bytes) {
        for (std::size_t size = 0; size < bytes.size(); ++size) {
            const ExactBuffer cut(BytesView(bytes).first(size));
            const auto refused = decode_any(info, cut.view(), version);
            ASSERT_FALSE(refused) << info.name << " v" << version << " cut to " << size << " of "
                                  << to_hex(bytes);
            ASSERT_EQ(refused.error().code, Errc::corrupt_message);
        }
    });
}

TEST(RoundTripTest, DamagedBytesNeverTakeMuchMoreMemoryThanTheyAreLong) {
    for_random_messages(2, [](const auto& info, auto version, auto&, const Bytes& bytes) {
        for (std::size_t i = 0; i < bytes.size(); ++i) {
            ExactBuffer damaged(bytes);
            auto* at = const_cast<std::byte*>(damaged.view().data());
            for (std::size_t k = i; k < bytes.size() && k < i + 4; ++k) at[k] = std::byte{0xff};
            if (i + 3 < bytes.size()) at[i] = std::byte{0x7f};
            AnyMessage message(info);
            allocated_bytes = 0;
            (void)decode_into(info, damaged.view(), version, message.data());
            ASSERT_LE(allocated_bytes, 3 * (64 * 1024 + 32 * bytes.size())) << info.name;
        }
    });
}

TEST(RoundTripTest, ManyMoreElementsThanAnHonestMessageHoldsAreRefused) {
    std::size_t worst = 0;
    for (const auto* info : all_messages()) {
        // Whatever the counts in it are, they are large and the bytes behind them are there.
        for (const auto fill : {std::byte{0}, std::byte{1}, std::byte{2}, std::byte{0x7f}}) {
            const Bytes bytes(1 << 20, fill);
            AnyMessage message(*info);
            allocated_bytes = 0;
            (void)decode_into(*info, bytes, info->versions.high, message.data());
            worst = std::max(worst, allocated_bytes);
            ASSERT_LE(allocated_bytes, 3 * (64 * 1024 + 32 * bytes.size())) << info->name;
        }
    }
    RecordProperty("worst_bytes", static_cast<int>(worst));
}

TEST(RoundTripTest, UnknownTagsOfEveryFlexibleMessageAreKept) {
    for (const auto* info : all_messages()) {
        if (info->flexible.empty()) continue;
        const auto version = info->flexible.high;
        AnyMessage message(*info);
        randomize(*info, message.data(), version, 3);
        auto& tags = *reinterpret_cast<UnknownTags*>(static_cast<std::byte*>(message.data()) +
                                                     info->body.unknown_tags_offset);
        tags.clear();
        tags.emplace_back(500, to_bytes("kept"));
        Bytes bytes;
        ASSERT_TRUE(encode_plain(*info, message.data(), version, bytes)) << info->name;
        EXPECT_EQ(as_text(BytesView(bytes).last(4)), "kept");
        EXPECT_EQ(decode_any(*info, bytes, version), message) << info->name;
    }
}

}  // namespace
}  // namespace kcore::protocol
