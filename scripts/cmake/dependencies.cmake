# Debian 12 packages; scripts/setup installs them.
find_package(Threads REQUIRED)
# fmt: headers only, base/fmt.cc compiles the rest.
find_package(fmt REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)
find_package(toml11 REQUIRED)
find_package(ZLIB REQUIRED)
# Static: the shared one would load libstdc++ at every start.
find_library(SNAPPY_LIBRARY NAMES libsnappy.a snappy REQUIRED)
find_library(LZ4_LIBRARY NAMES liblz4.a lz4 REQUIRED)
find_library(ZSTD_LIBRARY NAMES libzstd.a zstd REQUIRED)
find_library(RE2_LIBRARY NAMES libre2.a re2 REQUIRED)
find_library(ISAL_LIBRARY NAMES libisal.a isal)
find_library(HTTPLIB_LIBRARY NAMES cpp-httplib REQUIRED)
if(KCORE_TESTS)
  find_package(GTest REQUIRED)
endif()
