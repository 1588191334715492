#include "broker/server.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <utility>

#include "broker/apis.h"
#include "broker/chores.h"
#include "broker/client_metrics.h"
#include "broker/config_levels.h"
#include "broker/controller_link.h"
#include "broker/controller_runner.h"
#include "broker/directory_mover.h"
#include "broker/directory_reports.h"
#include "broker/group_shards.h"
#include "broker/image_follower.h"
#include "broker/isr_changes.h"
#include "broker/listeners.h"
#include "broker/log_cleaner.h"
#include "broker/log_scrubber.h"
#include "broker/membership.h"
#include "broker/node_settings.h"
#include "broker/node_storage.h"
#include "broker/on_demand_topics.h"
#include "broker/producer_ids.h"
#include "broker/replica_fetchers.h"
#include "broker/services.h"
#include "broker/traffic.h"
#include "broker/worker.h"
#include "replication/fetch_session.h"
#include "replication/partitions.h"

namespace kcore::broker {

using asio::awaitable;

namespace {

constexpr std::int64_t kRegisterAgainMs = 1'000;

// For all requests under way; 0: as many as come.
std::int64_t request_bytes_of(const BrokerConfig& config, const MemoryCeiling& memory) {
    const auto set = std::max<std::int64_t>(config.queued_request_bytes_max, 0);
    if (!memory.is_set()) return set;
    return set == 0 ? memory.request_bytes() : std::min(set, memory.request_bytes());
}

}  // namespace

struct Server::Parts {
    Parts(ServerOptions o, io::Env& c, std::vector<io::Env*> w)
        : options(std::move(o)),
          control(c),
          worker_envs(std::move(w)),
          quota(options.config.connections),
          quota_of_controllers(options.config.connections),
          client_quotas(options.config.quota_windows),
          client_metrics(c.clock),
          names_env{c.clock, c.disk, c.net, c.random, c.loop, options.pool_for_names(c)},
          host_quotas(names_env, options.resolve, quota, client_quotas),
          memory(c, options.memory_bytes_max(), options.memory, options.logger.named("memory")),
          request_memory(request_bytes_of(options.config, memory)),
          listeners(c, options.config, options.logger),
          running(c.loop),
          registration_news(c.loop),
          registration_ended(c.loop) {}

    ServerOptions options;
    io::Env& control;
    std::vector<io::Env*> worker_envs;

    NodeStorage storage;
    metadata::Publisher publisher;
    Services services;
    ConnectionQuota quota;
    ConnectionQuota quota_of_controllers;
    security::ClientQuotas client_quotas;
    ClientMetrics client_metrics;
    Traffic traffic;
    io::Env names_env;  // The control loop's, with the threads that wait for names.
    HostQuotas host_quotas;
    MemoryCeiling memory;
    RequestMemory request_memory;
    std::unique_ptr<replication::Partitions> partitions;
    std::unique_ptr<replication::FetchSessions> fetch_sessions;
    std::unique_ptr<GroupShards> groups;
    std::unique_ptr<ReplicaFetchers> fetchers;
    std::unique_ptr<IsrChanges> isr_changes;
    std::unique_ptr<ControllerRunner> controller;
    std::unique_ptr<ControllerLink> link;
    std::unique_ptr<OnDemandTopics> on_demand_topics;
    std::unique_ptr<ProducerIds> producer_ids;
    std::unique_ptr<Membership> membership;
    std::unique_ptr<DirectoryReports> directory_reports;
    std::unique_ptr<DirectoryMover> mover;
    std::unique_ptr<ImageFollower> follower;
    std::unique_ptr<Chores> chores;
    std::unique_ptr<LogCleaner> cleaner;
    std::unique_ptr<LogScrubber> scrubber;
    std::unique_ptr<Dispatch> for_clients;
    std::unique_ptr<Dispatch> for_nodes;
    std::unique_ptr<Worker> control_worker;
    std::vector<std::unique_ptr<Worker>> workers;
    Listeners listeners;
    io::Signal running;
    io::Loop::Timer failure_timer;  // For a failed directory that the controller must hear of.
    Uuid incarnation;
    bool keeps_alive = false;
    io::Signal registration_news;  // Of the controller.
    io::Signal registration_ended;
    bool is_registering = false;
    bool is_stopping = false;
    std::atomic<std::int64_t> registered_epoch = -1;

