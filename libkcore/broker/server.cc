#include "broker/server.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "broker/acceptor.h"
#include "broker/apis.h"
#include "broker/chores.h"
#include "broker/config_levels.h"
#include "broker/controller_link.h"
#include "broker/controller_runner.h"
#include "broker/directory_reports.h"
#include "broker/group_shards.h"
#include "broker/log_cleaner.h"
#include "broker/membership.h"
#include "broker/node_settings.h"
#include "broker/node_storage.h"
#include "broker/on_demand_topics.h"
#include "broker/producer_ids.h"
#include "broker/services.h"
#include "broker/traffic.h"
#include "broker/worker.h"
#include "replication/fetch_session.h"
#include "replication/partitions.h"
#include "security/scram_keys.h"

namespace kcore::broker {

using asio::awaitable;

struct Server::Parts {
    Parts(ServerOptions o, io::Env& c, std::vector<io::Env*> w)
        : options(std::move(o)),
          control(c),
          worker_envs(std::move(w)),
          quota(options.config.connections),
          client_quotas(options.config.quota_windows),
          request_memory(options.config.queued_request_bytes_max),
          running(c.loop),
          prepared(c.loop) {}

    ServerOptions options;
    io::Env& control;
    std::vector<io::Env*> worker_envs;

    NodeStorage storage;
    metadata::Publisher publisher;
    Services services;
    ConnectionQuota quota;
    security::ClientQuotas client_quotas;
    Traffic traffic;
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
    std::unique_ptr<LogCleaner> cleaner;
    std::unique_ptr<Dispatch> for_clients;
    std::unique_ptr<Dispatch> for_nodes;
    std::unique_ptr<Worker> control_worker;
    std::vector<std::unique_ptr<Worker>> workers;
    std::vector<std::unique_ptr<io::Listener>> bound;  // Until an acceptor takes it.
    std::vector<ListenerInfo> listener_infos;
    std::vector<std::unique_ptr<Acceptor>> acceptors;
    io::Signal running;
    io::Signal prepared;
    io::Loop::Timer failure_timer;  // For a failed directory that the controller must hear of.
    Uuid incarnation;
    bool has_image = false;
    bool is_preparing = false;  // Logs for the next image.
    bool keeps_alive = false;

    const BrokerConfig& config() const { return options.config; }
    const Logger& logger() const { return options.logger; }

