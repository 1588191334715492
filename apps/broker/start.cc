#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <memory>
#include <mutex>
#include <optional>

#include "base/log_levels.h"
#include "base/log_sink.h"
#include "broker/broker.h"
#include "broker/node_settings.h"
#include "broker/server.h"
#include "cli/process.h"
#include "cli/quantity.h"
#include "cli/running.h"
#include "client/admin.h"
#include "http/http_server.h"
#include "io/env.h"
#include "io/memory_disk.h"
#include "io/posix.h"
#include "io/posix_disk.h"
#include "io/posix_limits.h"
#include "io/posix_resolve.h"

namespace kcore::server {

namespace {

constexpr std::size_t kBlockingThreads = 4;  // Beside those that recover logs.
constexpr const char* kAdvertised = "advertised.listeners";

// A loop with what runs on it; of all but the first a thread of the pool runs it.
struct LoopSet {
    LoopSet(io::Clock& clock, io::Disk& disk, io::Random& random, io::Pool& pool,
            std::vector<io::HeldPort> held)
        : loop(clock),
          net(io::make_posix_net(loop, std::move(held))),
          env{clock, disk, *net, random, loop, pool} {}
    io::PosixLoop loop;
    std::unique_ptr<io::Net> net;
    io::Env env;
};

cli::Parsed<client::NewTopic> parse_seed(const std::string& text) {
    client::NewTopic topic;
    const auto first = text.find(':');
    topic.name = text.substr(0, first);
    if (topic.name.empty()) return cli::refuse(fmt::format("--topic '{}' has no name", text));
    if (first == text.npos) return topic;
    const auto second = text.find(':', first + 1);
    std::int64_t count = 0;
    const auto digits = text.substr(first + 1, second == text.npos ? second : second - first - 1);
    if (!digits.empty()) {
        if (!cli::parse_integer(digits, count) || count < 1 || count > 100'000) {
            return cli::refuse(
                fmt::format("--topic '{}': '{}' is no number of partitions", text, digits));
        }
        topic.partitions = static_cast<std::int32_t>(count);
    }
    if (second == text.npos) return topic;
    for (const auto& pair : cli::split_commas(text.substr(second + 1))) {
        const auto split = pair.find('=');
        if (split == pair.npos)
            return cli::refuse(fmt::format("--topic '{}': '{}' is not k=v", text, pair));
        topic.configs.emplace_back(pair.substr(0, split), pair.substr(split + 1));
    }
    return topic;
}

// What makes each node of several what it is, and the ports that are theirs already: the others
// are told of them before any listens.
struct Members {
    std::vector<ConfigMap> settings;
    std::vector<io::HeldPort> ports;  // The clients' come first.
};

Result<std::vector<io::HeldPort>> hold_ports(const Options& options) {
    constexpr std::int64_t kPort = 9092;
    const auto first = options.port < 0 ? kPort : options.port;
    std::vector<io::HeldPort> out;
    for (std::int64_t i = 0; i < 2 * options.brokers; ++i) {
        const bool is_told = i < options.brokers && first != 0;
        auto held = io::HeldPort::take(static_cast<std::uint16_t>(is_told ? first + i : 0));
        if (!held) return std::unexpected(std::move(held).error());
        out.push_back(std::move(*held));
    }
    return out;
}

Result<Members> members(const Options& options) {
    const auto count = static_cast<std::size_t>(options.brokers);
    Members out;
    if (count <= 1) {
        out.settings.emplace_back();
        return out;
    }
    auto held = hold_ports(options);
    if (!held) return std::unexpected(std::move(held).error());
    out.ports = std::move(*held);
    const auto at = [&](std::size_t i) { return out.ports[i].address().to_string(); };
    std::string voters;
    for (std::size_t i = 0; i < count; ++i) {
        voters += fmt::format("{}{}@{}", i == 0 ? "" : ",", i + 1, at(count + i));
    }
    const auto factor = fmt::format("{}", std::min<std::size_t>(count, 3));
    for (std::size_t i = 0; i < count; ++i) {
        out.settings.push_back(
            {{"node.id", fmt::format("{}", i + 1)},
             {"listeners", fmt::format("PLAINTEXT://{},CONTROLLER://{}", at(i), at(count + i))},
             {"controller.quorum.voters", voters},
             {"default.replication.factor", factor},
             {"offsets.topic.replication.factor", factor}});
    }
    return out;
}

LogLevel usual_level(const Options& options) {
    if (options.common.verbose > 0) {
        return options.common.verbose > 1 ? LogLevel::debug : LogLevel::info;
    }
    return options.is_dev ? LogLevel::warn : LogLevel::info;
}

enum class Phase : std::uint8_t { starting, ready, interrupted };

// One run of a node, or of several in one process, from the settings to the exit code.
class Node {
public:
    // `settings` are those of the first.
    Node(const Options& options, Settings settings, std::vector<broker::BrokerConfig> configs,
         std::vector<io::HeldPort> ports)
        : options_(options),
          console_(options.common),
          settings_(std::move(settings)),
          disk_(settings_.in_memory ? std::make_unique<io::MemoryDisk>() : io::make_posix_disk()),
          sink_(std::make_shared<LogLevels>(
              make_stream_sink(stderr, [this] { return clock_.wall_ms(); }),
              log_level_by_name(options.log_level).value_or(usual_level(options)))),
          blocking_(io::make_posix_pool(kBlockingThreads + recovery_threads(configs))),
          names_(io::make_posix_pool(1)) {
        const auto loops = configs.front().loops;
        const auto workers = loops > 0 ? loops : std::max<std::size_t>(1, cores());
        for (std::size_t i = 0; i < workers; ++i) {
            // Listeners are the control loop's.
            loops_.push_back(std::make_unique<LoopSet>(clock_, *disk_, random_, *blocking_,
                                                       std::exchange(ports, {})));
        }
        changed_.emplace(loops_[0]->loop);
        if (settings_.cluster_id.empty()) new_cluster_id_ = random_.uuid().to_string();
        for (auto& config : configs) add_server(std::move(config));
    }

