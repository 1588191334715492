#include "metadata/image.h"

#include <algorithm>

namespace kcore::metadata {

Uuid Partition::directory_of(std::int32_t broker) const {
    const auto at = std::ranges::find(replicas, broker);
    const auto index = static_cast<std::size_t>(at - replicas.begin());
    return index < directories.size() ? directories[index] : kDirMigrating;
}

const Partition* Topic::partition(std::int32_t number) const {
    if (number < 0 || number >= partition_count()) return nullptr;
    return partitions[static_cast<std::size_t>(number)].get();
}

const Endpoint* Broker::endpoint(std::string_view listener) const {
    const auto at = std::ranges::find(endpoints, listener, &Endpoint::name);
    return at == endpoints.end() ? nullptr : &*at;
}

bool Broker::has_directory(const Uuid& directory) const {
    if (directory == kDirUnassigned || directory == kDirMigrating) return true;
    if (directory == kDirLost) return false;
    return log_dirs.empty() || std::ranges::find(log_dirs, directory) != log_dirs.end();
}

const Topic* Image::topic(std::string_view name) const {
    const auto* found = topics_by_name.find(name);
    return found == nullptr ? nullptr : found->get();
}

const Topic* Image::topic(const Uuid& id) const {
    const auto* found = topics_by_id.find(id);
    return found == nullptr ? nullptr : found->get();
}

const Partition* Image::partition(std::string_view name, std::int32_t number) const {
    const auto* found = topic(name);
    return found == nullptr ? nullptr : found->partition(number);
}

const Broker* Image::broker(std::int32_t id) const {
    const auto at = brokers->find(id);
    return at == brokers->end() ? nullptr : at->second.get();
}

const Configs& Image::config(const ConfigResource& resource) const {
    static const Configs kNone;
    const auto* found = configs.find(resource);
    return found == nullptr ? kNone : **found;
}

const Configs& Image::topic_config(std::string_view name) const {
    return config(ConfigResource{ResourceType::topic, std::string(name)});
}

MetadataVersion Image::metadata_version() const {
    const auto at = features->find(std::string(kMetadataVersion));
    return at == features->end() ? MetadataVersion() : MetadataVersion(at->second);
}

std::int16_t Image::feature_level(std::string_view name) const {
    const auto at = features->find(std::string(name));
    return at == features->end() ? std::int16_t{0} : at->second;
}

std::vector<TopicPtr> Image::topics_sorted() const {
    std::vector<TopicPtr> all;
    all.reserve(topics_by_name.size());
    topics_by_name.for_each(
        [&](const std::string&, const TopicPtr& topic) { all.push_back(topic); });
    std::ranges::sort(all, {}, [](const TopicPtr& t) -> const std::string& { return t->name; });
    return all;
}

}  // namespace kcore::metadata
