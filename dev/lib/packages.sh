# Debian packages, unpacked into a private folder. Sourced by dev/engine.
# shellcheck shell=bash disable=SC2154

# Docker is testing's, since the machine's own suite may have one that is too old. These programs need little of the C
# library; the day testing's need a newer one than the machine has, trixie's will do (its buildx lacks --check and --call).
docker_suites="forky trixie"
docker_packages="docker.io docker-cli docker-buildx containerd"

# The machine's own suite has the rest: runc needs the machine's C library, iptables its kernel's dialect, the servers many
# libraries.
own_packages="runc iptables iproute2 git openssh-server docker-registry mmdebstrap dnsmasq-base"

packages_mark=$home/packages

install_packages() {
  [ "$(cat "$packages_mark" 2>/dev/null)" != "$docker_packages $own_packages" ] || return 0
  command -v apt-get dpkg >/dev/null ||
    die "this machine has no apt-get, and a private engine is made of Debian's packages" \
      "install Docker $minimum_docker or newer by the system's own means; it will be used as it is"
  rm -rf "$packages_mark" "$root" "$tools" "$bin" "$home/debs"
  mkdir -p "$root" "$tools" "$bin" "$home/debs"
  find_mirror
  say "getting Docker and its helpers as packages from $(mirror)"
  get_own_packages
  make_tools
  get_docker
  rm -rf "$home/debs"
  echo "$docker_packages $own_packages" >"$packages_mark"
}

# --- apt, without touching the machine's own state ----------------------------------------------------------------------

# own_apt COMMAND…: apt-get with the machine's sources, but with lists and a cache of our own.
own_apt() { private_apt own "$@"; }

# suite_apt SUITE COMMAND…: the same with one suite of the same mirror as the only source.
suite_apt() {
  local suite=$1
  shift
  source_line "$suite" >"$home/apt/$suite.list"
  private_apt "$suite" -o Dir::Etc::sourcelist="$home/apt/$suite.list" -o Dir::Etc::sourceparts=- "$@"
}

# Trap: apt's sandbox user _apt cannot read a folder below /root.
private_apt() {
  local state=$home/apt/$1
  shift
  mkdir -p "$state/lists/partial" "$state/cache/archives/partial"
  apt-get -q -y -o Dir::State::lists="$state/lists" -o Dir::Cache="$state/cache" \
    -o Dir::Cache::archives="$home/debs" -o APT::Keep-Downloaded-Packages=1 \
    -o APT::Sandbox::User=root -o Debug::NoLocking=1 "$@"
}

source_line() {
  local options='' keyring=/usr/share/keyrings/debian-archive-keyring.gpg
  [ ! -e "$keyring" ] || options="[signed-by=$keyring] "
  echo "deb $options$(mirror) $1 main"
}

mirror() { cat "$home/apt/mirror"; }

# The Debian mirror is the one that the machine's own sources name. apt reads them for us, one-line and deb822 alike; which
# of them is Debian's archive, a signed Release file says, whatever the host is called.
find_mirror() {
  local suite
  # That somebody else's source does not answer is no matter.
  own_apt update >"$logs/apt-update.log" 2>&1 || true
  # shellcheck disable=SC1091
  suite=$(. /etc/os-release && echo "${VERSION_CODENAME-}")
  # shellcheck disable=SC2016
  own_apt indextargets --format '$(LABEL) $(COMPONENT) $(CODENAME) $(REPO_URI)' 'Identifier: Packages' |
    awk -v suite="$suite" '$1 == "Debian" && $2 == "main" && (suite == "" || suite == $3) && !n++ { sub("/$", "", $4); print $4 }' \
      >"$home/apt/mirror"
  [ -s "$home/apt/mirror" ] || die_with_log "$logs/apt-update.log" \
    "apt's sources lead to no Debian archive of this machine's release (${suite:-unknown})" \
    "on a system that derives from Debian, install Docker $minimum_docker or newer by its own means; it will be used as it is"
}

# --- getting and unpacking ----------------------------------------------------------------------------------------------

# Given the machine's dpkg state, apt downloads just what the machine lacks, libraries included. A package that is installed
# is not downloaded, and make_tools takes the machine's program.
get_own_packages() {
  # shellcheck disable=SC2086
  quietly own-packages own_apt --no-install-recommends --no-upgrade --download-only install $own_packages
  unpack_debs
}

get_docker() {
  local suite
  for suite in $docker_suites; do
    quietly "update-$suite" suite_apt "$suite" update
    quietly "docker-$suite" download_docker "$suite"
    unpack_debs
    make_docker_tools
    if "$tools/dockerd" --version >"$logs/dockerd-version.log" 2>&1; then
      say "$(sed 's/,.*//' "$logs/dockerd-version.log") from Debian $suite"
      return
    fi
    say "Docker from Debian $suite does not run here"
  done
  die_with_log "$logs/dockerd-version.log" "no Docker from Debian ($docker_suites) runs on this machine" \
    "install Docker $minimum_docker or newer by other means; it will be used as it is"
}

# shellcheck disable=SC2086
download_docker() { cd "$home/debs" && suite_apt "$1" download $docker_packages; }

# Older packages have files in /bin, /sbin and /lib as well; with these links, which dpkg -x would replace by folders, all
# files land in usr.
unpack_debs() {
  local deb folder
  for folder in bin sbin lib lib64; do
    mkdir -p "$root/usr/$folder"
    ln -sfn "usr/$folder" "$root/$folder"
  done
  for deb in "$home"/debs/*.deb; do
    [ -e "$deb" ] || continue
    quietly unpack unpack "$deb"
    rm "$deb"
  done
}

unpack() { dpkg-deb --fsys-tarfile "$1" | tar --extract --keep-directory-symlink --directory "$root"; }
