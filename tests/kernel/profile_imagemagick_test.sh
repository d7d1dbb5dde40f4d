#!/bin/bash
# The profile imagemagick: converts, scales, composes, draws and looks into pictures.
. "$(dirname "$0")/profile_lib.sh"
need /usr/bin/convert /usr/bin/identify

test_load() {
  use_profile imagemagick
  succeeds /usr/bin/convert -size 300x200 gradient:red-blue -noise 3 picture.png
  succeeds /usr/bin/convert picture.png -resize 50% -quality 80 picture.jpg
  succeeds /usr/bin/convert picture.jpg -rotate 30 -blur 0x3 -colors 16 picture.gif
  succeeds /usr/bin/convert picture.png picture.jpg -append -strip picture.tiff
  succeeds /usr/bin/convert picture.tiff -crop 50x50 tile%d.png
  succeeds /usr/bin/convert picture.png -limit memory 1KiB -limit map 1KiB -resize 200% large.png
  succeeds /usr/bin/convert -delay 10 picture.png picture.gif animation.gif
  succeeds /usr/bin/identify -verbose picture.jpg
  grep -q "Geometry: 150x100" out || report "expected the size"
  succeeds /usr/bin/mogrify -resize 10x10 tile0.png
  succeeds /usr/bin/montage tile0.png tile1.png -geometry +2+2 montage.png
  succeeds /usr/bin/compare -metric AE picture.png picture.png null:
  succeeds /usr/bin/convert png:- jpg:- <picture.png
  mv out copy.jpg
  succeeds /usr/bin/identify - <copy.jpg
  grep -q 300x200 out || report "expected the size"
}

# Pictures have commands in them (delegates; CVE-2016-3714): no program is started.
test_attack() {
  [ -z "${SANDBOX_RUN_RECORD:-}" ] || return 0
  use_profile imagemagick
  run env LD_PRELOAD="$TEST_BIN/attack.so" "${PLAIN[@]}" /usr/bin/identify -version
  assert_status 0
  assert_stderr "attack: execve /bin/sh: Operation not permitted"
  run env LD_PRELOAD="$TEST_BIN/attack.so" /usr/bin/identify -version
  assert_status 99
  answers execve EPERM fork EPERM socket,2,1,0 EAFNOSUPPORT socket,1,1,0 EAFNOSUPPORT ptrace EPERM mount EPERM
}

run_tests
