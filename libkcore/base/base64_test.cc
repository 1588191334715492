#include "base/base64.h"

#include <gtest/gtest.h>

namespace kcore {
namespace {

TEST(Base64Test, TheExamplesOfTheRfcGoBothWays) {
    const std::pair<std::string_view, std::string_view> cases[] = {{"", ""},
                                                                   {"f", "Zg=="},
                                                                   {"fo", "Zm8="},
                                                                   {"foo", "Zm9v"},
                                                                   {"foob", "Zm9vYg=="},
                                                                   {"fooba", "Zm9vYmE="},
                                                                   {"foobar", "Zm9vYmFy"}};
    for (const auto& [plain, coded] : cases) {
        EXPECT_EQ(to_base64(as_bytes(plain)), coded);
        EXPECT_EQ(from_base64(coded), to_bytes(plain)) << coded;
    }
}

TEST(Base64Test, PaddingMayBeMissing) { EXPECT_EQ(from_base64("Zg"), to_bytes("f")); }

TEST(Base64Test, AllByteValuesComeBack) {
    Bytes all;
    for (int i = 0; i < 256; ++i) all.push_back(static_cast<std::byte>(i));
    EXPECT_EQ(from_base64(to_base64(all)), all);
}

TEST(Base64Test, WhatIsNotBase64IsRefused) {
    for (const auto* text :
         {"Z", "Zg=", "Z===", "====", "Zm9v!", "Zm9 v", "Zh==", "Zm9=", "-_-_", "Zg==Zg=="}) {
        EXPECT_EQ(from_base64(text), std::nullopt) << text;
    }
}

}  // namespace
}  // namespace kcore
