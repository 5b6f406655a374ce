# The private daemon: start, stop, clean up after one that died. Sourced by dev/engine.
# shellcheck shell=bash disable=SC2154

daemon_log=$logs/dockerd.log
data=$home/data-$store # the two stores do not share a data root

our_docker() { DOCKER_HOST=unix://$socket DOCKER_CONFIG=$docker_config DOCKER_CONTEXT='' "$root/usr/bin/docker" "$@"; }

private_engine_answers() {
  [ -S "$socket" ] && timeout 10 "$root/usr/bin/docker" -H "unix://$socket" version >/dev/null 2>&1
}

# The daemon's process id, if it runs. A pid file may outlive its process, and the number may be somebody else's by now.
daemon_pid() {
  local pid
  pid=$(cat "$pid_file" 2>/dev/null) || return 1
  tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -qF -- "--pidfile $pid_file" && echo "$pid"
}

start_daemon() {
  say "starting the private engine ($store store)"
  stop_daemon # whatever a killed daemon or a reboot left behind
  mkdir -p "$run" "$data" "$docker_config"
  write_daemon_json
  PATH=$tools:$system_path create_network
  [ ! -e "$daemon_log" ] || mv "$daemon_log" "$daemon_log.1"
  launch_daemon
  wait_for_daemon
}

# The garbage collector wants a fifth of the disk to be free, and drops cache in the middle of a test if it is not.
write_daemon_json() {
  echo '{"builder": {"gc": {"enabled": false}}}' >"$home/daemon.json"
}

# It survives the caller's end, and holds neither its terminal, nor its output (a pipe would never end), nor our lock.
launch_daemon() {
  local snapshotter=true
  [ "$store" = containerd ] || snapshotter=false
  PATH=$tools:$system_path setsid "$tools/dockerd" \
    --config-file "$home/daemon.json" --data-root "$data" --exec-root "$run/exec" --pidfile "$pid_file" -H "unix://$socket" \
    --bridge "$bridge" --iptables=false --ip6tables=false --mtu "$(PATH=$tools:$system_path default_mtu)" \
    --feature containerd-snapshotter=$snapshotter >"$daemon_log" 2>&1 </dev/null 9>&- &
}

wait_for_daemon() {
  local pid=$! tries
  for ((tries = 0; tries < 600; tries++)); do
    ! private_engine_answers || { echo "$store" >"$run/store" && return; }
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.1
  done
  kill "$pid" 2>/dev/null || true
  fail_with_log "$daemon_log" "the private engine did not start" "the whole log: $daemon_log"
}

stop_daemon() {
  local pid
  if pid=$(daemon_pid); then
    say "stopping the private engine"
    kill "$pid"
    wait_for_end "$pid"
  fi
  stop_leftovers
  unmount_below "$run"
  unmount_below "$home"
  PATH=$tools:$system_path remove_network
  rm -rf "$run"
}

wait_for_end() {
  local tries
  for ((tries = 0; tries < 200; tries++)); do
    kill -0 "$1" 2>/dev/null || return 0
    sleep 0.1
  done
  say "it does not stop by itself; killing it"
  kill -9 "$1" 2>/dev/null || true
  sleep 0.5
}

# A killed dockerd leaves its containerd and the containers' shims, which hold sockets and mounts. All of them name our run
# folder in their command line.
stop_leftovers() {
  local pid
  for pid in $(pgrep -f -- "$run/" || true); do
    [ "$pid" = $$ ] || kill -9 "$pid" 2>/dev/null || true
  done
}

# Deepest first. A failed start leaves the data root mounted on itself, a container with the host's network its namespace.
unmount_below() {
  local mount
  findmnt -rno TARGET | { grep -E "^$1(/|$)" || true; } | sort -r | while read -r mount; do
    umount "$mount" 2>/dev/null || umount -l "$mount"
  done
}

purge_home() {
  say "deleting $home"
  rm -rf "$home"
}

print_private_status() {
  local state=down
  ! private_engine_answers || state=up
  echo "engine:  private, $state"
  echo "state:   $home ($(du -sh "$home" 2>/dev/null | cut -f1))"
  echo "socket:  $socket"
  echo "log:     $daemon_log"
  [ $state = up ] || return 1
  echo "version: Docker $(our_docker version --format '{{.Server.Version}}'), $(cat "$run/store") store"
  echo "images:"
  our_docker image ls --format '  {{.Repository}}:{{.Tag}} {{.Size}}' | sort -V
}
