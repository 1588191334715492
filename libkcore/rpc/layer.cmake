# Bodies as JSON, for those who watch.
target_link_libraries(kcore_rpc PRIVATE nlohmann_json::nlohmann_json)
