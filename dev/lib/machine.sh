# Which engine: the machine's own, or a private one. Sourced by dev/engine.
# shellcheck shell=bash disable=SC2034,SC2154

# Docker 23.0 (BuildKit 0.11) is the first whose `docker build` is BuildKit without being asked, with named contexts,
# attestations and the gateway's error details. Debian bookworm's 20.10 (BuildKit 0.8) has none of these.
minimum_docker=23.0
minimum_buildkit=0.11

# Sets $engine to machine or private, and $engine_version for the first.
choose_engine() {
  engine=private engine_version=
  case ${MICROB_ENGINE-} in
  private) return ;;
  machine) ;;
  '') ! environment_points_here || return 0 ;;
  *) die "MICROB_ENGINE is \"$MICROB_ENGINE\"" "it can be private or machine, or unset" ;;
  esac
  if machine_has_buildkit || machine_has_docker; then
    engine=machine
  elif [ "${MICROB_ENGINE-}" = machine ]; then
    die "MICROB_ENGINE=machine, but no engine of the machine can be used${too_old:+: $too_old}" \
      "start one, or unset MICROB_ENGINE to have a private one"
  elif [ -n "${too_old-}" ]; then
    say "$too_old; it is left alone and not used"
  fi
}

# After `eval "$(dev/engine env)"` the environment's engine is our own: not one that the machine has.
environment_points_here() { [ "${DOCKER_HOST-}" = "unix://$socket" ]; }

machine_has_buildkit() {
  [ -n "${BUILDKIT_HOST-}" ] || return 1
  local version
  version=$(timeout 10 buildctl debug info 2>/dev/null | awk '/^BuildKit:/ { print $3; exit }') && [ -n "$version" ] || {
    too_old="BUILDKIT_HOST is set, but \`buildctl debug info\` gets no answer from it"
    return 1
  }
  version=${version#v}
  # Debian's packages do not know their version; they are recent.
  if [[ $version != 0.0.0* ]] && ! version_is_at_least "$version" "$minimum_buildkit"; then
    too_old="the BuildKit at BUILDKIT_HOST is $version, older than $minimum_buildkit"
    return 1
  fi
  engine_version="BuildKit $version at $BUILDKIT_HOST"
}

machine_has_docker() {
  local version
  version=$(timeout 10 docker version --format '{{.Server.Version}}' 2>/dev/null) && [ -n "$version" ] || return 1
  if ! version_is_at_least "$version" "$minimum_docker"; then
    too_old="the machine's Docker is $version, older than $minimum_docker"
    return 1
  fi
  if ! docker buildx version >/dev/null 2>&1; then
    too_old="the machine's docker command has no buildx, so it cannot build with BuildKit"
    return 1
  fi
  engine_version="Docker $version${DOCKER_HOST:+ at $DOCKER_HOST}"
}

# version_is_at_least VERSION MINIMUM
version_is_at_least() { [ "$(printf '%s\n' "$1" "$2" | sort -V | head -n 1)" = "$2" ]; }
