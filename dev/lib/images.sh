# Stand-ins for base images, where the official ones are out of reach. Sourced by dev/engine.
# shellcheck shell=bash disable=SC2154

# Debian releases, and the Python that each has. The newest comes first: it is what most builds choose.
debian_images="3.14:forky 3.13:trixie 3.11:bookworm"
alpine_image=3.13-alpine

# What the official full image has and -slim lacks, as far as building Python packages goes.
full_packages="gcc libc6-dev make git openssh-client python3-dev file binutils pkg-config libffi-dev libpq-dev default-libmysqlclient-dev"

kept=$home/images # root filesystems and saved images, so that another data root needs no bootstrap

known_images() {
  local entry
  for entry in $debian_images; do
    echo "python:${entry%:*}-slim" "python:${entry%:*}"
  done
  echo "python:$alpine_image"
}

check_image_names() {
  local image known
  known=$(known_images | tr '\n' ' ')
  for image in "$@"; do
    [[ " $known" == *" $image "* ]] || die "there is no stand-in for $image" "there are: $known"
  done
}

# wanted IMAGE [IMAGE…]: is it one of those, if any are named?
wanted() {
  local image=$1 named
  shift
  [ $# -gt 0 ] || return 0
  for named in "$@"; do
    [ "$image" != "$named" ] || return 0
  done
  return 1
}

# base_images_are_there [IMAGE…]: those named, or all.
base_images_are_there() {
  local image
  [ "$(cat "$home/hub" 2>/dev/null)" != reachable ] || return 0
  for image in $(known_images); do
    ! wanted "$image" "$@" || image_is_current "$image" || return 1
  done
}

# make_base_images [IMAGE…]: those named, or all. -slim first: whoever waits for a first build can begin.
make_base_images() {
  local entry slim full=''
  ! official_images_are_in_reach || return 0
  mkdir -p "$kept"
  for entry in $debian_images; do
    slim=python:${entry%:*}-slim
    if wanted "${slim%-slim}" "$@" || is_needed_for_alpine "$entry" "$@"; then
      full+=" $entry"
      make_slim "${entry#*:}" "${entry%:*}"
    elif wanted "$slim" "$@"; then
      make_slim "${entry#*:}" "${entry%:*}"
    fi
  done
  for entry in $full; do
    make_full "${entry#*:}" "${entry%:*}"
  done
  if wanted "python:$alpine_image" "$@"; then
    make_alpine
  fi
}

# Alpine's image is built in the full image of the same Python, whose Debian has the sources.
is_needed_for_alpine() {
  local minor=${1%:*}
  shift
  [ "$minor-alpine" = "$alpine_image" ] && wanted "python:$alpine_image" "$@" &&
    [ ! -e "$kept/alpine.tar" ] && ! image_exists "python:$alpine_image"
}

# Asked once and remembered: the answer takes seconds where packets just vanish.
official_images_are_in_reach() {
  if [ ! -e "$home/hub" ]; then
    if timeout 15 "$docker_config/cli-plugins/docker-buildx" imagetools inspect python:3.14-slim >"$logs/hub.log" 2>&1; then
      echo reachable >"$home/hub"
      say "Docker Hub is in reach: builds pull the base images that they need"
    else
      echo unreachable >"$home/hub"
      say "Docker Hub is out of reach: base images are made from Debian's packages"
    fi
  fi
  [ "$(cat "$home/hub")" = reachable ]
}

image_exists() { our_docker image inspect "$1" >/dev/null 2>&1; }

# tag_as IMAGE TAG…
tag_as() {
  local image=$1 tag
  shift
  for tag in "$@"; do
    our_docker tag "$image" "python:$tag"
  done
}

print_stand_ins() {
  our_docker image ls --format '{{.Repository}}:{{.Tag}} {{.Size}}' |
    awk '/^(python|alpine):/ { printf "  %-28s %s\n", $1, $2 }' | sort -V
}

# --- python:X-slim ------------------------------------------------------------------------------------------------------

make_slim() {
  local suite=$1 minor=$2 tar=$kept/$1.tar version
  ! image_exists "python:$minor-slim" || return 0
  if [ ! -e "$tar" ]; then
    say "python:$minor-slim: bootstrapping Debian $suite"
    write_image_settings
    quietly "bootstrap-$suite" bootstrap "$suite" "$tar.part"
    mv "$tar.part" "$tar"
  fi
  version=$(python_version_in "$tar")
  [ "${version%.*}" = "$minor" ] ||
    die "Debian $suite has Python $version by now, not $minor" "correct debian_images in $here/lib/images.sh"
  quietly "import-$suite" our_docker import -c 'CMD ["python3"]' \
    -c "ENV PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 PYTHON_VERSION=$version" \
    -c "ENV PIP_CERT=$certificates SSL_CERT_FILE=$certificates" "$tar" "python:$minor-slim"
  tag_as "python:$minor-slim" "$minor-slim-$suite" "$version-slim"
  say "python:$minor-slim is there ($version)"
}

# pip has certificates of its own, and so has uv: each is told to read the system's.
certificates=/etc/ssl/certs/ca-certificates.crt

bootstrap() {
  local suite=$1 tar=$2
  TMPDIR=$kept with_tools mmdebstrap --format=tar --variant=minbase --skip=check/qemu \
    --include=python3,python3-venv,python3-pip,ca-certificates,netbase,tzdata --aptopt="$home/settings/apt.conf" --dpkgopt=force-unsafe-io \
    --customize-hook="'$here/images/make-slim' \"\$1\" '$home/settings'" "$suite" "$tar" "$(source_line "$suite")"
}

# What this machine needs in order to reach its registries, builds need as well.
write_image_settings() {
  local index bundle
  mkdir -p "$home/settings"
  rm -f "$home/settings"/*
  # Archives behind a proxy, or one that stands still while the clock goes on.
  apt-config dump --no-empty | grep -E '^Acquire::(Check-Valid-Until|Check-Date|Retries|https?::Proxy)' \
    >"$home/settings/apt.conf" || true
  bundle=${SSL_CERT_FILE:-$certificates}
  [ ! -e "$bundle" ] || cp -L "$bundle" "$home/settings/machine.crt"
  index=$(python_index)
  if [ -n "$index" ]; then
    printf '[global]\nindex-url = %s\n' "$index" >"$home/settings/pip.conf"
    printf '[[index]]\nurl = "%s"\ndefault = true\n' "$index" >"$home/settings/uv.toml"
  fi
}

# The index that the caller's pip or uv uses, if it is not the usual one.
python_index() {
  local index=${PIP_INDEX_URL:-${UV_DEFAULT_INDEX:-${UV_INDEX_URL:-}}}
  [ -n "$index" ] || index=$(python3 -m pip config get global.index-url 2>/dev/null) || true
  echo "$index"
}

# Trap: a reader that stops early kills its writer, and pipefail calls that a failure. awk reads on, here and elsewhere.
python_version_in() {
  tar -xOf "$1" ./var/lib/dpkg/status | awk '
    /^Package: / { package = $2 }
    /^Version: / && package ~ /^python3\.[0-9]+-minimal$/ { sub(/[^0-9.].*/, "", $2); print $2 }'
}

