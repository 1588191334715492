#include "cli/parse.h"

#include <fmt/format.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <optional>

#include "cli/near.h"

namespace kcore::cli {

namespace {

// What the setters met, since CLI11 reports by exceptions of its own.
struct Refused {
    std::string option;
    std::string why;
};

// One command as a CLI11 App; the App only splits the line into options and words.
class Parser {
public:
    explicit Parser(const Command& root) : root_(root) {}

    ParseResult run(std::vector<std::string> arguments) {
        app_.name(root_.name);
        path_ = root_.name;
        build(app_, root_);
        split_rest(arguments);
        std::ranges::reverse(arguments);
        try {
            app_.parse(arguments);
        } catch (const CLI::ParseError& error) {
            locate();
            if (auto asked = asked_for()) return std::move(*asked);
            if (refused_) return usage(fmt::format("{}: {}", refused_->option, refused_->why));
            return usage(plain(error.what()));
        }
        locate();
        return finish();
    }

private:
    void build(CLI::App& app, const Command& command) {
        app.set_help_flag();
        app.fallthrough();
        app.allow_extras();
        app.require_subcommand(0, 1);  // A topic may be called "list".
        app.add_flag("-h,--help", help_);
        app.add_flag("--help-all", help_all_);
        if (&command == &root_) {
            app.add_flag("--help-json", help_json_);
            app.add_flag("-V,--version", version_);
        }
        for (const auto& option : command.options) add(app, option);
        for (const auto& positional : command.positionals) add(app, positional);
        for (const auto& sub : command.commands) build(*app.add_subcommand(sub.name), sub);
    }

    void call(const std::string& name, const Setter& set, const std::string& text) {
        if (refused_) return;
        auto done = set(text);
        if (!done) refused_ = Refused{name, std::move(done).error()};
    }

    void add(CLI::App& app, const Option& option) {
        auto names = option.names;
        if (!option.aliases.empty()) names += "," + option.aliases;
        const auto name = display_name(option);
        const auto set = option.set;
        if (option.placeholder.empty()) {
            auto* added = app.add_flag_function(names, [this, name, set](std::int64_t times) {
                for (std::int64_t i = 0; i < times; ++i) call(name, set, "");
            });
            added_.emplace_back(&option, added);
            return;
        }
        if (option.is_optional_value) {  // By "=" only: the next word is not its value.
            auto* added = app.add_flag(names)->each([this, name, set](const std::string& value) {
                call(name, set, value == "true" ? "" : value);
            });
            added_.emplace_back(&option, added);
            return;
        }
        const auto choices = option.choices;
        CLI::callback_t each = [this, name, set, choices](const std::vector<std::string>& values) {
            for (const auto& value : values) {
                if (!choices.empty() && std::ranges::find(choices, value) == choices.end()) {
                    refuse_choice(name, value, choices);
                }
                call(name, set, value);
            }
            return true;
        };
        auto* added = app.add_option(names, each);
        added->expected(1);
        added->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
        added->allow_extra_args(false);
        added->trigger_on_parse(false);
        added_.emplace_back(&option, added);
    }

    void add(CLI::App& app, const Positional& positional) {
        const auto set = positional.set;
        const auto name = positional.name;
        CLI::callback_t each = [this, name, set](const std::vector<std::string>& values) {
            for (const auto& value : values) call(name, set, value);
            return true;
        };
        // Names for people may hold what the library's names must not.
        auto* added = app.add_option(fmt::format("P{}", app.get_options().size()), each);
        if (positional.most == 0) {
            added->expected(CLI::detail::expected_max_vector_size);
        } else {
            added->expected(1, static_cast<int>(positional.most));
        }
        if (positional.least > 0) needed_.emplace_back(&app, added, positional.name);
    }

    void refuse_choice(const std::string& name, const std::string& value,
                       const std::vector<std::string>& choices) {
        if (refused_) return;
        refused_ =
            Refused{name, fmt::format("'{}' is none of {}", value, fmt::join(choices, ", "))};
    }

    // What follows "--" belongs to a command that wraps another one.
    void split_rest(std::vector<std::string>& arguments) {
        const auto dashes = std::ranges::find(arguments, "--");
        if (dashes == arguments.end()) return;
        const auto wraps = [&](const Command& command) {
            return command.rest && std::find(arguments.begin(), dashes, command.name) != dashes;
        };
        const auto found = std::ranges::find_if(root_.commands, wraps);
        if (found == root_.commands.end()) return;
        for (auto word = dashes + 1; word != arguments.end(); ++word) (void)found->rest(*word);
        arguments.erase(dashes, arguments.end());
    }

