#pragma once
// From committed records of the metadata log, or a snapshot of it, to images: decodes, puts
// transactions together, builds. One thread.

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "metadata/changes.h"
#include "metadata/delta.h"
#include "metadata/image.h"
#include "metadata/record.h"

namespace kcore::metadata {

struct Built {
    ImagePtr image;
    Changes changes;
};

// Records between BeginTransaction and EndTransaction become visible together (KIP-866), those of
// an aborted transaction never. The image stays at the offset before an open transaction.
class Replay {
public:
    Replay() : image_(std::make_shared<const Image>()) {}
    explicit Replay(ImagePtr image) : image_(std::move(image)) {}

    const ImagePtr& image() const { return image_; }
    bool in_transaction() const { return transaction_.has_value(); }

    // A committed batch: `values` from `base_offset` on. Errors as those of decode_record and
    // Delta::apply; the replay must not go on after one.
    Result<Built> apply(std::span<const BytesView> values, std::int64_t base_offset,
                        std::int32_t epoch, std::int64_t timestamp_ms);
    // The same for records at hand, by whoever wrote them.
    Result<Built> apply(std::span<const Record> records, std::int64_t base_offset,
                        std::int32_t epoch, std::int64_t timestamp_ms);
    // A batch without records for the image: a control batch.
    Result<Built> skip(std::int64_t last_offset, std::int32_t epoch, std::int64_t timestamp_ms);

    // Starts over from a snapshot: begin, its records in any number of pieces, end.
    void begin_snapshot();
    Result<void> add_snapshot(std::span<const BytesView> values);
    Result<Built> end_snapshot(std::int64_t last_offset, std::int32_t epoch,
                               std::int64_t timestamp_ms);

private:
    Result<void> take(const Record& record);
    Result<Built> build(std::int64_t offset, std::int32_t epoch, std::int64_t timestamp_ms);

    ImagePtr image_;
    std::unique_ptr<Delta> delta_;
    std::optional<std::vector<Record>> transaction_;
};

}  // namespace kcore::metadata
