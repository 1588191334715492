#pragma once
// The words in which the rows of the configuration table are written, and the pieces of the table.
// Only for config_*_keys.cc and config_keys.cc.

#include <span>

#include "base/config_keys.h"

namespace kcore {

std::span<const ConfigKey> topic_rows();
std::span<const ConfigKey> group_rows();
std::span<const ConfigKey> client_metrics_rows();
std::span<const ConfigKey> quota_rows();
// Broker settings, by area.
std::span<const ConfigKey> node_rows();
std::span<const ConfigKey> log_rows();
std::span<const ConfigKey> coordinator_rows();
std::span<const ConfigKey> security_rows();
std::span<const ConfigKey> tier_rows();

namespace rows {

inline constexpr auto kBool = ConfigType::boolean;
inline constexpr auto kText = ConfigType::text;
inline constexpr auto kInt = ConfigType::int32;
inline constexpr auto kShort = ConfigType::int16;
inline constexpr auto kLong = ConfigType::int64;
inline constexpr auto kDouble = ConfigType::float64;
inline constexpr auto kList = ConfigType::list;
inline constexpr auto kClass = ConfigType::java_class;
inline constexpr auto kPassword = ConfigType::password;

inline constexpr const char* kNull = nullptr;

inline constexpr auto kStatic = ConfigChange::restart;
inline constexpr auto kCluster = ConfigChange::cluster;
inline constexpr auto kPerBroker = ConfigChange::per_broker;

inline constexpr std::uint8_t kKept = 0;
inline constexpr auto kActs = ConfigKey::kActs;
inline constexpr auto kHidden = ConfigKey::kHidden;

using Kind = ConfigRule::Kind;

constexpr ConfigRule any() { return {}; }
constexpr ConfigRule at_least(double low) { return {Kind::at_least, low}; }
constexpr ConfigRule between(double low, double high) { return {Kind::between, low, high}; }
constexpr ConfigRule between_or(double low, double high, double extra) {
    return {Kind::between_or, low, high, extra};
}
constexpr ConfigRule with_words(Kind kind, std::string_view words) {
    return {kind, 0, 0, 0, words};
}
constexpr ConfigRule one_of(std::string_view words) { return with_words(Kind::one_of, words); }
constexpr ConfigRule one_of_any_case(std::string_view words) {
    return with_words(Kind::one_of_any_case, words);
}
constexpr ConfigRule list_of(std::string_view words) { return with_words(Kind::list_of, words); }
constexpr ConfigRule set_of(std::string_view words) { return with_words(Kind::set_of, words); }
constexpr ConfigRule distinct() { return {Kind::distinct}; }
constexpr ConfigRule distinct_non_empty() { return {Kind::distinct_non_empty}; }
constexpr ConfigRule non_empty() { return {Kind::non_empty}; }
constexpr ConfigRule replica_list() { return {Kind::replica_list}; }
constexpr ConfigRule offset_reset() { return {Kind::offset_reset}; }
constexpr ConfigRule metrics_interval() { return {Kind::metrics_interval}; }
constexpr ConfigRule client_match() { return {Kind::client_match}; }

}  // namespace rows

}  // namespace kcore
