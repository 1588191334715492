#pragma once
// Metrics that clients push (KIP-714): which of them are asked for what, by the client-metrics
// resources of the image, and the values that came last. Thread-safe; bounded in clients and
// values.

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/pattern.h"
#include "base/result.h"
#include "base/uuid.h"
#include "broker/otlp.h"
#include "io/clock.h"
#include "metadata/image.h"

namespace kcore::broker {

// One running client, as it shows itself.
struct MetricsClient {
    Uuid instance_id;
    std::string id;
    std::string software_name;
    std::string software_version;
    std::string address;
    std::uint16_t port = 0;
};

class ClientMetrics {
public:
    // What a client is to send.
    struct Subscription {
        std::int32_t id = 0;
        std::int64_t interval_ms = 300'000;
        std::vector<std::string> metrics;  // Prefixes; * for all, none for nothing.

        friend bool operator==(const Subscription&, const Subscription&) = default;
    };

    explicit ClientMetrics(io::Clock& clock) : clock_(clock) {}

    void set(const metadata::Image& image);
    // Whether anything is asked of anybody.
    bool is_on() const { return is_on_.load(std::memory_order_relaxed); }

    //   throttling_quota_exceeded  asked again before its time
    Result<Subscription> subscribe(const MetricsClient& client);

    // Whether a push may come.
    //   invalid_request            no id of its own, or it said that it ends
    //   throttling_quota_exceeded  before its time
    //   unknown_subscription_id    the subscription has changed
    Result<void> check_push(const MetricsClient& client, std::int32_t subscription_id,
                            bool is_terminating);
    void add(const MetricsClient& client, const std::vector<MetricPoint>& points);

    // Everything there is, in the text form of Prometheus.
    std::string text();

private:
    struct Rule {
        std::vector<std::string> metrics;
        std::int64_t interval_ms = 0;
        std::vector<std::pair<std::string, Pattern>> match;
    };
    struct Value {
        double value = 0;
        bool is_sum = false;
    };
    struct Instance {
        Subscription subscription;
        std::uint64_t generation = 0;  // Of the rules that it is of.
        std::optional<io::Instant> asked, pushed;
        bool may_push = false;  // It has asked since its last push.
        bool is_ended = false;
        bool is_outdated = false;  // It was told so: it may ask at once.
        // By name and labels.
        std::map<std::pair<std::string, std::string>, Value> values;
    };

    Subscription subscription_locked(const MetricsClient& client) const;
    Instance& instance_locked(const MetricsClient& client);
    void forget_locked();
    void remove_locked(const Uuid& id);

    io::Clock& clock_;
    std::atomic<bool> is_on_ = false;
    std::mutex mutex_;
    std::vector<Rule> rules_;
    std::uint64_t generation_ = 0;
    std::unordered_map<Uuid, Instance> instances_;
    std::size_t values_ = 0;
    std::uint64_t dropped_ = 0;  // Values that were too many.
};

}  // namespace kcore::broker
