# Base images, where the engine cannot pull the official ones. Sourced by dev/engine.
# shellcheck shell=bash disable=SC2154

# Debian suite by suite: what python3 is in each is the version of the stand-in.
image_suites="forky bookworm trixie"
root_tars=$home/images # kept: a new data root needs no second bootstrap

# What the official full image has and -slim lacks, as far as a Python build uses it.
full_packages="gcc libc6-dev make git openssh-client python3-dev file binutils pkg-config libffi-dev"

make_base_images() {
  local suite
  ! official_images_are_in_reach || return 0
  mkdir -p "$root_tars"
  for suite in $image_suites; do
    make_slim "$suite"
  done
  for suite in $image_suites; do
    make_full "$suite"
  done
}

# Asked once: the answer is kept, since the question takes seconds where packets just vanish.
official_images_are_in_reach() {
  if [ ! -e "$home/hub" ]; then
    if timeout 15 "$docker_config/cli-plugins/docker-buildx" imagetools inspect python:3.14-slim >"$logs/hub.log" 2>&1; then
      echo yes >"$home/hub"
      say "official base images are in reach: builds pull what they need"
    else
      echo no >"$home/hub"
      say "no official base images in reach: making stand-ins from Debian's packages"
    fi
  fi
  [ "$(cat "$home/hub")" = yes ]
}

# --- python:X-slim ------------------------------------------------------------------------------------------------------

make_slim() {
  local suite=$1 tar=$root_tars/$1.tar version tag
  ! image_exists "microb-engine/slim:$suite" || return 0
  if [ ! -e "$tar" ]; then
    say "bootstrapping Debian $suite with Python"
    quietly "bootstrap-$suite" bootstrap "$suite" "$tar.part"
    mv "$tar.part" "$tar"
  fi
  version=$(python_version_in "$tar")
  quietly "import-$suite" our_docker import \
    -c "ENV PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 PYTHON_VERSION=$version" \
    -c "ENV PIP_CERT=$certificates SSL_CERT_FILE=$certificates" -c 'CMD ["python3"]' "$tar" "microb-engine/slim:$suite"
  for tag in "${version%.*}-slim" "${version%.*}-slim-$suite" "$version-slim"; do
    our_docker tag "microb-engine/slim:$suite" "python:$tag"
  done
  say "python:${version%.*}-slim is there ($version, Debian $suite)"
}

certificates=/etc/ssl/certs/ca-certificates.crt

bootstrap() {
  local suite=$1 tar=$2 mirror
  mirror=$(cat "$home/apt/mirror")
  machine_apt_settings >"$home/apt/settings"
  PATH=$tools:$system_path mmdebstrap --format=tar --variant=minbase --skip=check/qemu \
    --include=python3,python3-venv,python3-pip,ca-certificates,netbase,tzdata \
    --aptopt="$home/apt/settings" --customize-hook="$here/images/make-slim" \
    "$suite" "$tar" "$(source_line "$suite")"
}

# A machine whose packages come through a proxy, or from an archive that stands still while the clock goes on, has told its
# apt so; apt in the images needs to know it as well.
machine_apt_settings() {
  apt-config dump --no-empty | grep -E '^Acquire::(Check-Valid-Until|Check-Date|Retries|https?::Proxy)' || true
}

python_version_in() {
  tar -xOf "$1" ./var/lib/dpkg/status | awk '
    /^Package: / { package = $2 }
    /^Version: / && package ~ /^python3\.[0-9]+-minimal$/ { sub(/[^0-9.].*/, "", $2); print $2; exit }'
}

# --- python:X -----------------------------------------------------------------------------------------------------------

make_full() {
  local suite=$1 version tag
  ! image_exists "microb-engine/full:$suite" || return 0
  version=$(python_version_in "$root_tars/$suite.tar")
  say "adding a compiler: python:${version%.*}"
  quietly "full-$suite" build_full "$suite"
  for tag in "${version%.*}" "${version%.*}-$suite" "$version"; do
    our_docker tag "microb-engine/full:$suite" "python:$tag"
  done
}

build_full() {
  our_docker build --progress plain --provenance=false -t "microb-engine/full:$1" - <<END
FROM microb-engine/slim:$1
RUN apt-get update && apt-get install -y --no-install-recommends $full_packages && rm -rf /var/lib/apt/lists/*
END
}

image_exists() { our_docker image inspect "$1" >/dev/null 2>&1; }
