// kafka-configs: quotas of users, clients and addresses, and SCRAM credentials of users.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "admin/scripts/configs.h"
#include "cli/text.h"
#include "io/posix.h"
#include "security/crypto.h"
#include "security/scram_keys.h"

namespace kcore::admin {

namespace {

using cli::Json;

constexpr std::int64_t kIterations = 4'096;
constexpr std::int64_t kIterationsMax = 16'384;

struct Mechanism {
    std::string_view name;
    security::ScramMechanism number;
    security::Hash hash;
};
constexpr std::array<Mechanism, 2> kMechanisms{
    {{"SCRAM-SHA-256", security::ScramMechanism::sha256, security::Hash::sha256},
     {"SCRAM-SHA-512", security::ScramMechanism::sha512, security::Hash::sha512}}};

const Mechanism* mechanism_by(std::string_view name) {
    const auto* found = std::ranges::find(kMechanisms, name, &Mechanism::name);
    return found == kMechanisms.end() ? nullptr : found;
}

// "users" as the protocol of quotas calls it.
std::string quota_type(const std::string& type) {
    return type == "clients" ? "client-id" : singular(type);
}

std::string shown(const Json& entity) {
    std::vector<std::string> parts;
    for (const auto* type : {"user", "client-id", "ip"}) {
        for (const auto& part : entity) {
            if (part["entityType"] != type) continue;
            const auto what = part["entityType"] == "user" ? "user-principal" : std::string(type);
            parts.push_back(
                part["entityName"].is_null()
                    ? "the default " + what
                    : fmt::format("{} '{}'", what, part["entityName"].get<std::string>()));
        }
    }
    return fmt::format("{}", fmt::join(parts, ", "));
}

// A double as Java prints it: at least one digit behind the point.
std::string java_double(double value) {
    auto text = fmt::format("{}", value);
    return text.find_first_of(".e") == text.npos ? text + ".0" : text;
}

// The password after its iterations (RFC 5802, Hi).
Bytes salted(const security::Crypto& crypto, security::Hash hash, BytesView password, Bytes salt,
             std::int64_t iterations) {
    append(salt, as_bytes(std::string_view("\0\0\0\1", 4)));
    auto round = crypto.hmac(hash, password, salt);
    auto out = round;
    for (std::int64_t i = 1; i < iterations; ++i) {
        round = crypto.hmac(hash, password, round);
        for (std::size_t at = 0; at < out.size(); ++at) out[at] ^= round[at];
    }
    return out;
}

std::string base64(BytesView bytes) {
    std::string out;
    cli::append_base64(out, bytes);
    return out;
}

// "iterations=8192,password=x"
Result<Json> credential(const std::string& user, const Mechanism& mechanism,
                        const std::string& value) {
    const auto bad = [](std::string why) { return fail(Errc::invalid_request, std::move(why)); };
    auto pairs = parse_configs(value);
    if (!pairs) return bad(std::move(pairs).error());
    std::int64_t iterations = kIterations;
    std::string password;
    for (const auto& [key, text] : *pairs) {
        if (key == "password") {
            password = text;
        } else if (key != "iterations") {
            return bad(fmt::format("'{}' is neither iterations nor password", key));
        } else if (!cli::parse_integer(text, iterations) || iterations < kIterations ||
                   iterations > kIterationsMax) {
            return bad(fmt::format("Iterations value must be between {} and {}, not {}",
                                   kIterations, kIterationsMax, text));
        }
    }
    if (password.empty()) return bad("the password is missing");
    const auto* crypto = security::Crypto::load();
    if (crypto == nullptr) {
        return fail(Errc::unsupported_sasl_mechanism, "the library of OpenSSL is not installed");
    }
    io::PosixRandom random;
    Bytes salt;
    for (int i = 0; i < 3; ++i) {
        std::array<std::byte, 8> word{};
        store_be(word.data(), random.next());
        append(salt, BytesView(word));
    }
    const auto key = salted(*crypto, mechanism.hash, as_bytes(password), salt, iterations);
    return Json{{"name", user},
                {"mechanism", static_cast<int>(mechanism.number)},
                {"iterations", iterations},
                {"salt", base64(salt)},
                {"saltedPassword", base64(key)}};
}

}  // namespace

bool is_credential(const std::string& key) { return mechanism_by(key) != nullptr; }

Result<void> describe_quotas(Session& session, const std::vector<ConfigEntity>& entities) {
    auto components = Json::array();
    for (const auto& one : entities) {
        const int match = !one.name ? 2 : *one.name == "" ? 1 : 0;
        components.push_back({{"entityType", quota_type(one.type)},
                              {"matchType", match},
                              {"match", match == 0 ? Json(*one.name) : Json()}});
    }
    auto answer =
        ask(session, "DescribeClientQuotas", {{"components", components}, {"strict", true}});
    if (!answer) return std::unexpected(std::move(answer).error());
    std::vector<std::string> lines;
    for (const auto& entry : (*answer)["entries"]) {
        std::vector<std::string> values;
        for (const auto& value : entry["values"]) {
            values.push_back(fmt::format("{}={}", value["key"].get<std::string>(),
                                         java_double(value["value"].get<double>())));
        }
        std::ranges::sort(values);
        lines.push_back(fmt::format("Quota configs for {} are {}\n", shown(entry["entity"]),
                                    fmt::join(values, ", ")));
    }
    std::ranges::sort(lines);
    for (const auto& line : lines) session.console().print(line);
    return {};
}

Result<void> alter_quotas(Session& session, const std::vector<ConfigEntity>& entities,
                          const ConfigChanges& changes) {
    auto entity = Json::array();
    for (const auto& one : entities) {
        entity.push_back({{"entityType", quota_type(one.type)},
                          {"entityName", *one.name == "" ? Json() : Json(*one.name)}});
    }
    auto operations = Json::array();
    for (const auto& [key, text] : changes.added) {
        double value = 0;
        const auto* end = text.data() + text.size();
        const auto [stop, error] = std::from_chars(text.data(), end, value);
        if (error != std::errc() || stop != end) {
            return fail(
                Errc::invalid_request,
                fmt::format("Cannot parse quota configuration value for {}: {}", key, text));
        }
        operations.push_back({{"key", key}, {"value", value}, {"remove", false}});
    }
    for (const auto& key : changes.deleted) {
        operations.push_back({{"key", key}, {"value", 0.0}, {"remove", true}});
    }
    const Json entry{{"entity", entity}, {"ops", operations}};
    auto answer = ask(session, "AlterClientQuotas",
                      {{"entries", Json::array({entry})}, {"validateOnly", false}});
    if (!answer) return std::unexpected(std::move(answer).error());
    for (const auto& one : (*answer)["entries"]) {
        if (auto error = error_of(one)) return std::unexpected(std::move(*error));
    }
    return {};
}

Result<void> describe_credentials(Session& session, const ConfigEntity& user) {
    auto users = Json();
    if (user.name) users = Json::array({{{"name", *user.name}}});
    auto answer = ask(session, "DescribeUserScramCredentials", {{"users", users}});
    if (!answer) return std::unexpected(std::move(answer).error());
    std::vector<std::string> lines;
    for (const auto& result : (*answer)["results"]) {
        if (auto error = error_of(result)) {
            if (error->code == Errc::resource_not_found) continue;  // It has none.
            return std::unexpected(std::move(*error));
        }
        std::vector<std::string> values;
        for (const auto& one : result["credentialInfos"]) {
            const auto number = one["mechanism"].get<int>();
            for (const auto& mechanism : kMechanisms) {
                if (static_cast<int>(mechanism.number) != number) continue;
                values.push_back(fmt::format("{}=iterations={}", mechanism.name,
                                             one["iterations"].get<std::int64_t>()));
            }
        }
        lines.push_back(fmt::format("SCRAM credential configs for user-principal '{}' are {}\n",
                                    result["user"].get<std::string>(), fmt::join(values, ", ")));
    }
    std::ranges::sort(lines);
    for (const auto& line : lines) session.console().print(line);
    return {};
}

Result<void> alter_credentials(Session& session, const ConfigEntity& user,
                               const ConfigChanges& changes) {
    auto upsertions = Json::array();
    for (const auto& [key, value] : changes.added) {
        auto one = credential(*user.name, *mechanism_by(key), value);
        if (!one) return std::unexpected(std::move(one).error());
        upsertions.push_back(std::move(*one));
    }
    auto deletions = Json::array();
    for (const auto& key : changes.deleted) {
        deletions.push_back(
            {{"name", *user.name}, {"mechanism", static_cast<int>(mechanism_by(key)->number)}});
    }
    auto answer = ask(session, "AlterUserScramCredentials",
                      {{"deletions", deletions}, {"upsertions", upsertions}});
    if (!answer) return std::unexpected(std::move(answer).error());
    for (const auto& one : (*answer)["results"]) {
        if (auto error = error_of(one)) return std::unexpected(std::move(*error));
    }
    return {};
}

}  // namespace kcore::admin
