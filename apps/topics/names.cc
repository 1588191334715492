#include <fmt/format.h>

#include <algorithm>
#include <regex>

#include "topics/topics.h"

namespace kcore::topics {

Error no_such_topic() { return {Errc::unknown_topic_or_partition, "there is no such topic"}; }

std::vector<std::string> all_names(const client::ClusterView& view, bool with_internal) {
    std::vector<std::string> out;
    for (const auto& [name, topic] : view.topics) {
        if (!topic.is_internal || with_internal) out.push_back(name);
    }
    std::ranges::sort(out);
    return out;
}

Result<std::vector<std::string>> wanted(Session& session, const Options& options) {
    if (!options.is_regex) return options.names;
    auto view = session.admin().metadata(std::nullopt);
    if (!view) return std::unexpected(std::move(view).error());
    std::vector<std::regex> patterns;
    for (const auto& pattern : options.names) {
        try {
            patterns.emplace_back(pattern);
        } catch (const std::regex_error& error) {
            return fail(Errc::invalid_regular_expression,
                        fmt::format("'{}': {}", pattern, error.what()));
        }
    }
    auto out = all_names(**view, options.internal);
    std::erase_if(out, [&](const std::string& name) {
        return std::ranges::none_of(
            patterns, [&](const std::regex& regex) { return std::regex_match(name, regex); });
    });
    return out;
}

Result<client::TopicView> existing(const client::ClusterView& view, const std::string& name) {
    const auto* topic = view.find(name);
    if (topic != nullptr && topic->error == Errc::none) return *topic;
    const bool is_missing = topic == nullptr || topic->error == Errc::unknown_topic_or_partition;
    if (is_missing) return std::unexpected(no_such_topic());
    return fail(topic->error, std::string(error_info(topic->error).message));
}

Result<client::TopicView> existing(Session& session, const std::string& name) {
    auto view = session.admin().metadata(std::vector{name});
    if (!view) return std::unexpected(std::move(view).error());
    return existing(**view, name);
}

}  // namespace kcore::topics
