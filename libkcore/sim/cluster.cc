#include "sim/cluster.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "io/wait.h"

namespace kcore::sim {

namespace {

constexpr int kControllerPort = 9100;
constexpr int kBrokerPort = 9200;
constexpr const char* kClusterId = "AAAAAAAAAAAAAAAAAAAAAQ";

std::string at(int port, int node) { return fmt::format("127.0.0.1:{}", port + node); }

}  // namespace

Cluster::Cluster(ClusterOptions options)
    : options_(std::move(options)),
      journal_(clock_, options_.is_journal_detailed),
      random_(options_.seed),
      network_(clock_, random_, options_.network) {
    for (int id = kClient; id <= options_.nodes; ++id) {
        auto& made = hosts_[id];
        made.name = id == kClient ? "clients" : fmt::format("node {}", id);
        made.sink = journal_.sink_of(made.name);
    }
    boot(kClient);
}

Cluster::~Cluster() {
    for (int id = 1; id <= options_.nodes; ++id) {
        if (is_up(id)) die(id, true);
    }
    shut(host(kClient));
}

std::string Cluster::address(int node) { return at(kBrokerPort, node); }

void Cluster::boot(int id) {
    auto& one = host(id);
    one.clock = std::make_unique<io::VirtualClock>();
    one.clock->move_to(clock_.now());
    one.random = std::make_unique<io::SeededRandom>(random_.next());
    one.loop = std::make_unique<HostLoop>(*one.clock);
    one.net = network_.join(id, *one.loop);
    one.pool = std::make_unique<SlowPool>(*one.loop, *one.random, options_.disk_delay_max_us);
    one.env.reset(
        new io::Env{*one.clock, one.disk.get(), *one.net, *one.random, *one.loop, *one.pool});
    one.is_serving = one.is_to_stop = one.has_ended = one.is_paused = false;
}

void Cluster::shut(Host& one) {
    one.server.reset();
    one.stop_signal.reset();
    one.env.reset();
    one.pool.reset();
    one.loop.reset();
    one.net.reset();
    one.is_serving = one.is_paused = false;
}

broker::ServerOptions Cluster::server_options(int node) {
    std::string voters;
    for (int id = 1; id <= options_.nodes; ++id) {
        voters += fmt::format("{}{}@{}", id > 1 ? "," : "", id, at(kControllerPort, id));
    }
    ConfigMap settings{{"process.roles", "broker,controller"},
                       {"node.id", std::to_string(node)},
                       {"listeners", fmt::format("PLAINTEXT://{},CONTROLLER://{}", address(node),
                                                 at(kControllerPort, node))},
                       {"controller.listener.names", "CONTROLLER"},
                       {"controller.quorum.voters", voters},
                       {"log.dirs", HostDisk::kRoot}};
    for (const auto& [key, value] : options_.settings) settings[key] = value;
    broker::ServerOptions options;
    options.config = *broker::make_broker_config(settings);
    options.cluster_id = kClusterId;
    options.logger = Logger(host(node).sink, "node");
    options.on_fatal = [this, node](const Error& why) {
        auto& one = host(node);
        if (!one.is_to_stop) failures_.push_back(fmt::format("{} gave up: {}", one.name, why.what));
        ask_to_stop(one);
    };
    return options;
}

void Cluster::ask_to_stop(Host& one) {
    one.is_to_stop = true;
    one.stop_signal->notify();
}

// All that a program does. One that cannot start ends.
asio::awaitable<void> Cluster::live(Host& one) {
    auto started = co_await one.server->start();
    one.is_serving = started.has_value();
    if (!started && !one.is_to_stop) {
        journal_.add(one.name, fmt::format("did not start: {}", started.error().what));
        one.is_to_stop = true;
    }
    while (!one.is_to_stop) co_await one.stop_signal->wait_until(io::kNever);
    one.is_serving = false;
    co_await one.server->stop();
    one.has_ended = true;
}

void Cluster::start(int node) {
    auto& one = host(node);
    if (one.server) return;
    journal_.add(one.name, "starts");
    boot(node);
    ++one.starts;
    one.stop_signal = std::make_unique<io::Signal>(*one.loop);
    one.server = std::make_unique<broker::Server>(server_options(node), *one.env,
                                                  std::vector<io::Env*>{one.env.get()});
    one.loop->spawn(live(one));
}

void Cluster::stop(int node) {
    auto& one = host(node);
    if (!one.server) return;
    journal_.add(one.name, "is to stop");
    one.is_paused = false;
    ask_to_stop(one);
}

void Cluster::die(int node, bool says_so) {
    auto& one = host(node);
    network_.vanish(node, says_so);
    one.disk.take_away();
    one.sink->level = LogLevel::off;
    ask_to_stop(one);
    one.loop->settle();
    while (!one.has_ended && one.loop->step()) {
    }
    if (!one.has_ended) failures_.push_back(one.name + " does not end");
    one.sink->level = LogLevel::info;
    shut(one);
}

void Cluster::kill(int node) {
    auto& one = host(node);
    if (!one.server) return;
    journal_.add(one.name, "is killed");
    die(node, true);
    one.disk.give_back();
}

void Cluster::cut_power(int node) {
    auto& one = host(node);
    journal_.add(one.name, "loses power");
    if (one.server) {
        die(node, false);
    } else {
        one.disk.take_away();
    }
    one.disk.lose_power(random_);
    one.disk.give_back();
}

void Cluster::end_clients(asio::awaitable<void> stop) {
    auto& one = host(kClient);
    network_.vanish(kClient, true);
    one.loop->run(std::move(stop));
}

// Hosts reach each other over the network only, so one round settles all.
void Cluster::settle() {
    for (auto& [id, one] : hosts_) {
        if (!one.loop) continue;
        one.clock->move_to(clock_.now());
        if (!one.is_paused) one.loop->settle();
        if (!one.has_ended) continue;
        journal_.add(one.name, "has ended");
        network_.vanish(id, true);
        shut(one);
    }
}

bool Cluster::step(io::Instant end) {
    settle();
    auto next = network_.next_arrival();
    for (const auto& [id, one] : hosts_) {
        if (one.loop && !one.is_paused) next = std::min(next, one.loop->next_timer());
    }
    const bool is_due = next <= end;
    clock_.move_to(is_due ? next : end);
    network_.arrive(clock_.now());
    settle();
    return is_due;
}

}  // namespace kcore::sim
