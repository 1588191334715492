#include "schema.h"

#include <algorithm>
#include <cctype>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <stdexcept>

namespace kcore::generator {

namespace {

using Json = nlohmann::json;

constexpr int kOpen = 32767;

const std::set<std::string> kPrimitives{"bool",  "int8",    "int16", "uint16", "int32", "uint32",
                                        "int64", "float64", "uuid",  "string", "bytes", "records"};

[[noreturn]] void refuse(const std::string& what) { throw std::runtime_error(what); }

Versions parse_versions(const std::string& text, int highest) {
    if (text == "none") return {};
    if (text.ends_with('+')) return {std::stoi(text), highest};
    const auto dash = text.find('-');
    const auto low = std::stoi(text);
    return {low, dash == std::string::npos ? low : std::stoi(text.substr(dash + 1))};
}

Versions versions_of(const Json& spec, const char* key, int highest) {
    return spec.contains(key) ? parse_versions(spec[key].get<std::string>(), highest) : Versions{};
}

// Versions of `all` without those of `tagged`.
Versions without(Versions all, Versions tagged, const std::string& name) {
    if (tagged.empty()) return all;
    if (tagged.low <= all.low && tagged.high >= all.high) return {};
    if (tagged.low > all.low && tagged.high >= all.high) return {all.low, tagged.low - 1};
    refuse(name + ": untagged versions are not one range");
}

void read_default(const Json& spec, Field& field) {
    if (!spec.contains("default")) return;
    const auto& value = spec["default"];
    const auto text = value.is_string() ? value.get<std::string>() : value.dump();
    if (text == "null") {
        field.default_null = true;
        if (field.nullable.empty()) refuse(field.name + ": null default, never nullable");
    } else if (field.type == "bool") {
        field.default_number = text == "true" ? 1 : 0;
    } else if (field.is_array || field.is_struct || !kPrimitives.contains(field.type) ||
               field.type == "string" || field.type == "bytes") {
        if (!text.empty()) refuse(field.name + ": default " + text + " is not supported");
    } else if (field.type == "float64" || field.type == "uuid" || field.type == "records") {
        refuse(field.name + ": default " + text + " is not supported");
    } else {
        field.default_number = std::stoll(text, nullptr, 0);
    }
}

class Reader {
public:
    Reader(Message& message, int highest) : message_(message), highest_(highest) {}

    void read(const Json& spec) {
        if (spec.contains("structs")) {
            for (const auto& one : spec["structs"]) shared_[one["name"]] = &one;
        }
        message_.fields = read_fields(spec["fields"]);
        for (const auto& [name, one] : shared_) need_shared(name);
    }

private:
    std::vector<Field> read_fields(const Json& specs) {
        std::vector<Field> fields;
        for (const auto& spec : specs) fields.push_back(read_field(spec));
        return fields;
    }

    Field read_field(const Json& spec) {
        Field field;
        field.name = spec["name"];
        field.type = spec["type"];
        field.is_array = field.type.starts_with("[]");
        if (field.is_array) field.type = field.type.substr(2);
        field.is_struct = !kPrimitives.contains(field.type);
        field.tagged = versions_of(spec, "tagged", highest_);
        const auto all =
            spec.contains("versions") ? versions_of(spec, "versions", highest_) : field.tagged;
        field.plain = without(all, field.tagged, field.name);
        field.nullable = versions_of(spec, "nullable", highest_);
        field.tag = spec.value("tag", -1);
        field.ignorable = spec.value("ignorable", false);
        field.never_compact = spec.value("flexible", "") == "none";
        field.map_key = spec.value("mapKey", false);
        field.entity = spec.value("entity", "");
        read_default(spec, field);
        check(field);
        if (spec.contains("fields")) {
            define(field.type, spec["fields"]);
        } else if (field.is_struct) {
            need_shared(field.type);
        }
        return field;
    }

