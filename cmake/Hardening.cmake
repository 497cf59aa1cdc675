# SPDX-License-Identifier: Apache-2.0
# Warnings and hardening (OpenSSF guide); each flag only where the compiler has it.
include(CheckCCompilerFlag)
include(CheckLinkerFlag)

set(SIGNET_WARNINGS
    -Wall -Wextra -Wformat=2 -Wconversion -Wsign-conversion -Wimplicit-fallthrough -Wshadow
    -Wstrict-prototypes -Wmissing-prototypes -Wundef -Wpointer-arith -Wvla -Wtrampolines
    -Wbidi-chars=any -Werror=format-security -Werror=implicit
    -Werror=incompatible-pointer-types -Werror=int-conversion)
set(SIGNET_HARDENING
    -fstrict-flex-arrays=3 -fstack-clash-protection -fstack-protector-strong
    -fno-delete-null-pointer-checks -fno-strict-overflow -fno-strict-aliasing
    -ftrivial-auto-var-init=zero -fzero-init-padding-bits=all -fexceptions)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|i.86|AMD64")
    list(APPEND SIGNET_HARDENING -fcf-protection=full)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
    list(APPEND SIGNET_HARDENING -mbranch-protection=standard)
endif()
if(SIGNET_WERROR)
    list(APPEND SIGNET_WARNINGS -Werror)
endif()

foreach(flag IN LISTS SIGNET_WARNINGS SIGNET_HARDENING)
    string(MAKE_C_IDENTIFIER "HAVE${flag}" have)
    check_c_compiler_flag(${flag} ${have})
    if(${have})
        add_compile_options(${flag})
    endif()
endforeach()

foreach(flag IN ITEMS -Wl,-z,noexecstack -Wl,-z,relro -Wl,-z,now -Wl,--as-needed
                      -Wl,--no-copy-dt-needed-entries)
    string(MAKE_C_IDENTIFIER "HAVE${flag}" have)
    check_linker_flag(C ${flag} ${have})
    if(${have})
        add_link_options(${flag})
    endif()
endforeach()

# A build is the same wherever its folder is.
add_compile_options(-ffile-prefix-map=${PROJECT_SOURCE_DIR}=.)

if(SIGNET_SANITIZE)
    add_compile_options(-fsanitize=${SIGNET_SANITIZE} -fno-sanitize-recover=all
                        -fno-omit-frame-pointer)
    add_link_options(-fsanitize=${SIGNET_SANITIZE})
elseif(NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
    add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
endif()
