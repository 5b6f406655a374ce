# Debian packages in a private folder: nothing is installed on the machine. Sourced by dev/engine.
# shellcheck shell=bash disable=SC2154

# Docker comes from Debian's testing, since the machine's own suite may have one that is too old; trixie is the fallback for
# the day when testing's programs need a newer C library than the machine has. Go programs need little of it.
docker_suites="forky trixie"
docker_packages="docker.io docker-cli docker-buildx containerd"

# These touch the kernel or link to many libraries, so they come from the machine's own suite. (Testing's runc does need a
# newer C library than bookworm's.)
own_packages="runc iptables iproute2 kmod git openssh-server docker-registry mmdebstrap"

installed_mark=$root/.complete

install_packages() {
  [ ! -e "$installed_mark" ] || return 0
  command -v apt-get dpkg >/dev/null || die "this machine has no apt-get: a private engine comes from Debian's packages" \
    "install Docker $minimum_docker or newer by your system's own means; it will be used as it is"
  rm -rf "$root" "$tools" "$bin" "$home/debs"
  mkdir -p "$root" "$tools" "$bin" "$home/debs"
  find_mirror
  say "getting packages from $mirror"
  get_own_packages
  link_tools
  get_docker
  mkdir -p "$docker_config/cli-plugins"
  ln -sfn "$root/usr/libexec/docker/cli-plugins/docker-buildx" "$docker_config/cli-plugins/docker-buildx"
  rm -rf "$home/debs"
  touch "$installed_mark"
}

# --- apt, without touching the machine's own state ----------------------------------------------------------------------

# own_apt COMMAND…: apt-get with the machine's sources, but lists and cache of our own.
own_apt() { private_apt own "$@"; }

# suite_apt SUITE COMMAND…: the same for one other suite of the same mirror.
suite_apt() {
  local suite=$1
  shift
  source_line "$suite" >"$home/apt/$suite.list"
  private_apt "$suite" -o Dir::Etc::sourcelist="$home/apt/$suite.list" -o Dir::Etc::sourceparts=- "$@"
}

private_apt() {
  local state=$home/apt/$1
  shift
  mkdir -p "$state/lists/partial" "$state/cache/archives/partial"
  # The sandbox user _apt could not read a folder below /root.
  apt-get -q -y -o Dir::State::lists="$state/lists" -o Dir::Cache="$state/cache" \
    -o Dir::Cache::archives="$state/cache/archives" -o APT::Sandbox::User=root -o Debug::NoLocking=1 "$@"
}

source_line() {
  local options= keyring=/usr/share/keyrings/debian-archive-keyring.gpg
  [ ! -e "$keyring" ] || options="[signed-by=$keyring] "
  printf 'deb %s%s %s main\n' "$options" "$mirror" "$1"
}

# Sets $mirror from the machine's own sources. apt reads them itself, one-line and deb822 alike; which of them is Debian's
# main archive its signed Release file says, whatever the host is called.
find_mirror() {
  local codename
  mkdir -p "$home/apt"
  # A source that fails (somebody else's, say) does not matter if Debian's is there.
  own_apt update >"$logs/apt-update.log" 2>&1 || true
  codename=$(. /etc/os-release && echo "${VERSION_CODENAME-}")
  mirror=$(own_apt indextargets --format '$(LABEL) $(COMPONENT) $(CODENAME) $(REPO_URI)' 'Identifier: Packages' |
    awk -v codename="$codename" '$1 == "Debian" && $2 == "main" { if ($3 == codename) { print $4; exit } }')
  [ -n "$mirror" ] || fail_with_log "$logs/apt-update.log" "apt's sources name no Debian archive of this machine's suite ($codename)" \
    "on a system that only derives from Debian, install Docker $minimum_docker or newer by its own means; it will be used as it is"
  mirror=${mirror%/}
  echo "$mirror" >"$home/apt/mirror"
}

# --- getting and unpacking ----------------------------------------------------------------------------------------------

