#include "broker/listener_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/parse_number.h"

namespace kcore::broker {

namespace {

using Protocols = std::map<std::string, SecurityProtocol>;

std::optional<SecurityProtocol> protocol_by_name(std::string_view name) {
    if (name == "PLAINTEXT") return SecurityProtocol::plaintext;
    if (name == "SSL") return SecurityProtocol::ssl;
    if (name == "SASL_PLAINTEXT") return SecurityProtocol::sasl_plaintext;
    if (name == "SASL_SSL") return SecurityProtocol::sasl_ssl;
    return std::nullopt;
}

std::string upper(std::string_view text) {
    std::string all(text);
    std::ranges::transform(all, all.begin(), [](char c) {
        return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    });
    return all;
}

// Items of "NAME://host:port,...".
Result<std::vector<ListenerConfig>> parse_listeners(std::string_view key, const Config& values) {
    std::vector<ListenerConfig> found;
    for (const auto& item : values.list(key)) {
        const auto at = item.find("://");
        if (at == std::string::npos || at == 0) {
            return refuse_setting(key, item, "a listener is NAME://host:port");
        }
        ListenerConfig listener;
        listener.name = upper(std::string_view(item).substr(0, at));
        auto address = parse_address(key, item, std::string_view(item).substr(at + 3));
        if (!address) return std::unexpected(std::move(address).error());
        listener.bind = std::move(*address);
        for (const auto& other : found) {
            if (other.name == listener.name) {
                return refuse_setting(key, item, "each listener has a name of its own");
            }
        }
        found.push_back(std::move(listener));
    }
    return found;
}

// Two listeners share a port only as an IPv4 and an IPv6 address.
Result<void> check_ports(std::string_view key, const std::vector<ListenerConfig>& listeners) {
    for (std::size_t i = 0; i < listeners.size(); ++i) {
        for (std::size_t k = 0; k < i; ++k) {
            const auto& a = listeners[i].bind;
            const auto& b = listeners[k].bind;
            if (a.port == 0 || a.port != b.port) continue;
            const auto is_v6 = [](const std::string& host) { return host.contains(':'); };
            const auto is_v4 = [](const std::string& host) {
                return !host.empty() && host.find_first_not_of("0123456789.") == std::string::npos;
            };
            if (is_v4(a.host) && is_v6(b.host)) continue;
            if (is_v6(a.host) && is_v4(b.host)) continue;
            return refuse_setting(key, a.to_string(), "each listener must have a different port");
        }
    }
    return {};
}

// The protocol map; controller listeners need no entry while nothing but PLAINTEXT is in use.
Result<Protocols> parse_protocols(const Config& values, const BrokerConfig& config) {
    constexpr std::string_view kKey = "listener.security.protocol.map";
    Protocols map;
    for (const auto& item : split_list(values.text(kKey))) {
        const auto at = item.find(':');
        const auto protocol =
            at == std::string::npos ? std::nullopt : protocol_by_name(upper(item.substr(at + 1)));
        if (!protocol || at == 0) {
            return refuse_setting(kKey, item,
                                  "an entry is NAME:PLAINTEXT, NAME:SSL, NAME:SASL_PLAINTEXT or "
                                  "NAME:SASL_SSL");
        }
        map[upper(std::string_view(item).substr(0, at))] = *protocol;
    }
    if (values.is_set(kKey)) return map;
    for (const auto& name : config.controller_listeners) {
        map.try_emplace(name, SecurityProtocol::plaintext);
    }
    return map;
}

Result<void> check_roles(const BrokerConfig& config) {
    constexpr std::string_view kKey = "controller.listener.names";
    const auto& names = config.controller_listeners;
    const auto is_listened = [&](const std::string& name) {
        return std::ranges::any_of(config.listeners, [&](const auto& l) { return l.name == name; });
    };
    if (names.empty())
        return refuse_setting(kKey, "", "at least one controller listener is needed");
    if (config.is_controller) {
        for (const auto& name : names) {
            if (is_listened(name)) continue;
            return refuse_setting(kKey, name, "a controller must have it in listeners");
        }
    } else {
        for (const auto& name : names) {
            if (!is_listened(name)) continue;
            return refuse_setting(kKey, name, "a node that is only a broker must not listen on it");
        }
    }
    if (!config.is_broker &&
        std::ranges::any_of(config.listeners, [](const auto& l) { return !l.is_controller; })) {
        return refuse_setting("listeners", "",
                              "a node that is only a controller has no other listeners");
    }
    return {};
}

Result<void> advertise(const Config& values, BrokerConfig& config) {
    constexpr std::string_view kKey = "advertised.listeners";
    const bool is_explicit = values.is_set(kKey) && !values.list(kKey).empty();
    auto advertised = parse_listeners(is_explicit ? kKey : "listeners", values);
    if (!advertised) return std::unexpected(std::move(advertised).error());
    for (const auto& entry : *advertised) {
        const auto found = std::ranges::find(config.listeners, entry.name, &ListenerConfig::name);
        if (found == config.listeners.end()) {
            return refuse_setting(kKey, entry.name, "it is not in listeners");
        }
        if (found->is_controller && !is_explicit) {
            found->advertised = entry.bind;
            continue;
        }
        if (entry.bind.host == "0.0.0.0" || entry.bind.host == "::") {
            return refuse_setting(kKey, entry.bind.to_string(),
                                  "nobody can dial it; set advertised.listeners to an address that "
                                  "clients reach");
        }
        found->advertised = entry.bind;
        found->is_advertised = !found->is_controller;
    }
    const auto has_broker_listener =
        std::ranges::any_of(config.listeners, &ListenerConfig::is_advertised);
    if (config.is_broker && !has_broker_listener) {
        return refuse_setting(kKey, "",
                              "a broker must advertise a listener besides the controller's");
    }
    return {};
}

Result<void> choose_inter_broker(const Config& values, BrokerConfig& config) {
    constexpr std::string_view kKey = "inter.broker.listener.name";
    if (!config.is_broker) return {};
    const auto name = values.optional_text(kKey);
    if (name) {
        if (values.is_set("security.inter.broker.protocol")) {
            return refuse_setting(kKey, *name,
                                  "security.inter.broker.protocol must not be set as well");
        }
        config.inter_broker_listener = upper(*name);
    } else {
        const auto& protocol = values.text("security.inter.broker.protocol");
        const auto matches = [&](const ListenerConfig& l) {
            return l.is_advertised && protocol_by_name(protocol) == l.protocol;
        };
        const auto found = std::ranges::find_if(
            config.listeners, [&](const auto& l) { return l.name == protocol && matches(l); });
        config.inter_broker_listener = found == config.listeners.end() ? protocol : found->name;
    }
    const auto found =
        std::ranges::find(config.listeners, config.inter_broker_listener, &ListenerConfig::name);
    if (found == config.listeners.end() || !found->is_advertised) {
        return refuse_setting(kKey, config.inter_broker_listener,
                              "it must be an advertised listener");
    }
    return {};
}

}  // namespace

Result<io::Address> parse_address(std::string_view key, std::string_view item,
                                  std::string_view host_port) {
    const auto colon = host_port.rfind(':');
    if (colon == std::string_view::npos) return refuse_setting(key, item, "the port is missing");
    auto host = host_port.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    const auto digits = host_port.substr(colon + 1);
    const auto port = parse_number<std::uint16_t>(digits);
    if (!port) return refuse_setting(key, item, "a port is a number from 0 to 65535");
    return io::Address{std::string(host), *port};
}

Result<std::vector<ListenerConfig>> changed_listeners(const BrokerConfig& now,
                                                      const Config& values) {
    BrokerConfig next;
    next.is_broker = now.is_broker;
    next.is_controller = now.is_controller;
    if (auto read = read_listeners(values, next); !read) return std::unexpected(read.error());
    if (next.inter_broker_listener != now.inter_broker_listener) {
        return refuse_setting(
            "listeners", values.value("listeners").to_text(),
            fmt::format("brokers reach each other by {}", now.inter_broker_listener));
    }
    for (const auto& listener : now.listeners) {
        const auto same = std::ranges::find(next.listeners, listener.name, &ListenerConfig::name);
        const bool is_there = same != next.listeners.end();
        if (is_there && same->protocol != listener.protocol) {
            return refuse_setting("listener.security.protocol.map", listener.name,
                                  "the protocol of a listener stays as it is");
        }
        if (listener.is_controller && !(is_there && same->bind == listener.bind)) {
            return refuse_setting("listeners", listener.name,
                                  "controllers' listeners change at a restart");
        }
    }
    return std::move(next.listeners);
}

Result<void> read_listeners(const Config& values, BrokerConfig& config) {
    for (const auto& name : values.list("controller.listener.names")) {
        config.controller_listeners.push_back(upper(name));
    }
    auto listeners = parse_listeners("listeners", values);
    if (!listeners) return std::unexpected(std::move(listeners).error());
    auto protocols = parse_protocols(values, config);
    if (!protocols) return std::unexpected(std::move(protocols).error());
    config.listeners = std::move(*listeners);
    for (auto& listener : config.listeners) {
        const auto protocol = protocols->find(listener.name);
        if (protocol == protocols->end()) {
            return refuse_setting("listeners", listener.name,
                                  "listener.security.protocol.map has no protocol for it");
        }
        listener.protocol = protocol->second;
        listener.is_controller = std::ranges::find(config.controller_listeners, listener.name) !=
                                 config.controller_listeners.end();
        if (listener.protocol != SecurityProtocol::plaintext) {
            return refuse_setting("listener.security.protocol.map", listener.name,
                                  "this version serves PLAINTEXT listeners only");
        }
    }
    for (const auto& check : {check_roles(config), check_ports("listeners", config.listeners),
                              advertise(values, config), choose_inter_broker(values, config)}) {
        if (!check) return check;
    }
    return {};
}

}  // namespace kcore::broker
