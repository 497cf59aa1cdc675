# SPDX-License-Identifier: Apache-2.0
# The library for other people's programs: pkg-config's `signet`, CMake's find_package(Signet) with
# the target Signet::signet; find_package(signet) finds it as well. Both find their files from where they lie: the tree can be moved.
include(CMakePackageConfigHelpers)
set(package ${CMAKE_INSTALL_LIBDIR}/cmake/Signet)
target_include_directories(signet INTERFACE $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
install(TARGETS signet EXPORT Signet LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(EXPORT Signet NAMESPACE Signet:: FILE signet-config.cmake DESTINATION ${package})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/signet-config-version.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/signet-config-version.cmake DESTINATION ${package})

file(RELATIVE_PATH SIGNET_UP /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
string(REGEX REPLACE "/$" "" SIGNET_UP ${SIGNET_UP})
configure_file(${PROJECT_SOURCE_DIR}/cmake/signet.pc.in ${PROJECT_BINARY_DIR}/signet.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/signet.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

install(DIRECTORY include/signet DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})

file(GLOB manuals CONFIGURE_DEPENDS docs/man/*.[0-9])
foreach(manual IN LISTS manuals)
    string(REGEX REPLACE ".*\\." "" section ${manual})
    install(FILES ${manual} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section})
endforeach()

install(DIRECTORY bindings/python/factory_prov DESTINATION ${CMAKE_INSTALL_DATADIR}/signet/python
        FILES_MATCHING PATTERN "*.py")
install(DIRECTORY docs/schemas DESTINATION ${CMAKE_INSTALL_DATADIR}/signet FILES_MATCHING PATTERN "*.json")
file(GLOB documents CONFIGURE_DEPENDS docs/*.md docs/*.svg docs/*.png)
install(FILES README.md NEWS.md SECURITY.md LICENSE ${documents} DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY examples DESTINATION ${CMAKE_INSTALL_DOCDIR} USE_SOURCE_PERMISSIONS)

# What a station's machine needs. The unit names the program by its path, which is known when it is installed.
install(FILES packaging/60-signet.rules DESTINATION lib/udev/rules.d)
install(FILES packaging/postgresql/roles.sql DESTINATION ${CMAKE_INSTALL_DATADIR}/signet)
install(FILES packaging/signet.metainfo.xml DESTINATION ${CMAKE_INSTALL_DATADIR}/metainfo)
install(FILES packaging/systemd/signet.sysusers DESTINATION lib/sysusers.d RENAME signet.conf)
install(CODE "set(bindir \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_BINDIR}\")
set(unit signet-station@.service)
configure_file(\"${PROJECT_SOURCE_DIR}/packaging/systemd/\${unit}.in\" \"${PROJECT_BINARY_DIR}/\${unit}\" @ONLY)
file(INSTALL \"${PROJECT_BINARY_DIR}/\${unit}\" DESTINATION \"\${CMAKE_INSTALL_PREFIX}/lib/systemd/system\")")
