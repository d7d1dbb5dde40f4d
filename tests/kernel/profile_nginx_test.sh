#!/bin/bash
# The profile nginx: files, ranges, uploads, TLS, a proxy with a cache, new logs, new workers.
. "$(dirname "$0")/profile_lib.sh"
need nginx curl python3

# configure PORT TLS_PORT: nginx.conf includes listen.conf.
configure() {
  local tls=
  [ ! -e cert.pem ] || tls="listen 127.0.0.1:$2 ssl; ssl_certificate $PWD/cert.pem; ssl_certificate_key $PWD/key.pem;"
  cat >listen.conf <<END
proxy_cache_path $PWD/temporary/cache keys_zone=cache:1m;
client_body_in_file_only clean;
map \$uri \$named { default access; }
server {
  listen 127.0.0.1:$1; listen unix:$PWD/nginx.sock; $tls root $PWD/pages;
  access_log $PWD/temporary/access.log; open_file_cache max=10;
  location /list/ { autoindex on; }
  location /local/ { proxy_pass http://unix:$PWD/nginx.sock:/; proxy_cache cache; }
  location /upload { proxy_pass http://127.0.0.1:$1/page; proxy_method GET; }
  location /named { resolver 127.0.0.1 valid=1s; resolver_timeout 100ms; set \$host_name nowhere.invalid; proxy_pass http://\$host_name/; }
}
END
}

prepare() {
  use_profile nginx
  prepare_nginx "$1"
  chmod 777 temporary
  mkdir pages/list
  head -c 3000000 /dev/zero >pages/list/large
  certificate || true
}

load() {
  local url=http://127.0.0.1:$port
  assert_equal "a page" "$(curl -s -f "$url/page")"
  assert_equal 3000000 "$(curl -s -f "$url/list/large" | wc -c)"
  assert_equal 100 "$(curl -s -f -r 1000-1099 "$url/list/large" | wc -c)"
  curl -s -f "$url/list/" | grep -q large || fail "expected a list of files"
  assert_equal "a page" "$(curl -s -f "$url/local/page")"
  assert_equal "a page" "$(curl -s -f "$url/local/page")"
  curl -s -f -o got --data-binary @pages/list/large -X PUT "$url/upload" || [ $? = 22 ]
  curl -s -o got "$url/named/" || true
  curl -s -o got "$url/missing" || true
  if [ -e cert.pem ]; then
    assert_equal "a page" "$(curl -s -f --cacert cert.pem "https://127.0.0.1:$tls_port/page")"
  fi
  kill -USR1 "$master" # Opens its logs again.
  kill -HUP "$master"  # New workers.
  wait_until is_answering "$url/page" || fail "expected an answer from new workers"
  assert_equal 3000000 "$(curl -s -f "$url/list/large" | wc -c)"
}

serve_nginx() {
  port=$(free_port) tls_port=$(free_port)
  configure "$port" "$tls_port"
  start "${LAUNCH[@]}" nginx -p "$PWD" -e stderr -c "$PWD/nginx.conf"
  master=$started
  daemon_answers is_answering "http://127.0.0.1:$port/page"
}

test_in_the_foreground() {
  prepare "aio threads; gzip on; gzip_types *;"
  serve_nginx
  load
  ends_well QUIT
}

test_without_the_page_cache() {
  prepare "directio 1m;"
  serve_nginx
  load
  ends_well TERM
}

test_as_a_daemon() {
  prepare ""
  sed -i 's/daemon off;/daemon on;/; s/worker_processes 2/worker_processes auto; worker_cpu_affinity auto/' nginx.conf
  port=$(free_port) tls_port=$(free_port)
  configure "$port" "$tls_port"
  run "${LAUNCH[@]}" nginx -t -p "$PWD" -e stderr -c "$PWD/nginx.conf"
  assert_status 0
  start "${LAUNCH[@]}" nginx -p "$PWD" -e "$PWD/error.log" -c "$PWD/nginx.conf"
  wait_until is_answering "http://127.0.0.1:$port/page" || fail "expected an answer: $(shown daemon.log)"
  master=$(cat nginx.pid)
  load
  kill -QUIT "$master"
  wait_until has_ended "$master" || fail "expected nginx to end"
}

# What an attacker asks for who has a worker run code: a shell. Each new worker asks.
test_attack() {
  [ -z "${SANDBOX_RUN_RECORD:-}" ] || return 0
  prepare ""
  LAUNCH=(env "LD_PRELOAD=$TEST_BIN/attack.so" ATTACK_IN=child "${PLAIN[@]}")
  serve_nginx
  ends_well QUIT
  grep -q '^attack: execve /bin/sh: Operation not permitted$' out || fail "expected the shell to be denied: $(shown out)"
  start env "LD_PRELOAD=$TEST_BIN/attack.so" ATTACK_IN=child nginx -p "$PWD" -e stderr -c "$PWD/nginx.conf"
  wait_until grep -q '^attack: a shell$' daemon.log || fail "expected a shell without the profile: $(shown daemon.log)"
  answers execve EPERM ptrace EPERM socket,17,3,0 EAFNOSUPPORT process_vm_readv EPERM unshare,0x10000000 EPERM
}

# A location that leads into a home gives nothing, where the options do not name it.
test_with_its_files_alone() {
  with_files nginx --rw .
  prepare_nginx "aio threads;"
  chmod 777 temporary
  chmod -R a+rX "$HOME"
  mkdir pages/list
  head -c 3000000 /dev/zero >pages/list/large
  certificate || true
  port=$(free_port) tls_port=$(free_port)
  configure "$port" "$tls_port"
  sed -i "s:location /list/ :location /key { alias $KEY; }\n  &:" listen.conf
  start nginx -p "$PWD" -e stderr -c "$PWD/nginx.conf"
  daemon_answers is_answering "http://127.0.0.1:$port/page"
  assert_equal "a private key" "$(curl -s -f "http://127.0.0.1:$port/key")" # Without the profile.
  stop QUIT
  start "${LAUNCH[@]}" nginx -p "$PWD" -e stderr -c "$PWD/nginx.conf"
  master=$started
  daemon_answers is_answering "http://127.0.0.1:$port/page"
  load
  assert_equal 403 "$(curl -s -o got -w '%{http_code}' "http://127.0.0.1:$port/key")"
  ends_well QUIT
}

test_files_of_debian() { assert_files_of nginx nginx; }

run_tests
