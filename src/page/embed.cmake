# SPDX-License-Identifier: Apache-2.0
# cmake -D OUT=files.c -D "FILES=a;b" -P embed.cmake: the files, as the table page_files.
set(text "/* written by embed.cmake */\n#include \"page/private.h\"\n\n")
set(rows "")
foreach(path IN LISTS FILES)
    get_filename_component(name ${path} NAME)
    string(MAKE_C_IDENTIFIER ${name} id)
    file(READ ${path} hex HEX)
    string(REGEX REPLACE "(..)" "0x\\1," hex "${hex}")
    string(REGEX REPLACE "(................................................................................)" "\\1\n" hex "${hex}")
    string(APPEND text "static const uint8_t ${id}[] = {\n${hex}};\n")
    string(APPEND rows "    {\"/${name}\", ${id}, sizeof(${id})},\n")
endforeach()
file(WRITE ${OUT} "${text}const struct page_file page_files[] = {\n${rows}    {0}};\n")
