#include "cli/profile.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <toml.hpp>

namespace kcore::cli {

namespace {

namespace fs = std::filesystem;

struct Place {
    fs::path path;
    bool is_private;  // May hold secrets, so nobody else may read it.
};

std::vector<Place> places() {
    std::vector<Place> out;
    std::error_code ignored;
    for (auto at = fs::current_path(ignored); !at.empty(); at = at.parent_path()) {
        for (const auto* name : {".kcore.toml", "kcore.toml"}) {
            if (fs::exists(at / name, ignored)) out.push_back({at / name, false});
        }
        if (fs::exists(at / ".git", ignored) || at == at.root_path()) break;
    }
    const char* home = std::getenv("HOME");
    const char* config = std::getenv("XDG_CONFIG_HOME");
    if (config != nullptr && *config != 0) {
        out.push_back({fs::path(config) / "kcore/config.toml", true});
    } else if (home != nullptr) {
        out.push_back({fs::path(home) / ".config/kcore/config.toml", true});
    }
    out.push_back({"/etc/kcore/config.toml", false});
    return out;
}

bool is_secret(const std::string& name) {
    return name.contains("password") || name.contains("secret") || name.contains("jaas");
}

std::string text_of(const toml::value& value) {
    if (value.is_string()) return value.as_string().str;
    if (value.is_boolean()) return value.as_boolean() ? "true" : "false";
    return fmt::format("{}", toml::format(value));
}

Parsed<Profile> to_profile(const std::string& name, const toml::value& table, const Place& place) {
    Profile profile;
    profile.name = name;
    for (const auto& [key, value] : table.as_table()) {
        if (key == "bootstrap") {
            profile.bootstrap = text_of(value);
        } else if (key == "read_only") {
            profile.read_only = value.as_boolean();
        } else if (key == "properties") {
            for (const auto& [property, text] : value.as_table()) {
                if (!place.is_private && is_secret(property)) {
                    return refuse(
                        fmt::format("{}: {} is a secret: move it to "
                                    "~/.config/kcore/config.toml",
                                    place.path.string(), property));
                }
                profile.properties.emplace_back(property, text_of(text));
            }
        } else {
            return refuse(fmt::format("{}: {} of profile {} is not in this version",
                                      place.path.string(), key, name));
        }
    }
    return profile;
}

// Nothing when this file has neither the profile nor a current one.
Parsed<std::optional<Profile>> find_in(const Place& place, std::string name) {
    struct stat info{};
    if (place.is_private && ::stat(place.path.c_str(), &info) == 0 && (info.st_mode & 077) != 0) {
        return refuse(fmt::format("{} can be read by others: chmod 600 it", place.path.string()));
    }
    const auto file = toml::parse(place.path.string());
    if (name.empty() && file.contains("current")) name = toml::find<std::string>(file, "current");
    if (name.empty() || !file.contains("profiles")) return std::nullopt;
    const auto& profiles = toml::find(file, "profiles");
    if (!profiles.contains(name)) return std::nullopt;
    auto profile = to_profile(name, toml::find(profiles, name), place);
    if (!profile) return refuse(std::move(profile).error());
    return std::move(*profile);
}

}  // namespace

Parsed<std::optional<Profile>> find_profile(const std::string& name, const std::string& path) {
    auto list = path.empty() ? places() : std::vector<Place>{{path, false}};
    for (const auto& place : list) {
        std::error_code ignored;
        if (path.empty() && !fs::exists(place.path, ignored)) continue;
        try {
            auto found = find_in(place, name);
            if (!found || *found) return found;
        } catch (const std::exception& error) {  // toml11 reports by exceptions.
            return refuse(fmt::format("{}: {}", place.path.string(), error.what()));
        }
    }
    if (!name.empty()) return refuse(fmt::format("there is no profile '{}'", name));
    return std::nullopt;
}

}  // namespace kcore::cli
