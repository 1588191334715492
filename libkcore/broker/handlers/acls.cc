// DescribeAcls, CreateAcls and DeleteAcls of a node without an authorizer: nothing is checked here,
// so there is nothing to describe or to change.

#include "broker/handlers/handlers.h"
#include "protocol/api/create_acls.h"
#include "protocol/api/delete_acls.h"
#include "protocol/api/describe_acls.h"

namespace kcore::broker {

namespace {

constexpr auto kDisabled = static_cast<std::int16_t>(Errc::security_disabled);

// A filter with a code that means nothing is no request: the connection closes, as with Kafka.
template <class AclFilter>
bool is_known(const AclFilter& filter) {
    const auto within = [](std::int8_t code, std::int8_t last) {
        return code >= 1 && code <= last;
    };
    return within(filter.resource_type_filter, 7) && within(filter.pattern_type_filter, 4) &&
           within(filter.operation, 15) && within(filter.permission_type, 3);
}

Error unknown_elements() {
    return {Errc::invalid_request, "an ACL filter with an unknown type, pattern or operation"};
}

}  // namespace

Outcome describe_acls(Request& request) {
    const auto body = request.decode<protocol::DescribeAclsRequest>();
    if (!body) return request.malformed(body.error());
    if (!is_known(*body)) return request.malformed(unknown_elements());
    protocol::DescribeAclsResponse response;
    response.error_code = kDisabled;
    response.error_message = "No Authorizer is configured on the broker";
    return request.answer(response);
}

Outcome create_acls(Request& request) {
    const auto body = request.decode<protocol::CreateAclsRequest>();
    if (!body) return request.malformed(body.error());
    protocol::CreateAclsResponse response;
    for (std::size_t i = 0; i < body->creations.size(); ++i) {
        auto& result = response.results.emplace_back();
        result.error_code = kDisabled;
        result.error_message = "No Authorizer is configured.";
    }
    return request.answer(response);
}

Outcome delete_acls(Request& request) {
    const auto body = request.decode<protocol::DeleteAclsRequest>();
    if (!body) return request.malformed(body.error());
    protocol::DeleteAclsResponse response;
    for (const auto& filter : body->filters) {
        if (!is_known(filter)) return request.malformed(unknown_elements());
        auto& result = response.filter_results.emplace_back();
        result.error_code = kDisabled;
        result.error_message = "No Authorizer is configured.";
    }
    return request.answer(response);
}

}  // namespace kcore::broker