    int run() {
        for (const auto& topic : options_.topics) {
            auto seed = parse_seed(topic);
            if (!seed) return console_.usage(seed.error());
            seeds_.push_back(std::move(*seed));
        }
        if (!settings_.remark.empty() && !options_.common.quiet) console_.notice(settings_.remark);
        const Logger logger(sink_, "config");
        for (const auto& warning : settings_.warnings) logger.warn("{}", warning);
        for (std::size_t i = 1; i < loops_.size(); ++i) {
            threads_.push_back(io::make_posix_pool(1));
            threads_.back()->submit([this, i] { loops_[i]->loop.run(); });
        }
        watch();
        control().loop.spawn(live());
        loops_[0]->loop.run();
        is_over_ = true;
        cli::signal_myself();  // Ends the watcher.
        servers_.clear();
        for (std::size_t i = 1; i < loops_.size(); ++i) loops_[i]->loop.stop();
        threads_.clear();
        if (!pid_file_.empty()) cli::remove_file(pid_file_);
        if (phase_ == Phase::interrupted) code_ = cli::kInterrupted;
        // A thread may sit in a read of stdin that nothing ends.
        if (options_.exit_on_stdin_eof) cli::end_now(code_);
        return code_;
    }

private:
    void add_server(broker::BrokerConfig config) {
        broker::ServerOptions server;
        server.config = std::move(config);
        server.logger = Logger(sink_, "broker");
        server.log_levels = sink_;
        server.descriptors_max = io::raise_descriptor_limit();
        server.memory = {io::memory_limit_bytes(), io::resident_bytes, io::release_freed_memory};
        server.resolve = io::resolve_host;
        server.names_pool = names_.get();
        server.is_id_required = !settings_.cluster_id.empty();
        server.cluster_id = server.is_id_required ? settings_.cluster_id : new_cluster_id_;
        server.on_bound = [this] {
            if (++bound_ == servers_.size()) tell_running();
        };
        server.on_fatal = [this](const Error& error) {
            console_.fail({"", error});
            code_ = cli::kFailed;
            end();
        };
        std::vector<io::Env*> envs;
        for (auto& set : loops_) envs.push_back(&set->env);
        servers_.push_back(
            std::make_unique<broker::Server>(std::move(server), control(), std::move(envs)));
    }

    static std::size_t cores() { return cli::processors(); }

    static std::size_t recovery_threads(const std::vector<broker::BrokerConfig>& configs) {
        std::size_t all = 0;
        for (const auto& config : configs) {
            all += broker::node_settings(config).recovery_threads * config.log_dirs.size();
        }
        return all;
    }

    io::Env& control() { return loops_[0]->env; }

    // From any thread: stop in order, or end the start.
    void end() {
        loops_[0]->loop.post([this] {
            is_end_wanted_ = true;
            for (const auto& server : servers_) {
                if (!is_started_) server->interrupt();
            }
            changed_->notify();
        });
    }

    // It was not asked to end itself.
    void interrupt() {
        (void)enter(Phase::interrupted);
        end();
    }

    // False when it was the other one first.
    bool enter(Phase phase) {
        auto before = Phase::starting;
        return phase_.compare_exchange_strong(before, phase);
    }

    void watch() {
        watcher_ = io::make_posix_pool(3);
        watcher_->submit([this] {
            for (int signals = 0;; ++signals) {
                cli::wait_for_signal();
                if (is_over_) return;
                if (signals > 0) cli::end_now(cli::kInterrupted);
                if (child_) child_->interrupt();
                interrupt();
            }
        });
        if (!options_.exit_on_stdin_eof) return;
        watcher_->submit([this] {
            cli::wait_for_stdin_end();
            interrupt();
        });
    }

