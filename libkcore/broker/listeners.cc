#include "broker/listeners.h"

#include <algorithm>
#include <functional>

#include "broker/listener_config.h"

namespace kcore::broker {

using asio::awaitable;

Result<Listeners::Bound> Listeners::bind(const ListenerConfig& listener) const {
    auto made = env_.net.listen(listener.bind, config_.sockets);
    if (!made) return std::unexpected(std::move(made).error());
    ListenerInfo info;
    info.name = listener.name;
    info.bound = (*made)->local();
    info.advertised = listener.advertised;
    if (info.advertised.host.empty()) info.advertised.host = info.bound.host;
    if (info.advertised.port == 0) info.advertised.port = info.bound.port;
    info.security_protocol = static_cast<std::int16_t>(listener.protocol);
    info.is_controller = listener.is_controller;
    return Bound(std::move(*made), std::move(info));
}

Result<void> Listeners::bind() {
    for (const auto& listener : config_.listeners) {
        auto made = bind(listener);
        if (!made) return std::unexpected(std::move(made).error());
        infos_.push_back(made->second);
        bound_.push_back(std::move(*made));
    }
    return {};
}

void Listeners::accept(bool on_controller_listeners) {
    for (std::size_t i = 0; i < bound_.size(); ++i) {
        if (infos_[i].is_controller != on_controller_listeners) continue;
        accept(config_.listeners[i], std::move(bound_[i]));
    }
}

void Listeners::accept(const ListenerConfig& own, Bound bound) {
    auto& [listener, info] = bound;
    const bool is_controller = info.is_controller;
    Acceptor::Target target{is_controller ? serving_->for_nodes : serving_->for_clients,
                            serving_->workers,
                            is_controller ? serving_->quota_of_controllers : serving_->quota,
                            serving_->client_quotas,
                            own.connections_max,
                            own.connection_rate_max,
                            &serving_->memory};
    if (is_controller) target.workers = {serving_->for_controllers};
    acceptors_.push_back(std::make_unique<Acceptor>(env_, std::move(listener), std::move(info),
                                                    std::move(target), logger_.named("acceptor")));
    env_.loop.spawn(acceptors_.back()->run());
}

void Listeners::apply(const Config& values) {
    const auto wanted = changed_listeners(config_, values);
    if (!wanted) return logger_.warn("listeners not applied reason=\"{}\"", wanted.error().what);
    const auto stays = [&](const std::unique_ptr<Acceptor>& acceptor) {
        const auto& name = acceptor->info().name;
        return std::ranges::find(*wanted, name, &ListenerConfig::name) != wanted->end();
    };
    const auto gone = std::ranges::stable_partition(acceptors_, stays);
    for (auto& acceptor : gone) retire(std::move(acceptor));
    acceptors_.erase(gone.begin(), gone.end());
    for (const auto& listener : *wanted) {
        const auto is_it = [&](const auto& known) { return known->info().name == listener.name; };
        if (std::ranges::any_of(acceptors_, is_it)) continue;
        auto made = bind(listener);
        if (!made) {
            logger_.error("listener not opened reason=\"{}\"", made.error().what);
            continue;
        }
        logger_.info("listener opened name={} address={}", listener.name,
                     made->second.bound.to_string());
        accept(listener, std::move(*made));
    }
}

// Its connections end with it.
void Listeners::retire(std::unique_ptr<Acceptor> acceptor) {
    acceptor->close();
    logger_.info("listener closed name={}", acceptor->info().name);
    for (auto* worker : serving_->workers) {
        worker->env().loop.post([worker, info = &acceptor->info()] { worker->cut(*info); });
    }
    retired_.push_back(std::move(acceptor));
}

awaitable<void> Listeners::stop_for_clients() {
    bound_.clear();
    for (const auto& acceptor : acceptors_) {
        if (acceptor->info().is_controller) continue;
        co_await acceptor->stop();
    }
}

awaitable<void> Listeners::stop() {
    for (const auto& acceptor : acceptors_) co_await acceptor->stop();
    for (const auto& acceptor : retired_) co_await acceptor->stop();
}

}  // namespace kcore::broker
