#include "controller/quotas.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "base/config_keys.h"
#include "metadata/quotas.h"

namespace kcore::controller {
namespace {

using AskedQuota = protocol::AlterClientQuotasRequest::EntryData;
using metadata::QuotaEntity;

constexpr std::string_view kIp = "ip";
constexpr std::string_view kIpKey = "connection_creation_rate";
constexpr double kEpsilon = 1e-6;

std::unexpected<Error> refuse_quota(std::string what) {
    return fail(Errc::invalid_request, std::move(what));
}

bool is_ip4(std::string_view text) {
    int parts = 0;
    for (;; ++parts) {
        const auto part = text.substr(0, text.find('.'));
        if (part.empty() || part.size() > 3) return false;
        int value = 0;
        for (const char c : part) {
            if (c < '0' || c > '9') return false;
            value = value * 10 + (c - '0');
        }
        if (value > 255) return false;
        if (part.size() == text.size()) return parts == 3;
        text.remove_prefix(part.size() + 1);
    }
}

// The shape of an IPv6 address; whether its groups fit is left to the reader's common sense.
bool is_ip6(std::string_view text) {
    constexpr std::string_view kLetters = "0123456789abcdefABCDEF:.";
    return text.size() <= 45 && std::ranges::count(text, ':') >= 2 &&
           text.find_first_not_of(kLetters) == std::string_view::npos;
}

Result<void> check_entity(const QuotaEntity& entity, const Moment& moment) {
    if (entity.empty()) return refuse_quota("Invalid empty client quota entity");
    for (const auto& [type, name] : entity) {
        if (type != "user" && type != "client-id" && type != kIp) {
            return refuse_quota("Unhandled client quota entity type: " + type);
        }
        if (name && name->empty()) return refuse_quota(fmt::format("Empty {} not supported", type));
    }
    const auto ip = entity.find(std::string(kIp));
    if (ip == entity.end()) return {};
    if (entity.size() > 1) {
        return refuse_quota(
            "Invalid quota entity combination, IP entity shouldnot be combined with User or "
            "ClientId");
    }
    const bool is_known =
        !ip->second || is_address(*ip->second) || (moment.resolves && moment.resolves(*ip->second));
    if (is_known) return {};
    return refuse_quota(*ip->second + " is not a valid IP or resolvable host.");
}

Result<void> check_whole(const std::string& key, double value, double max) {
    if (value > max) return refuse_quota(fmt::format("{} cannot be above {:.0f}.", key, max));
    if (std::abs(std::trunc(value + kEpsilon) - value) > kEpsilon) {
        return refuse_quota(key + " cannot be a fractional value.");
    }
    return {};
}

Result<void> check_value(const QuotaEntity& entity, const std::string& name, double value) {
    const auto* key = find_config_key(kcore::ConfigResource::quota, name);
    if (key == nullptr || (key->name == kIpKey) != entity.contains(std::string(kIp))) {
        return refuse_quota("Invalid configuration key " + name);
    }
    if (!(value > 0)) return refuse_quota(fmt::format("Quota {} must be greater than 0", name));
    switch (key->type) {
        case ConfigType::int32:
            return check_whole(name, value, std::numeric_limits<std::int32_t>::max());
        case ConfigType::int64:
            return check_whole(name, value,
                               static_cast<double>(std::numeric_limits<std::int64_t>::max()));
        default:
            return {};
    }
}

Result<std::vector<metadata::Record>> change(const State& state, const QuotaEntity& entity,
                                             const AskedQuota& asked, const Moment& moment) {
    if (auto ok = check_entity(entity, moment); !ok) return std::unexpected(ok.error());
    const auto at = state.image->quotas->find(entity);
    const auto now = at == state.image->quotas->end() ? metadata::Quotas() : at->second;
    std::vector<metadata::Record> out;
    for (const auto& op : asked.ops) {
        const auto known = now.find(op.key);
        if (op.remove) {
            if (known != now.end()) out.push_back(metadata::quota_record(entity, op.key, 0, true));
            continue;
        }
        if (auto ok = check_value(entity, op.key, op.value); !ok) {
            return std::unexpected(ok.error());
        }
        if (known == now.end() || known->second != op.value) {
            out.push_back(metadata::quota_record(entity, op.key, op.value, false));
        }
    }
    return out;
}

}  // namespace

bool is_address(std::string_view text) { return is_ip4(text) || is_ip6(text); }

std::vector<std::string> hosts_in(const protocol::AlterClientQuotasRequest& request) {
    std::vector<std::string> hosts;
    for (const auto& entry : request.entries) {
        for (const auto& part : entry.entity) {
            const auto& name = part.entity_name;
            if (part.entity_type != kIp || !name || name->empty() || is_address(*name)) continue;
            hosts.push_back(*name);
        }
    }
    return hosts;
}

Decision<protocol::AlterClientQuotasResponse> alter_client_quotas(
    const State& state, const protocol::AlterClientQuotasRequest& request, const Moment& moment) {
    Decision<protocol::AlterClientQuotasResponse> decision;
    for (const auto& asked : request.entries) {
        QuotaEntity entity;
        for (const auto& part : asked.entity) entity[part.entity_type] = part.entity_name;
        auto& answer = decision.response.entries.emplace_back();
        metadata::put_entity(entity, answer.entity);
        answer.error_message.reset();
        auto records = change(state, entity, asked, moment);
        if (!records) {
            answer.error_code = static_cast<std::int16_t>(records.error().code);
            answer.error_message = text_of(records.error());
        } else if (!request.validate_only) {
            std::ranges::move(*records, std::back_inserter(decision.records));
        }
    }
    return decision;
}

}  // namespace kcore::controller