# With the machine's dpkg state apt downloads just what the machine lacks, libraries included.
get_own_packages() {
  # shellcheck disable=SC2086
  quietly own-packages own_apt --no-install-recommends --download-only -o Dir::Cache::archives="$home/debs" \
    -o APT::Keep-Downloaded-Packages=1 install $own_packages
  unpack "$home"/debs/*.deb
}

unpack() {
  local deb
  for deb in "$@"; do
    [ -e "$deb" ] || continue
    quietly unpack dpkg -x "$deb" "$root"
    rm "$deb"
  done
}

get_docker() {
  local suite
  for suite in $docker_suites; do
    quietly "apt-$suite" suite_apt "$suite" update
    # shellcheck disable=SC2086
    (cd "$home/debs" && quietly "get-docker-$suite" suite_apt "$suite" download $docker_packages)
    unpack "$home"/debs/*.deb
    link_docker
    if "$tools/dockerd" --version >"$logs/dockerd-version.log" 2>&1; then
      say "$(cat "$logs/dockerd-version.log")"
      return
    fi
    say "Docker of Debian $suite does not run here"
  done
  fail_with_log "$logs/dockerd-version.log" "no Docker of Debian's ($docker_suites) runs on this machine" \
    "install Docker $minimum_docker or newer by other means; it will be used as it is"
}

# --- what the daemon and the user call ----------------------------------------------------------------------------------

link_docker() {
  local program
  for program in usr/sbin/dockerd usr/bin/docker-proxy usr/sbin/docker-proxy usr/bin/containerd \
    usr/bin/containerd-shim-runc-v2 usr/bin/ctr; do
    [ ! -x "$root/$program" ] || ln -sfn "$root/$program" "$tools/${program##*/}"
  done
  ln -sfn "$root/usr/bin/docker" "$bin/docker"
  ln -sfn "$root/usr/bin/docker" "$tools/docker"
}

# The machine's own programs come first: its iptables speaks the dialect (nft or legacy) of the rules that are there.
link_tools() {
  local program
  for program in runc iptables ip modprobe git docker-registry mmdebstrap; do
    ! PATH=$system_path command -v "$program" >/dev/null || continue
    link_private_tool "$program"
  done
}

link_private_tool() {
  local program=$1 file
  for file in "$root"/usr/sbin/"$program" "$root"/sbin/"$program" "$root"/usr/bin/"$program" "$root"/bin/"$program"; do
    [ -e "$file" ] || [ -L "$file" ] || continue
    wrap "$program" "$file"
    return
  done
  # The link iptables → /etc/alternatives/… is made by the package's scripts, which do not run here.
  if [ "$program" = iptables ]; then
    link_private_tool iptables-nft && mv "$tools/iptables-nft" "$tools/iptables"
    return
  fi
  die "the packages of this machine's suite brought no $program" "please report this, with $logs/own-packages.log"
}

# existing PATH…: those that exist (a pattern that matches nothing does not), joined by colons.
existing() {
  local path found=
  for path in "$@"; do
    [ ! -e "$path" ] || found+=${found:+:}$path
  done
  echo "$found"
}

# wrap NAME FILE: a script that starts the unpacked FILE with the unpacked libraries it needs.
wrap() {
  local libraries perl
  libraries=$(existing "$root"/usr/lib/*-linux-gnu* "$root"/lib/*-linux-gnu*)
  perl=$(existing "$root"/usr/share/perl5 "$root"/usr/share/perl/* "$root"/usr/lib/*/perl/* "$root"/usr/lib/*/perl5/*)
  {
    echo '#!/bin/sh'
    printf 'export LD_LIBRARY_PATH=%q\n' "$libraries"
    case $1 in
    iptables*) printf 'export XTABLES_LIBDIR=%q\n' "$(find "$root" -type d -name xtables | head -n 1)" ;;
    git) printf 'export GIT_EXEC_PATH=%q GIT_TEMPLATE_DIR=%q\n' "$root/usr/lib/git-core" "$root/usr/share/git-core/templates" ;;
    mmdebstrap) printf 'export PERL5LIB=%q\n' "$perl" ;;
    esac
    printf 'exec %q "$@"\n' "$2"
  } >"$tools/$1"
  chmod +x "$tools/$1"
}

# Programs that tests start by themselves: the machine's own, or the unpacked ones.
export_tool_paths() {
  local name program
  for name in MICROB_REGISTRY=docker-registry MICROB_SSHD=sshd; do
    program=$(PATH=$system_path:$tools command -v "${name#*=}") || continue
    export_line "${name%%=*}" "$program"
  done
}
