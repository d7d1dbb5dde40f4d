#!/bin/bash
# The profile ffmpeg: encodes, decodes, filters, splits and looks into films, sound and pictures.
. "$(dirname "$0")/profile_lib.sh"
need ffmpeg ffprobe

ff() { succeeds ffmpeg -nostdin -hide_banner -loglevel error -y "$@"; }

test_load() {
  use_profile ffmpeg
  ff -f lavfi -i testsrc=duration=1:size=160x120:rate=10 -f lavfi -i sine=duration=1 -c:v mpeg4 -c:a aac -movflags +faststart film.mp4
  ff -i film.mp4 -c copy film.mkv
  ff -threads 4 -i film.mkv -vf scale=80:60,transpose -c:v mpeg2video -c:a mp2 film.mpg
  ff -i film.mp4 -frames:v 2 "picture%d.png"
  ff -framerate 5 -i "picture%d.png" -c:v mjpeg film.avi
  ff -i film.mp4 -vn sound.wav
  ff -i film.mp4 -f segment -segment_time 0.3 -c copy "part%d.mkv"
  ff -i film.mp4 -f hls -hls_time 1 -c:v mpeg2video -c:a mp2 list.m3u8
  ff -i list.m3u8 -f null -
  ff -i film.mp4 -pass 1 -c:v mpeg4 -an -f null -
  succeeds ffmpeg -nostdin -loglevel error -f wav -i - -f s16le - <sound.wav
  [ "$(wc -c <out)" -gt 10000 ] || report "expected sound"
  succeeds ffprobe -v error -show_streams -of json film.mkv
  grep -q mpeg4 out || report "expected the stream"
}

test_x264() {
  use_profile ffmpeg
  ffmpeg -hide_banner -encoders 2>/dev/null | grep -q libx264 || skip "no libx264"
  ff -f lavfi -i testsrc=duration=1:size=320x240 -c:v libx264 -preset fast film.mp4
  ff -i film.mp4 -c:v libx264 -f mpegts film.ts
}

test_on_a_terminal() {
  use_profile ffmpeg
  run "$TEST_BIN/on_terminal" "${LAUNCH[@]}" ffmpeg -y -f lavfi -i testsrc=duration=1 -c:v mpeg4 film.mp4
  assert_status 0
}

# A film that takes a decoder over has no shell and no network.
test_attack() {
  [ -z "${SANDBOX_RUN_RECORD:-}" ] || return 0
  use_profile ffmpeg
  run env LD_PRELOAD="$TEST_BIN/attack.so" "${PLAIN[@]}" ffmpeg -version
  assert_status 0
  assert_stderr "attack: execve /bin/sh: Operation not permitted"
  run env LD_PRELOAD="$TEST_BIN/attack.so" ffmpeg -version
  assert_status 99
  run "${PLAIN[@]}" ffmpeg -nostdin -loglevel error -i http://127.0.0.1:9/film.mp4 -f null -
  [ "$status" != 0 ] || report "expected no connection"
  answers execve EPERM fork EPERM socket,2,1,0 EAFNOSUPPORT socket,1,1,0 EAFNOSUPPORT ptrace EPERM chmod EPERM
}

run_tests
