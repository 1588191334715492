#pragma once
// The language of --filter: conditions on paths into a record, as
//   .value.user.id == 7 && .headers.type =~ "^order"
// Paths begin with key, value, headers, topic, partition, offset, ts; below key and value they go
// into JSON. Operators: || && ! == != < <= > >= =~ (regular expression) and parentheses; a path
// alone holds when it is there and neither false nor null. What is not there is null.

#include <memory>
#include <string_view>

#include "cli/parsed.h"
#include "client/record.h"

namespace kcore::consume {

class Expression {
public:
    struct Node;

    // Refuses with the place where it cannot be read.
    static cli::Parsed<Expression> parse(std::string_view text);

    bool matches(const client::ConsumedRecord& record) const;

private:
    explicit Expression(std::shared_ptr<const Node> root) : root_(std::move(root)) {}
    std::shared_ptr<const Node> root_;
};

}  // namespace kcore::consume
