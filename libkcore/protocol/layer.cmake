# The message structs and their field tables, from schema/ by a tool of our own built first.
set(KCORE_PROTOCOL_OUT ${CMAKE_BINARY_DIR}/gen/protocol)
set(KCORE_PROTOCOL_TABLES 10)

add_executable(kcore_protocol_generator
               protocol/generator/main.cc protocol/generator/schema.cc
               protocol/generator/header_writer.cc protocol/generator/table_writer.cc
               protocol/generator/registry_writer.cc)
target_link_libraries(kcore_protocol_generator PRIVATE nlohmann_json::nlohmann_json)

# The header that a schema file becomes: Ninja must know who makes it.
function(kcore_schema_header schema_file out)
  get_filename_component(folder ${schema_file} DIRECTORY)
  get_filename_component(folder ${folder} NAME)
  get_filename_component(name ${schema_file} NAME_WE)
  string(REGEX REPLACE "^coordinator-(key|value)$" "coordinator" folder ${folder})
  string(REPLACE "-" "_" folder ${folder})
  string(REGEX REPLACE "^[0-9]+-" "" name ${name})
  string(REPLACE "KRaft" "Kraft" name ${name})
  string(REGEX REPLACE "([A-Z]+)([A-Z][a-z])" "\\1_\\2" name ${name})
  string(REGEX REPLACE "([a-z0-9])([A-Z])" "\\1_\\2" name ${name})
  string(TOLOWER ${name} name)
  set(${out} ${KCORE_PROTOCOL_OUT}/${folder}/${name}.h PARENT_SCOPE)
endfunction()

file(GLOB_RECURSE schema_files CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/protocol/schema/*.json)
set(generated ${KCORE_PROTOCOL_OUT}/registry.cc ${KCORE_PROTOCOL_OUT}/api_key.h
              ${KCORE_PROTOCOL_OUT}/record_type.h)
foreach(schema_file ${schema_files})
  kcore_schema_header(${schema_file} header)
  list(APPEND generated ${header})
endforeach()
math(EXPR last "${KCORE_PROTOCOL_TABLES} - 1")
foreach(i RANGE ${last})
  list(APPEND generated ${KCORE_PROTOCOL_OUT}/tables_${i}.cc)
endforeach()

add_custom_command(
  OUTPUT ${KCORE_PROTOCOL_OUT}/stamp
  BYPRODUCTS ${generated}
  COMMAND kcore_protocol_generator ${CMAKE_CURRENT_SOURCE_DIR}/protocol/schema ${KCORE_PROTOCOL_OUT}
          ${KCORE_PROTOCOL_TABLES}
  COMMAND ${CMAKE_COMMAND} -E touch ${KCORE_PROTOCOL_OUT}/stamp
  DEPENDS kcore_protocol_generator ${schema_files}
  COMMENT "Generating the message structs")
set_source_files_properties(${generated} PROPERTIES GENERATED TRUE)
target_sources(kcore_protocol PRIVATE ${generated} ${KCORE_PROTOCOL_OUT}/stamp)
target_include_directories(kcore_protocol PUBLIC $<BUILD_INTERFACE:${CMAKE_BINARY_DIR}/gen>)
target_link_libraries(kcore_protocol PRIVATE nlohmann_json::nlohmann_json)
