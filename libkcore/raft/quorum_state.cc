#include "raft/quorum_state.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace kcore::raft {
namespace {

using Json = nlohmann::json;

std::unexpected<Error> refuse(std::string why) {
    return fail(Errc::kafka_storage_error, "quorum-state: " + why);
}

bool read(const Json& json, const char* name, std::int32_t& out) {
    const auto at = json.find(name);
    if (at == json.end() || !at->is_number_integer()) return false;
    out = at->get<std::int32_t>();
    return true;
}

}  // namespace

// The vote does not matter any more once a leader is known.
std::string format_quorum_state(const Election& election, const VoterHistory& voters) {
    const bool is_open = election.leader == kNobody;
    const auto voted = is_open ? election.voted : kNobody;
    if (voters.kraft_version() > 0) {
        const auto directory = is_open ? election.voted_directory : Uuid();
        return fmt::format(
            "{{\"leaderId\":{},\"leaderEpoch\":{},\"votedId\":{},\"votedDirectoryId\":\"{}\","
            "\"data_version\":1}}",
            election.leader, election.epoch, voted, directory.to_string());
    }
    std::string ids;
    for (const auto& [id, voter] : voters.voters().all()) {
        ids += fmt::format("{}{{\"voterId\":{}}}", ids.empty() ? "" : ",", id);
    }
    return fmt::format(
        "{{\"clusterId\":\"\",\"leaderId\":{},\"leaderEpoch\":{},\"votedId\":{},"
        "\"appliedOffset\":0,\"currentVoters\":[{}],\"data_version\":0}}",
        election.leader, election.epoch, voted, ids);
}

Result<Election> parse_quorum_state(std::string_view text) {
    const auto json = Json::parse(text, nullptr, false);
    if (!json.is_object()) return refuse("not a JSON object");
    std::int32_t version = 0;
    if (!read(json, "data_version", version)) return refuse("no data_version");
    if (version != 0 && version != 1) return refuse(fmt::format("unknown version {}", version));
    Election election;
    if (!read(json, "leaderId", election.leader) || !read(json, "leaderEpoch", election.epoch)) {
        return refuse("no leaderId or no leaderEpoch");
    }
    if (json.contains("votedId") && !read(json, "votedId", election.voted)) {
        return refuse("votedId is no number");
    }
    if (const auto at = json.find("votedDirectoryId"); at != json.end() && at->is_string()) {
        election.voted_directory = Uuid::parse(at->get<std::string>()).value_or(Uuid());
    }
    return election;
}

}  // namespace kcore::raft
