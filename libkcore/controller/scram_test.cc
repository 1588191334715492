#include "controller/scram.h"

#include <gtest/gtest.h>

#include "controller/one_broker_fixture.h"

namespace kcore::controller {
namespace {

using Request = protocol::AlterUserScramCredentialsRequest;

class ScramTest : public OneBrokerTest {
protected:
    static Request& remove(Request& request, const std::string& user, std::int8_t mechanism) {
        auto& deletion = request.deletions.emplace_back();
        deletion.name = user;
        deletion.mechanism = mechanism;
        return request;
    }
    static Request& upsert(Request& request, const std::string& user, std::int8_t mechanism = 1,
                           std::int32_t iterations = 4096) {
        auto& upsertion = request.upsertions.emplace_back();
        upsertion.name = user;
        upsertion.mechanism = mechanism;
        upsertion.iterations = iterations;
        upsertion.salt = to_bytes("salt");
        upsertion.salted_password = to_bytes("salted");
        return request;
    }
    void expect_refused(const Request& request, int code, const std::string& text) {
        const auto results = ask(request).results;
        ASSERT_EQ(results.size(), 1U) << text;
        EXPECT_EQ(results[0].error_code, code) << text;
        EXPECT_EQ(results[0].error_message, text);
    }
};

TEST_F(ScramTest, KeysAreStoredAndNotThePassword) {
    Request request;
    EXPECT_EQ(ask(upsert(request, "ann")).results.at(0).error_code, 0);
    const auto& stored = image().scram->at({"ann", 1});
    EXPECT_EQ(stored.iterations, 4096);
    EXPECT_EQ(as_text(stored.salt), "salt");
    EXPECT_EQ(as_text(stored.stored_key), "salted") << "what the derivation of the test gives";
    Request deletion;
    EXPECT_EQ(ask(remove(deletion, "ann", 1)).results.at(0).error_code, 0);
    EXPECT_TRUE(image().scram->empty());
}

TEST_F(ScramTest, CredentialsThatAreNoneAreRefused) {
    Request few, many, mechanism, nobody, twice, unknown, both;
    expect_refused(upsert(few, "a", 1, 4095), 93, "Too few iterations");
    expect_refused(upsert(many, "a", 1, 16385), 93, "Too many iterations");
    expect_refused(upsert(mechanism, "a", 9), 33, "Unknown SCRAM mechanism");
    expect_refused(upsert(nobody, ""), 93, "Username must not be empty");
    upsert(upsert(twice, "a"), "a");
    expect_refused(twice, 92, "A user credential cannot be altered twice in the same request");
    const std::string none = "Attempt to delete a user credential that does not exist";
    expect_refused(remove(unknown, "a", 1), 91, none);
    expect_refused(upsert(remove(both, "a", 1), "a"), 91, none);
    EXPECT_TRUE(image().scram->empty());
}

}  // namespace
}  // namespace kcore::controller
