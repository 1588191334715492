#include "cli/sheet.h"

#include <gtest/gtest.h>

namespace kcore::cli {
namespace {

struct Part {
    std::int64_t number = 0;
};
struct Topic {
    std::string name;
    std::int64_t size_bytes = 0;
    std::optional<Error> error;
    std::vector<Part> parts;
};

const std::vector<Field<Part>> kParts{
    {{"partition", "PARTITION", Kind::number}, [](const Part& p) { return Json(p.number); }}};
const std::vector<Field<Topic>> kTopics{
    {{"topic", "TOPIC"}, [](const Topic& t) { return Json(t.name); }},
    {{"size_bytes", "SIZE", Kind::bytes}, [](const Topic& t) { return Json(t.size_bytes); }},
    {{"error", "ERROR", Kind::text, Show::wide},
     [](const Topic& t) { return error_json(t.error); }},
    {{"partitions", "", Kind::rows, Show::always, columns_of(kParts)},
     [](const Topic& t) { return nested_rows(kParts, t.parts); }}};

Sheet sheet() {
    const std::vector<Topic> topics{
        {"orders", 2048, {}, {{0}, {1}}},
        {"a,b", 1, Error(Errc::unknown_topic_or_partition, "gone"), {}}};
    return make_sheet("topics", kTopics, topics);
}

TEST(SheetTest, TablesAlignAndShowHumanForms) {
    EXPECT_EQ(render(sheet(), {Form::table, true}),
              "TOPIC   SIZE\norders  2.0 KiB\na,b     1 B\n\nPARTITION\n0\n1\n");
    EXPECT_EQ(render(sheet(), {Form::table, false}), "orders  2.0 KiB\na,b     1 B\n\n0\n1\n");
    EXPECT_TRUE(render(sheet(), {Form::wide, true}).contains("UNKNOWN_TOPIC_OR_PARTITION"));
}

TEST(SheetTest, ColourMarksHeadersAndErrorsOfTablesOnly) {
    const std::string bold = "\x1b[1m";
    const std::string red = "\x1b[31m";
    const std::string plain = "\x1b[0m";
    EXPECT_TRUE(render(sheet(), {Form::table, true, true})
                    .starts_with(bold + "TOPIC" + plain + "   " + bold + "SIZE" + plain +
                                 "\norders  2.0 KiB\n"));
    EXPECT_TRUE(render(sheet(), {Form::wide, true, true})
                    .contains(red + "UNKNOWN_TOPIC_OR_PARTITION" + plain));
    EXPECT_EQ(render(sheet(), {Form::csv, true, true}), render(sheet(), {Form::csv, true, false}));
}

TEST(SheetTest, JsonIsOneDocumentWithRawNumbers) {
    EXPECT_EQ(render(sheet(), {Form::json, true}),
              R"({"_v":1,"topics":[{"topic":"orders","size_bytes":2048,"error":null,)"
              R"("partitions":[{"partition":0},{"partition":1}]},{"topic":"a,b","size_bytes":1,)"
              R"("error":{"code":3,"name":"UNKNOWN_TOPIC_OR_PARTITION","message":"gone"},)"
              R"("partitions":[]}],"errors":[]})"
              "\n");
}

TEST(SheetTest, OtherFormsHoldTheSameRows) {
    EXPECT_EQ(render(sheet(), {Form::name, true}), "orders\na,b\n");
    EXPECT_TRUE(render(sheet(), {Form::csv, true})
                    .starts_with("topic,size_bytes,error,partitions\norders,2048,,"));
    EXPECT_TRUE(render(sheet(), {Form::csv, true}).contains("\"a,b\",1,"));
    EXPECT_TRUE(render(sheet(), {Form::jsonl, true}).starts_with(R"({"topic":"orders")"));
    EXPECT_TRUE(render(sheet(), {Form::yaml, true})
                    .starts_with("\"_v\": 1\n\"topics\":\n  - \"topic\": \"orders\"\n"));
    EXPECT_TRUE(render(sheet(), {Form::help, true}).contains("partitions[].partition  number\n"));
}

TEST(SheetTest, ControlCharactersDoNotReachTheTerminal) {
    const std::vector<Topic> topics{{"a\x1b[2J", 0, {}, {}}};
    EXPECT_TRUE(render(make_sheet("topics", kTopics, topics), {Form::table, false})
                    .starts_with("a\\x1b[2J"));
}

}  // namespace
}  // namespace kcore::cli
