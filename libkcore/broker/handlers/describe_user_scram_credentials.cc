// DescribeUserScramCredentials: which mechanisms users have credentials for, never the keys
// (KIP-554).

#include "protocol/api/describe_user_scram_credentials.h"

#include <map>
#include <set>

#include "broker/handlers/handlers.h"
#include "broker/services.h"

namespace kcore::broker {

namespace {

using protocol::DescribeUserScramCredentialsRequest;
using protocol::DescribeUserScramCredentialsResponse;
using UserAnswer = DescribeUserScramCredentialsResponse::DescribeUserScramCredentialsResult;

// How often each user is asked for; all users when none is named.
std::map<std::string, int> wanted_of(const DescribeUserScramCredentialsRequest& body,
                                     const metadata::Image& image) {
    std::map<std::string, int> wanted;
    if (!body.users || body.users->empty()) {
        for (const auto& [key, credential] : *image.scram) wanted[key.first] = 1;
        return wanted;
    }
    for (const auto& user : *body.users) ++wanted[user.name];
    return wanted;
}

UserAnswer describe(const metadata::Image& image, const std::string& user, int times) {
    UserAnswer answer;
    answer.user = user;
    const auto refuse = [&](Errc code, const std::string& what) {
        answer.error_code = static_cast<std::int16_t>(code);
        answer.error_message = what + user;
        return answer;
    };
    if (times > 1) {
        return refuse(Errc::duplicate_resource,
                      "Cannot describe SCRAM credentials for the same user twice in a single "
                      "request: ");
    }
    const auto& all = *image.scram;
    for (auto at = all.lower_bound({user, INT8_MIN}); at != all.end() && at->first.first == user;
         ++at) {
        auto& info = answer.credential_infos.emplace_back();
        info.mechanism = at->first.second;
        info.iterations = at->second.iterations;
    }
    if (!answer.credential_infos.empty()) return answer;
    return refuse(Errc::resource_not_found,
                  "Attempt to describe a user credential that does not exist: ");
}

}  // namespace

Outcome describe_user_scram_credentials(Request& request) {
    const auto body = request.decode<DescribeUserScramCredentialsRequest>();
    if (!body) return request.malformed(body.error());
    const auto image = request.services.image();
    DescribeUserScramCredentialsResponse response;
    for (const auto& [user, times] : wanted_of(*body, *image)) {
        response.results.push_back(describe(*image, user, times));
    }
    return request.answer(response);
}

}  // namespace kcore::broker
