#include "broker/process.h"

#include <csignal>
#include <cstdlib>
#include <utility>

#include "io/posix.h"
#include "io/posix_disk.h"
#include "io/posix_process.h"

namespace kcore::broker {

namespace {

constexpr std::size_t kPoolThreads = 4;

// One loop with what belongs to it.
struct Seat {
    Seat(io::PosixClock& clock, io::PosixRandom& random, io::Disk& disk, io::Pool& pool)
        : loop(clock), net(io::make_posix_net(loop)), env{clock, disk, *net, random, loop, pool} {}

    io::PosixLoop loop;
    std::unique_ptr<io::Net> net;
    io::Env env;
};

class Process {
public:
    explicit Process(ProcessOptions options)
        : options_(std::move(options)),
          disk_(options_.disk ? std::move(options_.disk) : io::make_posix_disk()),
          pool_(io::make_posix_pool(kPoolThreads)),
          control_(clock_, random_, *disk_, *pool_) {}

    Result<void> run() {
        make_server();
        const io::SignalWatch signals(control_.loop, {SIGTERM, SIGINT},
                                      [this](int) { on_signal(); });
        {
            std::vector<std::unique_ptr<io::LoopThread>> threads;
            for (const auto& seat : workers_) {
                threads.push_back(std::make_unique<io::LoopThread>(seat->loop));
            }
            control_.loop.spawn(live());
            control_.loop.run();
        }
        server_.reset();
        return std::move(outcome_);
    }

private:
    void make_server() {
        auto count = options_.server.config.loops;
        if (count == 0) count = io::cpu_count();
        std::vector<io::Env*> envs;
        for (std::size_t i = 0; i < count; ++i) {
            workers_.push_back(std::make_unique<Seat>(clock_, random_, *disk_, *pool_));
            envs.push_back(&workers_.back()->env);
        }
        auto how = std::move(options_.server);
        how.on_fatal = [this](const Error& error) {
            if (outcome_) outcome_ = std::unexpected(error);
            stop_.notify();
        };
        server_ = std::make_unique<Server>(std::move(how), control_.env, std::move(envs));
    }

    void on_signal() {
        if (std::exchange(is_stopping_, true)) std::_Exit(1);
        stop_.notify();
    }

    asio::awaitable<void> live() {
        auto started = co_await server_->start();
        if (started) {
            if (options_.on_ready) options_.on_ready(*server_);
            co_await stop_.wait_until(io::kNever);
        } else {
            outcome_ = std::move(started);
        }
        is_stopping_ = true;
        co_await server_->stop();
        control_.loop.stop();
    }

    ProcessOptions options_;
    io::PosixClock clock_;
    io::PosixRandom random_;
    std::unique_ptr<io::Disk> disk_;
    std::unique_ptr<io::Pool> pool_;
    Seat control_;
    std::vector<std::unique_ptr<Seat>> workers_;
    io::Signal stop_{control_.loop};
    std::unique_ptr<Server> server_;
    Result<void> outcome_;
    bool is_stopping_ = false;
};

}  // namespace

Result<void> run_process(ProcessOptions options) { return Process(std::move(options)).run(); }

}  // namespace kcore::broker
