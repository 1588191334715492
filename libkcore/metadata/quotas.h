#pragma once
// Quotas as messages and records have them.

#include <string>
#include <utility>

#include "metadata/image.h"
#include "metadata/record.h"

namespace kcore::metadata {

// The parts of an entity as a message lists them.
template <class Parts>
void put_entity(const QuotaEntity& entity, Parts& parts) {
    for (const auto& [type, name] : entity) {
        auto& part = parts.emplace_back();
        part.entity_type = type;
        part.entity_name = name;
    }
}

inline Record quota_record(const QuotaEntity& entity, const std::string& key, double value,
                           bool remove) {
    protocol::ClientQuotaRecord r;
    put_entity(entity, r.entity);
    r.key = key;
    r.value = value;
    r.remove = remove;
    return {std::move(r), 0};
}

}  // namespace kcore::metadata
