#pragma once
// This broker's place in the cluster: registration with the controller, heartbeats, leaving. Knows
// nothing of partitions. Lives on the controller link's loop; state() and epoch() from any.
//
//   starting --registered--> recovery --not fenced any more--> running
//   running --leave()--> leaving --controller agrees, or it took too long--> gone
//   any --epoch refused as stale, the image has another--> replaced
// 1. A heartbeat follows at once when it could change something, else after the interval.
// 2. The broker asks to be unfenced only once its image holds its own registration.
// 3. One that an admin unregistered goes on asking in vain, as Apache Kafka's does.

#include <asio/awaitable.hpp>
#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/logger.h"
#include "broker/config.h"
#include "broker/controller_link.h"
#include "io/env.h"
#include "metadata/publisher.h"
#include "protocol/api/broker_heartbeat.h"
#include "protocol/api/broker_registration.h"

namespace kcore::broker {

enum class MembershipState : std::uint8_t { starting, recovery, running, leaving, gone, replaced };

class Membership {
public:
    struct Identity {
        std::string cluster_id;
        Uuid incarnation;
        std::vector<io::Address> advertised;  // Of config.listeners, in their order.
        std::vector<Uuid> log_dirs;
        std::int64_t previous_epoch = -1;
    };

    Membership(io::Env& env, const BrokerConfig& config, Identity identity, ControllerLink& link,
               const metadata::Publisher& images, Logger logger);

    // Registers, then keeps the session until stop() or leave(). Gives the error that a start must
    // fail with: refused for good, or not registered in time.
    io::Async<void> join();
    // After join(), until the image holds the registration; false when it took too long.
    asio::awaitable<bool> catch_up(io::Deadline deadline);
    // Heartbeats until left, stopped or replaced; after that.
    asio::awaitable<void> keep_alive();
    // Asks the controller to move leaders away; returns when it agrees or at the deadline.
    asio::awaitable<void> leave(io::Deadline deadline);
    // Ends keep_alive() soon, without leaving.
    void stop();

    // The image moved on: from any thread.
    void image_changed() const { news_remote_.notify(); }
    // On the loop: the next heartbeats say so.
    void directories_failed(std::vector<Uuid> offline);
    void directories_cordoned(std::vector<Uuid> cordoned);
    // The controller has answered a heartbeat that named all of them.
    bool knows_of_failures() const { return told_dirs_ == offline_dirs_.size(); }

    MembershipState state() const { return state_.load(std::memory_order_acquire); }
    std::int64_t epoch() const { return epoch_.load(std::memory_order_acquire); }

    // Called with every new state, on the loop.
    std::function<void(MembershipState)> on_state;

private:
    protocol::BrokerRegistrationRequest registration() const;
    asio::awaitable<void> beat();
    void become(MembershipState state);
    void take(const protocol::BrokerHeartbeatResponse& answer);

    io::Env& env_;
    const BrokerConfig& config_;
    const Identity identity_;
    ControllerLink& link_;
    const metadata::Publisher& images_;
    Logger logger_;

    std::atomic<MembershipState> state_ = MembershipState::starting;
    std::atomic<std::int64_t> epoch_ = -1;
    std::vector<Uuid> offline_dirs_;
    std::size_t told_dirs_ = 0;
    std::vector<Uuid> cordoned_dirs_;
    io::Signal news_;
    io::Signal::Remote news_remote_;
    io::Signal left_;
    bool stopping_ = false;
};

}  // namespace kcore::broker