    const BrokerConfig& config() const { return options.config; }
    const Logger& logger() const { return options.logger; }

    Result<void> open();
    void directory_failed(const std::string& path, const Error& error);
    void cordon_directories(const metadata::Image& image);
    void start_chores();
    Result<void> start_controller();
    ConnectionCaps within_descriptors(ConnectionCaps caps) const;
    bool changes_broker(const metadata::Changes& changes) const;
    std::int64_t broker_epoch() const { return registered_epoch; }  // From any thread.
    void follow_images();
    BrokerLevels levels() const { return levels_of(config(), *publisher.current()); }
    void apply_settings(const metadata::Image& image);
    void partition_ready(const Uuid& topic_id, const TopicPartition& name);
    void make_services();
    void make_workers();
    Membership::Identity identity() const;
    std::optional<io::Address> active_controller(const raft::LeaderInfo& leader) const;
    io::Async<void> join();
    awaitable<void> register_controller();
    io::Async<void> ask_to_register();
    awaitable<void> keep_alive();
    awaitable<void> finish_requests(Worker* worker, io::Deadline deadline);
    awaitable<bool> close_logs();
};

// --- Starting

Result<void> Server::Parts::open() {
    StorageOptions how;
    how.cluster_id = options.cluster_id;
    how.is_id_required = options.is_id_required;
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
    replicas.lag_max_ms = settings.lag_max_ms;
    replicas.logger = logger().named("replication");
    directory_reports = std::make_unique<DirectoryReports>(control, config().node_id,
                                                           logger().named("directory-reports"));
    const auto tell_directory = [this](const Uuid& topic, std::int32_t partition,
                                       const Uuid& directory) {
        directory_reports->add(topic, partition, directory);
    };
    replicas.placed = tell_directory;
    replicas.settings_of = [this](const metadata::Image& image, const std::string& topic) {
        const auto levels = levels_of(config(), image);
        return replication::settings_of(Config::of_topic(image.topic_config(topic), levels),
                                        Config::of_broker(levels));
    };
    partitions = std::make_unique<replication::Partitions>(std::move(replicas), *storage.dirs,
                                                           control.pool, control.clock);
    DirectoryMover::Options of_mover;
    of_mover.threads = settings.mover_threads;
    of_mover.bytes_per_second = [this] { return mover_bytes_per_second(levels()); };
    of_mover.placed = tell_directory;
    of_mover.logger = logger().named("directory-moves");
    mover =
        std::make_unique<DirectoryMover>(std::move(of_mover), control, *partitions, *storage.dirs);
    fetch_sessions = std::make_unique<replication::FetchSessions>(settings.fetch_session_slots,
                                                                  control.clock, control.random);
    groups = std::make_unique<GroupShards>(config().node_id, settings.group, control, *partitions,
                                           logger().named("group"));
    auto of_fetchers = settings.fetchers;
    of_fetchers.broker_epoch = [this] { return broker_epoch(); };
    fetchers = std::make_unique<ReplicaFetchers>(control, worker_envs, *partitions,
                                                 std::move(of_fetchers), logger().named("fetcher"));
    fetchers->set_count(*publisher.current(), fetchers_per_leader(levels()));
    isr_changes = std::make_unique<IsrChanges>(control, *partitions, config().node_id,
                                               settings.lag_max_ms, logger().named("isr"));
    services.fetch_bytes_max = settings.fetch_bytes_max;
    services.produce_trust = settings.produce_trust;
    services.selects_by_rack = settings.selects_by_rack;
    follow_images();
    return {};
}

void Server::Parts::follow_images() {
    follower = std::make_unique<ImageFollower>(
        control, *partitions, mover->moves(),
        [this](const Uuid& topic, const TopicPartition& name) { partition_ready(topic, name); });
    publisher.prepare(
        [this](const auto& before, const auto& after, const auto& changes, auto ready) {
            follower->prepare(before, after, changes, std::move(ready));
        });
    publisher.subscribe([this](const auto& /*before*/, const auto& after, const auto& changes) {
        fetchers->apply(*after, changes);
        groups->apply(after, changes);
        if (membership) membership->image_changed();
        if (changes.quotas) host_quotas.set(*after->quotas);
        const auto is_subscription = [](const metadata::ConfigResource& resource) {
            return resource.type == metadata::ResourceType::client_metrics;
        };
        if (std::ranges::any_of(changes.configs, is_subscription)) client_metrics.set(*after);
        if (changes_broker(changes)) apply_settings(*after);
    });
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

void Server::Parts::cordon_directories(const metadata::Image& image) {
    const auto cordoned = Config::of_broker(levels_of(config(), image)).list("cordoned.log.dirs");
    auto ids = cordon(*storage.dirs, cordoned);
    if (membership) membership->directories_cordoned(std::move(ids));
}

void Server::Parts::start_chores() {
    chores = std::make_unique<Chores>(control, *partitions, *storage.dirs, *storage.files,
                                      node_settings(config()).chores,
                                      [this] { follower->make_missing(); });
    chores->start();
    cleaner = std::make_unique<LogCleaner>(control, *partitions, logger().named("log-cleaner"));
    cleaner->apply(cleaner_settings(levels()));
    services.cleaner = cleaner.get();
    mover->start();
    scrubber = std::make_unique<LogScrubber>(
        control, *partitions, [this] { return scrubber_settings(levels()); },
        logger().named("log-scrubber"));
    scrubber->start();
    services.scrubber = scrubber.get();
}

// Who follows the images has not found it there.
void Server::Parts::partition_ready(const Uuid& topic_id, const TopicPartition& name) {
    if (is_stopping) return;
    logger().info("ready at last partition={}", name.to_string());
    metadata::Changes changes;
    auto& change = changes.topics[topic_id];
    change.name = name.topic;
    change.partitions.insert(name.partition);
    const auto image = publisher.current();
    fetchers->apply(*image, changes);
    groups->apply(image, changes);
}

// Files need descriptors, too: without one for a log nothing is written.
ConnectionCaps Server::Parts::within_descriptors(ConnectionCaps caps) const {
    constexpr std::int64_t kForFiles = 1'000;
    const auto all = options.descriptors_max;
    caps.max = std::min(caps.max, all - std::min(kForFiles, all / 2));
    return caps;
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
    if (chores) listeners.apply(Config::of_broker(levels));
    auto caps = connection_caps(Config::of_broker(levels));
    if (caps) {
        host_quotas.set(within_descriptors(std::move(*caps)));
    } else {
        logger().warn("settings not applied reason=\"{}\"", caps.error().what);
    }
    cordon_directories(image);
    fetchers->set_count(image, fetchers_per_leader(levels_of(config(), image)));
}

Result<void> Server::Parts::start_controller() {
    auto how = controller_options(config(), listeners.infos());
    how.settings.cluster_id = storage.cluster_id;
    incarnation = control.random.uuid();
    how.settings.local_incarnation = incarnation;
    how.client_quotas = &client_quotas;
    how.resolve = options.resolve;
    how.names_pool = options.names_pool;
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

// This node's own by the port it really has.
std::optional<io::Address> Server::Parts::active_controller(const raft::LeaderInfo& leader) const {
    if (leader.leader != config().node_id) return leader.address;
    for (const auto& info : listeners.infos()) {
        if (info.name != config().controller_listeners.front()) continue;
        auto own = info.bound;
        if (own.host == "0.0.0.0") own.host = "127.0.0.1";
        if (own.host == "::") own.host = "::1";
        return own;
    }
    return std::nullopt;
}

void Server::Parts::make_services() {
    link = std::make_unique<ControllerLink>(control, fmt::format("broker-{}", config().node_id),
                                            logger().named("controller-link"));
    controller->on_leader(
        [this](const raft::LeaderInfo& leader) { link->lead_by(active_controller(leader)); });
    on_demand_topics =
        std::make_unique<OnDemandTopics>(config(), *link, logger().named("on-demand-topics"));
    membership = std::make_unique<Membership>(control, config(), identity(), *link, publisher,
                                              logger().named("membership"));
    cordon_directories(*publisher.current());
    producer_ids =
        std::make_unique<ProducerIds>(config().node_id, [this] { return broker_epoch(); }, *link);
    services.logger = logger().named("request");
    services.log_levels = options.log_levels.get();
    services.config = &config();
    services.cluster_id = storage.cluster_id;
    services.publisher = &publisher;
    services.controller = link.get();
    if (config().is_controller) services.controller_runner = controller.get();
    services.membership = membership.get();
    services.on_demand_topics = on_demand_topics.get();
    services.producer_ids = producer_ids.get();
    services.log_dirs = storage.dirs.get();
    services.partitions = partitions.get();
    services.moves = &mover->moves();
    services.fetch_sessions = fetch_sessions.get();
    services.group_shards = groups.get();
    services.isr_changes = isr_changes.get();
    services.client_quotas = &client_quotas;
    services.client_metrics = &client_metrics;
    services.traffic = &traffic;
    services.memory = &memory;
    for_clients = std::make_unique<Dispatch>(broker_apis(config().unstable_api_versions));
    for_nodes = std::make_unique<Dispatch>(controller_apis(config().unstable_api_versions));
}

void Server::Parts::make_workers() {
    ConnectionLimits limits{config().request_bytes_max, config().connections_idle_ms};
    if (memory.is_set() && limits.frame_bytes_max > memory.request_bytes()) {
        limits.frame_bytes_max = static_cast<std::int32_t>(memory.request_bytes());
        logger().warn(
            "socket.request.max.bytes={} is above a quarter of kcore.memory.max: "
            "requests of up to {} bytes are taken",
            config().request_bytes_max, limits.frame_bytes_max);
    }
    if (request_memory.is_limited()) limits.memory = &request_memory;
    control_worker = std::make_unique<Worker>(control, services, limits);
    for (auto* env : worker_envs) {
        workers.push_back(std::make_unique<Worker>(*env, services, limits));
    }
    Listeners::Serving serving{*for_clients,         *for_nodes, {},
                               control_worker.get(), quota,      quota_of_controllers,
                               client_quotas,        memory};
    for (const auto& worker : workers) serving.workers.push_back(worker.get());
    listeners.serve_with(std::move(serving));
}

Membership::Identity Server::Parts::identity() const {
    Membership::Identity self;
    self.cluster_id = storage.cluster_id;
    self.incarnation = incarnation;
    for (const auto& info : listeners.infos()) self.advertised.push_back(info.advertised);
    for (const auto& dir : storage.dirs->all()) {
        if (dir->is_offline() || !dir->takes_partitions()) continue;
        self.log_dirs.push_back(dir->id());
    }
    self.previous_epoch = storage.dirs->previous_broker_epoch();
    return self;
}

io::Async<void> Server::Parts::join() {
    const Error interrupted(Errc::broker_not_available, "the start was interrupted");
    membership->on_state = [this](MembershipState state) {
        if (state == MembershipState::running) running.notify();
        if (state != MembershipState::replaced || !options.on_fatal) return;
        options.on_fatal(Error(Errc::stale_broker_epoch, "another broker took this one's id"));
    };
    auto joined = co_await membership->join();
    if (is_stopping) co_return std::unexpected(interrupted);
    if (!joined) co_return joined;
    registered_epoch = membership->epoch();
    bool in_time = false;
    do {
        const auto deadline = control.clock.in_ms(config().registration_timeout_ms);
        in_time = co_await membership->catch_up(deadline);
        if (is_stopping) co_return std::unexpected(interrupted);
    } while (!in_time && follower->is_preparing());  // A recovery takes as long as it takes.
    // Who is sent here as soon as this broker leads finds it listening.
    listeners.accept(false);
    control.loop.spawn(keep_alive());
    const auto deadline = control.clock.in_ms(config().registration_timeout_ms);
    if (in_time) in_time = co_await running.wait_until(deadline);
    if (is_stopping) co_return std::unexpected(interrupted);
    if (!in_time) {
        co_return fail(Errc::request_timed_out,
                       "the controller did not let this broker in within "
                       "initial.broker.registration.timeout.ms");
    }
    co_return Result<void>();
}

// So that the others know where it is. The one that leads registers itself.
awaitable<void> Server::Parts::register_controller() {
    is_registering = true;
    while (!is_stopping && !controller->is_active()) {
        const auto done = co_await ask_to_register();
        if (done) break;
        const auto code = done.error().code;
        // Below metadata.version 3.7-IV0 there is no such thing.
        if (is_stopping || code == Errc::unsupported_version) break;
        logger().warn("controller not registered error={}", errc_name(code));
        const auto pause = control.clock.in_ms(kRegisterAgainMs);
        co_await registration_news.wait_until(pause);
    }
    is_registering = false;
    registration_ended.notify();
}

io::Async<void> Server::Parts::ask_to_register() {
    auto request = controller->registration();
    const auto deadline = control.clock.in_ms(config().registration_timeout_ms);
    const auto answer = co_await link->call_here(std::move(request), deadline);
    if (!answer) co_return std::unexpected(answer.error());
    const auto code = errc_from_wire(answer->error_code);
    if (code != Errc::none) co_return fail(code, answer->error_message.value_or(""));
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
        const bool are_copies_clean = mover->moves().close();
        const bool is_clean = partitions->close() && are_copies_clean;
        // One that did not come to register has not been away in between.
        const auto epoch =
            registered_epoch >= 0 ? registered_epoch.load() : storage.dirs->previous_broker_epoch();
        return close_directories(*storage.dirs, epoch, is_clean, logger()) && is_clean;
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
    auto done = p.open();
    if (done) done = p.listeners.bind();
    if (done && p.options.on_bound) p.options.on_bound();
    if (done) done = p.start_controller();
    if (!done) co_return done;
    p.memory.start();
    p.host_quotas.set(p.within_descriptors(p.config().connections));
    p.host_quotas.start();
    p.make_services();
    p.make_workers();
    p.listeners.accept(true);
    if (p.config().is_controller) p.control.loop.spawn(p.register_controller());
    if (!p.config().is_broker) {
        p.logger().info("controller started node={} cluster={}", p.config().node_id,
                        p.storage.cluster_id);
        co_return done;
    }
    done = co_await p.join();
    if (!done) co_return done;
    p.listeners.apply(Config::of_broker(levels_of(p.config(), *p.publisher.current())));
    std::function<std::int64_t()> epoch = [&p] { return p.broker_epoch(); };
    co_await p.directory_reports->start(*p.link, epoch);
    p.isr_changes->start(*p.link, std::move(epoch));
    p.start_chores();
    p.logger().info("Transitioning from RECOVERY to RUNNING broker={} cluster={}",
                    p.config().node_id, p.storage.cluster_id);
    co_return done;
}

void Server::interrupt() {
    auto& p = *parts_;
    p.is_stopping = true;
    if (p.partitions) p.partitions->stop_loading();
    p.running.notify();
    if (p.keeps_alive) return;  // It leaves the cluster in stop().
    if (p.membership) p.membership->stop();
    if (p.link) p.link->give_up();
}

awaitable<void> Server::stop() {
    auto& p = *parts_;
    const auto deadline = p.control.clock.in_ms(p.options.stop_timeout_ms);
    p.is_stopping = true;
    if (p.partitions) p.partitions->stop_loading();
    const bool leaves = p.keeps_alive && p.config().controlled_shutdown;
    if (leaves) co_await p.membership->leave(deadline);
    co_await p.listeners.stop_for_clients();
    if (p.membership) p.membership->stop();
    while (p.keeps_alive) co_await p.running.wait_until(io::kNever);
    p.control.loop.cancel(p.failure_timer);
    if (p.cleaner) co_await p.cleaner->stop();
    if (p.mover) co_await p.mover->stop();
    if (p.scrubber) co_await p.scrubber->stop();
    if (p.chores) co_await p.chores->stop();
    if (p.groups) p.groups->stop();
    if (p.isr_changes) co_await p.isr_changes->stop();
    if (p.fetchers) co_await p.fetchers->stop();
    for (const auto& worker : p.workers) co_await p.finish_requests(worker.get(), deadline);
    if (p.directory_reports) co_await p.directory_reports->stop();
    p.registration_news.notify();
    if (p.link) co_await p.link->stop();
    while (p.is_registering) co_await p.registration_ended.wait_until(io::kNever);
    co_await p.listeners.stop();
    if (p.control_worker) co_await p.control_worker->stop(deadline);
    if (p.controller) {
        auto stopped = co_await p.controller->stop();
        if (!stopped)
            p.logger().error("metadata log not closed reason=\"{}\"", stopped.error().what);
    }
    co_await p.memory.stop();
    co_await p.host_quotas.stop();
    if (p.follower) co_await p.follower->stop();
    if (!p.partitions || !p.storage.dirs) co_return;
    const bool is_clean = co_await p.close_logs();
    p.logger().info("stopped clean={}", is_clean);
}

std::vector<ListenerInfo> Server::listeners() const { return parts_->listeners.infos(); }
Page Server::page(std::string_view path) const { return admin_page(parts_->services, path); }
const Services& Server::services() const { return parts_->services; }
const std::string& Server::cluster_id() const { return parts_->storage.cluster_id; }

}  // namespace kcore::broker