    asio::awaitable<void> live() {
        for (const auto& server : servers_) {
            if (is_end_wanted_) break;
            ++under_way_;
            control().loop.spawn(start_one(server.get()));
        }
        while (under_way_ > 0) co_await changed_->wait_until(io::kNever);
        is_started_ = true;
        if (!is_end_wanted_ && start_error_) {
            code_ = console_.fail({"", *start_error_});
            is_end_wanted_ = true;
        }
        if (!is_end_wanted_) {
            ++under_way_;
            blocking_->submit([this] {
                announce();
                control().loop.post([this] { one_is_done(); });
            });
        }
        while (!is_end_wanted_ || under_way_ > 0) co_await changed_->wait_until(io::kNever);
        std::move_only_function<bool()> close = [this] {
            close_admin();
            return true;
        };
        co_await io::on_pool<bool>(control().loop, *blocking_, std::move(close));
        // Together: the last one to go would find no controller to ask.
        for (const auto& server : servers_) {
            ++under_way_;
            control().loop.spawn(stop_one(server.get()));
        }
        while (under_way_ > 0) co_await changed_->wait_until(io::kNever);
        loops_[0]->loop.stop();
    }

    asio::awaitable<void> start_one(broker::Server* server) {
        auto started = co_await server->start();
        if (!started && !start_error_) start_error_ = std::move(started).error();
        one_is_done();
    }

    asio::awaitable<void> stop_one(broker::Server* server) {
        co_await server->stop();
        one_is_done();
    }

    void one_is_done() {
        --under_way_;
        changed_->notify();
    }

    // For who looks for brokers that run: the directories and the ports are ours by now.
    void tell_running() {
        for (const auto& listener : listeners_of_clients()) {
            if (running_.port < 0) running_.port = listener.bound.port;
            auto host =
                listener.advertised.host.empty() ? listener.bound.host : listener.advertised.host;
            const io::Address address{host, listener.bound.port};
            running_.bootstrap += (running_.bootstrap.empty() ? "" : ",") + address.to_string();
        }
        running_.pid = cli::process_id();
        running_.node_id = node_id();
        running_.data = settings_.in_memory ? "memory" : cli::absolute_paths(value("log.dirs"));
        auto written = cli::write_running(running_);
        if (written) {
            pid_file_ = *written;
        } else {
            console_.warn(written.error());
        }
    }

    // Off the loop: creates the seeds, then says that it is ready.
    void announce() {
        const auto& bootstrap = running_.bootstrap;
        if (!sow(bootstrap) || !open_admin()) return end();
        if (!enter(Phase::ready)) return;
        const auto line = fmt::format("READY bootstrap={}\n", bootstrap);
        if (!tell_elsewhere(line, running_)) return end();
        console_.print(line);
        if (!options_.command.empty()) wrap(bootstrap);
    }

    // Of a node that is only a controller: the controller's.
    std::vector<broker::ListenerInfo> listeners_of_clients() const {
        std::vector<broker::ListenerInfo> all;
        for (const auto& server : servers_) {
            for (auto& listener : server->listeners()) all.push_back(std::move(listener));
        }
        const auto is_controller = [](const auto& one) { return one.is_controller; };
        if (!std::ranges::all_of(all, is_controller)) std::erase_if(all, is_controller);
        return all;
    }

    // The admin endpoint of the first on a thread of its own, when admin.listener is set.
    bool open_admin() {
        const std::string listener(value("admin.listener"));
        const std::lock_guard lock(admin_mutex_);
        if (listener.empty() || is_admin_over_) return true;
        auto opened = open_http_server(
            listener, [this](const std::string& path) { return servers_.front()->page(path); });
        if (!opened) {
            code_ = console_.fail({"", Error(Errc::invalid_config, opened.error())});
            return false;
        }
        admin_ = std::move(*opened);
        admin_thread_ = io::make_posix_pool(1);
        admin_thread_->submit([this] { admin_->serve(); });
        return true;
    }

    void close_admin() {
        const std::lock_guard lock(admin_mutex_);
        is_admin_over_ = true;
        if (admin_) admin_->stop();
        admin_thread_.reset();
    }

    // Who waits there would wait for ever, were it only a warning.
    bool tell_elsewhere(const std::string& line, const cli::Running& running) {
        if (!options_.ready_file.empty()) {
            auto text = fmt::format("bootstrap={}\nport={}\npid={}\n", running.bootstrap,
                                    running.port, running.pid);
            if (admin_) text += fmt::format("admin=http://127.0.0.1:{}\n", admin_->port());
            auto done = cli::write_atomically(options_.ready_file, text);
            if (!done) return not_told("--ready-file", done.error());
        }
        if (options_.ready_fd >= 0) {
            auto done = cli::write_to_descriptor(static_cast<int>(options_.ready_fd), line);
            if (!done) return not_told("--ready-fd", done.error());
        }
        return true;
    }

