# topupd::options: how every file of ours is compiled. Sanitizers are chosen by the preset.
set(TOPUPD_SANITIZE "" CACHE STRING "sanitizers, as -fsanitize= takes them: address,undefined or thread")
option(TOPUPD_HARDEN "release hardening" OFF)
option(TOPUPD_FUZZ "build the libFuzzer targets (clang)" OFF)

add_library(topupd_options INTERFACE)
add_library(topupd::options ALIAS topupd_options)
target_include_directories(topupd_options INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_definitions(topupd_options INTERFACE _GLIBCXX_ASSERTIONS)
target_compile_options(topupd_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor -Wold-style-cast
  -Wcast-align -Woverloaded-virtual -Wimplicit-fallthrough -Werror)
if(TOPUPD_SANITIZE)
  add_compile_options(-fsanitize=${TOPUPD_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${TOPUPD_SANITIZE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL Clang)
    add_compile_options(-fno-sanitize=function)  # clang 14 cannot put its mark before a coroutine's parts
  else()
    add_compile_options(-Wno-maybe-uninitialized)  # GCC's false alarms in std::regex under sanitizers (its bug 105562)
  endif()
  if(TOPUPD_SANITIZE MATCHES thread)
    add_compile_definitions(BOOST_ASIO_DISABLE_FENCED_BLOCK)  # TSan knows no fences; Asio's queues have a mutex besides
  endif()
endif()
if(TOPUPD_HARDEN)
  add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -fstack-protector-strong -fstack-clash-protection -fcf-protection)
  add_link_options(-pie -Wl,-z,relro,-z,now,-z,noexecstack)
endif()
