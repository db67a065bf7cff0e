# One CMake target per folder. A folder's target is named after its path (shared/base is
# berth_shared_base); it links privately, so that a use which the architecture forbids fails to
# compile or link. tools/tidy checks the same graph on the includes.

find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)

add_library(berth_flags INTERFACE)
target_include_directories(berth_flags INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_options(berth_flags INTERFACE -Wall -Wextra -Wpedantic -Wconversion -Wshadow
                                             -Werror -Werror=switch)
if(BERTH_PORTABLE)
  target_compile_options(berth_flags INTERFACE -fno-exceptions -fno-rtti)
endif()

# Asio and Beast compile once, into shared/runtime, instead of in every translation unit that uses
# them.
add_library(berth_asio INTERFACE)
target_compile_definitions(berth_asio INTERFACE BOOST_ASIO_SEPARATE_COMPILATION
                                                BOOST_BEAST_SEPARATE_COMPILATION)
# g++ 12 takes a coroutine frame's paired operator new and delete for a mismatched pair once it has
# inlined one of them.
target_compile_options(berth_asio INTERFACE -Wno-mismatched-new-delete)
target_link_libraries(berth_asio INTERFACE Threads::Threads)
if(BERTH_TSAN)
  # TSan does not model std::atomic_thread_fence, and g++ warns of it.
  target_compile_definitions(berth_asio INTERFACE BOOST_ASIO_DISABLE_FENCED_BLOCK)
endif()

# berth_library(<folder> SOURCES ... [USES ...] [PRIVATE_USES ...])
#   USES: targets whose headers appear in this folder's headers.
#   PRIVATE_USES: what only its sources need.
function(berth_library folder)
  cmake_parse_arguments(arg "" "" "SOURCES;USES;PRIVATE_USES" ${ARGN})
  string(REPLACE "/" "_" name ${folder})
  set(target berth_${name})
  if(arg_SOURCES)
    add_library(${target} STATIC ${arg_SOURCES})
    target_link_libraries(${target} PRIVATE berth_flags)
    target_link_libraries(${target} PUBLIC ${arg_USES} PRIVATE ${arg_PRIVATE_USES})
    target_include_directories(${target} PUBLIC ${PROJECT_SOURCE_DIR})
  else()
    add_library(${target} INTERFACE)
    target_link_libraries(${target} INTERFACE ${arg_USES})
    target_include_directories(${target} INTERFACE ${PROJECT_SOURCE_DIR})
  endif()
endfunction()

# berth_program(<name> SOURCES ... USES ...): an executable in build/<preset>/bin.
function(berth_program name)
  cmake_parse_arguments(arg "" "" "SOURCES;USES" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE berth_flags ${arg_USES})
endfunction()

# berth_test(<name> LABEL <label> SOURCES ... USES ...): one CppUTest binary, one CTest test.
#   CppUTest's own new macro and operator new break protobuf, Asio and ASan, so its leak detection is
#   off (LeakSanitizer finds leaks); tests/support/test_main.cpp says the same at run time.
pkg_check_modules(CPPUTEST REQUIRED IMPORTED_TARGET cpputest)
function(berth_test name)
  cmake_parse_arguments(arg "" "LABEL;TIMEOUT" "SOURCES;USES" ${ARGN})
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 120)
  endif()
  add_executable(${name} ${arg_SOURCES} ${PROJECT_SOURCE_DIR}/tests/support/test_main.cpp)
  target_compile_definitions(${name} PRIVATE CPPUTEST_MEM_LEAK_DETECTION_DISABLED)
  target_link_libraries(${name} PRIVATE berth_flags ${arg_USES} PkgConfig::CPPUTEST)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES LABELS ${arg_LABEL} TIMEOUT ${arg_TIMEOUT})
endfunction()
