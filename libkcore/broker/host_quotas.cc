#include "broker/host_quotas.h"

#include <utility>

#include "controller/quotas.h"
#include "io/pool.h"

namespace kcore::broker {

namespace {

constexpr std::int64_t kAgainMs = 60'000;

// The name of the host that an entity stands for; null: it stands for an address, or no host.
const std::string* host_of(const security::ClientQuotas::Entity& entity) {
    const auto ip = entity.find("ip");
    const bool is_name = ip != entity.end() && ip->second && !controller::is_address(*ip->second);
    return is_name ? &*ip->second : nullptr;
}

}  // namespace

HostQuotas::HostQuotas(io::Env& env, Resolve resolve, ConnectionQuota& connections,
                       security::ClientQuotas& clients)
    : env_(env),
      resolve_(std::move(resolve)),
      connections_(connections),
      clients_(clients),
      wake_(env.loop),
      ended_(env.loop) {}

void HostQuotas::set(security::ClientQuotas::Table quotas) {
    quotas_ = std::move(quotas);
    put_quotas();
    wake_.notify();
}

void HostQuotas::set(ConnectionCaps caps) {
    caps_ = std::move(caps);
    put_caps();
    wake_.notify();
}

// What is said of an address itself goes before what its name gives it.
void HostQuotas::put_quotas() {
    auto table = quotas_;
    for (const auto& [entity, values] : quotas_) {
        const auto* host = host_of(entity);
        const auto found = host != nullptr ? addresses_.find(*host) : addresses_.end();
        if (found == addresses_.end()) continue;
        for (const auto& address : found->second) table.try_emplace({{"ip", address}}, values);
    }
    clients_.set(table);
}

void HostQuotas::put_caps() {
    auto caps = caps_;
    for (const auto& [host, count] : caps_.per_ip) {
        const auto found = addresses_.find(host);
        if (found == addresses_.end()) continue;
        for (const auto& address : found->second) caps.per_ip.try_emplace(address, count);
    }
    connections_.set_caps(std::move(caps));
}

std::vector<std::string> HostQuotas::names() const {
    std::vector<std::string> all;
    for (const auto& [entity, values] : quotas_) {
        if (const auto* host = host_of(entity)) all.push_back(*host);
    }
    for (const auto& [host, count] : caps_.per_ip) {
        if (!controller::is_address(host)) all.push_back(host);
    }
    return all;
}

void HostQuotas::start() {
    if (!resolve_) return;
    is_running_ = true;
    env_.loop.spawn(run());
}

asio::awaitable<void> HostQuotas::run() {
    while (!stopping_) {
        const auto hosts = names();
        if (!hosts.empty()) {
            std::move_only_function<Addresses()> look = [this, &hosts] {
                Addresses found;
                for (const auto& host : hosts) found[host] = resolve_(host);
                return found;
            };
            auto found = co_await io::on_pool<Addresses>(env_.loop, env_.pool, std::move(look));
            if (addresses_ != found) {
                addresses_ = std::move(found);
                put_quotas();
                put_caps();
            }
        }
        const auto next = hosts.empty() ? io::kNever : env_.clock.in_ms(kAgainMs);
        if (!stopping_) co_await wake_.wait_until(next);
    }
    is_running_ = false;
    ended_.notify();
}

asio::awaitable<void> HostQuotas::stop() {
    stopping_ = true;
    wake_.notify();
    while (is_running_) co_await ended_.wait_until(io::kNever);
}

}  // namespace kcore::broker
