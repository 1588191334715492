#include "cli/input_file.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>

namespace kcore::cli {
namespace {

std::vector<std::string> pieces(const std::string& input, const std::string& delimiter) {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe(ends.data()), 0);
    EXPECT_EQ(::write(ends[1], input.data(), input.size()), static_cast<ssize_t>(input.size()));
    ::close(ends[1]);
    PieceReader reader(ends[0], delimiter);
    std::vector<std::string> out;
    while (const auto piece = reader.next()) out.emplace_back(*piece);
    ::close(ends[0]);
    return out;
}

using Pieces = std::vector<std::string>;

TEST(PieceReaderTest, TheLastPieceNeedsNoDelimiter) {
    EXPECT_EQ(pieces("a\nb\nc", "\n"), (Pieces{"a", "b", "c"}));
    EXPECT_EQ(pieces("a\nb\n", "\n"), (Pieces{"a", "b"}));
    EXPECT_EQ(pieces("", "\n"), Pieces());
    EXPECT_EQ(pieces("\n\n", "\n"), (Pieces{"", ""}));
}

TEST(PieceReaderTest, DelimitersMayBeLongOrNul) {
    EXPECT_EQ(pieces("a<>b<c<>", "<>"), (Pieces{"a", "b<c"}));
    EXPECT_EQ(pieces(std::string("a\0b", 3), std::string(1, '\0')), (Pieces{"a", "b"}));
}

TEST(InputFileTest, WhatIsNotThereIsRefusedWithTheReason) {
    const auto file = InputFile::open("/nonexistent/file");
    ASSERT_FALSE(file);
    EXPECT_EQ(file.error(), "cannot read /nonexistent/file: No such file or directory");
}

}  // namespace
}  // namespace kcore::cli
