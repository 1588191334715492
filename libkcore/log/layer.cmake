# Where the tests look for what a real broker wrote, unless KCORE_SHARED says so.
set(KCORE_SHARED_DEFAULT ${CMAKE_SOURCE_DIR}/../shared)
set_source_files_properties(log/sample_test.cc PROPERTIES
  COMPILE_DEFINITIONS "KCORE_SHARED_DEFAULT=\"${KCORE_SHARED_DEFAULT}\"")