    bool not_told(const std::string& option, const std::string& why) {
        code_ = console_.fail({option, Error(Errc::invalid_request, why)});
        return false;
    }

    bool sow(const std::string& bootstrap) {
        if (seeds_.empty()) return true;
        client::Config config;
        config.bootstrap = cli::split_commas(bootstrap);
        client::Client client(std::move(config));
        client::Admin admin(client);
        auto made = admin.create_topics(seeds_, false);
        if (!made) {
            code_ = console_.fail({"--topic", made.error()});
            return false;
        }
        for (const auto& topic : *made) {
            if (!topic.error || topic.error->code == Errc::topic_already_exists) continue;
            code_ = console_.fail({topic.name, *topic.error});
            return false;
        }
        return true;
    }

    void wrap(const std::string& bootstrap) {
        auto child = cli::Child::start(options_.command, {"KAFKA_BOOTSTRAP_SERVERS=" + bootstrap,
                                                          "KCORE_BOOTSTRAP_SERVER=" + bootstrap});
        if (!child) {
            console_.warn_line("error: " + child.error());
            code_ = cli::kFailed;
            end();
            return;
        }
        child_ = std::make_unique<cli::Child>(*child);
        watcher_->submit([this] {
            code_ = child_->wait();
            end();
        });
    }

    std::string_view value(std::string_view key) const {
        const auto found = settings_.values.find(key);
        return found == settings_.values.end() ? std::string_view() : found->second;
    }
    std::int64_t node_id() const {
        std::int64_t id = -1;
        (void)cli::parse_integer(value("node.id"), id);
        return id;
    }

    const Options& options_;
    cli::Console console_;
    Settings settings_;
    std::string new_cluster_id_;  // One for all, where none is asked for.
    io::PosixClock clock_;
    io::PosixRandom random_;
    std::unique_ptr<io::Disk> disk_;
    std::shared_ptr<LogLevels> sink_;
    std::unique_ptr<io::Pool> blocking_;
    std::unique_ptr<io::Pool> names_;              // Lookups may wait for long.
    std::vector<std::unique_ptr<LoopSet>> loops_;  // The first is the control loop.
    std::vector<std::unique_ptr<io::Pool>> threads_;
    std::vector<std::unique_ptr<broker::Server>> servers_;
    std::optional<io::Signal> changed_;  // On the control loop, as what follows.
    int under_way_ = 0;                  // Starts, or stops.
    bool is_end_wanted_ = false;
    bool is_started_ = false;
    std::size_t bound_ = 0;  // Servers that have their ports.
    cli::Running running_;   // Once all have.
    std::optional<Error> start_error_;
    std::vector<client::NewTopic> seeds_;
    std::unique_ptr<cli::Child> child_;
    std::unique_ptr<HttpServer> admin_;
    std::unique_ptr<io::Pool> admin_thread_;
    std::string pid_file_;
    std::atomic<int> code_ = cli::kDone;
    std::mutex admin_mutex_;  // Over admin_: announce() and the end may come together.
    bool is_admin_over_ = false;
    std::atomic<Phase> phase_ = Phase::starting;
    std::atomic<bool> is_over_ = false;
    std::unique_ptr<io::Pool> watcher_;
};

}  // namespace

int start(const Options& options) {
    cli::Console console(options.common);
    const bool is_alone = options.brokers == 1;
    if (!is_alone && (!options.is_dev || !options.config.empty() || options.node_id >= 0)) {
        return console.usage("--brokers goes with --dev, and without --config and --node-id");
    }
    if (options.brokers < 1) return console.usage("--brokers 0: one at least");
    auto all = members(options);
    if (!all) return console.fail({"--brokers", all.error()});
    std::optional<Settings> first;
    std::vector<broker::BrokerConfig> configs;
    for (const auto& member : all->settings) {
        auto settings = settings_of(options, member);
        if (!settings) return console.usage(settings.error());
        auto config = broker::make_broker_config(settings->values);
        if (!config) return console.usage(config.error().what);
        // Of several on one address only its own port says which is meant.
        const bool is_told = settings->values.contains(kAdvertised);
        config->advertise_dialled = options.is_dev && is_alone && !is_told;
        configs.push_back(std::move(*config));
        if (!first) first = std::move(*settings);
    }
    cli::hold_signals();
    if (options.exit_with_parent) cli::end_with_parent();
    return Node(options, std::move(*first), std::move(configs), std::move(all->ports)).run();
}

}  // namespace kcore::server
