#include <algorithm>

#include "writers.h"

namespace kcore::generator {

namespace {

std::string folder_of(const Family& family) { return family.file.substr(0, family.file.find('/')); }

std::string without_suffix(const std::string& name, const std::string& suffix) {
    return name.ends_with(suffix) ? name.substr(0, name.size() - suffix.size()) : name;
}

struct RecordEnum {
    std::string name;
    std::string about;
    std::string folder;
    std::string suffix;
};

// The coordinator topics share a folder, and their numbers repeat: told apart by name.
std::string log_of(const Message& message) {
    if (message.name.starts_with("TransactionLog")) return "transaction";
    if (message.name == "ShareSnapshotKey" || message.name == "ShareUpdateKey") return "share";
    return "group";
}

bool belongs(const Family& family, const RecordEnum& to) {
    const auto folder = folder_of(family);
    if (folder != "coordinator-key") return folder == to.folder;
    return log_of(family.messages.front()) == to.folder;
}

std::string write_enum(const std::vector<Family>& families, const RecordEnum& one) {
    std::vector<std::pair<int, std::string>> rows;
    for (const auto& family : families) {
        if (!belongs(family, one)) continue;
        const auto& message = family.messages.front();
        rows.emplace_back(message.record_type,
                          snake_case(without_suffix(message.name, one.suffix)));
    }
    std::sort(rows.begin(), rows.end());
    auto out = "// " + one.about + "\nenum class " + one.name + " : std::int16_t {\n";
    for (const auto& [number, name] : rows)
        out += "    " + name + " = " + std::to_string(number) + ",\n";
    return out + "};\n\n";
}

const std::string kStart =
    "#pragma once\n// Generated from schema/; not for editing.\n\n"
    "#include <cstdint>\n\nnamespace kcore::protocol {\n\n";
const std::string kEnd = "}  // namespace kcore::protocol\n";

std::string flag(bool set) { return set ? "true" : "false"; }

}  // namespace

std::string write_api_keys(const std::vector<Family>& families) {
    std::string out = kStart + "enum class ApiKey : std::int16_t {\n";
    for (const auto& family : families) {
        if (family.api_name.empty()) continue;
        out += "    " + snake_case(family.api_name) + " = " +
               std::to_string(family.messages.front().api_key) + ",\n";
    }
    return out + "};\n\n" + kEnd;
}

std::string write_record_types(const std::vector<Family>& families) {
    const std::vector<RecordEnum> enums{
        {"MetadataRecordType", "Records of __cluster_metadata.", "metadata", "Record"},
        {"GroupRecordType", "Keys of __consumer_offsets.", "group", "Key"},
        {"TransactionRecordType", "Keys of __transaction_state.", "transaction", "Key"},
        {"ShareRecordType", "Keys of __share_group_state.", "share", "Key"},
        {"RemoteLogRecordType", "Records of __remote_log_metadata.", "remote-log", "Record"}};
    auto out = kStart;
    for (const auto& one : enums) out += write_enum(families, one);
    return out + kEnd;
}

std::string write_registry(const std::vector<Family>& families) {
    std::string out =
        "// Generated from schema/; not for editing.\n\n#include \"protocol/registry.h\"\n\n";
    for (const auto& family : families) out += "#include \"protocol/" + family.header + "\"\n";
    out += "\nnamespace kcore::protocol {\n\nstd::span<const ApiEntry> generated_apis() {\n";
    out += "    static const ApiEntry kApis[] = {\n";
    for (const auto& family : families) {
        if (family.api_name.empty()) continue;
        out += "        {\"" + family.api_name + "\", " + flag(family.on_broker) + ", " +
               flag(family.on_controller) + ", &" + family.api_name + "Request::info(), &" +
               family.api_name + "Response::info()},\n";
    }
    out += "    };\n    return kApis;\n}\n\nstd::span<const RecordEntry> generated_records() {\n";
    out += "    static const RecordEntry kRecords[] = {\n";
    for (const auto& family : families) {
        if (!family.api_name.empty()) continue;
        out += "        {\"" + folder_of(family) + "\", &" + family.messages.front().name +
               "::info()},\n";
    }
    return out + "    };\n    return kRecords;\n}\n\n" + kEnd;
}

}  // namespace kcore::generator
