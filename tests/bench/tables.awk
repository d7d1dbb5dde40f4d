# awk -f tables.awk -v table=NAME: what the programs that measure print, as Markdown.
#
#   launch, launch_details   LAUNCHER;POLICY COUNT MEDIAN MINIMUM QUARTILE1 QUARTILE3; the ratio is to `env`
#   load                     GENERATOR;POLICY and the same; the ratio is to the generator `ours`
#   calls                    FILTER and a cost for each call; the ratio is to the first filter
#   stages                   Google Benchmark's CSV

function row(title, value, columns, count,    i, line) {
  line = "| " title " |"
  for (i = 1; i <= count; ++i) line = line " " value[title, columns[i]] " |"
  print line
}

function header(first, names, count,    i, line, rule) {
  line = "| " first " |"
  rule = "| --- |"
  for (i = 1; i <= count; ++i) {
    line = line " " names[i] " |"
    rule = rule " --- |"
  }
  print line
  print rule
}

function remember(title, column) {
  if (!(title in seen_title)) titles[++title_count] = title
  if (!(column in seen_column)) columns[++column_count] = column
  seen_title[title] = seen_column[column] = 1
}

table ~ /^(launch|launch_details|load)$/ {
  split($1, key, ";")
  remember(key[1], key[2])
  median[key[1], key[2]] = $3
  rest[key[1], key[2]] = sprintf("%.0f | %.0f to %.0f | %.0f", $3, $5, $6, $4)
}

table == "calls" {
  titles[++title_count] = $1
  for (i = 2; i <= NF; ++i) {
    if (NR == 1) base[i] = $i
    cell[$1, i] = sprintf("%.2f (%.0f)", $i / base[i], $i)
  }
}

# name,iterations,real_time,cpu_time,time_unit,...: "read/a_median", or "load/a/manual_time_median".
table == "stages" && $1 ~ /_median"?$/ {
  gsub(/"|_median|\/manual_time/, "", $1)
  split($1, key, "/")
  cell[key[1], key[2]] = sprintf("%.1f", $3)
}

END {
  if (table == "launch") {
    for (place in median) cell[place] = sprintf("%.2f", median[place] / median["env", "-"])
    for (i = 1; i <= column_count; ++i) names[i] = columns[i] == "-" ? "" : "policy " columns[i]
    header("launcher", names, column_count)
  } else if (table == "launch_details") {
    print "| launcher | policy | against env | median | quartiles | minimum |"
    print "| --- | --- | --- | --- | --- | --- |"
    for (i = 1; i <= title_count; ++i) {
      for (j = 1; j <= column_count; ++j) {
        if (!((titles[i], columns[j]) in median)) continue
        ratio = median[titles[i], columns[j]] / median["env", "-"]
        printf "| %s | %s | %.3f | %s |\n", titles[i], columns[j], ratio, rest[titles[i], columns[j]]
      }
    }
    exit
  } else if (table == "load") {
    for (i = 1; i <= title_count; ++i) {
      for (j = 1; j <= column_count; ++j) {
        if (!((titles[i], columns[j]) in median)) continue
        this = median[titles[i], columns[j]]
        cell[titles[i], columns[j]] = sprintf("%.1f (%.2f)", this, this / median[ours, columns[j]])
      }
    }
    header("generator", columns, column_count)
  } else if (table == "calls") {
    text = "getppid, cached|socket, allowed for its argument|socket, denied for its argument|a call that is denied"
    column_count = split(text, names, "|")
    for (i = 1; i <= column_count; ++i) columns[i] = i + 1
    header("filter", names, column_count)
  } else {
    # They were run, and are listed, in an order drawn anew.
    title_count = split("read resolve quick best validate load", titles, " ")
    column_count = split("a b c d default", columns, " ")
    header("stage", columns, column_count)
  }
  for (i = 1; i <= title_count; ++i) row(titles[i], cell, columns, column_count)
}
