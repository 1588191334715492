#pragma once
// The shape of a command that speaks to a cluster: a connection, a way to speak, and the loop of
// those that wait for something.

#include <functional>

#include "cli/common.h"
#include "client/admin.h"
#include "client/client.h"

namespace kcore::cli {

class Session {
public:
    Session(const Common& common, client::Config config)
        : common_(common), console_(common), client_(std::move(config)), admin_(client_) {}

    Console& console() { return console_; }
    client::Client& client() { return client_; }
    client::Admin& admin() { return admin_; }
    bool is_dry() const { return common_.dry_run; }

    // Shows what was done, or would be: with --dry-run the exit code says that it is pending.
    int show(const Changes& changes);

    // Until `missing`, which says in words what is not there yet, says nothing; then kDone. Within
    // --timeout, or `limit_ms`.
    int wait_until(const std::function<Result<std::string>()>& missing, std::int64_t limit_ms = -1);

private:
    const Common& common_;
    Console console_;
    client::Client client_;
    client::Admin admin_;
};

// For Command::run: makes the session first. Wrong settings end with kUsage.
int run_in_session(const Common& common, const std::function<int(Session&)>& command);

template <class Options>
std::function<int()> in_session(const Options& options, int (*command)(Session&, const Options&)) {
    return [&options, command] {
        return run_in_session(options.common,
                              [&](Session& session) { return command(session, options); });
    };
}

// For Command::fields.
template <class Row>
std::function<Sheet()> fields_of(std::string noun, const std::vector<Field<Row>>& fields) {
    return [noun = std::move(noun), &fields] { return make_sheet<Row>(noun, fields, {}); };
}
std::function<Sheet()> change_fields(std::string noun);

// "k=v" -> {k, v}. Refuses what has no '='.
Parsed<std::pair<std::string, std::string>> split_pair(const std::string& text);

// The sentence for a name that is not known, and the nearest of those that are.
Failure unknown_name(const std::string& resource, std::string_view kind, const std::string& name,
                     const std::vector<std::string>& known);

}  // namespace kcore::cli
