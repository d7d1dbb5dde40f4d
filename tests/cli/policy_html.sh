#!/bin/bash
# show --html and diff --html: one page that is well formed, loads nothing, and takes no text of a policy for markup.
. "$(dirname "$0")/policy/lib.sh"

write_policies() {
  cat >'<b>&one.yml' <<'END'
seccomp:
  architectures: [x86_64]
  default_action: errno
  syscalls:
  - action: allow
    names:
    - read    # 12
    - write   # </td><script>alert(1)</script>
    - openat
    names_with_args:
    - name: socket
      arguments: [{argument: 0, operation: LessThan, value: 3}]
landlock:
  files:
  - access: [read]
    paths: ["/usr"]
END
  sed 's/- write.*/- ptrace/' '<b>&one.yml' >two.yml
}

# page FILE PYTHON...: checks the page's markup, and the texts of its elements in `cells`.
page() {
  python3 - "$1" "$2" <<'END' || report "expected another page"
import sys
from html.parser import HTMLParser
EMPTY = {"meta", "input"}
class Page(HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.open, self.tags, self.cells, self.ids, self.links = [], set(), [], set(), []
    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        names = dict(attributes)
        assert not {"src", "onload", "onclick", "style"} & names.keys(), names
        if "id" in names: self.ids.add(names["id"])
        if "href" in names: self.links.append(names["href"])
        if tag not in EMPTY: self.open.append(tag)
        if tag in ("td", "h1", "p", "span"): self.cells.append("")
    def handle_endtag(self, tag):
        assert self.open.pop() == tag, tag
    def handle_data(self, text):
        if self.cells and self.open and self.open[-1] not in ("script", "style"): self.cells[-1] += text
page = Page()
text = open(sys.argv[1], encoding="utf-8").read()
page.feed(text)
assert not page.open, page.open
assert page.tags <= set("html head meta title style body h1 h2 p table thead tbody tr th td input pre span a script".split()), page.tags
assert text.count("<script>") == 1 and "http" not in text.replace("http-equiv", ""), "loads something"
assert all(link[1:] in page.ids for link in page.links), page.links
cells = [cell.strip() for cell in page.cells]
def row(*texts): return any(cells[i:i + len(texts)] == list(texts) for i in range(len(cells)))
assert eval("(" + sys.argv[2] + ")"), cells[:80]
END
}

test_page_of_a_policy() {
  write_policies
  policy show --html '<b>&one.yml'
  assert_status 0
  page out 'row("0", "read", "allow", "", "line 7", "12")
    and row("1", "write", "allow", "", "line 8", "</td><script>alert(1)</script>")
    and row("41", "socket", "allow", "if arg0 < 3", "line 11", "") and row("socket", "errno EPERM", "otherwise")
    and row("opens files", "read: /usr") and row("2", "open", "errno EPERM", "", "default", "")
    and "<b>&one.yml" in cells'
}

test_page_of_a_difference() {
  write_policies
  policy diff --html '<b>&one.yml' two.yml
  assert_status 1
  page out 'row("write", "allow", "errno EPERM", "stricter") and row("ptrace", "errno EPERM", "allow", "looser")'
  policy diff --html two.yml two.yml
  assert_status 0
  page out '"They are equal: every call gets the same answer, every file and port the same access." in cells'
}

test_page_of_a_filter() {
  write_policies
  sed '/^landlock:/,$d' two.yml >three.yml
  policy compile -q three.yml -o two.bpf
  policy show --html two.bpf
  assert_status 0
  page out 'row("0", "read", "allow")'
}

# As a browser shows it: the field above the table leaves the rows with its words.
test_page_in_a_browser() {
  command -v chromium >/dev/null || skip "chromium is not installed"
  is_root && skip "chromium does not start as root"
  write_policies
  "$SANDBOX_POLICY" show --html two.yml >page.html
  { cat page.html && cat <<'END'; } >tried.html
<script>
const field = document.querySelector('input'); field.value = 'ptrace allow'; field.dispatchEvent(new Event('input'));
document.title = [...document.querySelectorAll('tbody tr')].filter(row => row.checkVisibility()).length;
</script>
END
  run chromium --headless --disable-gpu --no-sandbox --user-data-dir="$PWD/chromium" --dump-dom "file://$PWD/tried.html"
  grep -q '<title>11</title>' out || report "expected ten abilities and one call in sight"
}

run_tests
