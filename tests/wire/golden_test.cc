// Frames that a real Kafka 4.4.0 read and wrote: each decodes and encodes to the same bytes again.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "protocol/api_table.h"

namespace kcore::protocol {
namespace {

Bytes from_hex(std::string_view text) {
    const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
    Bytes out;
    for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
        out.push_back(static_cast<std::byte>(digit(text[i]) * 16 + digit(text[i + 1])));
    }
    return out;
}

// Decodes `body` and encodes it behind what `out` holds already.
void add_body(const MessageInfo& info, BytesView body, std::int16_t version, Encoded& out) {
    const auto message = decode_any(info, body, version);
    ASSERT_TRUE(message) << message.error().what;
    const auto done = encode_append(info, message->data(), version, out);
    ASSERT_TRUE(done) << done.error().what;
}

void check_request(std::string_view hex, std::string_view api, std::int16_t version) {
    const auto frame = from_hex(hex);
    const auto request = decode_request_header(frame);
    ASSERT_TRUE(request) << request.error().what;
    ASSERT_EQ(request->api->name, api);
    ASSERT_EQ(request->header.request_api_version, version);
    Encoded again;
    const auto header =
        encode_with_cuts(request->header, request_header_version(*request->api, version), again);
    ASSERT_TRUE(header) << header.error().what;
    add_body(*request->api->request, request->body, version, again);
    EXPECT_EQ(to_hex(again.bytes), hex);
}

void check_response(std::string_view hex, std::string_view name, std::int16_t version) {
    const auto frame = from_hex(hex);
    const auto* api = find_api(name);
    ASSERT_NE(api, nullptr);
    const auto response = decode_response_header(*api, version, frame);
    ASSERT_TRUE(response) << response.error().what;
    Encoded again;
    ResponseHeader header;
    header.correlation_id = response->correlation_id;
    ASSERT_TRUE(encode_with_cuts(header, response_header_version(*api, version), again));
    add_body(*api->response, response->body, version, again);
    EXPECT_EQ(to_hex(again.bytes), hex);
}

struct Vector {
    std::string where;
    std::string api;
    std::int16_t version = 0;
    std::string request;  // Hex; empty: none.
    std::string response;
};

void check(const Vector& one) {
    SCOPED_TRACE(one.where + " " + one.api + " v" + std::to_string(one.version));
    if (!one.request.empty()) check_request(one.request, one.api, one.version);
    if (!one.response.empty()) check_response(one.response, one.api, one.version);
}

// Steps that were sent malformed on purpose, that got another outcome than an answer, or whose
// bytes were too long to keep are left out.
void add_steps(const nlohmann::json& line, std::vector<Vector>& out) {
    for (const auto& step : line["steps"]) {
        if (!step.contains("api") || step.contains("request_cut") ||
            step.contains("response_cut") || step.contains("outcome")) {
            continue;
        }
        Vector one;
        one.where = line["case"];
        one.api = step["api"];
        one.version = step["version"];
        one.request = step.value("request", "");
        one.response = step.value("response", "");
        out.push_back(std::move(one));
    }
}

std::filesystem::path golden_folder() {
    const auto* chosen = std::getenv("KCORE_GOLDEN");
    return chosen != nullptr ? chosen : KCORE_GOLDEN;
}

std::vector<Vector> recorded() {
    std::vector<Vector> all;
    for (const auto& entry : std::filesystem::directory_iterator(golden_folder())) {
        if (entry.path().extension() != ".jsonl") continue;
        std::ifstream in(entry.path());
        for (std::string line; std::getline(in, line);) add_steps(nlohmann::json::parse(line), all);
    }
    return all;
}

// Lines of: API version request response, in hex; "-" for none.
std::vector<Vector> chosen() {
    std::vector<Vector> all;
    std::ifstream in(KCORE_VECTORS);
    for (std::string line; std::getline(in, line);) {
        if (line.starts_with('#')) continue;
        std::istringstream words(line);
        Vector one;
        words >> one.api >> one.version >> one.request >> one.response;
        if (one.request == "-") one.request.clear();
        if (one.response == "-") one.response.clear();
        one.where = "vectors.txt";
        all.push_back(std::move(one));
    }
    return all;
}

TEST(GoldenTest, TheChosenFramesComeBackTheSame) {
    const auto all = chosen();
    std::set<std::string> apis;
    for (const auto& one : all) {
        apis.insert(one.api);
        check(one);
    }
    EXPECT_GE(apis.size(), 70U);
}

TEST(GoldenTest, AllRecordedFramesComeBackTheSame) {
    if (!std::filesystem::is_directory(golden_folder())) {
        GTEST_SKIP() << "no recorded frames in " << golden_folder() << "; see KCORE_GOLDEN";
    }
    const auto all = recorded();
    EXPECT_GE(all.size(), 4000U);
    for (const auto& one : all) check(one);
}

}  // namespace
}  // namespace kcore::protocol
