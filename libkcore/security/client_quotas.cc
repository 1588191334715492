#include "security/client_quotas.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace kcore::security {

namespace {

constexpr std::array<const char*, 5> kKeys = {"producer_byte_rate", "consumer_byte_rate",
                                              "request_percentage", "controller_mutation_rate",
                                              "connection_creation_rate"};
// Buckets of clients that are gone are looked for when there are this many.
constexpr std::size_t kBucketsMax = 1000;

using Name = std::optional<std::string>;

}  // namespace

void ClientQuotas::set(const Table& table) {
    const std::lock_guard lock(mutex_);
    table_ = table;
    bool any = false;
    for (std::size_t i = 0; i < kQuotas; ++i) {
        const bool limited = std::ranges::any_of(
            table_, [&](const auto& row) { return row.second.contains(kKeys[i]); });
        limits_[i].store(limited, std::memory_order_relaxed);
        if (!limited) buckets_[i].clear();
        any |= limited;
    }
    limits_any_.store(any, std::memory_order_relaxed);
}

const double* ClientQuotas::value_locked(const Entity& entity, Quota quota) const {
    const auto row = table_.find(entity);
    if (row == table_.end()) return nullptr;
    const auto value = row->second.find(kKeys[index(quota)]);
    return value == row->second.end() ? nullptr : &value->second;
}

// The most specific entity wins: a user's before the default user's before a client id's, each with
// the client id, with the default one, and alone. What the entity does not name is shared.
std::optional<ClientQuotas::Found> ClientQuotas::find_locked(Quota quota,
                                                             const Client& client) const {
    if (quota == Quota::connections) return find_address_locked(client.user);
    for (const auto& user : {Name(client.user), Name()}) {
        for (const auto& id : {Name(client.id), Name()}) {
            const auto* rate = value_locked({{"user", user}, {"client-id", id}}, quota);
            if (rate != nullptr) return Found{*rate, {client.user, client.id}};
        }
        const auto* rate = value_locked({{"user", user}}, quota);
        if (rate != nullptr) return Found{*rate, {client.user, ""}};
    }
    for (const auto& id : {Name(client.id), Name()}) {
        const auto* rate = value_locked({{"client-id", id}}, quota);
        if (rate != nullptr) return Found{*rate, {"", client.id}};
    }
    return std::nullopt;
}

std::optional<ClientQuotas::Found> ClientQuotas::find_address_locked(
    const std::string& address) const {
    for (const auto& name : {Name(address), Name()}) {
        const auto* rate = value_locked({{"ip", name}}, Quota::connections);
        if (rate != nullptr) return Found{*rate, {address, ""}};
    }
    return std::nullopt;
}

// A bucket begins full. What Kafka measures rates over begins as all but one of the samples; a
// mutation may use them all at once.
double ClientQuotas::window_s(Quota quota) const {
    const bool of_controller = quota == Quota::mutation;
    const auto samples = of_controller ? windows_.controller_samples : windows_.client_samples - 1;
    const auto sample_s = of_controller ? windows_.controller_sample_s : windows_.client_sample_s;
    return static_cast<double>(std::max<std::int64_t>(1, samples) * sample_s);
}

TokenBucket* ClientQuotas::bucket_locked(Quota quota, const Client& client, io::Instant now) {
    const auto found = find_locked(quota, client);
    if (!found) return nullptr;
    auto& buckets = buckets_[index(quota)];
    const auto capacity = found->rate * window_s(quota);
    if (buckets.size() >= kBucketsMax && !buckets.contains(found->key)) {
        for (auto at = buckets.begin(); at != buckets.end();) {
            at = at->second.is_full(now) ? buckets.erase(at) : std::next(at);
        }
    }
    const auto [at, is_new] = buckets.try_emplace(found->key, found->rate, capacity, now);
    if (!is_new) at->second.resize(found->rate, capacity, now);
    return &at->second;
}

// A slow request makes nobody wait longer than a sample for the threads it took.
std::int64_t ClientQuotas::capped(Quota quota, std::int64_t wait_ms) const {
    if (quota != Quota::request) return wait_ms;
    return std::min(wait_ms, windows_.client_sample_s * 1000);
}

template <class Use>
std::int64_t ClientQuotas::with_bucket(Quota quota, const Client& client, io::Instant now,
                                       const Use& use) {
    if (!limits(quota)) return 0;
    const std::lock_guard lock(mutex_);
    auto* bucket = bucket_locked(quota, client, now);
    return bucket == nullptr ? 0 : use(*bucket);
}

std::int64_t ClientQuotas::charge(Quota quota, const Client& client, double amount,
                                  io::Instant now) {
    return with_bucket(quota, client, now, [&](TokenBucket& bucket) {
        bucket.take(amount, now);
        return capped(quota, bucket.wait_ms(0, now));
    });
}

std::int64_t ClientQuotas::charge_within(Quota quota, const Client& client, double amount,
                                         io::Instant now) {
    return with_bucket(quota, client, now, [&](TokenBucket& bucket) {
        const auto wait_ms = bucket.wait_ms(amount, now);
        if (wait_ms == 0) bucket.take(amount, now);
        return wait_ms;
    });
}

std::int64_t ClientQuotas::charge_unless_owing(Quota quota, const Client& client, double amount,
                                               io::Instant now) {
    return with_bucket(quota, client, now, [&](TokenBucket& bucket) {
        const auto wait_ms = bucket.wait_ms(0, now);
        if (wait_ms == 0) bucket.take(amount, now);
        return wait_ms;
    });
}

std::optional<double> ClientQuotas::capacity(Quota quota, const Client& client) const {
    if (!limits(quota)) return std::nullopt;
    const std::lock_guard lock(mutex_);
    const auto found = find_locked(quota, client);
    if (!found) return std::nullopt;
    return found->rate * window_s(quota);
}

}  // namespace kcore::security
