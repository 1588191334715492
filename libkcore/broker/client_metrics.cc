#include "broker/client_metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "base/config.h"
#include "base/crc32c.h"

namespace kcore::broker {

namespace {

constexpr std::size_t kInstancesMax = 10'000;
constexpr std::size_t kValuesMax = 100'000;
constexpr int kIntervalsKept = 3;  // Who is silent for so many is gone.
constexpr const char* kAll = "*";

std::string value_of(const MetricsClient& client, std::string_view key) {
    if (key == "client_id") return client.id;
    if (key == "client_instance_id") return client.instance_id.to_string();
    if (key == "client_software_name") return client.software_name;
    if (key == "client_software_version") return client.software_version;
    if (key == "client_source_address") return client.address;
    return std::to_string(client.port);
}

bool is_matched(const std::pair<std::string, Pattern>& pattern, const MetricsClient& client) {
    return pattern.second.matches(value_of(client, pattern.first));
}

// Letters, digits and _ are what a name there may have.
std::string plain_name(std::string_view name) {
    std::string out = "client_";
    for (const char c : name) {
        const bool is_plain =
            (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        out += is_plain ? c : '_';
    }
    return out;
}

void put_label(std::string& labels, std::string_view name, std::string_view value) {
    if (!labels.empty()) labels += ',';
    labels += name;
    labels += "=\"";
    for (const char c : value) {
        if (c == '"' || c == '\\') labels += '\\';
        labels += c == '\n' ? ' ' : c;
    }
    labels += '"';
}

std::string labels_of(const MetricsClient& client, const MetricPoint& point) {
    std::string labels;
    put_label(labels, "client_id", client.id);
    put_label(labels, "client_instance_id", client.instance_id.to_string());
    for (const auto& [name, value] : point.attributes) {
        if (name != "client_id" && name != "client_instance_id") {
            put_label(labels, plain_name(name).substr(sizeof "client_" - 1), value);
        }
    }
    return labels;
}

std::unexpected<Error> too_early() {
    return fail(Errc::throttling_quota_exceeded,
                "the client came again before its push interval was over");
}

}  // namespace

void ClientMetrics::set(const metadata::Image& image) {
    std::vector<Rule> rules;
    image.configs.for_each([&](const metadata::ConfigResource& resource, const auto& configs) {
        if (resource.type != metadata::ResourceType::client_metrics) return;
        const auto value = [&](const char* name) {
            return effective_config(ConfigResource::client_metrics,
                                    *find_config_key(ConfigResource::client_metrics, name),
                                    *configs, {})
                .value;
        };
        Rule rule;
        rule.metrics = value("metrics").list();
        rule.interval_ms = value("interval.ms").integer();
        const auto match = value("match");
        for (const auto& item : match.list()) {
            const auto equals = item.find('=');
            auto pattern = Pattern::parse(item.substr(equals + 1));
            if (!pattern) return;  // Of another Kafka's syntax: nobody matches it.
            rule.match.emplace_back(item.substr(0, equals), *std::move(pattern));
        }
        rules.push_back(std::move(rule));
    });
    const std::lock_guard lock(mutex_);
    is_on_.store(!rules.empty(), std::memory_order_relaxed);
    rules_ = std::move(rules);
    ++generation_;
}

// All rules that match count together: what any asks for, as often as the most eager wants it.
ClientMetrics::Subscription ClientMetrics::subscription_locked(const MetricsClient& client) const {
    Subscription out;
    bool is_any = false;
    for (const auto& rule : rules_) {
        const auto fits = [&](const auto& pattern) { return is_matched(pattern, client); };
        if (!std::ranges::all_of(rule.match, fits)) continue;
        out.interval_ms = is_any ? std::min(out.interval_ms, rule.interval_ms) : rule.interval_ms;
        is_any = true;
        out.metrics.insert(out.metrics.end(), rule.metrics.begin(), rule.metrics.end());
    }
    std::ranges::sort(out.metrics);
    out.metrics.erase(std::ranges::unique(out.metrics).begin(), out.metrics.end());
    if (std::ranges::find(out.metrics, kAll) != out.metrics.end()) out.metrics = {kAll};
    const auto text = fmt::format("{}{}{}", client.instance_id.to_string(), out.interval_ms,
                                  fmt::join(out.metrics, ","));
    out.id = static_cast<std::int32_t>(crc32c(as_bytes(text)));
    return out;
}

void ClientMetrics::remove_locked(const Uuid& id) {
    const auto at = instances_.find(id);
    values_ -= at->second.values.size();
    instances_.erase(at);
}

void ClientMetrics::forget_locked() {
    const auto now = clock_.now();
    std::vector<Uuid> gone;
    for (const auto& [id, instance] : instances_) {
        const auto last = std::max(instance.asked.value_or(io::Instant()),
                                   instance.pushed.value_or(io::Instant()));
        const auto kept = io::Milliseconds(instance.subscription.interval_ms) * kIntervalsKept;
        if (now - last > kept) gone.push_back(id);
    }
    for (const auto& id : gone) remove_locked(id);
}

ClientMetrics::Instance& ClientMetrics::instance_locked(const MetricsClient& client) {
    if (instances_.size() >= kInstancesMax && !instances_.contains(client.instance_id)) {
        forget_locked();
        if (instances_.size() >= kInstancesMax) remove_locked(instances_.begin()->first);
    }
    auto& instance = instances_[client.instance_id];
    if (instance.generation != generation_) {
        instance.generation = generation_;
        instance.subscription = subscription_locked(client);
    }
    return instance;
}

Result<ClientMetrics::Subscription> ClientMetrics::subscribe(const MetricsClient& client) {
    const auto now = clock_.now();
    const std::lock_guard lock(mutex_);
    auto& instance = instance_locked(client);
    const auto last =
        std::max(instance.asked.value_or(io::Instant()), instance.pushed.value_or(io::Instant()));
    const bool is_first = !instance.asked && !instance.pushed;
    const bool is_due = now - last >= io::Milliseconds(instance.subscription.interval_ms);
    if (!is_first && !is_due && !std::exchange(instance.is_outdated, false)) return too_early();
    instance.asked = now;
    instance.may_push = true;
    return instance.subscription;
}

Result<void> ClientMetrics::check_push(const MetricsClient& client, std::int32_t subscription_id,
                                       bool is_terminating) {
    const auto now = clock_.now();
    if (client.instance_id.is_zero()) {
        return fail(Errc::invalid_request, "a push needs the id that the client was given");
    }
    const std::lock_guard lock(mutex_);
    auto& instance = instance_locked(client);
    if (instance.is_ended) {
        return fail(Errc::invalid_request, "nothing is taken of a client that said it ends");
    }
    // The first after asking may come at any time, and so may the last one.
    const bool is_due =
        instance.may_push || !instance.pushed ||
        now - *instance.pushed >= io::Milliseconds(instance.subscription.interval_ms);
    if (!is_due && !is_terminating) return too_early();
    if (subscription_id != instance.subscription.id) {
        instance.is_outdated = true;
        return fail(Errc::unknown_subscription_id, "the subscription has changed");
    }
    instance.pushed = now;
    instance.may_push = false;
    instance.is_ended = is_terminating;
    return {};
}

void ClientMetrics::add(const MetricsClient& client, const std::vector<MetricPoint>& points) {
    const std::lock_guard lock(mutex_);
    const auto found = instances_.find(client.instance_id);
    if (found == instances_.end()) return;
    auto& values = found->second.values;
    for (const auto& point : points) {
        auto key = std::pair(plain_name(point.name), labels_of(client, point));
        auto at = values.find(key);
        if (at == values.end()) {
            if (values_ >= kValuesMax) {
                ++dropped_;
                continue;
            }
            ++values_;
            at = values.emplace(std::move(key), Value()).first;
        }
        at->second.value = point.is_delta ? at->second.value + point.value : point.value;
        at->second.is_sum = point.is_sum;
    }
}

std::string ClientMetrics::text() {
    const std::lock_guard lock(mutex_);
    forget_locked();
    std::map<std::string_view, std::vector<std::pair<std::string_view, Value>>> by_name;
    for (const auto& [id, instance] : instances_) {
        for (const auto& [key, value] : instance.values) {
            by_name[key.first].emplace_back(key.second, value);
        }
    }
    std::string out;
    const auto to = std::back_inserter(out);
    fmt::format_to(to, "# TYPE kcore_client_metrics_instances gauge\n");
    fmt::format_to(to, "kcore_client_metrics_instances {}\n", instances_.size());
    fmt::format_to(to, "# TYPE kcore_client_metrics_dropped_total counter\n");
    fmt::format_to(to, "kcore_client_metrics_dropped_total {}\n", dropped_);
    for (const auto& [name, samples] : by_name) {
        const bool is_sum = samples.front().second.is_sum;
        fmt::format_to(to, "# TYPE {} {}\n", name, is_sum ? "counter" : "gauge");
        for (const auto& [labels, sample] : samples) {
            fmt::format_to(to, "{}{{{}}} {}\n", name, labels, sample.value);
        }
    }
    return out;
}

}  // namespace kcore::broker
