#include <algorithm>

#include "base/pattern.h"
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
    std::vector<Pattern> patterns;
    for (const auto& text : options.names) {
        auto pattern = Pattern::parse(text);
        if (!pattern) return std::unexpected(std::move(pattern).error());
        patterns.push_back(std::move(*pattern));
    }
    auto out = all_names(**view, options.internal);
    std::erase_if(out, [&](const std::string& name) {
        return std::ranges::none_of(patterns,
                                    [&](const Pattern& pattern) { return pattern.matches(name); });
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
