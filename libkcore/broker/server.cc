#include "broker/server.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <utility>

#include "broker/acceptor.h"
#include "broker/apis.h"
#include "broker/chores.h"
#include "broker/config_levels.h"
#include "broker/controller_link.h"
#include "broker/controller_runner.h"
#include "broker/directory_reports.h"
#include "broker/group_shards.h"
#include "broker/membership.h"
#include "broker/node_settings.h"
#include "broker/node_storage.h"
#include "broker/on_demand_topics.h"
#include "broker/producer_ids.h"
#include "broker/services.h"
#include "broker/worker.h"
#include "replication/fetch_session.h"
#include "replication/partitions.h"

namespace kcore::broker {

using asio::awaitable;

namespace {

constexpr std::size_t kPartitionsAtOnce = 100;

std::size_t partitions_in(const metadata::Image& before, const metadata::Changes& changes) {
    std::size_t count = 0;
    for (const auto& [id, change] : changes.topics) {
        const auto* deleted = change.deleted ? before.topic(id) : nullptr;
        count += deleted != nullptr ? deleted->partitions.size() : change.partitions.size();
    }
    return count;
}

}  // namespace

struct Server::Parts {
    Parts(ServerOptions o, io::Env& c, std::vector<io::Env*> w)
        : options(std::move(o)),
          control(c),
          worker_envs(std::move(w)),
          quota(options.config),
          request_memory(options.config.queued_request_bytes_max),
          running(c.loop),
          steps_done(c.loop) {}

    ServerOptions options;
    io::Env& control;
    std::vector<io::Env*> worker_envs;

    NodeStorage storage;
    metadata::Publisher publisher;
    Services services;
    ConnectionQuota quota;
    RequestMemory request_memory;
    std::unique_ptr<replication::Partitions> partitions;
    std::unique_ptr<replication::FetchSessions> fetch_sessions;
    std::unique_ptr<GroupShards> groups;
    std::unique_ptr<ControllerRunner> controller;
    std::unique_ptr<ControllerLink> link;
    std::unique_ptr<OnDemandTopics> on_demand_topics;
    std::unique_ptr<ProducerIds> producer_ids;
    std::unique_ptr<Membership> membership;
    std::unique_ptr<DirectoryReports> directory_reports;
    std::unique_ptr<Chores> chores;
    std::unique_ptr<Dispatch> for_clients;
    std::unique_ptr<Dispatch> for_nodes;
    std::unique_ptr<Worker> control_worker;
    std::vector<std::unique_ptr<Worker>> workers;
    std::vector<std::unique_ptr<io::Listener>> bound;  // Until an acceptor takes it.
    std::vector<ListenerInfo> listener_infos;
    std::vector<std::unique_ptr<Acceptor>> acceptors;
    io::Signal running;
    Uuid incarnation;
    // Images whose partitions are being made on the pool, the first one at the moment.
    struct Step {
        metadata::ImagePtr before;
        metadata::ImagePtr after;
        metadata::Changes changes;
    };
    std::deque<Step> steps;
    io::Signal steps_done;
    bool has_image = false;
    bool keeps_alive = false;

    const BrokerConfig& config() const { return options.config; }
    const Logger& logger() const { return options.logger; }

