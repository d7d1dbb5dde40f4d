#!/bin/sh
# changelog.sh CHANGELOG.md MAINTAINER: the releases in Debian's form. changelog.sh --section VERSION CHANGELOG.md: the
# text of one release, for its announcement.
#
# A release is "## 1.2.3 (2026-11-30)"; what is not released yet, "## Unreleased", is left out.
set -eu

if [ "$1" = --section ]; then
  awk -v heading="## $2 " 'index($0 " ", heading) == 1 { inside = 1; next } /^## / { inside = 0 } inside' "$3" |
    sed -e '/./,$!d'
  exit
fi

maintainer=$2
# One line a paragraph or point: continuation lines of the Markdown are joined, and folded again below.
awk '
  function flush() { if (text != "") print text; text = "" }
  /^## / { flush(); print; next }
  /^### / { flush(); text = "* " substr($0, 5) ":"; flush(); next }
  /^- / { flush(); text = "- " substr($0, 3); next }
  /^$/ { flush(); next }
  { sub(/^ +/, ""); text = text == "" ? "* " $0 : text " " $0 }
  END { flush() }' "$1" |
  sed 's/\[\([^]]*\)\]([^)]*)/\1/g; s/`//g' |
  {
    date=
    finish() {
      if [ -z "$date" ]; then return; fi
      printf '\n -- %s  %s\n\n' "$maintainer" "$(LC_ALL=C date -u -R -d "$date 12:00:00")"
    }
    fold_at() { fold -s -w "$1" | sed -e "1s/^/$2/" -e "2,\$s/^/$2  /" -e 's/ *$//'; }
    while IFS= read -r line; do
      case $line in
        '## '[0-9]*)
          finish
          version=${line#'## '}
          date=${version#* (}
          date=${date%)}
          printf 'sandbox-run (%s) unstable; urgency=medium\n\n' "${version%% *}"
          ;;
        '## '*)
          finish
          date=
          ;;
        '* '*) [ -z "$date" ] || printf '%s\n' "$line" | fold_at 74 '  ' ;;
        '- '*) [ -z "$date" ] || printf '%s\n' "$line" | fold_at 72 '    ' ;;
      esac
    done
    finish
  }