    // Follows the subcommands that were given.
    void locate() {
        command_ = &root_;
        chosen_app_ = &app_;
        path_ = root_.name;
        for (;;) {
            const auto subs = chosen_app_->get_subcommands();
            if (subs.empty()) return;
            chosen_app_ = subs.front();
            const auto is_it = [&](const Command& c) { return c.name == chosen_app_->get_name(); };
            command_ = &*std::ranges::find_if(command_->commands, is_it);
            path_ += " " + command_->name;
        }
    }

    std::optional<ParseResult> asked_for() const {
        if (help_json_) return WantsHelpJson{};
        if (version_) return WantsVersion{};
        if (help_ || help_all_) return WantsHelp{command_, path_, help_all_};
        return std::nullopt;
    }

    ParseResult finish() {
        if (auto asked = asked_for()) return std::move(*asked);
        const auto extras = app_.remaining(true);
        if (!extras.empty()) return unknown(extras.front());
        if (refused_) return usage(fmt::format("{}: {}", refused_->option, refused_->why));
        if (!command_->commands.empty()) return unfinished("a command is missing");
        for (const auto& [option, added] : added_) {
            if (added->count() > 0 && !is_for(*option, *command_)) {
                return usage(fmt::format("{} does not take {}", path_, display_name(*option)));
            }
        }
        for (const auto& [app, option, name] : needed_) {
            if (app == chosen_app_ && option->count() == 0) {
                return unfinished(fmt::format("{} is missing", name));
            }
        }
        return Chosen{command_, path_};
    }

    static bool is_for(const Option& option, const Command& command) {
        if (!command.is_local || option.concerns == Concerns::all) return true;
        return option.concerns == Concerns::rows && command.fields;
    }

    ParseResult unknown(const std::string& word) const {
        std::vector<std::string> known;
        const bool is_option = word.size() > 1 && word[0] == '-';
        const auto typed = word.substr(0, word.find('='));
        if (std::ranges::find(command_->not_yet, typed) != command_->not_yet.end()) {
            return UsageError{fmt::format("'{} {}' is not in this version", path_, typed), "",
                              path_};
        }
        if (is_option) {
            for (const auto* command : {command_, &root_}) {
                for (const auto& option : command->options) {
                    for (auto& name : split_commas(option.names + "," + option.aliases)) {
                        if (name.starts_with("--")) known.push_back(std::move(name));
                    }
                }
            }
            known.insert(known.end(), {"--help", "--help-all", "--help-json", "--version"});
        } else {
            for (const auto& sub : command_->commands) known.push_back(sub.name);
        }
        auto near = is_option ? command_with(typed) : std::nullopt;
        if (!near && (!is_option || word.starts_with("--"))) near = nearest(typed, known);
        const auto* what = is_option                    ? "option"
                           : command_->commands.empty() ? "argument"
                                                        : "command";
        return UsageError{fmt::format("unknown {} {}", what, typed),
                          near ? fmt::format("did you mean {}?", *near) : "", path_};
    }

    // The command below that an option stands for, as --describe does in Kafka's scripts, or that
    // has it.
    std::optional<std::string> command_with(const std::string& typed) const {
        for (const auto& sub : command_->commands) {
            if (typed.starts_with("--" + sub.name)) return path_ + " " + sub.name;
        }
        for (const auto& sub : command_->commands) {
            for (const auto& option : sub.options) {
                const auto names = split_commas(option.names + "," + option.aliases);
                if (std::ranges::find(names, typed) == names.end()) continue;
                return fmt::format("{} {} {}", path_, sub.name, typed);
            }
        }
        return std::nullopt;
    }

    ParseResult usage(std::string sentence) const {
        return UsageError{std::move(sentence), "", path_};
    }
    ParseResult unfinished(std::string sentence) const {
        return UsageError{std::move(sentence), "", path_, true};
    }

    // CLI11's sentences name the option first: "--timeout: 1 required TEXT missing".
    static std::string plain(std::string text) {
        if (const auto at = text.find(" required"); at != text.npos) {
            if (const auto colon = text.find(':'); colon != text.npos) {
                return text.substr(0, colon) + " needs a value";
            }
        }
        return text;
    }

    const Command& root_;
    CLI::App app_;
    const Command* command_ = nullptr;
    CLI::App* chosen_app_ = nullptr;
    std::string path_;
    std::optional<Refused> refused_;
    std::vector<std::tuple<CLI::App*, CLI::Option*, std::string>> needed_;
    std::vector<std::pair<const Option*, CLI::Option*>> added_;
    bool help_ = false;
    bool help_all_ = false;
    bool help_json_ = false;
    bool version_ = false;
};

}  // namespace

ParseResult parse(const Command& root, const std::vector<std::string>& arguments) {
    return Parser(root).run(arguments);
}

}  // namespace kcore::cli
