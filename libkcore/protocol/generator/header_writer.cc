#include <map>

#include "writers.h"

namespace kcore::generator {

namespace {

std::string element_type(const Field& field) {
    static const std::map<std::string, std::string> kNames{
        {"bool", "bool"},          {"int8", "std::int8_t"},
        {"int16", "std::int16_t"}, {"uint16", "std::uint16_t"},
        {"int32", "std::int32_t"}, {"uint32", "std::uint32_t"},
        {"int64", "std::int64_t"}, {"float64", "double"},
        {"uuid", "Uuid"},          {"string", "std::string"},
        {"bytes", "Bytes"},        {"records", "Records"}};
    const auto found = kNames.find(field.type);
    return found == kNames.end() ? field.type : found->second;
}

std::string value_type(const Field& field) {
    return field.is_array ? "std::vector<" + element_type(field) + ">" : element_type(field);
}

std::string number(const Field& field) {
    if (field.type == "bool") return field.default_number != 0 ? "true" : "false";
    if (field.type == "float64") return "0.0";
    // The lowest number has no literal of its own.
    if (field.type == "int32" && field.default_number == -2147483648LL) return "-2147483647 - 1";
    return std::to_string(field.default_number);
}

std::string initialiser(const Field& field) {
    if (field.is_optional()) return field.default_null ? "" : " = " + value_type(field) + "()";
    if (field.is_array || field.is_struct) return "";
    if (field.type == "string" || field.type == "bytes" || field.type == "records") return "";
    if (field.type == "uuid") return "";
    return " = " + number(field);
}

std::string range(Versions versions, int highest) {
    if (versions.low == versions.high) return std::to_string(versions.low);
    if (versions.high >= highest) return std::to_string(versions.low) + "+";
    return std::to_string(versions.low) + "-" + std::to_string(versions.high);
}

// Said only where it restricts: in which versions the field exists.
std::string remark(const Field& field, const Message& message) {
    std::string text;
    const auto& all = field.plain.empty() ? field.tagged : field.plain;
    if (all.low > message.versions.low || all.high < message.versions.high) {
        text = "v" + range(all, message.versions.high);
    }
    if (!field.tagged.empty())
        text += (text.empty() ? "tag " : ", tag ") + std::to_string(field.tag);
    return text.empty() ? "" : "  // " + text;
}

std::string member(const Field& field, const Message& message, const std::string& indent) {
    auto type = value_type(field);
    if (field.is_optional()) type = "std::optional<" + type + ">";
    return indent + type + " " + snake_case(field.name) + initialiser(field) + ";" +
           remark(field, message) + "\n";
}

std::string members(const std::vector<Field>& fields, const Message& message,
                    const std::string& indent) {
    std::string out;
    for (const auto& field : fields) out += member(field, message, indent);
    if (!message.flexible.empty()) out += indent + "UnknownTags unknown_tags;\n";
    return out;
}

std::string response_of(const Message& request) {
    return request.name.substr(0, request.name.size() - 7) + "Response";
}

std::string write_message(const Message& message) {
    std::string out = "// " + message.doc + ", versions " +
                      range(message.versions, message.versions.high + 1) + ".\n";
    out += "struct " + message.name + " {\n";
    for (const auto& one : message.structs) {
        // A defaulted constructor is not known to clang before the message is complete.
        out += "    struct " + one.name + " {\n        " + one.name + "() {}\n";
        out += "        static const StructInfo& info();\n\n";
        out += members(one.fields, message, "        ") + "    };\n\n";
    }
    out += "    " + message.name + "() = default;\n    static const MessageInfo& info();\n";
    if (message.name.ends_with("Request") && message.api_key >= 0) {
        out += "    using Response = " + response_of(message) + ";\n";
    }
    out += "\n";
    return out + members(message.fields, message, "    ") + "};\n\n";
}

}  // namespace

std::string write_header(const Family& family) {
    std::string out =
        "#pragma once\n// Generated from schema/" + family.file + "; not for editing.\n\n";
    out += "#include <cstdint>\n#include <optional>\n#include <string>\n#include <vector>\n\n";
    out +=
        "#include \"base/bytes.h\"\n#include \"base/uuid.h\"\n#include \"protocol/message.h\"\n\n";
    out += "namespace kcore::protocol {\n\n";
    if (!family.api_name.empty()) out += "struct " + family.api_name + "Response;\n\n";
    for (const auto& message : family.messages) out += write_message(message);
    return out + "}  // namespace kcore::protocol\n";
}

}  // namespace kcore::generator
