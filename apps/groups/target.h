#pragma once
// Where a group's offsets go, as `kgroups reset --to` and the options of Kafka's script spell it.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/topic_partition.h"
#include "cli/command.h"
#include "cli/parsed.h"

namespace kcore::groups {

using Offsets = std::map<TopicPartition, std::int64_t>;

struct Target {
    enum class Kind : std::uint8_t { earliest, latest, current, offset, shift, time, group, file };
    Kind kind = Kind::earliest;
    std::int64_t value = 0;  // Added to earliest and latest; the offset, shift or ms.
    std::string name;        // Of the group or file.
};

// earliest, latest, earliest+N, latest-N, current, N, +N, -N, @TIME, -1h, group:OTHER, file:F
cli::Parsed<Target> parse_target(const std::string& text, std::int64_t now_ms);

// "T" or "T:0,2": the topic, and the partitions that are named.
struct TopicChoice {
    std::string topic;
    std::vector<std::int32_t> partitions;  // None: all.
};
cli::Option topics_option(std::string names, std::string help, std::vector<TopicChoice>& out);

// "P1DT2H30M5.5S": ISO 8601, without years, months and weeks. Milliseconds.
cli::Parsed<std::int64_t> parse_iso_duration_ms(const std::string& text);

// What Kafka's script calls --to-datetime and --by-duration, as texts of targets. Times are in UTC
// unless they name a zone.
std::string datetime_target(const std::string& time);
cli::Parsed<std::string> duration_target(const std::string& iso);
std::string shift_target(const std::string& by);

// Lines "topic,partition,offset" or "group,topic,partition,offset" (other groups are left out), or
// JSON: a list of {"topic", "partition", "offset"}, alone or as "offsets" of a document, where
// "new_offset" counts as offset.
cli::Parsed<Offsets> parse_offsets(const std::string& text, const std::string& group);

}  // namespace kcore::groups
