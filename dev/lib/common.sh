# Messages, settings and the lock. Sourced by dev/engine.
# shellcheck shell=bash disable=SC2034  # settings are used by the other parts

# --- settings -----------------------------------------------------------------------------------------------------------

# The state is per user and outside the checkout, so that all clones share one engine and its images.
home=${MICROB_ENGINE_HOME:-${XDG_STATE_HOME:-$HOME/.local/state}/microb-engine}
home=$(readlink -m "$home")

# Everything that must be unique on the machine (socket, bridge, subnet) carries this id, so that engines of different
# homes can run side by side.
id=$(printf %s "$home" | sha256sum | cut -c1-8)

# Sockets live below the exec root, and a socket's path has about 100 bytes: the state's path may be too long for it.
run=/run/microb-engine-$id
socket=$run/docker.sock
pid_file=$run/docker.pid
bridge=mb-$id

bin=$home/bin            # first in the user's PATH: docker, nothing that hides a tool of the machine
tools=$home/tools        # first in the daemon's PATH only
root=$home/root          # Debian packages, unpacked
logs=$home/log
docker_config=$home/docker
store=${MICROB_ENGINE_STORE:-containerd}

case $store in
containerd | classic) ;;
*) printf 'engine: MICROB_ENGINE_STORE is "%s"; it can be containerd or classic\n' "$store" >&2 && exit 2 ;;
esac

# --- messages -----------------------------------------------------------------------------------------------------------

say() { printf 'engine %4ss  %s\n' "$SECONDS" "$*" >&2; }

# die WHAT [WHAT TO DO]
die() {
  say "error: $1"
  [ -z "${2-}" ] || printf '             %s\n' "$2" >&2
  exit 1
}

# quietly NAME COMMAND…: the output goes to a log, of which the last lines are shown if the command fails.
quietly() {
  local log=$logs/$1.log
  shift
  "$@" >"$log" 2>&1 </dev/null || fail_with_log "$log" "failed: $*"
}

# fail_with_log LOG WHAT [WHAT TO DO]
fail_with_log() {
  tail -n 15 "$1" | sed 's/^/             | /' >&2
  die "$2" "${3:-the whole log: $1}"
}

export_line() { printf 'export %s=%q\n' "$1" "$2"; }

# --- who may do what, and one at a time ---------------------------------------------------------------------------------

need_no_more_arguments() {
  [ $# -eq 0 ] || die "unexpected argument: $1" "see: $0 help"
}

# A daemon that runs containers needs root.
need_root() {
  [ "$(id -u)" -eq 0 ] || die "a private engine needs root" "run: sudo --preserve-env=MICROB_ENGINE_HOME,MICROB_ENGINE_STORE $0 $*"
}

# Held until the script ends. Children that outlive the script must close descriptor 9, or the lock would outlive it too.
with_lock() {
  mkdir -p "$home" "$logs"
  exec 9>"$home/lock"
  flock -n 9 && return
  say "another run of this script is at work; waiting for it"
  flock 9
}

# Where the machine's own programs are. The caller's PATH may hold other things (shims, virtual environments).
system_path=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
