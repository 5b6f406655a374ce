# Settings, messages, and who may do what. Sourced by dev/engine.
# shellcheck shell=bash disable=SC2034,SC2154

# --- settings -----------------------------------------------------------------------------------------------------------

# Per user and outside the checkout, so that all clones share one engine and its images.
home=$(readlink -m "${MICROB_ENGINE_HOME:-${XDG_STATE_HOME:-${HOME:?}/.local/state}/microb-engine}")
home_mark=.microb-engine # only a folder that has this file is ever filled or deleted

# What must be unique on the machine (sockets, bridge, subnet, cgroup) carries this id: engines of different homes run side
# by side.
id=$(printf %s "$home" | sha256sum | cut -c1-8)

# The socket is not in $home: a socket's path has about 100 bytes, and containerd's are further down the same folder.
run=/run/microb-engine-$id
socket=$run/docker.sock
bridge=mb-$id
cgroup=/microb-engine-$id

root=$home/root   # Debian packages, unpacked
tools=$home/tools # first in the daemon's PATH
bin=$home/bin     # first in the user's PATH: docker, and what the machine lacks
logs=$home/log
docker_config=$home/docker

# Where the machine's own programs are. The caller's PATH may begin with other things: shims, virtual environments.
system_path=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

# --- messages -----------------------------------------------------------------------------------------------------------

say() { printf '%s %4ss  %s\n' "${program:-engine}" "$SECONDS" "$*" >&2; }

# die WHAT [WHAT TO DO]
die() {
  say "error: $1"
  [ -z "${2-}" ] || printf '              %s\n' "$2" >&2
  exit 1
}

# quietly NAME COMMAND…: the output goes to a log, whose last lines are shown if the command fails.
# Trap: within a function that is called like this, `set -e` does not work; its commands must be joined by &&.
quietly() {
  local log=$logs/$1.log
  shift
  ("$@") >"$log" 2>&1 </dev/null || die_with_log "$log" "this failed: $*"
}

# die_with_log LOG WHAT [WHAT TO DO]
die_with_log() {
  tail -n 15 "$1" | sed 's/^/              | /' >&2
  die "$2" "${3-}${3:+; }the whole log: $1"
}

export_line() { printf 'export %s=%q\n' "$1" "$2"; }

no_arguments() { [ $# -eq 0 ] || die "unexpected argument: $1" "see: $0 help"; }

# The caller's PATH without one folder, so that evaluating `env` twice does not make it longer.
path_without() {
  local path=:$PATH:
  path=${path//":$1:"/:}
  path=${path#:}
  echo "${path%:}"
}

# --- who may do what, one at a time -------------------------------------------------------------------------------------

# A daemon that runs containers needs root; its socket belongs to who asked for it. sudo drops the environment, so what
# counts is handed over by name.
become_root() {
  local name settings=()
  [ "$(id -u)" -ne 0 ] || return 0
  command -v sudo >/dev/null || die "a private engine needs root, and there is no sudo" \
    "run this as root, or install Docker $minimum_docker or newer: it will be used as it is"
  for name in MICROB_ENGINE_STORE SSL_CERT_FILE http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY; do
    [ -z "${!name-}" ] || settings+=("$name=${!name}")
  done
  mkdir -p "$home"
  say "a private engine needs root: asking sudo"
  exec sudo env "${settings[@]}" PIP_INDEX_URL="$(python_index)" MICROB_ENGINE=private MICROB_ENGINE_HOME="$home" \
    MICROB_ENGINE_USER="$(id -u):$(id -g)" "$0" "$@"
}

owner=${MICROB_ENGINE_USER:-0:0}

claim_home() {
  # It becomes part of PATH, of mount options and of mount tables.
  [[ $home =~ ^[A-Za-z0-9/._@%+-]+$ ]] || die "MICROB_ENGINE_HOME is $home" "let it have letters, digits and ._@%+- only"
  mkdir -p "$home"
  if [ ! -e "$home/$home_mark" ]; then
    [ -z "$(ls -A "$home")" ] || die "$home has other things in it" "let MICROB_ENGINE_HOME be a new or empty folder"
    touch "$home/$home_mark"
  fi
  mkdir -p "$logs" "$docker_config" "$home/apt"
  chown "$owner" "$docker_config"
}

# Held until the script ends. It lies outside $home, since `down --purge` deletes that.
with_lock() {
  exec 9>"$run.lock"
  flock --nonblock 9 && return
  say "another run of this script is at work; waiting for it"
  flock 9
}
