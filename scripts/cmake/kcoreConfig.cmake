# find_package(kcore): link kcore::client.
include(CMakeFindDependencyMacro)
find_dependency(Threads)
find_dependency(nlohmann_json)
find_dependency(ZLIB)
include(${CMAKE_CURRENT_LIST_DIR}/kcoreTargets.cmake)