    void check(const Field& field) const {
        if (field.tagged.empty() != (field.tag < 0)) refuse(field.name + ": tag without versions");
        if (field.tag > 63) refuse(field.name + ": the codec keeps tags as bits of a word");
        if (field.type == "records" && (field.is_array || field.tag >= 0)) {
            refuse(field.name + ": records neither in arrays nor tagged");
        }
        const auto member = snake_case(field.name);
        if (member == "info" || member == "unknown_tags") refuse(field.name + ": name is taken");
    }

    void define(const std::string& name, const Json& fields) {
        if (!defined_.insert(name).second) refuse(name + ": defined twice, or within itself");
        Struct one{name, read_fields(fields)};
        message_.structs.push_back(std::move(one));
    }

    void need_shared(const std::string& name) {
        const auto found = shared_.find(name);
        if (found == shared_.end()) refuse(name + ": no such type");
        if (done_.contains(name)) return;
        define(name, (*found->second)["fields"]);
        done_.insert(name);
    }

    Message& message_;
    int highest_;
    std::map<std::string, const Json*> shared_;
    std::set<std::string> defined_;
    std::set<std::string> done_;
};

Message read_message(const Json& spec, std::string name, std::string doc) {
    Message message;
    message.name = std::move(name);
    message.doc = std::move(doc);
    message.versions = parse_versions(spec["versions"].get<std::string>(), kOpen);
    const auto highest = message.versions.high;
    message.flexible = versions_of(spec, "flexible", highest);
    message.deprecated = versions_of(spec, "deprecated", highest);
    message.latest_unstable = spec.value("latestUnstable", false);
    message.record_type = spec.value("recordType", -1);
    Reader(message, highest).read(spec);
    return message;
}

void read_api(const Json& spec, Family& family) {
    family.api_name = spec["name"];
    for (const auto& listener : spec["listeners"]) {
        family.on_broker |= listener == "broker";
        family.on_controller |= listener == "controller";
    }
    for (const auto* part : {"request", "response"}) {
        const std::string suffix = *part == 'r' && part[2] == 'q' ? "Request" : "Response";
        auto message =
            read_message(spec[part], family.api_name + suffix, "API " + spec["apiKey"].dump());
        message.api_key = spec["apiKey"];
        message.latest_unstable |= spec.value("latestUnstable", false);
        family.messages.push_back(std::move(message));
    }
}

std::string header_of(const std::string& folder, const std::string& name) {
    if (folder.starts_with("coordinator-")) return "coordinator/" + snake_case(name) + ".h";
    auto place = folder;
    std::replace(place.begin(), place.end(), '-', '_');
    return place + "/" + snake_case(name) + ".h";
}

}  // namespace

// "KRaftVersionRecord" becomes kraft_version_record; layer.cmake follows the same rule.
std::string snake_case(std::string name) {
    if (const auto at = name.find("KRaft"); at != std::string::npos) name[at + 1] = 'r';
    std::string out;
    for (std::size_t i = 0; i < name.size(); ++i) {
        const auto upper = [&](std::size_t k) {
            return k < name.size() && std::isupper(static_cast<unsigned char>(name[k])) != 0;
        };
        const auto starts_word =
            i > 0 && upper(i) && (!upper(i - 1) || (i + 1 < name.size() && !upper(i + 1)));
        if (starts_word) out += '_';
        out += static_cast<char>(std::tolower(static_cast<unsigned char>(name[i])));
    }
    return out;
}

Family read_family(const std::filesystem::path& root, const std::filesystem::path& file) {
    Family family;
    family.file = std::filesystem::relative(file, root).generic_string();
    const auto folder = file.parent_path().filename().string();
    try {
        std::ifstream in(file);
        const auto spec = Json::parse(in);
        const std::string name = spec["name"];
        family.header = header_of(folder, name);
        if (spec.contains("request")) {
            read_api(spec, family);
        } else {
            family.messages.push_back(read_message(spec, name, folder));
        }
    } catch (const std::exception& e) {
        refuse(family.file + ": " + e.what());
    }
    return family;
}

}  // namespace kcore::generator