    Result<void> open();
    Result<void> bind();
    Result<void> start_controller();
    void follow(const metadata::ImagePtr& before, const metadata::ImagePtr& after,
                const metadata::Changes& changes);
    void take_step();
    awaitable<void> finish_steps();
    void directory_failed(const std::string& path, const Error& why);
    void make_services();
    void make_workers();
    void accept(bool on_controller_listeners);
    Membership::Identity identity() const;
    std::vector<io::Address> controllers() const;
    io::Async<void> join();
    awaitable<void> keep_alive();
    awaitable<void> finish_requests(Worker* worker, io::Deadline deadline);
    awaitable<bool> close_logs();
};

// --- Starting

Result<void> Server::Parts::open() {
    StorageOptions how;
    how.cluster_id = options.cluster_id;
    how.logger = logger();
    how.on_failure = [this](const std::string& path, const Error& error) {
        control.loop.post([this, path, error] { directory_failed(path, error); });
    };
    auto opened = open_storage(config(), control, how);
    if (!opened) return std::unexpected(std::move(opened).error());
    storage = std::move(*opened);

    const auto settings = node_settings(config());
    replication::PartitionsOptions replicas;
    replicas.recovery_threads = settings.recovery_threads;
    replicas.node_id = config().node_id;
    replicas.logger = logger().named("replication");
    directory_reports = std::make_unique<DirectoryReports>(control, config().node_id,
                                                           logger().named("directory-reports"));
    replicas.placed = [this](const Uuid& topic, std::int32_t partition, const Uuid& directory) {
        directory_reports->add(topic, partition, directory);
    };
    replicas.settings_of = [this](const metadata::Image& image, const std::string& topic) {
        const auto levels = levels_of(config(), image);
        return replication::settings_of(Config::of_topic(image.topic_config(topic), levels),
                                        Config::of_broker(levels));
    };
    partitions = std::make_unique<replication::Partitions>(std::move(replicas), *storage.dirs,
                                                           control.pool, control.clock);
    fetch_sessions = std::make_unique<replication::FetchSessions>(settings.fetch_session_slots,
                                                                  control.clock, control.random);
    groups = std::make_unique<GroupShards>(config().node_id, settings.group, control, *partitions,
                                           logger().named("group"));
    services.fetch_bytes_max = settings.fetch_bytes_max;
    publisher.prepare([this](const auto& before, const auto& after, const auto& changes) {
        follow(before, after, changes);
    });
    publisher.subscribe([this](const auto& /*before*/, const auto& after, const auto& changes) {
        groups->apply(after, changes);
        if (membership) membership->image_changed();
    });
    return {};
}

// The first image says which of the logs found are ours. What later ones change is done at once,
// before anybody is sent here; where it is much, on the pool, and whoever is early is told to ask
// again (not_leader_or_follower).
void Server::Parts::follow(const metadata::ImagePtr& before, const metadata::ImagePtr& after,
                           const metadata::Changes& changes) {
    const bool is_first = !std::exchange(has_image, true);
    if (is_first) partitions->load(*after);
    if (is_first || (steps.empty() && partitions_in(*before, changes) <= kPartitionsAtOnce)) {
        partitions->apply(*before, *after, changes);
        return;
    }
    steps.push_back({before, after, changes});
    if (steps.size() == 1) take_step();
}

// One after the other, in the order of the images.
void Server::Parts::take_step() {
    control.pool.submit([this, step = &steps.front()] {
        partitions->apply(*step->before, *step->after, step->changes);
        control.loop.post([this] {
            // The groups found no log when the image was published.
            groups->apply(publisher.current(), steps.front().changes);
            steps.pop_front();
            if (!steps.empty()) return take_step();
            steps_done.notify();
        });
    });
}

awaitable<void> Server::Parts::finish_steps() {
    while (!steps.empty()) co_await steps_done.wait_until(io::kNever);
}

// Its partitions go offline, the controller moves their leaders; without the last one, or that of
// the metadata log, nothing goes on.
void Server::Parts::directory_failed(const std::string& path, const Error& why) {
    if (!storage.dirs) return;  // While they are opened: the start says so.
    std::vector<Uuid> offline;
    for (const auto& dir : storage.dirs->all()) {
        if (dir->is_offline()) offline.push_back(dir->id());
        if (dir->path() == path) partitions->directory_failed(*dir, why);
    }
    const bool is_needed = path == config().metadata_log_dir || storage.dirs->choose() == nullptr;
    logger().error("log directory failed path={} reason=\"{}\" then=\"{}\"", path, why.what,
                   is_needed ? "stop" : "go on without it");
    if (membership) membership->directories_failed(std::move(offline));
    if (is_needed && options.on_fatal) options.on_fatal(why);
}

Result<void> Server::Parts::bind() {
    for (const auto& listener : config().listeners) {
        auto made = control.net.listen(listener.bind, config().sockets);
        if (!made) return std::unexpected(std::move(made).error());
        ListenerInfo info;
        info.name = listener.name;
        info.bound = (*made)->local();
        info.advertised = listener.advertised;
        if (info.advertised.host.empty()) info.advertised.host = info.bound.host;
        if (info.advertised.port == 0) info.advertised.port = info.bound.port;
        info.security_protocol = static_cast<std::int16_t>(listener.protocol);
        info.is_controller = listener.is_controller;
        listener_infos.push_back(std::move(info));
        bound.push_back(std::move(*made));
    }
    return {};
}

Result<void> Server::Parts::start_controller() {
    auto how = controller_options(config(), listener_infos);
    how.settings.cluster_id = storage.cluster_id;
    incarnation = control.random.uuid();
    how.settings.local_incarnation = incarnation;
    how.registration.incarnation_id = control.random.uuid();
    how.raft.unsynced = storage.unsynced;
    how.raft.cluster_id = storage.cluster_id;
    auto started = ControllerRunner::start(std::move(how), *storage.metadata_dir, control,
                                           publisher, logger().named("controller"));
    if (!started) return std::unexpected(std::move(started).error());
    controller = std::move(*started);
    controller->on_lost([this](const Error& why) {
        logger().error("the metadata log cannot be written reason=\"{}\"", why.what);
        if (options.on_fatal) options.on_fatal(why);
    });
    return {};
}

// Where the controllers are; this node's own by the port it really has.
std::vector<io::Address> Server::Parts::controllers() const {
    std::vector<io::Address> found;
    for (const auto& voter : config().voters) {
        found.push_back(voter.address);
        if (voter.id != config().node_id) continue;
        for (const auto& info : listener_infos) {
            if (info.name != config().controller_listeners.front()) continue;
            found.back().port = info.bound.port;
            const auto& host = info.bound.host;
            found.back().host = host == "0.0.0.0" ? "127.0.0.1" : host == "::" ? "::1" : host;
        }
    }
    if (found.empty()) found = config().bootstrap_controllers;
    return found;
}

void Server::Parts::make_services() {
    link = std::make_unique<ControllerLink>(control, controllers(),
                                            fmt::format("broker-{}", config().node_id),
                                            logger().named("controller-link"));
    on_demand_topics =
        std::make_unique<OnDemandTopics>(config(), *link, logger().named("on-demand-topics"));
    membership = std::make_unique<Membership>(control, config(), identity(), *link, publisher,
                                              logger().named("membership"));
    producer_ids = std::make_unique<ProducerIds>(
        config().node_id, [this] { return membership->epoch(); }, *link);
    services.logger = logger().named("request");
    services.config = &config();
    services.cluster_id = storage.cluster_id;
    services.publisher = &publisher;
    services.controller = link.get();
    services.controller_runner = controller.get();
    services.on_demand_topics = on_demand_topics.get();
    services.producer_ids = producer_ids.get();
    services.log_dirs = storage.dirs.get();
    services.partitions = partitions.get();
    services.fetch_sessions = fetch_sessions.get();
    services.group_shards = groups.get();
    for_clients = std::make_unique<Dispatch>(broker_apis(config().unstable_api_versions));
    for_nodes = std::make_unique<Dispatch>(controller_apis(config().unstable_api_versions));
}

void Server::Parts::make_workers() {
    ConnectionLimits limits{config().request_bytes_max, config().connections_idle_ms};
    if (request_memory.is_limited()) limits.memory = &request_memory;
    control_worker = std::make_unique<Worker>(control, services, limits);
    for (auto* env : worker_envs) {
        workers.push_back(std::make_unique<Worker>(*env, services, limits));
    }
}

Membership::Identity Server::Parts::identity() const {
    Membership::Identity self;
    self.cluster_id = storage.cluster_id;
    self.incarnation = incarnation;
    for (const auto& info : listener_infos) self.advertised.push_back(info.advertised);
    for (const auto& dir : storage.dirs->all()) {
        if (dir->is_offline() || !storage.dirs->takes_partitions(*dir)) continue;
        self.log_dirs.push_back(dir->id());
    }
    self.previous_epoch = storage.dirs->previous_broker_epoch();
    return self;
}

void Server::Parts::accept(bool on_controller_listeners) {
    for (std::size_t i = 0; i < listener_infos.size(); ++i) {
        const auto& info = listener_infos[i];
        if (info.is_controller != on_controller_listeners) continue;
        std::vector<Worker*> serving;
        if (info.is_controller) {
            serving.push_back(control_worker.get());
        } else {
            for (const auto& worker : workers) serving.push_back(worker.get());
        }
        const auto& apis = info.is_controller ? *for_nodes : *for_clients;
        Acceptor::Target target{apis, std::move(serving), quota, config()};
        acceptors.push_back(std::make_unique<Acceptor>(
            control, std::move(bound[i]), info, std::move(target), logger().named("acceptor")));
        control.loop.spawn(acceptors.back()->run());
    }
}

io::Async<void> Server::Parts::join() {
    membership->on_state = [this](MembershipState state) {
        if (state == MembershipState::running) running.notify();
        if (state != MembershipState::replaced || !options.on_fatal) return;
        options.on_fatal(Error(Errc::stale_broker_epoch, "another broker took this one's id"));
    };
    auto joined = co_await membership->join();
    if (!joined) co_return joined;
    if (!controller->is_active()) {
        // The one that leads registers itself.
        auto request = controller->registration();
        auto registered = co_await link->call_here(
            std::move(request), control.clock.in_ms(config().registration_timeout_ms));
        if (!registered) co_return std::unexpected(std::move(registered).error());
    }
    control.loop.spawn(keep_alive());
    const auto deadline = control.clock.in_ms(config().registration_timeout_ms);
    const bool in_time = co_await running.wait_until(deadline);
    if (!in_time) {
        co_return fail(Errc::request_timed_out,
                       "the controller did not let this broker in within "
                       "initial.broker.registration.timeout.ms");
    }
    co_return Result<void>();
}

awaitable<void> Server::Parts::keep_alive() {
    keeps_alive = true;
    co_await membership->keep_alive();
    keeps_alive = false;
    running.notify();
}

// --- Stopping

awaitable<void> Server::Parts::finish_requests(Worker* worker, io::Deadline deadline) {
    // On the worker's own loop, and back.
    io::Signal done(control.loop);
    const auto remote = done.remote();
    struct Stop {
        static awaitable<void> run(Worker* on, io::Deadline until, io::Signal::Remote then) {
            co_await on->stop(until);
            then.notify();
        }
    };
    worker->env().loop.post([worker, deadline, remote] {
        worker->env().loop.spawn(Stop::run(worker, deadline, remote));
    });
    co_await done.wait_until(io::kNever);
}

awaitable<bool> Server::Parts::close_logs() {
    std::move_only_function<bool()> work = [this] {
        const bool is_clean = partitions->close();
        const auto epoch = membership ? membership->epoch() : -1;
        bool are_closed = true;
        for (const auto& dir : storage.dirs->all()) {
            const auto closed = dir->close(epoch, is_clean);
            if (closed) continue;
            logger().error("directory not closed reason=\"{}\"", closed.error().what);
            are_closed = false;
        }
        return is_clean && are_closed;
    };
    const bool is_clean = co_await io::on_pool<bool>(control.loop, control.pool, std::move(work));
    co_return is_clean;
}

Server::Server(ServerOptions options, io::Env& control, std::vector<io::Env*> workers)
    : parts_(std::make_unique<Parts>(std::move(options), control, std::move(workers))) {}

Server::~Server() = default;

io::Async<void> Server::start() {
    auto& p = *parts_;
    for (const auto& remark : p.config().remarks) p.logger().warn("{}", remark);
    if (!p.config().is_broker || !p.config().is_controller) {
        co_return fail(Errc::invalid_config,
                       "process.roles: this version runs broker and controller in one process");
    }
    auto done = p.open();
    if (done) done = p.bind();
    if (done) done = p.start_controller();
    if (!done) co_return done;
    p.make_services();
    p.make_workers();
    p.accept(true);
    done = co_await p.join();
    if (!done) co_return done;
    std::function<std::int64_t()> epoch = [&p] { return p.membership->epoch(); };
    co_await p.directory_reports->start(*p.link, std::move(epoch));
    co_await p.finish_steps();
    p.accept(false);
    p.chores = std::make_unique<Chores>(p.control, *p.partitions, *p.storage.dirs, *p.storage.files,
                                        node_settings(p.config()).chores);
    p.chores->start();
    p.logger().info("Transitioning from RECOVERY to RUNNING broker={} cluster={}",
                    p.config().node_id, p.storage.cluster_id);
    co_return done;
}

awaitable<void> Server::stop() {
    auto& p = *parts_;
    const auto deadline = p.control.clock.in_ms(p.options.stop_timeout_ms);
    p.bound.clear();
    for (const auto& acceptor : p.acceptors) {
        if (acceptor->info().is_controller) continue;
        co_await acceptor->stop();
    }
    if (p.membership && p.config().controlled_shutdown) co_await p.membership->leave(deadline);
    if (p.membership) p.membership->stop();
    while (p.keeps_alive) co_await p.running.wait_until(io::kNever);
    if (p.chores) co_await p.chores->stop();
    co_await p.finish_steps();
    if (p.groups) p.groups->stop();
    for (const auto& worker : p.workers) co_await p.finish_requests(worker.get(), deadline);
    if (p.directory_reports) co_await p.directory_reports->stop();
    if (p.link) co_await p.link->stop();
    for (const auto& acceptor : p.acceptors) co_await acceptor->stop();
    if (p.control_worker) co_await p.control_worker->stop(deadline);
    if (p.controller) {
        auto stopped = co_await p.controller->stop();
        if (!stopped)
            p.logger().error("metadata log not closed reason=\"{}\"", stopped.error().what);
    }
    co_await p.finish_steps();
    if (!p.partitions || !p.storage.dirs) co_return;
    const bool is_clean = co_await p.close_logs();
    p.logger().info("stopped clean={}", is_clean);
}

std::vector<ListenerInfo> Server::listeners() const { return parts_->listener_infos; }
const std::string& Server::cluster_id() const { return parts_->storage.cluster_id; }

}  // namespace kcore::broker
