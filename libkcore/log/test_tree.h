#pragma once
// For tests: the content of a whole directory.

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "io/disk.h"
#include "log/checkpoint.h"

namespace kcore::log::testing {

// All files below a directory, with their content.
inline std::map<std::string, std::string> tree(io::Disk& disk, const std::string& directory) {
    std::map<std::string, std::string> files;
    const auto entries = disk.list(directory);
    EXPECT_TRUE(entries);
    for (const auto& entry : *entries) {
        const auto path = directory + "/" + entry.name;
        if (entry.is_directory) {
            files.merge(tree(disk, path));
        } else {
            const auto bytes = read_file(disk, path);
            EXPECT_TRUE(bytes && *bytes);
            files[path] = std::string(as_text(**bytes));
        }
    }
    return files;
}

}  // namespace kcore::log::testing
