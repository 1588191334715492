# Where the tests look for what a real broker wrote, unless KCORE_SHARED says so.
set_source_files_properties(broker/sample_metadata_test.cc PROPERTIES
  COMPILE_DEFINITIONS "KCORE_SHARED_DEFAULT=\"${CMAKE_SOURCE_DIR}/../shared\"")
