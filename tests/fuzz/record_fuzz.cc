// Record batches of any magic: any bytes are read or refused, and a batch that produce validation
// accepts is one that readers read. The first byte picks the rules, the rest are the records.
#include <cstdlib>

#include "base/crc32c.h"
#include "record/control.h"
#include "record/scan.h"
#include "record/validate.h"

namespace kcore::record {
namespace {

constexpr std::int64_t kNow = 1'700'000'000'000;

ProduceRules rules_from(unsigned choice) {
    ProduceRules rules;
    rules.trust = (choice & 1U) != 0 ? Trust::header : Trust::strict;
    rules.is_compacted = (choice & 2U) != 0;
    if ((choice & 4U) != 0) rules.timestamp_type = TimestampType::log_append_time;
    rules.codec = codec_from_id(static_cast<int>((choice >> 3) & 7U));
    return rules;
}

void require(bool holds) {
    if (!holds) std::abort();
}

// Mutations would hardly ever get past the checksum and the length.
void mend(std::span<std::byte> bytes) {
    if (bytes.size() < kBatchHeaderBytes) return;
    store_be(bytes.data() + kLengthAt, static_cast<std::int32_t>(bytes.size() - kLogOverheadBytes));
    store_be(bytes.data() + kCrcAt, crc32c(bytes.subspan(kAttributesAt)));
}

void read_all(BytesView bytes, Decompressor& decompressor) {
    BatchScanner scanner(bytes);
    while (scanner.next() == Scan::batch) {
        const auto batch = scanner.batch();
        (void)batch.check();
        (void)for_each_record(batch, decompressor, [](const RecordView& record) {
            std::size_t headers = 0;
            for (const auto& header : record.headers) headers += header.key.data() != nullptr;
            require(headers == record.headers.size());
            (void)control_type(record);
            (void)transaction_marker(record);
        });
    }
}

void check_accepted(const AcceptedBatch& accepted, const ProduceRules& rules,
                    Decompressor& decompressor) {
    const BatchView batch(accepted.bytes);
    require(batch.crc_ok());
    require(batch.timestamp_type() == rules.timestamp_type);
    require(batch.max_timestamp() == accepted.max_timestamp);
    require(!rules.codec || batch.codec() == rules.codec);
    if (rules.trust == Trust::header && batch.is_compressed()) return;
    std::int32_t count = 0;
    const auto read = for_each_record(batch, decompressor, [&](const RecordView& record) {
        ++count;
        require(record.key.has_value() || !rules.is_compacted);
    });
    require(read.has_value());
    require(count == accepted.count);
}

void run(BytesView data) {
    static ValidationScratch scratch;
    static Decompressor decompressor;
    if (data.empty()) return;
    const auto choice = static_cast<unsigned>(data[0]);
    auto bytes = to_bytes(data.subspan(1));
    if ((choice & 0x40U) != 0) mend(bytes);
    read_all(bytes, decompressor);
    (void)validate_fetched(bytes);
    (void)first_batch_is_transactional(bytes);
    const auto rules = rules_from(choice);
    const auto accepted = validate_produce(bytes, rules, {"fuzz", 0}, kNow, scratch);
    if (accepted) {
        check_accepted(*accepted, rules, decompressor);
    } else {
        require(accepted.error().code != Errc::none);
        require(accepted.error().code != Errc::unknown_server_error);
    }
}

}  // namespace
}  // namespace kcore::record

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    kcore::record::run({reinterpret_cast<const std::byte*>(data), size});
    return 0;
}
