#include "protocol/api_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "protocol/registry.h"

namespace kcore::protocol {

namespace {

constexpr std::array kForwarded{
    ApiKey::create_topics,
    ApiKey::delete_topics,
    ApiKey::create_acls,
    ApiKey::delete_acls,
    ApiKey::alter_configs,
    ApiKey::create_partitions,
    ApiKey::create_delegation_token,
    ApiKey::renew_delegation_token,
    ApiKey::expire_delegation_token,
    ApiKey::elect_leaders,
    ApiKey::incremental_alter_configs,
    ApiKey::alter_partition_reassignments,
    ApiKey::list_partition_reassignments,
    ApiKey::alter_client_quotas,
    ApiKey::alter_user_scram_credentials,
    ApiKey::describe_quorum,
    ApiKey::update_features,
    ApiKey::unregister_broker,
    ApiKey::add_raft_voter,
    ApiKey::remove_raft_voter,
    ApiKey::unregister_controller,
};

ApiInfo make_info(const ApiEntry& entry) {
    const auto key = static_cast<ApiKey>(entry.request->api_key);
    auto stable = entry.request->versions;
    if (entry.request->latest_unstable) --stable.high;
    return {.key = key,
            .name = entry.name,
            .versions = entry.request->versions,
            .stable_versions = stable,
            .on_broker = entry.on_broker,
            .on_controller = entry.on_controller,
            .is_forwarded = std::ranges::find(kForwarded, key) != kForwarded.end(),
            .request = entry.request,
            .response = entry.response};
}

// The table, and where each key stands in it.
struct Table {
    Table() {
        for (const auto& entry : generated_apis()) apis.push_back(make_info(entry));
        for (const auto& api : apis) {
            const auto key = static_cast<std::size_t>(api.key);
            if (by_key.size() <= key) by_key.resize(key + 1, nullptr);
            by_key[key] = &api;
        }
    }

    std::vector<ApiInfo> apis;
    std::vector<const ApiInfo*> by_key;
};

const Table& table() {
    static const Table kTable;
    return kTable;
}

bool same_name(std::string_view a, std::string_view b) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    return std::ranges::equal(a, b, {}, lower, lower);
}

// First the header, then the body; nothing of either when one is refused.
Result<void> encode_two(const MessageInfo& header_info, const void* header,
                        std::int16_t header_version, const MessageInfo& info, const void* body,
                        std::int16_t version, Encoded& out) {
    const auto start = out.bytes.size();
    auto done = encode_append(header_info, header, header_version, out);
    if (done) done = encode_append(info, body, version, out);
    if (!done) out.bytes.resize(start);
    return done;
}

}  // namespace

std::span<const ApiInfo> all_apis() { return table().apis; }

const ApiInfo* find_api(std::int16_t key) {
    const auto& by_key = table().by_key;
    if (key < 0 || static_cast<std::size_t>(key) >= by_key.size()) return nullptr;
    return by_key[static_cast<std::size_t>(key)];
}

const ApiInfo* find_api(std::string_view name) {
    const auto apis = all_apis();
    const auto found =
        std::ranges::find_if(apis, [&](const ApiInfo& api) { return same_name(api.name, name); });
    return found == apis.end() ? nullptr : &*found;
}

const ApiInfo& api_info(ApiKey key) { return *table().by_key[static_cast<std::size_t>(key)]; }

std::int16_t request_header_version(const ApiInfo& api, std::int16_t version) {
    const auto flexible = api.request->flexible;
    return !flexible.empty() && version >= flexible.low ? 2 : 1;
}

std::int16_t response_header_version(const ApiInfo& api, std::int16_t version) {
    const auto flexible = api.response->flexible;
    if (api.key == ApiKey::api_versions || flexible.empty()) return 0;
    return version >= flexible.low ? 1 : 0;
}

Result<RequestFrame> decode_request_header(BytesView frame) {
    if (frame.size() < 4) {
        return fail(Errc::corrupt_message,
                    fmt::format("frame of {} bytes has no header", frame.size()));
    }
    const auto key = load_be<std::int16_t>(frame.data());
    const auto version = load_be<std::int16_t>(frame.data() + 2);
    RequestFrame request;
    request.api = find_api(key);
    if (request.api == nullptr)
        return fail(Errc::invalid_request, fmt::format("unknown API key {}", key));
    request.version_known = request.api->versions.contains(version);
    if (!request.version_known && request.api->key != ApiKey::api_versions) {
        return fail(Errc::unsupported_version,
                    fmt::format("{} has no version {}", request.api->name, version));
    }
    const auto taken =
        decode_prefix(frame, request_header_version(*request.api, version), request.header);
    if (!taken) return std::unexpected(taken.error());
    request.body = frame.subspan(*taken);
    return request;
}

Result<ResponseFrame> decode_response_header(const ApiInfo& api, std::int16_t version,
                                             BytesView frame) {
    ResponseHeader header;
    const auto taken = decode_prefix(frame, response_header_version(api, version), header);
    if (!taken) return std::unexpected(taken.error());
    ResponseFrame response;
    response.correlation_id = header.correlation_id;
    response.body = frame.subspan(*taken);
    return response;
}

Result<void> encode_request(const MessageInfo& info, const void* request, std::int16_t version,
                            std::int32_t correlation_id, std::string_view client_id, Encoded& out) {
    const auto& api = api_info(static_cast<ApiKey>(info.api_key));
    RequestHeader header;
    header.request_api_key = info.api_key;
    header.request_api_version = version;
    header.correlation_id = correlation_id;
    header.client_id = std::string(client_id);
    return encode_two(RequestHeader::info(), &header, request_header_version(api, version), info,
                      request, version, out);
}

Result<void> encode_response(const MessageInfo& info, const void* response, std::int16_t version,
                             std::int32_t correlation_id, Encoded& out) {
    const auto& api = api_info(static_cast<ApiKey>(info.api_key));
    ResponseHeader header;
    header.correlation_id = correlation_id;
    return encode_two(ResponseHeader::info(), &header, response_header_version(api, version), info,
                      response, version, out);
}

}  // namespace kcore::protocol
