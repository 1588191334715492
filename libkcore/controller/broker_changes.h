#pragma once
// Which settings of brokers may change while they run, and how far (KIP-226).

#include "base/config.h"
#include "base/result.h"

namespace kcore::controller {

// Whether `next` may be all that is set while running: for one broker, or as the default of all.
// `now` is what applies before. Unknown keys belong to plugins and pass.
//   invalid_request  as Kafka words it
Result<void> check_broker_change(const BrokerLevels& now, bool for_one, const ConfigMap& next);

}  // namespace kcore::controller
