#include <algorithm>
#include <numeric>

#include "writers.h"

namespace kcore::generator {

namespace {

std::string kind_of(const Field& field) {
    if (field.is_struct) return "structure";
    return field.type == "bool" ? "boolean" : field.type;
}

std::string range(Versions versions) {
    if (versions.empty()) return "{}";
    return "{" + std::to_string(versions.low) + ", " + std::to_string(versions.high) + "}";
}

std::string number(std::int64_t value) { return std::to_string(value) + "LL"; }

std::string quoted(const std::string& text) { return '"' + text + '"'; }

// C++ name of the element type of an array.
std::string element_type(const Field& field, const std::string& scope) {
    if (field.is_struct) return scope + "::" + field.type;
    if (field.type == "uuid") return "Uuid";
    if (field.type == "string") return "std::string";
    if (field.type == "bytes") return "Bytes";
    if (field.type == "float64") return "double";
    return "std::" + field.type + "_t";
}

class MessageTables {
public:
    explicit MessageTables(const Message& message) : message_(message) {}

    std::string write() {
        std::string out = "namespace {\n\n";
        for (const auto& one : message_.structs) {
            const auto scope = message_.name + "::" + one.name;
            out += arrays(one.fields, scope, table(one.name));
            out += "constexpr StructInfo " + table(one.name) + "{" +
                   body(one.fields, scope, one.name) + "};\n\n";
        }
        out += arrays(message_.fields, message_.name, table(""));
        out += "constexpr MessageInfo " + table("") + "{\n" + quoted(message_.name) + ", {" +
               body(message_.fields, message_.name, "") + "},\n" + range(message_.versions) + ", " +
               range(message_.flexible) + ", " + std::to_string(message_.api_key) + ", " +
               std::to_string(message_.record_type) + ", " +
               (message_.latest_unstable ? "true" : "false") + ", " + range(message_.deprecated) +
               ", create_message<" + message_.name + ">, destroy_message<" + message_.name +
               ">};\n\n}  // namespace\n\n";
        for (const auto& one : message_.structs) {
            out += "const StructInfo& " + message_.name + "::" + one.name + "::info() { return " +
                   table(one.name) + "; }\n";
        }
        return out + "const MessageInfo& " + message_.name + "::info() { return " + table("") +
               "; }\n\n";
    }

private:
    std::string table(const std::string& nested) const {
        return "k" + message_.name + (nested.empty() ? "" : "_" + nested);
    }

    std::string arrays(const std::vector<Field>& fields, const std::string& scope,
                       const std::string& name) {
        std::string out;
        if (!fields.empty()) {
            out += "constexpr FieldInfo " + name + "_fields[] = {\n";
            for (const auto& field : fields) out += row(field, scope);
            out += "};\n";
        }
        auto tags = tagged(fields);
        if (!tags.empty()) {
            out += "constexpr std::uint8_t " + name + "_tags[] = {";
            for (const auto i : tags) out += std::to_string(i) + ", ";
            out += "};\n";
        }
        return out;
    }

    static std::vector<std::size_t> tagged(const std::vector<Field>& fields) {
        std::vector<std::size_t> tags(fields.size());
        std::iota(tags.begin(), tags.end(), 0U);
        std::erase_if(tags, [&](std::size_t i) { return fields[i].tag < 0; });
        std::sort(tags.begin(), tags.end(),
                  [&](std::size_t a, std::size_t b) { return fields[a].tag < fields[b].tag; });
        return tags;
    }

    std::string body(const std::vector<Field>& fields, const std::string& scope,
                     const std::string& nested) const {
        auto out = quoted(nested.empty() ? message_.name : nested);
        out += fields.empty() ? ", {}" : ", " + table(nested) + "_fields";
        out += tagged(fields).empty() ? ", {}" : ", " + table(nested) + "_tags";
        if (!message_.flexible.empty()) out += ", offsetof(" + scope + ", unknown_tags)";
        return out;
    }

    std::string row(const Field& field, const std::string& scope) const {
        const auto flag = [](const char* name, bool set) {
            return set ? std::string(", .") + name + " = true" : std::string();
        };
        std::string out = "    {.name = " + quoted(field.name) + ", .offset = offsetof(" + scope +
                          ", " + snake_case(field.name) + ")";
        out += ", .kind = Kind::" + (field.is_array ? "array" : kind_of(field));
        if (field.is_array) out += ", .element = Kind::" + kind_of(field);
        out += ", .plain = " + range(field.plain);
        out += ", .tagged = " + range(field.tagged);
        out += ", .nullable = " + range(field.nullable);
        if (field.tag >= 0) out += ", .tag = " + std::to_string(field.tag);
        out += flag("optional", field.is_optional()) + flag("default_null", field.default_null);
        out += flag("ignorable", field.ignorable) + flag("never_compact", field.never_compact);
        out += flag("map_key", field.map_key);
        if (field.default_number != 0) out += ", .default_number = " + number(field.default_number);
        if (!field.entity.empty()) out += ", .entity = " + quoted(field.entity);
        return out + access(field) + "},\n";
    }

    std::string access(const Field& field) const {
        std::string out;
        if (field.is_struct) out += ", .structure = &" + table(field.type);
        if (field.is_array) {
            out += ", .array = &kArrayAccess<" + element_type(field, message_.name) + ", " +
                   (field.is_optional() ? "OptionalVectorAccess" : "VectorAccess") + ">";
        } else if (field.is_struct && field.is_optional()) {
            out +=
                ", .optional_struct = &kOptionalAccess<" + message_.name + "::" + field.type + ">";
        }
        return out;
    }

    const Message& message_;
};

std::string prologue(const std::vector<Family>& families) {
    std::string out = "// Generated from schema/; not for editing.\n\n#include <cstddef>\n\n";
    for (const auto& family : families) out += "#include \"protocol/" + family.header + "\"\n";
    return out + "#include \"protocol/message_info.h\"\n";
}

}  // namespace

std::string write_tables(const std::vector<Family>& families) {
    auto out = prologue(families) + "\nnamespace kcore::protocol {\n\n";
    for (const auto& family : families) {
        for (const auto& message : family.messages) out += MessageTables(message).write();
    }
    return out + "}  // namespace kcore::protocol\n";
}

}  // namespace kcore::generator
