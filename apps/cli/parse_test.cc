#include "cli/parse.h"

#include <gtest/gtest.h>

#include "cli/common.h"
#include "cli/completion.h"
#include "cli/help.h"
#include "cli/man.h"

namespace kcore::cli {
namespace {

class ParseTest : public testing::Test {
protected:
    ParseTest() {
        root_.name = "ktool";
        root_.summary = "A tool.";
        root_.options = common_options(common_, {});
        root_.not_yet = {"elect"};
        root_.commands.push_back({.name = "create",
                                  .summary = "make topics",
                                  .positionals = {{.name = "TOPIC",
                                                   .help = "names",
                                                   .most = 0,
                                                   .set = to_list(topics_),
                                                   .complete = Complete::topics}},
                                  .options = {{.names = "-p,--partitions",
                                               .placeholder = "N",
                                               .help = "how many",
                                               .set = to_number(partitions_, -1, 100),
                                               .aliases = "--parts"},
                                              {.names = "--if-not-exists",
                                               .placeholder = "",
                                               .help = "fine if there",
                                               .set = to_switch(if_not_exists_)}},
                                  .examples = {{"ktool create orders", ""}}});
        root_.commands.push_back({.name = "list", .summary = "show topics"});
        root_.commands.push_back({.name = "start", .summary = "run", .rest = to_list(rest_)});
    }
    ParseResult run(const std::vector<std::string>& arguments) { return parse(root_, arguments); }
    std::string path(const std::vector<std::string>& arguments) {
        auto result = run(arguments);
        if (const auto* wrong = std::get_if<UsageError>(&result)) return "!" + wrong->sentence;
        return std::get<Chosen>(result).path;
    }
    std::string hint(const std::vector<std::string>& arguments) {
        return std::get<UsageError>(run(arguments)).hint;
    }

    Common common_;
    std::vector<std::string> topics_;
    std::vector<std::string> rest_;
    std::int64_t partitions_ = 0;
    bool if_not_exists_ = false;
    Command root_;
};

TEST_F(ParseTest, OptionsStandBeforeAndAfterTheCommand) {
    EXPECT_EQ(path({"-b", "h:1", "create", "a", "b", "--partitions", "3", "-o", "json"}),
              "ktool create");
    EXPECT_EQ(common_.bootstrap, "h:1");
    EXPECT_EQ(common_.output, "json");
    EXPECT_EQ(topics_, (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(partitions_, 3);
}

TEST_F(ParseTest, AliasesAndEqualSignsWork) {
    EXPECT_EQ(path({"create", "--parts=-1", "--broker-list=h:2", "a"}), "ktool create");
    EXPECT_EQ(partitions_, -1);
    EXPECT_EQ(common_.bootstrap, "h:2");
}

TEST_F(ParseTest, ATopicMayBeCalledLikeACommand) {
    EXPECT_EQ(path({"create", "list", "-p", "1"}), "ktool create");
    EXPECT_EQ(topics_, (std::vector<std::string>{"list"}));
}

TEST_F(ParseTest, UnknownFlagsNameTheNearest) {
    EXPECT_EQ(path({"create", "a", "--partitons", "3"}), "!unknown option --partitons");
    EXPECT_EQ(hint({"create", "a", "--partitons=3"}), "did you mean --partitions?");
    EXPECT_EQ(hint({"craete", "a"}), "did you mean create?");
    EXPECT_EQ(hint({"create", "a", "--zzz"}), "");
}

TEST_F(ParseTest, WrongValuesSayWhatIsAllowed) {
    EXPECT_EQ(path({"create", "a", "-p", "x"}),
              "!--partitions: 'x' is not a whole number from -1 to 100");
    EXPECT_EQ(path({"list", "-o", "xml"}).substr(0, 26), "!--output: 'xml' is none o");
    EXPECT_EQ(path({"list", "--timeout", "5"}).substr(0, 15), "!--timeout: '5'");
    EXPECT_EQ(path({"create", "a", "-p"}), "!--partitions needs a value");
}

TEST_F(ParseTest, WhatIsMissingIsNamed) {
    EXPECT_EQ(path({}), "!a command is missing");
    EXPECT_EQ(path({"create"}), "!TOPIC is missing");
    EXPECT_EQ(path({"list", "extra"}), "!unknown argument extra");
}

TEST_F(ParseTest, CommandsOfLaterVersionsSaySo) {
    EXPECT_EQ(path({"elect", "a"}), "!'ktool elect' is not in this version");
}

TEST_F(ParseTest, WordsAfterTheDashesBelongToTheWrappedCommand) {
    EXPECT_EQ(path({"start", "-q", "--", "sh", "-c", "exit 3", "--help"}), "ktool start");
    EXPECT_EQ(rest_, (std::vector<std::string>{"sh", "-c", "exit 3", "--help"}));
    EXPECT_TRUE(common_.quiet);
}

TEST_F(ParseTest, HelpWinsOverWhatIsMissing) {
    const auto result = run({"create", "--help"});
    ASSERT_TRUE(std::holds_alternative<WantsHelp>(result));
    EXPECT_EQ(std::get<WantsHelp>(result).path, "ktool create");
    EXPECT_TRUE(std::holds_alternative<WantsVersion>(run({"-V"})));
    EXPECT_TRUE(std::holds_alternative<WantsHelpJson>(run({"--help-json"})));
}

TEST_F(ParseTest, EveryRenderingKnowsEveryOption) {
    const auto& create = root_.commands[0];
    const auto help = help_text(create, "ktool create", true);
    const auto json = help_json(root_, "1");
    const auto man = man_options(root_);
    const auto bash = *completion_script(root_, "bash");
    EXPECT_TRUE(help.contains("-p, --partitions N"));
    EXPECT_TRUE(help.ends_with("Examples:\n  ktool create orders\n"));
    EXPECT_TRUE(json.contains("--if-not-exists") && json.contains("--broker-list"));
    EXPECT_TRUE(man.contains("\\-\\-partitions") && man.contains("\\-\\-bootstrap\\-server"));
    for (const auto* shell : {"bash", "zsh", "fish"}) {
        EXPECT_TRUE(completion_script(root_, shell)->contains("partitions")) << shell;
    }
    EXPECT_TRUE(bash.contains("ktopics list -o name"));
    EXPECT_FALSE(completion_script(root_, "tcsh"));
}

}  // namespace
}  // namespace kcore::cli
