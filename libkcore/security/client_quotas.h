#pragma once
// Quotas of clients (KIP-13, KIP-124, KIP-257, KIP-599, KIP-612): who has which, how much of it is
// used up, and how long whoever used too much is to be left waiting. Every quota is a token bucket
// that holds what its window allows. Thread-safe; clients without quotas cost one load.

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "io/clock.h"
#include "security/token_bucket.h"

namespace kcore::security {

enum class Quota : std::uint8_t {
    produce,      // Bytes.
    fetch,        // Bytes.
    request,      // Hundredths of a second of one thread.
    mutation,     // Partitions made or removed.
    connections,  // New ones of an address.
};

struct Client {
    std::string user;
    std::string id;  // client.id; for Quota::connections the address is in `user`.
};

struct QuotaWindows {
    std::int64_t client_samples = 11;      // quota.window.num
    std::int64_t client_sample_s = 1;      // quota.window.size.seconds
    std::int64_t controller_samples = 11;  // controller.quota.window.num
    std::int64_t controller_sample_s = 1;  // controller.quota.window.size.seconds
};

class ClientQuotas {
public:
    // Entities (type to name, none for the default) with their quotas by key, as metadata has them.
    using Entity = std::map<std::string, std::optional<std::string>>;
    using Table = std::map<Entity, std::map<std::string, double>>;

    explicit ClientQuotas(QuotaWindows windows) : windows_(windows) {}

    void set(const Table& table);

    // Whether anybody has a quota of the kind, or of any.
    bool limits(Quota quota) const { return limits_[index(quota)].load(std::memory_order_relaxed); }
    bool limits_any() const { return limits_any_.load(std::memory_order_relaxed); }

    // Uses the quota and gives the milliseconds to wait for it; 0: within it.
    std::int64_t charge(Quota quota, const Client& client, double amount, io::Instant now);
    // The same, but nothing is used when there is too little.
    std::int64_t charge_within(Quota quota, const Client& client, double amount, io::Instant now);
    // Uses the quota unless there is a debt already, which is the wait that is given.
    std::int64_t charge_unless_owing(Quota quota, const Client& client, double amount,
                                     io::Instant now);
    // The most that can ever be had at once; nothing without a quota.
    std::optional<double> capacity(Quota quota, const Client& client) const;

private:
    using BucketKey = std::pair<std::string, std::string>;  // Of the parts that the quota names.
    struct Found {
        double rate = 0;
        BucketKey key;
    };
    using Buckets = std::map<BucketKey, TokenBucket>;
    static constexpr std::size_t kQuotas = 5;
    static constexpr std::size_t index(Quota quota) { return static_cast<std::size_t>(quota); }

    std::optional<Found> find_locked(Quota quota, const Client& client) const;
    std::optional<Found> find_address_locked(const std::string& address) const;
    const double* value_locked(const Entity& entity, Quota quota) const;
    double window_s(Quota quota) const;
    template <class Use>
    std::int64_t with_bucket(Quota quota, const Client& client, io::Instant now, const Use& use);
    TokenBucket* bucket_locked(Quota quota, const Client& client, io::Instant now);
    std::int64_t capped(Quota quota, std::int64_t wait_ms) const;

    const QuotaWindows windows_;
    std::array<std::atomic<bool>, kQuotas> limits_{};
    std::atomic<bool> limits_any_ = false;
    mutable std::mutex mutex_;
    Table table_;
    std::array<Buckets, kQuotas> buckets_;
};

}  // namespace kcore::security
