# Which engine: the machine's own, or a private one. Sourced by dev/engine.
# shellcheck shell=bash disable=SC2034,SC2154

# Docker 23.0 with BuildKit 0.11 is the first whose `docker build` is BuildKit without being asked, with named contexts and
# attestations. The 20.10 that Debian bookworm installs has BuildKit 0.8, which knows none of them.
minimum_docker=23.0
minimum_buildkit=0.11

# Sets $engine to machine or private, $engine_version for the first, and $reason if there is one that will not do.
choose_engine() {
  engine=private engine_version='' reason=''
  case ${MICROB_ENGINE-} in
  private) return ;;
  machine | '') ;;
  *) die "MICROB_ENGINE is \"$MICROB_ENGINE\"" "it can be private or machine, or unset" ;;
  esac
  if machine_has_buildkit || machine_has_docker; then
    engine=machine
  elif [ "${MICROB_ENGINE-}" = machine ]; then
    die "MICROB_ENGINE=machine, but ${reason:-no engine answers}" "start one, or unset MICROB_ENGINE to have a private one"
  fi
}

# Why an engine that is there is not the chosen one.
explain_choice() { [ -z "$reason" ] || say "$reason; it is left alone, and not used"; }

# BUILDKIT_HOST is for buildctl; without it nothing here could use that daemon.
machine_has_buildkit() {
  [ -n "${BUILDKIT_HOST-}" ] || return 1
  local version
  version=$(timeout 10 buildctl debug info 2>/dev/null | sed -n 's/^BuildKit: *[^ ]* v\?\([^ ]*\).*/\1/p' | sed -n 1p) || true
  if [ -z "$version" ]; then
    reason="\`buildctl debug info\` gets no answer from BUILDKIT_HOST=$BUILDKIT_HOST"
    return 1
  fi
  # A build from Debian's packages says 0.0.0: such packages exist since 0.11 only.
  if [[ $version != 0.0.0* ]] && ! at_least "$version" "$minimum_buildkit"; then
    reason="the BuildKit at $BUILDKIT_HOST is $version, and it must be $minimum_buildkit or newer"
    return 1
  fi
  engine_version="BuildKit $version at $BUILDKIT_HOST"
}

machine_has_docker() {
  local version
  # After `eval "$(dev/engine env)"` the environment's engine is our own: not one that the machine has.
  [ "${DOCKER_HOST-}" != "unix://$socket" ] || return 1
  version=$(timeout 10 docker version --format '{{.Server.Version}}' 2>/dev/null) && [ -n "$version" ] || return 1
  if ! at_least "$version" "$minimum_docker"; then
    reason="the machine's Docker is $version, and it must be $minimum_docker or newer"
    return 1
  fi
  if ! docker buildx version >/dev/null 2>&1; then
    reason="the machine's docker command has no buildx, so it cannot build with BuildKit"
    return 1
  fi
  engine_version="Docker $version${DOCKER_HOST:+ at $DOCKER_HOST}"
}

# at_least VERSION MINIMUM
at_least() { [ "$(printf '%s\n' "$1" "$2" | sort -V | sed -n 1p)" = "$2" ]; }
