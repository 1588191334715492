#include "protocol/api_table.h"

#include <gtest/gtest.h>

#include "protocol/api/api_versions.h"
#include "protocol/api/fetch.h"
#include "protocol/api/produce.h"

namespace kcore::protocol {
namespace {

TEST(ApiTableTest, HoldsAllNinetyOneApisByAscendingKey) {
    const auto apis = all_apis();
    ASSERT_EQ(apis.size(), 91U);
    for (std::size_t i = 1; i < apis.size(); ++i) EXPECT_LT(apis[i - 1].key, apis[i].key);
    for (const auto& api : apis) {
        EXPECT_EQ(api.request->versions, api.response->versions) << api.name;
        EXPECT_TRUE(api.on_broker || api.on_controller) << api.name;
        EXPECT_EQ(&api_info(api.key), &api);
    }
}

TEST(ApiTableTest, FindsByKeyAndByNameInAnyLetterCase) {
    EXPECT_EQ(find_api(1)->name, "Fetch");
    EXPECT_EQ(find_api("describetopicpartitions")->key, ApiKey::describe_topic_partitions);
    for (const std::int16_t gone : {-1, 4, 5, 6, 7, 95, 32767}) EXPECT_EQ(find_api(gone), nullptr);
    EXPECT_EQ(find_api("ControlledShutdown"), nullptr);
}

TEST(ApiTableTest, OnlyInitProducerIdHasAnUnstableVersion) {
    for (const auto& api : all_apis()) {
        EXPECT_EQ(api.stable_versions != api.versions, api.key == ApiKey::init_producer_id)
            << api.name;
    }
    EXPECT_EQ(api_info(ApiKey::init_producer_id).stable_versions.high, 5);
}

TEST(ApiTableTest, ForwardedApisAreServedByControllers) {
    auto forwarded = 0;
    for (const auto& api : all_apis()) {
        if (!api.is_forwarded) continue;
        ++forwarded;
        EXPECT_TRUE(api.on_controller && api.on_broker) << api.name;
    }
    EXPECT_EQ(forwarded, 21);
}

TEST(ApiTableTest, HeadersFollowTheFlexibleVersionsAndApiVersionsDoesNot) {
    const auto& fetch = api_info(ApiKey::fetch);
    EXPECT_EQ(request_header_version(fetch, 11), 1);
    EXPECT_EQ(request_header_version(fetch, 12), 2);
    EXPECT_EQ(response_header_version(fetch, 11), 0);
    EXPECT_EQ(response_header_version(fetch, 12), 1);
    const auto& versions = api_info(ApiKey::api_versions);
    EXPECT_EQ(request_header_version(versions, 3), 2);
    EXPECT_EQ(request_header_version(versions, 77), 2);
    EXPECT_EQ(request_header_version(versions, -1), 1);
    EXPECT_EQ(response_header_version(versions, 5), 0);
    EXPECT_EQ(request_header_version(api_info(ApiKey::offset_delete), 0), 1);
}

TEST(ApiTableTest, ARequestComesBackFromItsFrame) {
    FetchRequest request;
    request.max_wait_ms = 100;
    Encoded frame;
    ASSERT_TRUE(encode_request(request, 12, 42, "me", frame));
    const auto read = decode_request_header(frame.bytes);
    ASSERT_TRUE(read) << read.error().what;
    EXPECT_EQ(read->api->key, ApiKey::fetch);
    EXPECT_EQ(read->header.correlation_id, 42);
    EXPECT_EQ(read->header.client_id, "me");
    EXPECT_EQ(decode<FetchRequest>(read->body, 12), request);
}

TEST(ApiTableTest, AResponseComesBackFromItsFrame) {
    FetchResponse response;
    response.error_code = 70;
    Encoded frame;
    ASSERT_TRUE(encode_response(response, 12, 42, frame));
    const auto read = decode_response_header(api_info(ApiKey::fetch), 12, frame.bytes);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->correlation_id, 42);
    EXPECT_EQ(decode<FetchResponse>(read->body, 12), response);
}

TEST(ApiTableTest, AfterAnErrorNothingOfTheHeaderIsLeft) {
    ProduceResponse response;
    response.node_endpoints.emplace_back().host.assign(40000, 'x');
    Encoded frame;
    EXPECT_FALSE(encode_response(response, 10, 1, frame));
    EXPECT_TRUE(frame.bytes.empty());
}

struct HeaderCase {
    std::string_view about;
    Bytes frame;
    Errc expected;
};

Bytes frame_of(std::int16_t key, std::int16_t version, std::string_view rest) {
    Bytes out;
    append_be(out, key);
    append_be(out, version);
    append(out, as_bytes(rest));
    return out;
}

TEST(ApiTableTest, BadHeadersAreRefused) {
    using std::string_view_literals::operator""sv;
    const HeaderCase cases[] = {
        {"empty frame", {}, Errc::corrupt_message},
        {"half a key", to_bytes("\0"sv), Errc::corrupt_message},
        {"unknown key", frame_of(95, 0, "\0\0\0\1\0\0"sv), Errc::invalid_request},
        {"negative key", frame_of(-1, 0, "\0\0\0\1\0\0"sv), Errc::invalid_request},
        {"reserved key", frame_of(4, 0, "\0\0\0\1\0\0"sv), Errc::invalid_request},
        {"version too high", frame_of(0, 14, "\0\0\0\1\0\0\0"sv), Errc::unsupported_version},
        {"version too low", frame_of(0, 2, "\0\0\0\1\0\0"sv), Errc::unsupported_version},
        {"no client id", frame_of(0, 7, "\0\0\0\1"sv), Errc::corrupt_message},
        {"client id cut", frame_of(0, 7, "\0\0\0\1\0\5abc"sv), Errc::corrupt_message},
        {"no tag section", frame_of(0, 9, "\0\0\0\1\0\1a"sv), Errc::corrupt_message},
        {"ApiVersions of the future, no tags", frame_of(18, 6, "\0\0\0\1\0\1a"sv),
         Errc::corrupt_message},
    };
    for (const auto& one : cases) {
        const auto read = decode_request_header(one.frame);
        ASSERT_FALSE(read) << one.about;
        EXPECT_EQ(read.error().code, one.expected) << one.about << ": " << read.error().what;
    }
}

TEST(ApiTableTest, AnApiVersionsRequestOfAnyVersionHasAHeader) {
    using std::string_view_literals::operator""sv;
    const auto future = decode_request_header(frame_of(18, 99, "\0\0\0\7\xff\xff\0garbage"sv));
    ASSERT_TRUE(future) << future.error().what;
    EXPECT_FALSE(future->version_known);
    EXPECT_EQ(future->header.correlation_id, 7);
    EXPECT_EQ(future->header.client_id, std::nullopt);
    const auto negative = decode_request_header(frame_of(18, -3, "\0\0\0\7\xff\xff"sv));
    ASSERT_TRUE(negative);
    EXPECT_FALSE(negative->version_known);
}

}  // namespace
}  // namespace kcore::protocol
