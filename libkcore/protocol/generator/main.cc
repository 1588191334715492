// Writes the message structs and their tables: generator SCHEMA_DIR OUT_DIR TABLE_FILES
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <set>
#include <stdexcept>

#include "writers.h"

namespace {

namespace fs = std::filesystem;
using namespace kcore::generator;

std::vector<Family> read_all(const fs::path& root) {
    std::vector<fs::path> files;
    for (const auto& entry : fs::recursive_directory_iterator(root)) {
        if (entry.path().extension() == ".json") files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    std::vector<Family> families;
    std::set<std::string> names;
    for (const auto& file : files) {
        families.push_back(read_family(root, file));
        for (const auto& message : families.back().messages) {
            if (!names.insert(message.name).second) {
                throw std::runtime_error(message.name + ": two messages of this name");
            }
        }
    }
    return families;
}

// A file that did not change keeps its time, so that nothing is compiled again for it.
void write_if_changed(const fs::path& file, const std::string& text) {
    fs::create_directories(file.parent_path());
    std::ifstream in(file, std::ios::binary);
    const std::string old{std::istreambuf_iterator<char>(in), {}};
    if (in.is_open() && old == text) return;
    std::ofstream out(file, std::ios::binary | std::ios::trunc);
    out << text;
    if (!out.flush()) throw std::runtime_error("cannot write " + file.string());
}

// Families in `count` runs of about equal numbers of fields.
std::vector<std::vector<Family>> split(const std::vector<Family>& families, std::size_t count) {
    const auto weight = [](const Family& family) {
        std::size_t sum = 0;
        for (const auto& message : family.messages)
            sum += message.fields.size() + 8 * message.structs.size();
        return sum;
    };
    std::size_t total = 0;
    for (const auto& family : families) total += weight(family);
    std::vector<std::vector<Family>> parts(count);
    std::size_t seen = 0;
    for (const auto& family : families) {
        parts[std::min(count - 1, seen * count / total)].push_back(family);
        seen += weight(family);
    }
    return parts;
}

void generate(const fs::path& root, const fs::path& out, std::size_t table_files) {
    const auto families = read_all(root);
    for (const auto& family : families) write_if_changed(out / family.header, write_header(family));
    const auto parts = split(families, table_files);
    for (std::size_t i = 0; i < parts.size(); ++i) {
        write_if_changed(out / ("tables_" + std::to_string(i) + ".cc"), write_tables(parts[i]));
    }
    write_if_changed(out / "api_key.h", write_api_keys(families));
    write_if_changed(out / "record_type.h", write_record_types(families));
    write_if_changed(out / "registry.cc", write_registry(families));
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 4) {
        std::cerr << "usage: generator SCHEMA_DIR OUT_DIR TABLE_FILES\n";
        return 2;
    }
    try {
        generate(argv[1], argv[2], std::stoul(argv[3]));
    } catch (const std::exception& e) {
        std::cerr << "generator: " << e.what() << '\n';
        return 1;
    }
}
