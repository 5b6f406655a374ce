# The private daemon: start, stop, and clean up after one that was killed. Sourced by dev/engine.
# shellcheck shell=bash disable=SC2154

daemon_log=$logs/dockerd.log
pid_file=$run/docker.pid

our_docker() { env -u DOCKER_CONTEXT DOCKER_HOST="unix://$socket" DOCKER_CONFIG="$docker_config" "$bin/docker" "$@"; }

# A daemon that hangs does not answer, either, nor one whose containers find no names, and `up` replaces it.
private_engine_answers() { [ -S "$socket" ] && resolver_runs && timeout 20 "$bin/docker" --host "unix://$socket" version >/dev/null 2>&1; }

running_store() { cat "$run/store"; }

check_running_store() {
  [ "${MICROB_ENGINE_STORE:-$(running_store)}" = "$(running_store)" ] ||
    die "the private engine is up with the $(running_store) store" "to change that: $0 down, then up again"
}

# --- start --------------------------------------------------------------------------------------------------------------

start_daemon() {
  local store=${MICROB_ENGINE_STORE:-containerd}
  case $store in
  containerd | classic) ;;
  *) die "MICROB_ENGINE_STORE is \"$store\"" "it can be containerd or classic" ;;
  esac
  stop_daemon # what a killed one, or a reboot, left behind
  say "starting dockerd with the $store store"
  mkdir -p "$run" "$home/data-$store"
  echo "$store" >"$run/store"
  with_tools create_network
  write_daemon_json
  start_resolver
  launch_daemon "$store"
  wait_for_daemon
}

# BuildKit's own rules want a fifth of the disk to be free, and drop cache amid a test if it is not. This one only keeps
# the cache from growing for ever. Alpine's resolver gives all attempts together the time that Debian's gives each.
write_daemon_json() {
  cat >"$home/daemon.json" <<END
{"dns": ["$(cat "$home/subnet").1"], "dns-opts": ["timeout:4", "attempts:5"],
 "builder": {"gc": {"enabled": true, "policy": [{"all": true, "maxUsedSpace": "30GB"}]}}}
END
}

# It outlives its caller, and holds nothing of it: no terminal, no output (a pipe would never end), no lock, no folder.
launch_daemon() {
  local store=$1 snapshotter=true
  [ "$store" = containerd ] || snapshotter=false
  local options=(
    --config-file "$home/daemon.json" --pidfile "$pid_file" --host "unix://$socket" --group "${owner#*:}"
    --data-root "$home/data-$store" --exec-root "$run/exec" --feature "containerd-snapshotter=$snapshotter"
    --cgroup-parent "$cgroup" --exec-opt native.cgroupdriver=cgroupfs
    --bridge "$bridge" --iptables=false --ip6tables=false --mtu "$(with_tools default_mtu)"
  )
  [ ! -e "$daemon_log" ] || mv "$daemon_log" "$daemon_log.1"
  (
    cd /
    close_inherited_files
    export PATH=$tools:$system_path
    exec setsid "$tools/dockerd" "${options[@]}"
  ) >"$daemon_log" 2>&1 </dev/null &
  daemon=$!
}

# Our lock, and whatever a caller such as make leaves open.
close_inherited_files() {
  local file
  for file in /proc/self/fd/*; do
    file=${file##*/}
    [ "$file" -le 2 ] || eval "exec $file>&-"
  done
}

wait_for_daemon() {
  local deadline=$((SECONDS + 90))
  until private_engine_answers; do
    if [ $SECONDS -ge $deadline ] || ! kill -0 "$daemon" 2>/dev/null; then
      cp "$daemon_log" "$daemon_log.failed"
      stop_daemon
      die_with_log "$daemon_log.failed" "dockerd did not start"
    fi
    sleep 0.1
  done
}

# --- stop ---------------------------------------------------------------------------------------------------------------

stop_daemon() {
  local pid
  for pid in $(our_processes dockerd); do
    say "stopping dockerd"
    kill "$pid" 2>/dev/null || true
    wait_for_end "$pid" || say "it does not end by itself, and is killed"
  done
  kill_leftovers
  stop_resolver
  unmount_below "$run"
  unmount_below "$home"
  with_tools remove_network
  rm -rf --one-file-system "$run"
}

wait_for_end() {
  local deadline=$((SECONDS + 20))
  while kill -0 "$1" 2>/dev/null; do
    [ $SECONDS -lt $deadline ] || return 1
    sleep 0.1
  done
}

# The containerd and the shims of a killed dockerd live on, and so do the containers.
kill_leftovers() {
  local list
  our_processes dockerd containerd containerd-shim-runc-v2 docker-proxy | kill_all
  find /sys/fs/cgroup -path "*$cgroup/*" -name cgroup.procs 2>/dev/null | while read -r list; do
    kill_all <"$list"
  done
  find /sys/fs/cgroup -depth -type d -path "*$cgroup*" -exec rmdir {} + 2>/dev/null || true
}

kill_all() { xargs --no-run-if-empty kill -9 2>/dev/null || true; }

# our_processes PROGRAM…: those that run from our folder. A pid file may outlive its process, and its number may be
# somebody else's by now; a name may be another engine's.
our_processes() {
  local process program
  for process in /proc/[0-9]*; do
    for program in "$@"; do
      case $(readlink "$process/exe") in
      "$root"/usr/*/"$program" | "$root"/usr/*/"$program (deleted)") echo "${process#/proc/}" ;;
      esac
    done
  done 2>/dev/null
}

# Deepest first. A failed start leaves the data root mounted on itself; a container with the host's network, its namespace.
unmount_below() {
  local mount
  awk -v below="$1" '$2 == below || index($2, below "/") == 1 { print $2 }' /proc/self/mounts | sort -r |
    while read -r mount; do
      umount "$mount" 2>/dev/null || umount --lazy "$mount"
    done
}

purge_home() {
  say "deleting $home"
  # A mount point that is still busy must not lose what is mounted there.
  rm -rf --one-file-system "$home"
}

# --- status -------------------------------------------------------------------------------------------------------------

print_private_status() {
  if [ ! -e "$home/$home_mark" ]; then
    echo "engine:   none"
    return 1
  fi
  if private_engine_answers; then
    echo "engine:   private, up"
    echo "version:  Docker $(our_docker version --format '{{.Server.Version}}'), $(running_store) store"
  else
    echo "engine:   private, down"
  fi
  echo "socket:   $socket"
  echo "state:    $home ($(du -sh --one-file-system "$home" 2>/dev/null | cut -f1))"
  echo "log:      $daemon_log"
  private_engine_answers || return 1
  echo "stand-ins for base images:"
  print_stand_ins
}