# --- python:X -----------------------------------------------------------------------------------------------------------

make_full() {
  local suite=$1 minor=$2
  ! image_is_current "python:$minor" || return 0
  say "python:$minor: adding a compiler, git and ssh"
  quietly "full-$suite" build_full "$minor"
  tag_as "python:$minor" "$minor-$suite" "$(python_version_of "python:$minor")"
}

# A full one that was made when the list was another is made again.
image_is_current() {
  image_exists "$1" || return 1
  case $1 in
  *-slim | *-alpine) ;;
  *) [ "$(our_docker image inspect --format '{{index .Config.Labels "packages"}}' "$1")" = "$full_packages" ] ;;
  esac
}

python_version_of() { our_docker run --rm --network none "$1" printenv PYTHON_VERSION; }

build_full() {
  our_docker build --progress plain --provenance=false -t "python:$1" - <<END
FROM python:$1-slim
LABEL packages="$full_packages"
RUN apt-get update && apt-get install -y --no-install-recommends $full_packages && rm -rf /var/lib/apt/lists/*
END
}

# --- python:X-alpine ----------------------------------------------------------------------------------------------------

make_alpine() {
  ! image_exists "python:$alpine_image" || return 0
  if [ -e "$kept/alpine.tar" ]; then
    quietly alpine-load our_docker load -i "$kept/alpine.tar"
  else
    say "python:$alpine_image: compiling CPython, git and ssh for musl, which takes a few minutes"
    quietly alpine build_alpine
    quietly alpine-save save_alpine
  fi
  say "python:$alpine_image is there"
}

build_alpine() {
  local minor=${alpine_image%-alpine}
  set -- --progress plain --provenance=false --build-arg "PYTHON_VERSION=$(python_version_of "python:$minor")" "$here/images/alpine"
  our_docker build -t "python:$alpine_image" "$@" && our_docker build -t alpine --target alpine "$@"
}

save_alpine() {
  local release
  release=$(our_docker run --rm --network none alpine cut -d. -f1-2 /etc/alpine-release) &&
    our_docker tag alpine "alpine:$release" && tag_as "python:$alpine_image" "$alpine_image$release" &&
    our_docker save -o "$kept/alpine.tar.part" alpine "alpine:$release" "python:$alpine_image" "python:$alpine_image$release" &&
    mv "$kept/alpine.tar.part" "$kept/alpine.tar"
}
