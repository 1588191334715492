#include "controller/scram.h"

#include <map>
#include <set>
#include <utility>

namespace kcore::controller {
namespace {

using ScramRequest = protocol::AlterUserScramCredentialsRequest;
using Upsertion = ScramRequest::ScramCredentialUpsertion;
using metadata::ScramKey;

constexpr std::int8_t kSha256 = 1;
constexpr std::int8_t kSha512 = 2;
constexpr std::int16_t kFirstWithScram = 11;  // metadata.version
constexpr std::int32_t kIterationsMin = 4096;
constexpr std::int32_t kIterationsMax = 16384;

Result<void> check_name(const std::string& user, std::int8_t mechanism) {
    if (user.empty()) return fail(Errc::unacceptable_credential, "Username must not be empty");
    if (mechanism != kSha256 && mechanism != kSha512) {
        return fail(Errc::unsupported_sasl_mechanism, "Unknown SCRAM mechanism");
    }
    return {};
}

Result<void> check_upsertion(const Upsertion& asked) {
    if (auto ok = check_name(asked.name, asked.mechanism); !ok) return ok;
    if (asked.iterations < kIterationsMin) {
        return fail(Errc::unacceptable_credential, "Too few iterations");
    }
    if (asked.iterations > kIterationsMax) {
        return fail(Errc::unacceptable_credential, "Too many iterations");
    }
    return {};
}

// What is asked of one user stands or falls together.
struct OfUser {
    Result<void> verdict;
    std::vector<metadata::Record> records;
};

class Alteration {
public:
    explicit Alteration(const State& state) : state_(state) {}

    void remove(const ScramRequest::ScramCredentialDeletion& asked) {
        auto ok = check_name(asked.name, asked.mechanism);
        if (ok && !state_.image->scram->contains({asked.name, asked.mechanism})) {
            ok = fail(Errc::resource_not_found,
                      "Attempt to delete a user credential that does not exist");
        }
        auto* user = judge(asked.name, asked.mechanism, std::move(ok));
        if (user == nullptr) return;
        protocol::RemoveUserScramCredentialRecord r;
        r.name = asked.name;
        r.mechanism = asked.mechanism;
        user->records.push_back({std::move(r), 0});
    }

    void upsert(const Upsertion& asked) {
        auto* user = judge(asked.name, asked.mechanism, check_upsertion(asked));
        if (user == nullptr) return;
        auto keys = state_.settings.derive_scram_keys(asked.mechanism, asked.salted_password);
        if (!keys) {
            user->verdict = std::unexpected(keys.error());
            return;
        }
        protocol::UserScramCredentialRecord r;
        r.name = asked.name;
        r.mechanism = asked.mechanism;
        r.salt = asked.salt;
        r.stored_key = std::move(keys->stored_key);
        r.server_key = std::move(keys->server_key);
        r.iterations = asked.iterations;
        user->records.push_back({std::move(r), 0});
    }

    Decision<protocol::AlterUserScramCredentialsResponse> finish() && {
        Decision<protocol::AlterUserScramCredentialsResponse> decision;
        for (auto& [name, user] : users_) {
            auto& answer = decision.response.results.emplace_back();
            answer.user = name;
            answer.error_message.reset();
            if (user.verdict) {
                for (auto& record : user.records) decision.records.push_back(std::move(record));
                continue;
            }
            answer.error_code = static_cast<std::int16_t>(user.verdict.error().code);
            answer.error_message = text_of(user.verdict.error());
        }
        return decision;
    }

private:
    // Null when the user's alteration is refused.
    OfUser* judge(const std::string& name, std::int8_t mechanism, Result<void> verdict) {
        auto& user = users_[name];
        if (!user.verdict) return nullptr;
        if (state_.image->metadata_version().level() < kFirstWithScram) {
            verdict = fail(Errc::unsupported_version,
                           "The current metadata version does not support SCRAM");
        }
        if (verdict && !seen_.insert({name, mechanism}).second) {
            verdict = fail(Errc::duplicate_resource,
                           "A user credential cannot be altered twice in the same request");
        }
        user.verdict = std::move(verdict);
        return user.verdict ? &user : nullptr;
    }

    const State& state_;
    std::map<std::string, OfUser> users_;
    std::set<ScramKey> seen_;
};

}  // namespace

Decision<protocol::AlterUserScramCredentialsResponse> alter_scram_credentials(
    const State& state, const ScramRequest& request) {
    Alteration alteration(state);
    for (const auto& asked : request.deletions) alteration.remove(asked);
    for (const auto& asked : request.upsertions) alteration.upsert(asked);
    return std::move(alteration).finish();
}

}  // namespace kcore::controller