    Result<void> open();
    void directory_failed(const std::string& path, const Error& error);
    void cordon_directories(const metadata::Image& image);
    void start_chores();
    Result<void> bind();
    Result<void> start_controller();
    bool changes_broker(const metadata::Changes& changes) const;
    void apply_settings(const metadata::Image& image);
    void follow(const metadata::ImagePtr& before, const metadata::ImagePtr& after,
                const metadata::Changes& changes, metadata::Publisher::Ready ready);
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

namespace {

Result<controller::ScramKeys> derive_scram_keys(std::int8_t mechanism, BytesView salted) {
    auto keys = security::scram_keys(static_cast<security::ScramMechanism>(mechanism), salted);
    if (!keys) return std::unexpected(std::move(keys).error());
    return controller::ScramKeys{std::move(keys->stored_key), std::move(keys->server_key)};
}

}  // namespace

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
    services.produce_trust = settings.produce_trust;
    publisher.prepare([this](const auto& before, const auto& after, const auto& changes,
                             auto ready) { follow(before, after, changes, std::move(ready)); });
    publisher.subscribe([this](const auto& /*before*/, const auto& after, const auto& changes) {
        groups->apply(after, changes);
        if (membership) membership->image_changed();
        if (changes.quotas) client_quotas.set(*after->quotas);
        if (changes_broker(changes)) apply_settings(*after);
    });
    return {};
}

// Its partitions go offline, the controller moves their leaders; without the last one, or that of
// the metadata log, nothing goes on.
void Server::Parts::directory_failed(const std::string& path, const Error& why) {
    if (!storage.dirs) return;  // While they are opened: the start says so.
    const bool is_needed = path == config().metadata_log_dir || !storage.dirs->is_any_online();
    logger().error("log directory failed path={} reason=\"{}\" then=\"{}\"", path, why.what,
                   is_needed ? "stop" : "go on without it");
    std::vector<Uuid> offline;
    for (const auto& dir : storage.dirs->all()) {
        if (dir->is_offline()) offline.push_back(dir->id());
        if (dir->path() == path) partitions->directory_failed(*dir, why);
    }
    if (membership) membership->directories_failed(std::move(offline));
    if (is_needed && options.on_fatal) return options.on_fatal(why);
    if (!membership) return;
    const auto timeout_ms = node_settings(config()).directory_failure_timeout_ms;
    control.loop.call_at(failure_timer, control.clock.in_ms(timeout_ms), [this, why] {
        if (!membership->knows_of_failures() && options.on_fatal) options.on_fatal(why);
    });
}

// cordoned.log.dirs: paths, or * for all of them.
void Server::Parts::cordon_directories(const metadata::Image& image) {
    using Use = log::LogDir::Use;
    const auto cordoned = Config::of_broker(levels_of(config(), image)).list("cordoned.log.dirs");
    const auto is_named = [&](std::string_view path) {
        return std::ranges::find(cordoned, path) != cordoned.end();
    };
    std::vector<Uuid> ids;
    for (const auto& dir : storage.dirs->all()) {
        if (dir->use() == Use::metadata_only) continue;
        const bool is_cordoned = is_named("*") || is_named(dir->path());
        dir->set_use(is_cordoned ? Use::cordoned : Use::any);
        if (is_cordoned) ids.push_back(dir->id());
    }
    if (membership) membership->directories_cordoned(std::move(ids));
}

void Server::Parts::start_chores() {
    chores = std::make_unique<Chores>(control, *partitions, *storage.dirs, *storage.files,
                                      node_settings(config()).chores);
    chores->start();
    cleaner = std::make_unique<LogCleaner>(control, *partitions, logger().named("log-cleaner"));
    cleaner->apply(cleaner_settings(levels_of(config(), *publisher.current())));
    services.cleaner = cleaner.get();
}

// Logs are made, loaded and removed on the pool, one image after the other. The first image says
// which of those found are ours.
void Server::Parts::follow(const metadata::ImagePtr& before, const metadata::ImagePtr& after,
                           const metadata::Changes& changes, metadata::Publisher::Ready ready) {
    const bool is_first = !std::exchange(has_image, true);
    if (!is_first && changes.topics.empty() && changes.configs.empty()) return ready();
    is_preparing = true;
    auto work = [this, is_first, before, after, changes, ready = std::move(ready)]() mutable {
        if (is_first) partitions->load(*after);
        partitions->apply(*before, *after, changes);
        control.loop.post([this, ready = std::move(ready)]() mutable {
            is_preparing = false;
            prepared.notify();
            ready();
        });
    };
    control.pool.submit(std::move(work));
}

bool Server::Parts::changes_broker(const metadata::Changes& changes) const {
    const auto type = metadata::ResourceType::broker;
    return changes.configs.contains({type, ""}) ||
           changes.configs.contains({type, std::to_string(config().node_id)});
}

// Settings of the node that change while it runs; topics' defaults reach the partitions by
// themselves.
void Server::Parts::apply_settings(const metadata::Image& image) {
    const auto levels = levels_of(config(), image);
    if (cleaner) cleaner->apply(cleaner_settings(levels));
    auto caps = connection_caps(Config::of_broker(levels));
    if (caps) {
        quota.set_caps(std::move(*caps));
    } else {
        logger().warn("settings not applied reason=\"{}\"", caps.error().what);
    }
    cordon_directories(image);
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
    how.settings.derive_scram_keys = derive_scram_keys;
    how.client_quotas = &client_quotas;
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
    cordon_directories(*publisher.current());
    producer_ids = std::make_unique<ProducerIds>(
        config().node_id, [this] { return membership->epoch(); }, *link);
    services.logger = logger().named("request");
    services.log_levels = options.log_levels.get();
    services.config = &config();
    services.cluster_id = storage.cluster_id;
    services.publisher = &publisher;
    services.controller = link.get();
    services.controller_runner = controller.get();
    services.membership = membership.get();
    services.on_demand_topics = on_demand_topics.get();
    services.producer_ids = producer_ids.get();
    services.log_dirs = storage.dirs.get();
    services.partitions = partitions.get();
    services.fetch_sessions = fetch_sessions.get();
    services.group_shards = groups.get();
    services.client_quotas = &client_quotas;
    services.traffic = &traffic;
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
        if (dir->is_offline() || !dir->takes_partitions()) continue;
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
        const auto& own = config().listeners[i];
        Acceptor::Target target{apis,          std::move(serving),  quota,
                                client_quotas, own.connections_max, own.connection_rate_max};
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
    bool in_time = false;
    do {
        const auto deadline = control.clock.in_ms(config().registration_timeout_ms);
        in_time = co_await running.wait_until(deadline);
    } while (!in_time && is_preparing);  // A recovery takes as long as it takes.
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
    p.accept(false);
    p.start_chores();
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
    p.control.loop.cancel(p.failure_timer);
    if (p.cleaner) co_await p.cleaner->stop();
    if (p.chores) co_await p.chores->stop();
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
    while (p.is_preparing) co_await p.prepared.wait_until(io::kNever);
    if (!p.partitions || !p.storage.dirs) co_return;
    const bool is_clean = co_await p.close_logs();
    p.logger().info("stopped clean={}", is_clean);
}

std::vector<ListenerInfo> Server::listeners() const { return parts_->listener_infos; }
Page Server::page(std::string_view path) const { return admin_page(parts_->services, path); }
const std::string& Server::cluster_id() const { return parts_->storage.cluster_id; }

}  // namespace kcore::broker
