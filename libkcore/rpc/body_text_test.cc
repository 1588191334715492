#include "rpc/body_text.h"

#include <gtest/gtest.h>

#include "protocol/api/metadata.h"
#include "protocol/api/sasl_authenticate.h"
#include "protocol/codec.h"

namespace kcore::rpc {
namespace {

TEST(BodyTextTest, ABodyIsOneLineOfJson) {
    protocol::MetadataRequest request;
    request.topics.emplace().emplace_back().name = "orders";
    Bytes body;
    ASSERT_TRUE(protocol::encode(request, 1, body));
    EXPECT_EQ(body_text(protocol::MetadataRequest::info(), 1, body),
              R"({"topics":[{"name":"orders"}]})");
}

TEST(BodyTextTest, WhatIsLongIsCut) {
    protocol::MetadataRequest request;
    request.topics.emplace().emplace_back().name = std::string(5000, 'x');
    Bytes body;
    ASSERT_TRUE(protocol::encode(request, 1, body));
    const auto text = body_text(protocol::MetadataRequest::info(), 1, body);
    EXPECT_TRUE(text.ends_with("... and 928 bytes more")) << text.substr(kBodyTextMax);
}

TEST(BodyTextTest, SecretsAreHidden) {
    EXPECT_EQ(body_text(protocol::SaslAuthenticateRequest::info(), 2, {}), "(hidden)");
}

TEST(BodyTextTest, ABrokenBodySaysSo) {
    EXPECT_TRUE(body_text(protocol::MetadataRequest::info(), 1, {}).starts_with("what cannot"));
}

}  // namespace
}  // namespace kcore::rpc
