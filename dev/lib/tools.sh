# The programs of the unpacked packages, made to run where they are. Sourced by dev/engine.
# shellcheck shell=bash disable=SC2154

make_docker_tools() {
  local program
  for program in dockerd docker-proxy docker containerd containerd-shim-runc-v2 ctr; do
    link_first "$tools/$program" "$root"/usr/{sbin,bin,libexec/docker}/"$program"
  done
  ln -sfn "$root/usr/bin/docker" "$bin/docker"
  mkdir -p "$docker_config/cli-plugins"
  link_first "$docker_config/cli-plugins/docker-buildx" "$root"/usr/{libexec,lib}/docker/cli-plugins/docker-buildx
}

# link_first LINK FILE…: to the first file that exists; if none does, no link.
link_first() {
  local link=$1 file
  shift
  for file in "$@"; do
    [ -x "$file" ] || continue
    ln -sfn "$file" "$link"
    return
  done
}

# The machine's own programs are preferred; its iptables speaks the dialect (nft or legacy) of the rules that are there.
make_tools() {
  local program
  for program in runc iptables ip mmdebstrap docker-registry dnsmasq; do
    has_program "$program" || wrap "$tools/$program" "$program"
  done
  # Tests call these by name.
  for program in git ssh ssh-add ssh-agent ssh-keygen ssh-keyscan; do
    has_program "$program" || wrap "$bin/$program" "$program"
  done
  link_first "$tools/git" "$bin/git" # the daemon needs it for build contexts that are git addresses
  write_sshd
}

has_program() { PATH=$system_path command -v "$1" >/dev/null; }

# wrap SCRIPT PROGRAM: a script that starts an unpacked program with the unpacked libraries and folders that it needs.
wrap() {
  local script=$1 program=$2 libraries=("$root"/usr/lib/*-linux-gnu*)
  # Trap: plain `iptables` is a link to /etc/alternatives, made by a script of the package that does not run here.
  if [ "$program" = iptables ]; then
    program=iptables-nft
  fi
  program=$(unpacked_program "$program") ||
    die "the packages of this machine's Debian brought no ${script##*/}" "see $logs/own-packages.log"
  {
    echo '#!/bin/sh'
    printf 'export LD_LIBRARY_PATH=%q\n' "${libraries[0]}"
    case ${script##*/} in
    iptables) printf 'export XTABLES_LIBDIR=%q\n' "${libraries[0]}/xtables" ;;
    git) printf 'export GIT_EXEC_PATH=%q GIT_TEMPLATE_DIR=%q\n' "$root"/usr/{lib/git-core,share/git-core/templates} ;;
    mmdebstrap) printf 'export PERL5LIB=%q\n' "$(perl_folders)" ;;
    esac
    printf 'exec %q "$@"\n' "$program"
  } >"$script"
  chmod +x "$script"
}

unpacked_program() {
  local file
  for file in "$root"/usr/{sbin,bin}/"$1"; do
    if [ -e "$file" ]; then
      echo "$file"
      return
    fi
  done
  return 1
}

perl_folders() {
  local folder folders=
  for folder in "$root"/usr/share/perl5 "$root"/usr/share/perl/* "$root"/usr/lib/*/perl-base "$root"/usr/lib/*/perl/*; do
    [ ! -d "$folder" ] || folders+=${folders:+:}$folder
  done
  echo "$folders"
}

# sshd insists on helper programs in /usr/lib/openssh, on a user called sshd and on a folder in /run. It gets them in a mount
# namespace of its own, by an overlay of the unpacked /usr over the machine's: nothing is installed, and no user is added.
write_sshd() {
  cat >"$tools/sshd" <<END
#!/bin/sh
# usage: sshd OPTIONS…, as root
exec unshare --mount --propagation private sh -c '
  set -e
  [ -x /usr/sbin/sshd ] || mount -t overlay -o ro,lowerdir="$root/usr:/usr" overlay /usr
  mkdir -p /run/sshd
  mount -t tmpfs -o mode=755 tmpfs /run/sshd
  if ! grep -q ^sshd: /etc/passwd; then
    { cat /etc/passwd; echo sshd:x:65533:65534::/run/sshd:/usr/sbin/nologin; } >/run/sshd/passwd
    mount --bind /run/sshd/passwd /etc/passwd
  fi
  exec /usr/sbin/sshd "\$@"' sshd "\$@"
END
  chmod +x "$tools/sshd"
}

# Servers that tests start by themselves, on 127.0.0.1.
export_server_paths() {
  local pair program
  for pair in MICROB_REGISTRY=docker-registry MICROB_SSHD=sshd MICROB_DOCKERD=dockerd; do
    program=$(PATH=$tools:$system_path command -v "${pair#*=}") || continue
    export_line "${pair%%=*}" "$program"
  done
}
