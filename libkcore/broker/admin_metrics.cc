// The metrics page: what the image and the partitions say now, and what traffic was counted.

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "broker/admin_pages.h"
#include "broker/client_metrics.h"
#include "broker/controller_runner.h"
#include "broker/log_cleaner.h"
#include "broker/log_scrubber.h"
#include "broker/membership.h"
#include "broker/services.h"
#include "broker/traffic.h"
#include "protocol/api_table.h"

namespace kcore::broker {

namespace {

// Prometheus text: the type of a metric before its first sample.
class Text {
public:
    void begin(std::string_view name, std::string_view type) {
        fmt::format_to(std::back_inserter(out_), "# TYPE {} {}\n", name, type);
        name_ = name;
    }
    void add(std::string_view labels, std::int64_t value) {
        fmt::format_to(std::back_inserter(out_), "{}{} {}\n", name_, labels, value);
    }
    void gauge(std::string_view name, std::int64_t value) {
        begin(name, "gauge");
        add("", value);
    }
    void counter(std::string_view name, const Counter& value) {
        begin(name, "counter");
        add("", static_cast<std::int64_t>(value.value()));
    }
    std::string take() && { return std::move(out_); }

private:
    std::string out_;
    std::string_view name_;
};

struct Counts {
    std::int64_t topics = 0;
    std::int64_t partitions = 0;
    std::int64_t leaderless = 0;
    std::int64_t led_here = 0;
    std::int64_t hosted_here = 0;
    std::int64_t under_replicated = 0;  // Of those led here.
};

Counts count(const metadata::Image& image, std::int32_t node_id) {
    Counts counts;
    image.topics_by_id.for_each([&](const Uuid&, const metadata::TopicPtr& topic) {
        ++counts.topics;
        for (const auto& p : topic->partitions) {
            ++counts.partitions;
            if (p->leader == metadata::kNoLeader) ++counts.leaderless;
            if (std::ranges::find(p->replicas, node_id) != p->replicas.end()) ++counts.hosted_here;
            if (p->leader != node_id) continue;
            ++counts.led_here;
            if (p->isr.size() < p->replicas.size()) ++counts.under_replicated;
        }
    });
    return counts;
}

// As Kafka numbers them.
std::int64_t state_number(MembershipState state) {
    switch (state) {
        case MembershipState::starting:
            return 1;
        case MembershipState::recovery:
            return 2;
        case MembershipState::running:
            return 3;
        case MembershipState::leaving:
            return 6;
        case MembershipState::gone:
        case MembershipState::replaced:
            break;
    }
    return 7;
}

void add_cluster(const Services& services, Text& text) {
    const auto image = services.image();
    const auto counts = count(*image, services.config->node_id);
    std::int64_t fenced = 0;
    for (const auto& [id, broker] : *image->brokers) fenced += broker->fenced ? 1 : 0;
    const auto active = std::ssize(*image->brokers) - fenced;
    const auto* runner = services.controller_runner;
    const bool is_active = runner != nullptr && runner->is_active();
    text.gauge("kafka_server_kafkaserver_brokerstate", state_number(services.membership->state()));
    text.gauge("kafka_controller_kafkacontroller_activecontrollercount", is_active ? 1 : 0);
    text.gauge("kafka_controller_kafkacontroller_activebrokercount", active);
    text.gauge("kafka_controller_kafkacontroller_fencedbrokercount", fenced);
    text.gauge("kafka_controller_kafkacontroller_globaltopiccount", counts.topics);
    text.gauge("kafka_controller_kafkacontroller_globalpartitioncount", counts.partitions);
    text.gauge("kafka_controller_kafkacontroller_offlinepartitionscount", counts.leaderless);
    text.gauge("kafka_server_replicamanager_leadercount", counts.led_here);
    text.gauge("kafka_server_replicamanager_partitioncount", counts.hosted_here);
    text.gauge("kafka_server_replicamanager_underreplicatedpartitions", counts.under_replicated);
}

void add_traffic(const Traffic& traffic, Text& text) {
    text.counter("kafka_server_brokertopicmetrics_messagesin_total", traffic.messages_in);
    text.counter("kafka_server_brokertopicmetrics_bytesin_total", traffic.bytes_in);
    text.counter("kafka_server_brokertopicmetrics_bytesout_total", traffic.bytes_out);
    text.counter("kafka_server_brokertopicmetrics_failedproducerequests_total",
                 traffic.produce_failures);
    text.begin("kafka_network_requestmetrics_requests_total", "counter");
    for (const auto& api : protocol::all_apis()) {
        const auto value = traffic.requests.at(static_cast<std::size_t>(api.key)).value();
        if (value == 0) continue;
        text.add(fmt::format("{{request=\"{}\"}}", api.name), static_cast<std::int64_t>(value));
    }
}

void add_cleaner(const Services& services, Text& text) {
    const auto totals = services.cleaner->totals();
    const auto total = [&](std::string_view name, std::uint64_t value) {
        text.begin(name, "counter");
        text.add("", static_cast<std::int64_t>(value));
    };
    total("kcore_log_cleaner_cleanings_total", totals.cleanings);
    total("kcore_log_cleaner_bytes_read_total", totals.bytes_read);
    total("kcore_log_cleaner_bytes_written_total", totals.bytes_written);
    text.begin("kafka_log_logcleanermanager_uncleanable_partitions_count", "gauge");
    for (const auto& directory : services.log_dirs->all()) {
        if (!directory->takes_partitions()) continue;
        const auto found = totals.uncleanable.find(directory->path());
        text.add(fmt::format("{{logDirectory=\"{}\"}}", directory->path()),
                 found == totals.uncleanable.end() ? 0 : found->second);
    }
}

void add_upkeep(const Services& services, Text& text) {
    if (services.moves != nullptr) {
        text.gauge("kcore_log_moves", std::ssize(services.moves->all()));
    }
    if (services.scrubber == nullptr) return;
    const auto& counters = services.scrubber->counters();
    text.counter("kcore_log_scrubber_passes_total", counters.passes);
    text.counter("kcore_log_scrubber_segments_total", counters.segments);
    text.counter("kcore_log_scrubber_bytes_total", counters.bytes);
    text.gauge("kcore_log_scrubber_damaged_segments", counters.damaged.value());
}

struct LogFacts {
    std::string labels;
    replication::Partition::Offsets offsets;
    std::int64_t size_bytes = 0;
};

std::vector<LogFacts> logs_of(const Services& services) {
    std::vector<LogFacts> all;
    for (const auto& partition : services.partitions->all()) {
        const auto size = partition->with_log([](log::Log& log) -> Result<std::int64_t> {
            return static_cast<std::int64_t>(log.size_bytes());
        });
        const auto& name = partition->name();
        all.push_back({fmt::format("{{topic=\"{}\",partition=\"{}\"}}", name.topic, name.partition),
                       partition->offsets(), size.value_or(0)});
    }
    std::ranges::sort(all, {}, &LogFacts::labels);
    return all;
}

void add_logs(const Services& services, Text& text) {
    const auto logs = logs_of(services);
    text.begin("kafka_log_log_size", "gauge");
    for (const auto& log : logs) text.add(log.labels, log.size_bytes);
    text.begin("kafka_log_log_logstartoffset", "gauge");
    for (const auto& log : logs) text.add(log.labels, log.offsets.log_start);
    text.begin("kafka_log_log_logendoffset", "gauge");
    for (const auto& log : logs) text.add(log.labels, log.offsets.log_end);
}

}  // namespace

std::string metrics_text(const Services& services) {
    Text text;
    add_cluster(services, text);
    if (services.traffic != nullptr) add_traffic(*services.traffic, text);
    if (services.cleaner != nullptr) add_cleaner(services, text);
    add_logs(services, text);
    add_upkeep(services, text);
    auto all = std::move(text).take();
    auto* of_clients = services.client_metrics;
    if (of_clients != nullptr && of_clients->is_on()) all += of_clients->text();
    return all;
}

}  // namespace kcore::broker
