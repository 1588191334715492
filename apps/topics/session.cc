#include <fmt/format.h>

#include <algorithm>
#include <regex>

#include "topics/topics.h"

namespace kcore::topics {

Session::Session(const Options& options) : options_(options), console_(options.common) {}

bool Session::open() {
    auto config = cli::client_config(options_.common);
    if (!config) {
        console_.usage(config.error());
        return false;
    }
    client_ = std::make_unique<client::Client>(std::move(*config));
    admin_ = std::make_unique<client::Admin>(*client_);
    return true;
}

Result<std::vector<std::string>> Session::wanted() {
    if (!options_.is_regex) return options_.names;
    auto view = admin_->metadata(std::nullopt);
    if (!view) return std::unexpected(std::move(view).error());
    std::vector<std::string> out;
    for (const auto& pattern : options_.names) {
        try {
            const std::regex regex(pattern);
            for (const auto& [name, topic] : (*view)->topics) {
                if (!topic.is_internal && std::regex_match(name, regex)) out.push_back(name);
            }
        } catch (const std::regex_error& error) {
            return fail(Errc::invalid_regular_expression,
                        fmt::format("'{}': {}", pattern, error.what()));
        }
    }
    std::ranges::sort(out);
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
}

cli::Parsed<std::pair<std::string, std::string>> split_pair(const std::string& text) {
    const auto split = text.find('=');
    if (split == text.npos || split == 0) {
        return cli::refuse(fmt::format("'{}' is not key=value", text));
    }
    return std::pair{text.substr(0, split), text.substr(split + 1)};
}

}  // namespace kcore::topics
