// Properties files and the values in them: any bytes are read, refused or kept, and what is written
// reads back the same.
#include <cstdlib>

#include "base/server_properties.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    using namespace kcore;
    const auto read = parse_properties({reinterpret_cast<const std::byte*>(data), size});
    if (!read) return 0;
    check_server_properties(*read);
    std::vector<std::pair<std::string, std::string>> pairs;
    for (const auto& property : *read) {
        pairs.emplace_back(property.key, property.value);
        for (const auto resource : {ConfigResource::topic, ConfigResource::group,
                                    ConfigResource::client_metrics, ConfigResource::quota}) {
            const auto* key = find_config_key(resource, property.key);
            if (key == nullptr) continue;
            const auto value = parse_config(*key, property.value);
            if (value && parse_config(*key, value->to_text()) != value) std::abort();
        }
    }
    const auto again = parse_properties(as_bytes(format_properties(pairs)));
    if (!again || again->size() != read->size()) std::abort();
    for (std::size_t i = 0; i < read->size(); ++i) {
        if ((*again)[i].key != (*read)[i].key) std::abort();
        if ((*again)[i].value != (*read)[i].value) std::abort();
    }
    return 0;
}
