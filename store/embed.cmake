# Writes OUTPUT: store::migrations() with each of FILES as a raw string, in order of their numbers.
list(SORT FILES)
set(text "// Made by store/embed.cmake.\n#include \"store/migrations.hpp\"\n\nnamespace topupd::store {\n\n")
string(APPEND text "const std::vector<migration>& migrations() {\n  static const std::vector<migration> all = {\n")
foreach(file IN LISTS FILES)
  get_filename_component(name ${file} NAME_WE)
  string(REGEX MATCH "^[0-9]+" number ${name})
  math(EXPR version "1${number} - 1000")  # "001" is no octal number
  file(READ ${file} sql)
  # A raw string may not be longer than 64 KiB in every compiler: cut at blank lines, the compiler joins neighbours.
  string(REPLACE "\n\n" "\n\n)topup_sql\"\nR\"topup_sql(" sql "${sql}")
  string(APPEND text "      {${version}, \"${name}\",\nR\"topup_sql(${sql})topup_sql\"},\n")
endforeach()
string(APPEND text "  };\n  return all;\n}\n\n}  // namespace topupd::store\n")
file(WRITE ${OUTPUT} "${text}")
