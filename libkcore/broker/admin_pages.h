#pragma once
// What the admin endpoint answers: health, metrics as Prometheus reads them, and the state of the
// broker as JSON. Knows no HTTP beyond a status and a type.

#include <string>
#include <string_view>

namespace kcore::broker {

struct Services;

struct Page {
    int status = 200;
    std::string type = "text/plain; charset=utf-8";
    std::string body;
};

//   /healthz, /readyz, /metrics
//   /api/v1/brokers, topics, partitions, groups
// From any thread; groups may take a moment, as their coordinators answer.
Page admin_page(const Services& services, std::string_view path);

// The metrics, named as the usual rules of the JMX exporter name Kafka's.
std::string metrics_text(const Services& services);

}  // namespace kcore::broker
