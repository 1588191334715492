#pragma once
// What a command changes, or would: one row a thing, for people one line each.

#include <optional>
#include <string>
#include <vector>

#include "cli/sheet.h"

namespace kcore::cli {

struct Change {
    std::string name;               // "orders"
    std::string action;             // "would delete", "deleted"; shown as "failed" with an error
    Json details = Json::object();  // {"partition_count":3}
    std::optional<Error> error = {};
    std::string hint = {};  // Of the error.

    std::string line() const;  // "deleted orders  partition-count=3"
};

struct Changes {
    std::string noun;  // "topics"
    std::vector<Change> rows = {};

    // Rows that failed are its errors.
    Sheet sheet() const;
};

}  // namespace kcore::cli
