# Renders Gherkin as Markdown: features as chapters, scenarios as sections, steps as a list, tables as tables.
FNR == 1 { table = 0 }
{ sub(/^[ \t]+/, ""); sub(/[ \t\r]+$/, "") }
/^#/ || /^"""/ { next }
/^@/ { tags = " `" $0 "`"; next }
/^\|/ {
  if (!table) print ""
  print
  if (!table) {
    columns = gsub(/\|/, "|") - 1
    for (i = 0; i < columns; i++) printf "|---"
    print "|"
  }
  table = 1
  next
}
table { print ""; table = 0 }
/^Feature:/ { sub(/^Feature: */, ""); printf "\n# %s%s\n\n", $0, tags; tags = ""; next }
/^Rule:/ { sub(/^Rule: */, ""); printf "\n## %s\n\n", $0; next }
/^(Background|Examples):/ { sub(/:.*/, ""); printf "\n### %s\n", $0; if (/^B/) print ""; next }
/^(Scenario|Scenario Outline|Example):/ {
  sub(/^(Scenario|Scenario Outline|Example): */, "")
  printf "\n## %s%s\n\n", $0, tags
  tags = ""
  next
}
/^(Given|When|Then|And|But|\*) / { keyword = $1; sub(/^[^ ]+ /, ""); printf "- **%s** %s\n", keyword, $0; next }
NF { blank = 0; print; next }
!blank { blank = 1; print }
